"""What is known of a request before anybody answers it: whose it is, how large it may be."""
