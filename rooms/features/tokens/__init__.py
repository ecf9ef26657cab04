"""API tokens: a program's way in."""
