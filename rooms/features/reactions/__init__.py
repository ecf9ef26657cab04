"""Answers of one emoji."""
