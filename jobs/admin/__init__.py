"""Jobs in Django's admin. Importing the modules registers their pages."""

from . import jobs, pauses, schedules, webhooks, workers  # noqa: F401
