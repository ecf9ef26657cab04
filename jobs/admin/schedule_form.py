"""The admin's form of a schedule: when it comes, in what order, and what becomes of missed times.
Used by `schedules`."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from jobs.models import Schedule
from jobs.scheduling import actions, times
from rooms.models import User
from rooms.protocol import Refusal

# What the page shows of the row beside the form is not what was refused.
NOTHING: dict[str, Any] = {}


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Changes the schedule while it is checked, so that a refusal is shown in the form."""

    interval = forms.CharField(
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="Instead of cron: 30m, 1h, 1d12h.",
    )

    user: User

    class Meta:
        model = Schedule
        fields = ["title", "cron", "time_zone", "catch_up", "priority"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.every is not None:
            self.fields["interval"].initial = times.spelled(self.instance.every)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return NOTHING
        try:
            changes = self._changes(data)
            if changes:
                row = actions.change(self.user, self.instance.pk, changes)
                data["cron"], self.instance.every = row.cron, row.every
        except Refusal as refusal:
            self.add_error(None, refusal.message)
            return NOTHING
        return data

    def _changes(self, data: dict[str, Any]) -> dict[str, Any]:
        changes = {name: data[name] for name in self.changed_data if name != "interval"}
        if "interval" in self.changed_data and data["interval"]:
            changes["every"] = times.interval(data["interval"])
            # What is typed last counts: a cron expression that stood there before does not.
            if changes.get("cron") == "":
                del changes["cron"]
        return changes
