"""The form of a person's own page. Called by `views`; `actions` decides."""

from typing import Any

from django import forms

from rooms.models import User
from rooms.models.names import validate_shown
from rooms.pages.forms import count_on_the_server

from .shapes import MOST_ABOUT_CHARACTERS, MOST_NAME_CHARACTERS, MOST_PRONOUN_CHARACTERS


class ProfileForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        max_length=MOST_NAME_CHARACTERS,
        required=False,
        validators=[validate_shown],
        help_text="What other people read. Without it they read the username.",
        widget=forms.TextInput({"autocomplete": "name", "dir": "auto"}),
    )
    pronouns = forms.CharField(
        label="Pronouns",
        max_length=MOST_PRONOUN_CHARACTERS,
        required=False,
        validators=[validate_shown],
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )
    about = forms.CharField(
        label="About you",
        max_length=MOST_ABOUT_CHARACTERS,
        required=False,
        validators=[validate_shown],
        help_text="One line, for those who see a room that you are in.",
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        count_on_the_server(self)

    @classmethod
    def of(cls, user: User) -> "ProfileForm":
        about = {"name": user.get_full_name(), "pronouns": user.pronouns, "about": user.about}
        return cls(initial=about)

    def refuse(self, message: str, errors: list[dict[str, Any]]) -> None:
        """What the action says, beside the field that it is about."""
        for each in errors:
            name = each["pointer"].lstrip("/")
            self.add_error(name if name in self.fields else None, each["message"])
        if not errors:
            self.add_error(None, message)
