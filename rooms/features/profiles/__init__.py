"""Who people are: their names, pronouns and a line about themselves, and the card that shows it."""
