"""Jobs in Django's admin. Importing the modules registers their pages."""

from . import jobs, schedules  # noqa: F401
