"""What one measure of jobs adds to the section of the report."""

from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import Table, Target


@dataclass(frozen=True)
class Part:
    """`text` is a paragraph. `raw` is for the JSON file alone."""

    text: str
    tables: list[Table]
    targets: list[Target] = field(default_factory=list)
    raw: Any = None
