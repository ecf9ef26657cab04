"""From the bell to the socket: the hub of a process, feeds of rooms, connections' send buffers."""
