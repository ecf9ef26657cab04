"""What waits for somebody: mentions of them, and answers to what they said."""
