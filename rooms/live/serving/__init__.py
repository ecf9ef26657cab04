"""The server: Daphne, processes, listening and sockets."""
