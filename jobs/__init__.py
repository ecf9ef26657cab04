"""Jobs handed to Celery workers, whose progress and results come back into rooms."""
