"""Which bound a path has."""

from collections.abc import Iterator

import pytest

from rooms.http import body_bounds
from rooms.limits import limits


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    added = {"/big/": 100, "/big/*/files": 1000, "/big/small": 10}
    for prefix, size in added.items():
        body_bounds.register(prefix, size)
    yield
    for prefix in added:
        body_bounds.unregister(prefix)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/big/", 100),
        ("/big/other", 100),
        ("/big/room/files", 1000),
        ("/big/room/files/1", 1000),
        ("/big/room/and/files", 100),
        ("/big/small", 10),
        ("/bigger", None),
        ("/x/big/", None),
        ("", None),
    ],
)
def test_the_longest_that_fits_counts(path: str, expected: int | None) -> None:
    assert body_bounds.bound_of(path) == (expected or limits().body_bytes)
