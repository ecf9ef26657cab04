"""Assembly: settings, routes, the ASGI and the Celery application. Nobody imports it."""

from .celery import app as celery_app

__all__ = ["celery_app"]
