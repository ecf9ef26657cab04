"""What columns and names take, checked before the database does. Called by actions."""

from django.core.exceptions import ValidationError
from django.db.models import Model

from rooms.protocol import Invalid
from rooms.text import lines, visible


def check_fields(row: Model) -> None:
    """What the columns take, said before the database says it. SQLite would take anything."""
    try:
        row.clean_fields()
    except ValidationError as error:
        found = [
            {"pointer": f"/{name}", "message": message}
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        text = "; ".join(f"{each['pointer'][1:]}: {each['message']}" for each in found)
        raise Invalid(text, errors=found) from None


def checked_name(typed: str, most: int) -> str:
    """What somebody or something is to be called: one line that stays in its place; empty stays
    empty. Raises Invalid."""
    name = lines.one_line(typed)
    if len(name) > most:
        raise _wrong(f"A name has at most {most} characters.")
    if lines.strays(name):
        raise _wrong("It may not hold marks that steer the text around it.")
    if name and not visible.shows(name):
        raise _wrong("Nothing of this can be seen.")
    return name


def _wrong(message: str) -> Invalid:
    return Invalid(f"name: {message}", errors=[{"pointer": "/name", "message": message}])
