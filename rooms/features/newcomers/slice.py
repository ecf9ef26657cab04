"""What newcomers add: at their first log-in they become members of the default rooms."""

from rooms.slices import Slice

from . import signals  # noqa: F401 - connects itself

SLICE = Slice(name="newcomers")
