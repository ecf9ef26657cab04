"""Recurring jobs: at which times they come, and what people do with them."""
