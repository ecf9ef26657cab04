"""Finding what was said: messages by their words, in all rooms that a person may see."""
