"""What an archive says of itself, and whether this program can take it. Pure."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
NAMES_SHOWN = 5


class UnusableArchive(Exception):
    """The archive cannot be put in place; says why, in words for an operator."""


@dataclass(frozen=True)
class Manifest:
    """`migrations`: names by app, as they are applied. `client`: the major version of pg_dump, 0
    on SQLite. `sums`: the checksum of the list of checksums, which has one for each file."""

    vendor: str
    version: str
    made_at: str
    installation: str
    epoch: str
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    database: str
    files: int
    bytes: int
    sums: str
    client: int = 0
    server: str = ""
    format: int = FORMAT
    tool: str = field(default="parley backup")

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def read(text: bytes) -> Manifest:
    """Raises UnusableArchive."""
    try:
        found: Any = json.loads(text)
        if not isinstance(found, dict) or found.get("tool") != "parley backup":
            raise UnusableArchive("this is no archive of manage.py backup")
        if found.get("format") != FORMAT:
            raise UnusableArchive(
                f"its format is {found.get('format')!r}; this version knows {FORMAT}"
            )
        known = {name: found[name] for name in Manifest.__dataclass_fields__ if name in found}
        manifest = Manifest(**known)
        shaped = all(isinstance(names, list) for names in manifest.migrations.values())
        texts = (manifest.vendor, manifest.database, manifest.sums, manifest.version)
        if not shaped or not all(isinstance(each, str) for each in texts):
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise UnusableArchive("its manifest cannot be read") from None
    return manifest


def require_fitting(
    manifest: Manifest, vendor: str, known: Collection[tuple[str, str]], apps: Collection[str]
) -> None:
    """Whether this program can take the database: of the same kind, and no newer. `known` are the
    migrations that this program has. Raises UnusableArchive."""
    if manifest.vendor != vendor:
        raise UnusableArchive(
            f"it holds a database of {manifest.vendor}, and DATABASE_URL names one of {vendor}"
        )
    strangers = sorted(set(manifest.migrations) - set(apps))
    if strangers:
        raise UnusableArchive(
            f"it holds tables of apps that are not installed here: {', '.join(strangers)}"
            " (PARLEY_APPS)"
        )
    unknown = [
        f"{app}.{name}"
        for app, names in sorted(manifest.migrations.items())
        for name in names
        if (app, name) not in known
    ]
    if unknown:
        more = ", …" if len(unknown) > NAMES_SHOWN else ""
        raise UnusableArchive(
            f"it was made by a newer version ({manifest.version}), whose migrations are not known"
            f" here: {', '.join(unknown[:NAMES_SHOWN])}{more}. Install that version first"
        )


def sums_text(sums: Mapping[str, str]) -> str:
    """As `sha256sum -c` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())


def sums_read(lines: Iterable[str]) -> dict[str, str]:
    """Raises UnusableArchive."""
    found = {}
    for line in lines:
        digest, _, name = line.rstrip("\n").partition("  ")
        if len(digest) != 64 or not name:
            raise UnusableArchive("its list of checksums cannot be read")
        found[name] = digest
    return found
