"""What may stand in a message, whoever writes it. Pure, but for the bound on its length."""

import re

from rooms.limits import limits
from rooms.protocol import Invalid
from rooms.text import visible

_blank_lines = re.compile(r"\A(?:[^\S\n]*\n)+")


def checked(body: str) -> str:
    """What is kept of a text that somebody wrote. Raises Invalid."""
    # Blank lines say nothing; what stands before the first word may make it code.
    body = _blank_lines.sub("", body.replace("\r\n", "\n"), 1).rstrip()
    most = limits().message_characters
    if len(body) > most:
        raise Invalid(
            f"A message has at most {most:,} characters; this one has {len(body):,}.", "too_long"
        )
    if not visible.shows(body):
        raise Invalid("A message needs some text that can be seen.")
    if "\x00" in body:
        raise Invalid("A message cannot hold the NUL character.")
    try:
        body.encode()
    except UnicodeEncodeError:
        raise Invalid("A message must be valid Unicode text.") from None
    return body
