"""What `manage.py tune` advises, and of what it makes that."""
