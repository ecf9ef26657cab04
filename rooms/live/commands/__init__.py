"""From the socket to the database: frames become commands, posts go through the journal."""
