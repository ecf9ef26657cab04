"""Who is here for the first time: the rooms that they find themselves in."""
