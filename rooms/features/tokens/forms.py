"""The form that makes a token. Called by `views`."""

from typing import Any

from django import forms

from rooms.models import ApiToken
from rooms.models.names import validate_shown
from rooms.protocol.scopes import Scope

from .actions import DEFAULT_DAYS

LIFETIMES = [
    ("7", "7 days"),
    ("30", "30 days"),
    (str(DEFAULT_DAYS), f"{DEFAULT_DAYS} days"),
    ("365", "A year"),
    ("never", "For ever"),
]


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What is it for?",
        max_length=ApiToken._meta.get_field("name").max_length,
        validators=[validate_shown],
        widget=forms.TextInput({"placeholder": "nightly report"}),
    )
    lifetime = forms.ChoiceField(
        label="How long does it last?", choices=LIFETIMES, initial=str(DEFAULT_DAYS)
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=[(str(scope), scope.label) for scope in Scope],
        initial=[str(scope) for scope in Scope if scope is not Scope.ADMIN],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what it may do."},
    )

    def clean_lifetime(self) -> int | None:
        """In days."""
        value = self.cleaned_data["lifetime"]
        return None if value == "never" else int(value)

    def wanted(self) -> dict[str, Any]:
        """What `actions.create_token` takes."""
        data = self.cleaned_data
        return {"name": data["name"], "scopes": data["scopes"], "days": data["lifetime"]}
