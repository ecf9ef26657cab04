"""Everything here has a real database and a real Redis."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _redis(real_redis: str) -> None:
    pass
