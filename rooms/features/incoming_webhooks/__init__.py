"""Addresses by which programs elsewhere post into a room."""
