"""Keeping order: details of a room, members and their roles, bans."""
