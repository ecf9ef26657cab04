"""Files of rooms: bringing them, keeping them and handing them out."""
