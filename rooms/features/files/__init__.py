"""Files of rooms: keeping them and handing them out."""
