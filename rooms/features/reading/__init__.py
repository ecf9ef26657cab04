"""How far people have read, and what is unread."""
