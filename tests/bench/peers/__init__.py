"""Programs that others would build for the same event: one room, a text to all its members.

Each is as short as its library's own documentation has it, keeps nothing, and listens on
127.0.0.1. `servers` starts them.
"""
