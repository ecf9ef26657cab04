"""Who is meant by an `@` in a message."""
