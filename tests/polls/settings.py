"""Settings with polls installed: mypy knows the models of installed apps only."""

import os

os.environ["PARLEY_APPS"] = "tests.polls"

from config.settings import *  # noqa: E402, F403
