"""Everything here has a real database and a real Redis."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.caller import Caller
from tests.support.store import Store


@pytest.fixture(scope="session", autouse=True)
def _redis(real_redis: str) -> None:
    pass


@pytest.fixture
def caller() -> Callable[[Any], Caller]:
    """A user, or None for nobody → who calls REST as them."""
    from rooms.features.tokens import actions as tokens

    def make(user: Any) -> Caller:
        return Caller(tokens.create_token(user, "test") if user else None)

    return make


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """The browser's store."""
    with Store() as running:
        yield running
