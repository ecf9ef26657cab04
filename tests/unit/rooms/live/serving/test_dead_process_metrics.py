"""What dead processes have counted: nothing of it is lost, and it takes no more room with each."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rooms.live.serving.dead_process_metrics import reading, take_over
from rooms.metrics.view import AllProcesses

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]

# A process that counts and ends; it prints its number.
COUNTING = """
import os, sys
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client import disable_created_metrics
disable_created_metrics()
times = int(sys.argv[1])
plain = Counter("plain", "Without labels.")
kinds = Counter("kinds", "With labels.", ["kind", "colour"])
sizes = Histogram("sizes", "In buckets.", buckets=(1, 10, 100))
here = Gauge("here", "Of the living.", multiprocess_mode="livesum")
for number in range(times):
    plain.inc()
    kinds.labels(f"kind {number % 3}", "grün").inc(0.5)
    sizes.observe(number)
    here.inc()
print(os.getpid())
"""


def count(folder: Path, times: int) -> int:
    """The number of a process that counted and is no more."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", COUNTING, str(times)]
    return int(subprocess.check_output(command, env=environment, text=True))


def numbers(folder: Path) -> Numbers:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in AllProcesses(folder).collect()
        for sample in metric.samples
    }


def databases(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()} - {"lock"}


def test_sums_stay_and_files_do_not_grow_in_number(tmp_path: Path) -> None:
    dead = [count(tmp_path, times) for times in (5, 20, 150)]
    before = numbers(tmp_path)
    assert before["plain_total", ()] == before["sizes_count", ()] == 175
    assert before["sizes_bucket", (("le", "10.0"),)] == 5 + 11 + 11
    for process in dead:
        assert take_over(tmp_path, process)
        assert numbers(tmp_path) == before
    assert databases(tmp_path) == {"counter_dead.db", "histogram_dead.db"}
    # Once more is once.
    assert take_over(tmp_path, dead[0]) and numbers(tmp_path) == before


def test_a_process_that_counted_nothing_leaves_nothing(tmp_path: Path) -> None:
    assert take_over(tmp_path, 4711)
    (tmp_path / "counter_4711.db").touch()
    assert take_over(tmp_path, 4711)
    assert databases(tmp_path) == set()


def test_what_cannot_be_read_stays_and_harms_nothing_else(tmp_path: Path) -> None:
    dead = count(tmp_path, 3)
    (tmp_path / f"counter_{dead}.db").write_bytes(b"\xff\xff\xff\x7f" + b"x" * 100)
    assert take_over(tmp_path, dead)
    assert f"counter_{dead}.db" in databases(tmp_path)
    assert "histogram_dead.db" in databases(tmp_path)


def test_nothing_is_taken_over_while_somebody_reads(tmp_path: Path) -> None:
    dead = count(tmp_path, 3)
    with reading(tmp_path), reading(tmp_path):
        assert not take_over(tmp_path, dead)
        assert f"counter_{dead}.db" in databases(tmp_path)
    assert take_over(tmp_path, dead)
    assert f"counter_{dead}.db" not in databases(tmp_path)


def test_who_reads_meanwhile_reads_everything_once(tmp_path: Path) -> None:
    first = count(tmp_path, 10)
    # Greater than any process number there is.
    others = range(2**23, 2**23 + 30)
    for process in others:
        for kind in ("counter", "histogram"):
            shutil.copyfile(tmp_path / f"{kind}_{first}.db", tmp_path / f"{kind}_{process}.db")
    expected = numbers(tmp_path)
    assert expected["plain_total", ()] == 310
    ended = threading.Event()
    seen: list[Numbers] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(numbers(tmp_path))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for process in (first, *others):
            while not take_over(tmp_path, process):
                pass
    finally:
        ended.set()
        reader.join()
    assert numbers(tmp_path) == expected
    assert all(each == expected for each in seen)
    assert databases(tmp_path) == {"counter_dead.db", "histogram_dead.db"}


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
