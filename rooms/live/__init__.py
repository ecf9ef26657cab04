"""What runs on the event loop: the sockets, the hub that tells them, the journal that writes."""
