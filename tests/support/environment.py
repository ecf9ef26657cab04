"""An environment that has nothing of the developer's: no variable that Parley reads leaks in."""

import os
from pathlib import Path

from config.env import SECRET_LISTS, SECRETS, Environment

ROOT = Path(__file__).resolve().parents[2]
READ = {name.upper() for name in Environment.model_fields} | {"DJANGO_SETTINGS_MODULE"}
READ |= {f"{name}_FILE".upper() for name in (*SECRETS, *SECRET_LISTS)}

# Clients of tests do not pace themselves. The tests of these bounds set their own.
IMPATIENT = {
    "PARLEY_COMMANDS_PER_SECOND": "10000",
    "PARLEY_COMMANDS_BURST": "10000",
    "PARLEY_CONNECTIONS_PER_USER": "1000",
    # A machine that runs many tests at once may take its time without being in trouble.
    "PARLEY_ANSWER_SECONDS": "20",
    "PARLEY_REQUESTS_PER_SECOND": "10000",
    "PARLEY_REQUESTS_BURST": "10000",
    "PARLEY_ROOMS_PER_DAY": "10000",
    "PARLEY_INVITATIONS_MADE": "10000",
    "PARLEY_TOKENS_PER_PERSON": "1000",
}


def leaks(name: str) -> bool:
    # A process that compiles our modules anew at each start takes a third of a second longer.
    if name == "PYTHONDONTWRITEBYTECODE":
        return True
    return name in READ or name.startswith(("PARLEY_", "CELERY_", "DJANGO_", "PROMETHEUS_"))


def clean() -> dict[str, str]:
    """This process's environment without what Parley, Django or Celery would read."""
    return {name: value for name, value in os.environ.items() if not leaks(name)}


def database_url() -> str:
    """The database that this run of the suite is about; empty means SQLite."""
    return os.environ.get("TEST_DATABASE_URL", "")
