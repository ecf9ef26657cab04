"""What facts mean: pure. `rooms.doctor.probes` finds them out."""
