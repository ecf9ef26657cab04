"""The HTML pages and the state they start from."""
