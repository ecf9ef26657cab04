"""What is pinned in rooms."""
