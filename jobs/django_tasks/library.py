"""The tasks framework itself: Django's own from version 6 on, else the package `django-tasks`,
which is the same under another name. Importing this fails where there is neither.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

NAMES = ("django.tasks", "django_tasks")


def _found() -> str:
    for name in NAMES:
        # Of `django.tasks` the parent is there in any case.
        if find_spec(name) is not None:
            return name
    raise ImportError("Tasks need Django 6, or the package django-tasks.")


NAME = _found()
base: Any = import_module(f"{NAME}.base")
signals: Any = import_module(f"{NAME}.signals")
exceptions: Any = import_module(f"{NAME}.exceptions")
BaseTaskBackend: Any = import_module(f"{NAME}.backends.base").BaseTaskBackend
_json: Any = import_module("django.utils.json" if NAME == "django.tasks" else "django_tasks.utils")
normalize_json = _json.normalize_json
