"""Pauses in Django's admin: the switches. Adding one pauses a queue or a kind, the action resumes.
Everything is done by `submitting.pauses`, as from REST.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from jobs import policy, registry
from jobs.models import Pause
from jobs.submitting import pauses
from rooms.admin.base import ListAdmin, Shown
from rooms.models import User
from rooms.protocol import Refusal

from . import shown
from .texts import isolated


class PauseForm(forms.ModelForm):  # type: ignore[type-arg]
    """What to pause, and why. It pauses as it is cleaned, so that a refusal stands in the form."""

    what = forms.ChoiceField(label="Queue or kind", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        max_length=pauses.MOST_REASON_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Why, for the others on duty.",
    )
    user: User

    class Meta:
        model = Pause
        fields: ClassVar = ["reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("what")
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("Queues", [(f"queue {name}", name) for name in registry.QUEUES]),
                (
                    "Kinds",
                    [(f"kind {kind.name}", f"{kind.title} ({kind.name})") for kind in _kinds()],
                ),
            ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and self.instance.pk is None:
            target, _, name = given["what"].partition(" ")
            try:
                self.paused = pauses.pause(self.user, target, name, given["reason"])
            except Refusal as refusal:
                raise forms.ValidationError(refusal.message) from None
        return given


def _kinds() -> list[registry.Kind]:
    return registry.known()


@admin.register(Pause)
class PauseAdmin(ListAdmin):
    form = PauseForm
    list_display = ["name", "target", "state", "reason_shown", "paused", "by", "resumed", "resumer"]
    list_select_related = ["paused_by", "resumed_by"]
    list_filter = [("resumed_at", admin.EmptyFieldListFilter)]
    ordering = ["-paused_at", "-id"]
    actions = ["resume_selected"]
    actions_submit_line = ["resume_this"]
    fields = ["what", "reason"]

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    # Reading --------------------------------------------------------------------------------------

    @display(description="State", ordering="resumed_at")
    def state(self, row: Pause) -> str:
        return shown.pill("open", "Paused") if row.resumed_at is None else shown.pill("", "Over")

    @display(description="Reason")
    def reason_shown(self, row: Pause) -> str:
        return isolated(row.reason) if row.reason else shown.NOTHING

    @display(description="Paused", ordering="paused_at")
    def paused(self, row: Pause) -> str:
        return shown.moment(row.paused_at)

    @display(description="By")
    def by(self, row: Pause) -> str:
        return isolated(row.paused_by.name) if row.paused_by else shown.NOTHING

    @display(description="Resumed")
    def resumed(self, row: Pause) -> str:
        return shown.moment(row.resumed_at)

    @display(description="By")
    def resumer(self, row: Pause) -> str:
        return isolated(row.resumed_by.name) if row.resumed_by else shown.NOTHING

    def get_fields(self, request: HttpRequest, obj: Shown = None) -> Any:
        return self.list_display if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Shown = None) -> Any:
        return self.list_display if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["fields"] = []
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        return form

    # Who may --------------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return _staff(request).has_perm("jobs.view_pause") or _may_pause(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _may_pause(request)

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return _may_pause(request)

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        """It is history once it is over; the housekeeping has it go."""
        return False

    # Doing ----------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Pause, form: Any, change: bool) -> None:
        """The form has paused; a button resumes."""
        if not change:
            obj.pk, obj.target, obj.name = form.paused.pk, form.paused.target, form.paused.name
        elif "resume_this" in request.POST:
            self.resume_this(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        hidden = {"show_save": False, "show_save_and_continue": False}
        context = {**(extra_context or {}), **hidden, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, context)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        paused = isinstance(row, Pause) and row.resumed_at is None
        return super().get_actions_submit_line(request, object_id) if paused else []

    @admin.action(description="Resume", permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Pause]) -> None:
        self._resume(request, queryset.filter(resumed_at=None))

    @action(description="Resume", permissions=["change"], attrs={"name": "resume_this"})
    def resume_this(self, request: HttpRequest, obj: Pause) -> None:
        self._resume(request, [obj])

    def _resume(self, request: HttpRequest, rows: Any) -> None:
        count = 0
        for row in rows:
            try:
                pauses.resume(_staff(request), row.pk)
                count += 1
            except Refusal as refusal:
                messages.warning(request, f"{row}: {refusal.message}")
        if count:
            messages.success(request, f"{count} resumed.")


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _may_pause(request: HttpRequest) -> bool:
    user = _staff(request)
    return policy.runs_the_site(user) and user.has_perm(policy.PAUSE)
