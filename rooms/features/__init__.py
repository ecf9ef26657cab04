"""What people see, in slices by noun. A slice imports the core and never another slice."""
