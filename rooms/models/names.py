"""What people are called, and call things by: it can be seen."""

from collections.abc import Collection

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models

from rooms.text import lines, visible


def validate_shown(value: str) -> None:
    """Refuses a text that shows nothing; an empty one is left to the field."""
    if value and not visible.shows(value):
        raise ValidationError("Nothing of this can be seen.", "invisible")


def validate_line(value: str) -> None:
    """Refuses what is not one line of text that stays in its place."""
    if lines.strays(value):
        raise ValidationError("It may not hold marks that steer the text around it.", "strays")


# What a user name is checked with when somebody signs up.
username_validators = [UnicodeUsernameValidator(), validate_shown]


class Named(models.Model):
    """A row with fields, listed in `SHOWN`, that people read as a name."""

    SHOWN: tuple[str, ...] = ("name",)

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        errors = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            errors = error.update_error_dict({})
        for name in self.SHOWN:
            if name not in errors and name not in (exclude or ()):
                try:
                    validate_shown(getattr(self, name))
                except ValidationError as error:
                    errors[name] = error.error_list
        if errors:
            raise ValidationError(errors)
