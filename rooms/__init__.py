"""Rooms where people talk: the event log, who may do what, and (in `live`) the sockets."""
