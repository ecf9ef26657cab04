"""Rooms and their members. Changes go through actions, so that the rooms hear of them."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from rooms.features.members import management
from rooms.features.rooms import actions as room_actions
from rooms.features.rooms import changes
from rooms.models import Membership, Room, User
from rooms.protocol import Refusal

from .base import ListAdmin, Shown


class RoomAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    archived = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="It can be read and not written.",
    )

    class Meta:
        model = Room
        fields = [
            "name",
            "slug",
            "topic",
            "description",
            "visibility",
            "who_posts",
            "slow_mode_seconds",
            "edit_window_seconds",
            "is_default",
            "open_log",
        ]
        help_texts = {
            "is_default": "Newcomers are members of it from their first log-in on. Only of a public"
            " room.",
            "slug": "Its address. It stays as it is once the room is there.",
            "edit_window_seconds": "For how many seconds a message may be edited. Empty: always;"
            " 0: never.",
            "description": "Markdown; members read it beside the conversation.",
            "slow_mode_seconds": "How many seconds a member waits from one message to the next. 0:"
            " none. Owners and moderators never wait.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["archived"].initial = self.instance.archived_at is not None
        visibility: Any = self.fields.get("visibility")
        if visibility is None:
            return
        # Rooms between two are made by those two, and stay that.
        direct = Room.Visibility.DIRECT.value
        if self.instance.visibility == direct:
            visibility.disabled = True
        else:
            visibility.choices = [each for each in visibility.choices if each[0] != direct]


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "user" in self.fields:
            self.fields["user"].disabled = True


class MembershipInline(TabularInline):
    model = Membership
    form = MembershipForm
    fields = ["user", "role", "joined_at", "read_seq"]
    readonly_fields = ["joined_at", "read_seq"]
    autocomplete_fields = ["user"]
    ordering = ["pk"]
    verbose_name_plural = "members"
    extra = 0
    per_page = 25
    tab = True
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("user", "room")


@admin.register(Room)
class RoomAdmin(ListAdmin):
    form = RoomAdminForm
    inlines = [MembershipInline]
    list_display = ["name", "slug", "kind", "members", "message_count", "active_at", "is_open"]
    list_filter = [("visibility", ChoicesDropdownFilter), ("active_at", RangeDateTimeFilter)]
    search_fields = ["name", "slug"]
    readonly_fields = ["created_by", "created_at", "message_count", "last_seq", "active_at"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "name",
                    "slug",
                    "topic",
                    "description",
                    "visibility",
                    "archived",
                    "who_posts",
                    "slow_mode_seconds",
                    "edit_window_seconds",
                    "is_default",
                    "open_log",
                ]
            },
        ),
        ("Facts", {"fields": readonly_fields}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "slug", "topic", "visibility"]})]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        rows: QuerySet[Room] = super().get_queryset(request)
        return rows.annotate(members_count=Count("memberships"))

    @display(description="Visibility", ordering="visibility", label={"Public": "success"})
    def kind(self, room: Room) -> str:
        return room.get_visibility_display()

    @display(description="Members", ordering="members_count")
    def members(self, room: Room) -> int:
        return int(room.members_count)  # type: ignore[attr-defined]

    @display(description="Open", boolean=True)
    def is_open(self, room: Room) -> bool:
        return room.archived_at is None

    def view_on_site(self, room: Room) -> str:
        return reverse("rooms:room", args=[room.slug])

    def get_readonly_fields(self, request: HttpRequest, obj: Shown = None) -> list[str]:
        return [*self.readonly_fields, "slug"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Shown = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def get_inlines(self, request: HttpRequest, obj: Shown) -> list[type[TabularInline]]:
        return self.inlines if obj else []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would go with the rooms, counted rather than read: a log is long."""
        told = [f"{room.name}: {room.message_count} messages" for room in objs]
        return told, {"rooms": len(told)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        changes.delete_room(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        for room_id in queryset.values_list("pk", flat=True):
            changes.delete_room(room_id)

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        if change:
            archived = form.cleaned_data["archived"]
            details = changes.Details(
                name=obj.name,
                topic=obj.topic,
                description=obj.description,
                visibility=obj.visibility,
                archived=archived,
                edit_window=obj.edit_window,
                who_posts=obj.who_posts,
                slow_mode=obj.slow_mode_seconds,
                default=obj.is_default,
                open_log=obj.open_log,
            )
            changes.change_room(obj.pk, asdict(details))
        else:
            staff = cast(User, request.user)
            made = room_actions.create_room(staff, obj.slug, obj.name, obj.topic, obj.visibility)
            obj.pk = made.pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        room_id = form.instance.pk
        changes: list[Callable[[], object]] = []
        for row in formset.new_objects:
            changes.append(partial(management.add_member, room_id, row.user, row.role))
        for row, _ in formset.changed_objects:
            changes.append(partial(management.change_role, room_id, row.user, row.role))
        for row in formset.deleted_objects:
            changes.append(partial(management.remove_member, room_id, row.user))
        # New owners come before old ones go: nobody takes its last owner from a room.
        for make in changes:
            try:
                make()
            except Refusal as refusal:
                messages.error(request, refusal.message)
