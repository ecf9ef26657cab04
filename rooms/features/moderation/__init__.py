"""People who are muted in a room, and the log of what was done by who looks after it."""
