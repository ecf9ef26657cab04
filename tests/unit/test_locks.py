"""A lock has all that the one before it has, at the same versions: one environment serves all."""

from pathlib import Path

import pytest

LOCKS = Path(__file__).resolve().parents[2] / "requirements"


def pins(name: str) -> set[str]:
    lines = (LOCKS / f"{name}.txt").read_text().splitlines()
    return {line.removesuffix("\\").strip() for line in lines if "==" in line.split(";")[0]}


@pytest.mark.parametrize(("smaller", "larger"), [("base", "dev"), ("dev", "bench")])
def test_a_lock_holds_the_one_before(smaller: str, larger: str) -> None:
    assert pins(smaller)
    assert pins(smaller) - pins(larger) == set()


@pytest.mark.parametrize("name", ["base", "dev", "bench"])
def test_a_lock_names_no_place(name: str) -> None:
    assert "://" not in (LOCKS / f"{name}.txt").read_text()
