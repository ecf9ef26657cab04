#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] and sys.argv[1] in ("up", "serve", "runserver", "doctor"):
        os.environ.setdefault("PARLEY_SERVING", "1")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"parley: {error}", file=sys.stderr)
        # The doctor's word for what is wrong.
        sys.exit(2 if sys.argv[1:2] == ["doctor"] else 1)


if __name__ == "__main__":
    main()
