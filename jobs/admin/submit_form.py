"""The admin's form that submits a job of one kind: a field for each param, then where and when.
Used by `jobs`."""

from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from jobs.models import IDLE, NORMAL, URGENT, Job
from jobs.registry import Kind
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import User
from rooms.protocol import Refusal

from . import param_fields

PRIORITIES = {URGENT: "runs first", NORMAL: "as usual", IDLE: "runs last"}
OTHER = ["room", "priority", "run_at", "key"]


class SubmitForm(forms.ModelForm):  # type: ignore[type-arg]
    """Submits the job while it is checked, so that a refusal is shown beside the form. The key
    makes sending the form twice one job."""

    priority = forms.TypedChoiceField(
        initial=NORMAL,
        coerce=int,
        choices=[
            (n, f"{n} – {PRIORITIES[n]}" if n in PRIORITIES else n) for n in range(URGENT, IDLE + 1)
        ],
        widget=UnfoldAdminSelectWidget,
    )
    run_at = forms.DateTimeField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "1"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    user: User
    kind: Kind
    job: Job

    class Meta:
        model = Job
        fields = ["room"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4()
        room = self.fields["room"]
        for link in ("add", "change", "delete", "view"):
            setattr(room.widget, f"can_{link}_related", False)
        room.required = self.kind.needs_room
        room.help_text = "Where its progress and result are shown."
        if not self.kind.needs_room:
            room.help_text += " Empty: in no room, seen by you and by staff."
        self.fields["run_at"].help_text = "Empty: now."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        wanted = Submission(
            user=self.user,
            kind=self.kind.name,
            params=param_fields.values(data),
            room=data["room"].slug if data["room"] else None,
            priority=data["priority"],
            run_at=data["run_at"],
            key=str(data["key"]),
        )
        try:
            self.job, _ = actions.submit(wanted)
        except Refusal as refusal:
            self.show(refusal)
        return data

    def show(self, refusal: Refusal) -> None:
        """Each fault beside its field; what is about no field, or the whole, above the form."""
        for fault in refusal.errors:
            name = param_fields.field_of(fault["pointer"], self.fields)
            _, _, below = fault["pointer"].removeprefix("/params/").partition("/")
            where = f"{below}: " if below and name else ""
            self.add_error(name, f"{where}{fault['message']}")
        if not refusal.errors:
            self.add_error(None, refusal.message)


def form_of(kind: Kind) -> type[SubmitForm]:
    """The form for jobs of that kind."""
    return type("KindForm", (SubmitForm,), {**param_fields.fields(kind.params), "kind": kind})


def fieldsets(kind: Kind) -> list[tuple[str | None, dict[str, Any]]]:
    """The kind's own fields first."""
    params = list(param_fields.fields(kind.params))
    sets: list[tuple[str | None, dict[str, Any]]] = [("Where and when", {"fields": OTHER})]
    if params:
        sets.insert(0, (kind.title, {"fields": params, "description": kind.description}))
    return sets
