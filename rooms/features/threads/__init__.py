"""Threads: what answers a message, read and written beside the room."""
