"""Every metric is counted somewhere and explained to operators."""

import json
import re
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from rooms.live.metrics import names as metrics

ROOT = Path(__file__).resolve().parents[5]
METRICS = {
    name: value
    for name, value in vars(metrics).items()
    if isinstance(value, Counter | Gauge | Histogram)
}


def exposed(metric: Counter | Gauge | Histogram) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_metric_is_in_the_operators_table_and_nothing_else_is() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = re.findall(r"^\| `(parley_\w+)` \|", page, re.MULTILINE)
    assert sorted(documented) == sorted(map(exposed, METRICS.values()))


def test_every_label_is_in_the_table() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for metric in METRICS.values():
        (row,) = re.findall(rf"^\| `{exposed(metric)}` \|([^|]*)\|", page, re.MULTILINE)
        labels = set(re.findall(r"`(\w+)`", row)) - {"le", "pid"}
        assert labels == set(metric._labelnames), exposed(metric)


def test_every_metric_is_counted() -> None:
    sources = [path for path in (ROOT / "rooms").rglob("*.py") if path.name != "names.py"]
    text = "\n".join(path.read_text() for path in sources)
    counted = set(
        re.findall(r"metrics\.([A-Z_]+)\.(?:labels\(.*?\)\.)?(?:inc|set|observe|observe_batch)\(", text)
    )
    assert set(METRICS) == counted


def test_the_dashboard_asks_only_for_what_there_is() -> None:
    board = json.loads((ROOT / "deploy" / "grafana" / "parley.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked = set(re.findall(r"parley_\w+", " ".join(expressions)))
    bases = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    assert len(bases) > 15
    # Those of jobs are told by the app: see its own test.
    bases = {name for name in bases if not name.startswith("parley_job")}
    assert bases <= set(map(exposed, METRICS.values()))
