"""Jobs in Django's admin. Importing the modules registers their pages."""

from . import jobs, schedules, webhooks, workers  # noqa: F401
