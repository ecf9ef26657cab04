"""Accounts: signing up, logging in, e-mail, and the sessions that follow. Around allauth."""
