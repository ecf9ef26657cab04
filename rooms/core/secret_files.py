"""Secrets that are given as files: `NAME_FILE` names one, instead of `NAME` with the secret itself.
Docker, Kubernetes and systemd hand them over so: more eyes see an environment than a file.

Nothing here ever repeats what a file holds.
"""

from collections.abc import Mapping
from pathlib import Path

# Far beyond any address or key: a variable that names the wrong file reads no disk full of it.
MOST_BYTES = 64 * 1024
SUFFIX = "_FILE"


class BadSecretFile(ValueError):
    """Says which variable is wrong and why, without what the file holds."""


def content(name: str, environ: Mapping[str, str]) -> str | None:
    """What the file of `NAME_FILE` holds, without the newline at its end; None: there is no such
    variable. Raises BadSecretFile."""
    variable = f"{name}{SUFFIX}"
    path = environ.get(variable)
    if not path:
        return None
    if environ.get(name):
        raise BadSecretFile(f"{variable}: {name} is given as well; only one of them may be")
    try:
        with Path(path).expanduser().open("rb") as file:
            held = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadSecretFile(f"{variable}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise BadSecretFile(f"{variable}: it is not the path of a file") from None
    if len(held) > MOST_BYTES:
        raise BadSecretFile(f"{variable}: {path} is longer than {MOST_BYTES} bytes")
    try:
        text = held.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadSecretFile(f"{variable}: {path} is no text in UTF-8") from None
    if not text.strip():
        raise BadSecretFile(f"{variable}: {path} is empty")
    if "\0" in text:
        raise BadSecretFile(f"{variable}: {path} is no text")
    return text


def line(name: str, environ: Mapping[str, str]) -> str | None:
    """The same of what is one line. Raises BadSecretFile."""
    text = content(name, environ)
    if text is not None and len(text.splitlines()) > 1:
        raise BadSecretFile(f"{name}{SUFFIX}: {environ[name + SUFFIX]} has more than one line")
    return text


def lines(name: str, environ: Mapping[str, str]) -> list[str] | None:
    """The same of what may be several, one a line; empty ones count for nothing."""
    text = content(name, environ)
    if text is None:
        return None
    return [each.strip() for each in text.splitlines() if each.strip()]
