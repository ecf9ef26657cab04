"""Addresses as they may be shown: without the secrets in them. For errors, checks and the log."""

import re

HIDDEN = "***"

# The lengths are bounds on the work, far beyond any address: without them the time grows with the
# cube of a text's length.
_SCHEME = r"(?P<scheme>(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://)"

# `user:password@` of any address: up to the last @ before the path, as a password may hold one.
# One without a user (`redis://:password@host`) counts as well.
_CREDENTIALS = re.compile(_SCHEME + r"(?P<who>[^\s/?#]{0,500})@")
# `?password=…` and the like, of Redis, PostgreSQL and e-mail.
_SECRET_OPTION = re.compile(
    r"(?P<name>[?&;\s](?:[a-z_]*password|passwd|pass|secret|token|key)=)[^&\s;]+", re.IGNORECASE
)
# A password that holds what should have been written as %2F, %3F or %23.
_ODD_CREDENTIALS = re.compile(_SCHEME + r"(?P<who>[^\s@:]{0,200}:[^\s@]{0,300})@")


def without_password(text: str) -> str:
    """The text, with `***` for each password in the addresses that it holds."""
    text = _ODD_CREDENTIALS.sub(_hide, text)
    text = _CREDENTIALS.sub(_hide, text)
    return _SECRET_OPTION.sub(lambda match: f"{match['name']}{HIDDEN}", text)


def _hide(match: re.Match[str]) -> str:
    user, colon, _ = match["who"].partition(":")
    return f"{match['scheme']}{user}{f':{HIDDEN}' if colon else ''}@"
