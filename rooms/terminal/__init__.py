"""A client in the terminal, `manage.py chat`. It knows the protocol, and nothing of the server."""
