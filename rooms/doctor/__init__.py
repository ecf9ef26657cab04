"""`manage.py doctor`: looks at everything that a site needs, and says what to do."""
