"""What the columns of a row take, checked before the database does. Called by actions."""

from django.core.exceptions import ValidationError
from django.db.models import Model

from rooms.protocol import Invalid


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
