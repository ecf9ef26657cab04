"""Forms of the pages beside the room. Called by `views`."""

from typing import Any

from django import forms

from rooms.models import Room
from rooms.models.names import validate_shown


class RoomForm(forms.Form):
    """A new room. Its address is made from its name."""

    name = forms.CharField(
        max_length=80,
        validators=[validate_shown],
        widget=forms.TextInput({"placeholder": "Release 2.0"}),
    )
    topic = forms.CharField(
        max_length=250,
        required=False,
        validators=[validate_shown],
        widget=forms.TextInput({"placeholder": "What people talk about here"}),
    )
    visibility = forms.ChoiceField(
        label="Who can see it",
        choices=[
            (Room.Visibility.PUBLIC, "Everybody can read and join"),
            (Room.Visibility.PRIVATE, "Members only"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        count_on_the_server(self)


def count_on_the_server(form: forms.BaseForm) -> None:
    """A browser counts an emoji as two characters or more, and would let fewer be typed."""
    for field in form.fields.values():
        field.widget.attrs.pop("maxlength", None)
