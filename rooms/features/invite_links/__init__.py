"""Links that let whoever holds them into a room."""
