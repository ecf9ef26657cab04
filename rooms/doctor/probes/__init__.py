"""Finding out how things are. Each probe asks one thing, and hands what it finds to a verdict.

Imported by the command: nothing else has to know them.."""

from . import program, database, redis_server, bells, disks  # noqa: F401, I001
