"""Folders and the disks they are on, mail, and static files."""

from dataclasses import dataclass

from rooms.doctor.findings import Observation, doubtful, good, wrong

LITTLE_BYTES, NO_BYTES = 2**30, 100 * 2**20
LITTLE_SHARE = 0.05
LITTLE_INODES = 10_000


@dataclass(frozen=True)
class SpaceLeft:
    """`inodes`: None where the file system has no bound."""

    free: int
    total: int
    inodes: int | None


def space(about: str, left: SpaceLeft) -> Observation:
    said = f"{left.free / 2**30:.1f} of {left.total / 2**30:.1f} GB free"
    if left.free < NO_BYTES:
        return wrong(about, said, "Make room at once: what cannot be written is refused.")
    if left.inodes is not None and left.inodes < LITTLE_INODES:
        return doubtful(about, f"only {left.inodes} more files fit", "Remove many small files.")
    if left.free < LITTLE_BYTES or left.free < LITTLE_SHARE * left.total:
        return doubtful(about, said, "Make room, or give it a larger disk.")
    return good(about, said)


def writable(about: str, path: str, error: str | None) -> Observation:
    if error is not None:
        todo = f"Let the site's user own it: chown -R USER {path}"
        return wrong(about, f"{path} cannot be written: {error}", todo)
    return good(about, f"{path} can be written")


def static(folder: str, is_there: bool, error: str | None) -> Observation:
    """`error`: why it could not be made; None: it could."""
    if is_there:
        return good("Static files", f"of this version in {folder}")
    if error is None:
        return good("Static files", f"{folder} is made at the next start")
    return wrong(
        "Static files",
        f"{folder} is not there and cannot be made: {error}",
        "Run manage.py collectstatic as somebody who may, or set STATIC_ROOT.",
    )


def mail(sends: bool, sender: str, for_this_machine: bool, error: str | None) -> Observation:
    """`error`: why the server did not let us in."""
    if not sends:
        if for_this_machine:
            return good("Mail", "none is sent (EMAIL_URL is not set)")
        return doubtful(
            "Mail",
            "none is sent: nobody can prove an address, or get a new password by themselves",
            "Set EMAIL_URL.",
        )
    if error is not None:
        return wrong("Mail", f"the server does not let us in: {error}", "See EMAIL_URL.")
    if sender.rstrip(">").endswith("@localhost"):
        return doubtful(
            "Mail",
            f"the server lets us in, but the sender is {sender}: many servers refuse that",
            "Set DEFAULT_FROM_EMAIL to an address of yours.",
        )
    return good("Mail", f"the server lets us in; letters come from {sender}")
