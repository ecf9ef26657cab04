"""Who is kept out of a room."""
