"""Who belongs to a room: joining, leaving, the list of members."""
