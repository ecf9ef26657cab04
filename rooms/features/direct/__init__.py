"""Rooms between two: people who write to one another."""
