"""Texts of people: what can be seen of them, where they may be cut, what their HTML is. Pure."""
