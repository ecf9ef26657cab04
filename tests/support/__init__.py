"""What the tests stand on: real processes, real databases, clients, waiting."""
