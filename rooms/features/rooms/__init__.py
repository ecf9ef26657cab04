"""Making rooms and listing them."""
