"""Sites on a database server that a test has started for itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .site import drop_templates


@contextmanager
def sites_on(url: str) -> Iterator[None]:
    """Sites that are started in here have this PostgreSQL."""
    before = os.environ.get("TEST_DATABASE_URL")
    os.environ["TEST_DATABASE_URL"] = url
    try:
        yield
    finally:
        drop_templates()
        if before is None:
            del os.environ["TEST_DATABASE_URL"]
        else:
            os.environ["TEST_DATABASE_URL"] = before
