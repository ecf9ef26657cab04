"""The admin's form that submits a job. Used by `admin`."""

from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from jobs import registry
from jobs.models import IDLE, NORMAL, URGENT, Job
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import User
from rooms.protocol import Refusal


class SubmitForm(forms.ModelForm):  # type: ignore[type-arg]
    """Submits the job while it is checked, so that a refusal is shown beside the form. The key
    makes sending the form twice one job."""

    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    params = forms.JSONField(
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="A JSON object. GET /api/v1/job-kinds describes what each kind takes.",
    )
    priority = forms.IntegerField(
        initial=NORMAL,
        min_value=URGENT,
        max_value=IDLE,
        widget=UnfoldAdminSelectWidget(choices=[(n, n) for n in range(URGENT, IDLE + 1)]),
        help_text="0 runs first, 9 last.",
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    user: User

    class Meta:
        model = Job
        fields = ["kind", "room", "params", "priority", "run_at"]
        help_texts = {
            "room": "Where its progress and result are shown. Some kinds need one.",
            "run_at": "Empty: now.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["kind"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [(kind.name, f"{kind.title} ({kind.name})") for kind in registry.known()]
        self.fields["key"].initial = uuid4()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        params = data.get("params") or {}
        if not isinstance(params, dict):
            self.add_error("params", "A JSON object is needed, as in {}.")
        if self.errors:
            return data
        wanted = Submission(
            user=self.user,
            kind=data["kind"],
            params=params,
            room=data["room"].slug if data["room"] else None,
            priority=data["priority"],
            run_at=data["run_at"],
            key=str(data["key"]),
        )
        try:
            self.job, _ = actions.submit(wanted)
        except Refusal as refusal:
            about_params = any(each["pointer"].startswith("/params") for each in refusal.errors)
            self.add_error("params" if about_params else None, refusal.message)
        return data
