"""Rooms in Django's admin. What is said and logged is read there, never written; what is changed
of rooms and members goes through `actions` and `moderation`, so that the rooms hear of it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, cast

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldBooleanSwitchWidget

from . import actions, moderation
from .models import ApiToken, Attachment, Ban, Event, Membership, Message, Room, User
from .protocol import Refusal

Request = HttpRequest
Shown = Model | None


def isolated(text: str) -> str:
    """Text of people: whatever direction marks it holds, they end with it."""
    return format_html("<bdi>{}</bdi>", text)


class ListAdmin(ModelAdmin):
    """Long tables: nothing is counted in full, related rows come with the page."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_filter_submit = True


class ReadOnlyAdmin(ListAdmin):
    paginator = InfinitePaginator

    def has_add_permission(self, request: Request) -> bool:
        return False

    def has_change_permission(self, request: Request, obj: Shown = None) -> bool:
        return False

    def has_delete_permission(self, request: Request, obj: Shown = None) -> bool:
        return False


# People -------------------------------------------------------------------------------------------

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ListAdmin):
    """Nobody is deleted: their messages would lose their author. Make them inactive instead."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    readonly_fields = ["last_login", "date_joined"]
    compressed_fields = True

    def has_delete_permission(self, request: Request, obj: Shown = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(EmailAddress)
class EmailAddressAdmin(AllauthEmailAddressAdmin, ListAdmin):
    autocomplete_fields = ["user"]
    raw_id_fields: list[str] = []
    list_select_related = ["user"]


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin):
    """Make one: it is shown once. Delete one: it opens nothing any more."""

    list_display = ["name", "user", "created_at", "used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    autocomplete_fields = ["user"]
    fields = ["user", "name"]
    ordering = ["-created_at"]

    def has_change_permission(self, request: Request, obj: Shown = None) -> bool:
        return False

    def save_model(self, request: Request, obj: ApiToken, form: Any, change: bool) -> None:
        secret = actions.create_token(obj.user, obj.name)
        obj.pk = ApiToken.objects.get(digest=ApiToken.digest_of(secret)).pk
        text = "The token of {}, shown this once: <code class='select-all'>{}</code>"
        messages.warning(request, format_html(text, obj.user.name, secret))

    def delete_model(self, request: Request, obj: ApiToken) -> None:
        actions.revoke_token(obj.user, obj.pk)

    def delete_queryset(self, request: Request, queryset: QuerySet[ApiToken]) -> None:
        for row in queryset.select_related("user"):
            actions.revoke_token(row.user, row.pk)


# Rooms --------------------------------------------------------------------------------------------


class RoomForm(forms.ModelForm):
    archived = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="It can be read and not written.",
    )

    class Meta:
        model = Room
        fields = ["name", "slug", "topic", "visibility"]
        help_texts = {"slug": "Its address. It stays as it is once the room is there."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["archived"].initial = self.instance.archived_at is not None


class MembershipForm(forms.ModelForm):
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

    def get_queryset(self, request: Request) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "room")


@admin.register(Room)
class RoomAdmin(ListAdmin):
    form = RoomForm
    inlines = [MembershipInline]
    list_display = ["name", "slug", "kind", "members", "message_count", "active_at", "is_open"]
    list_filter = [("visibility", ChoicesDropdownFilter), ("active_at", RangeDateTimeFilter)]
    search_fields = ["name", "slug"]
    readonly_fields = ["created_by", "created_at", "message_count", "last_seq", "active_at"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "topic", "visibility", "archived"]}),
        ("Facts", {"fields": readonly_fields}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "slug", "topic", "visibility"]})]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: Request) -> QuerySet[Room]:
        return super().get_queryset(request).annotate(members_count=Count("memberships"))

    @display(description="Visibility", ordering="visibility", label={"Public": "success"})
    def kind(self, room: Room) -> str:
        return room.get_visibility_display()

    @display(description="Members", ordering="members_count")
    def members(self, room: Room) -> int:
        return room.members_count  # type: ignore[attr-defined]

    @display(description="Open", boolean=True)
    def is_open(self, room: Room) -> bool:
        return room.archived_at is None

    def view_on_site(self, room: Room) -> str:
        return reverse("rooms:room", args=[room.slug])

    def get_readonly_fields(self, request: Request, obj: Shown = None) -> list[str]:
        return [*self.readonly_fields, "slug"] if obj else []

    def get_prepopulated_fields(self, request: Request, obj: Shown = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def get_inlines(self, request: Request, obj: Shown) -> list[type[TabularInline]]:
        return self.inlines if obj else []

    def get_deleted_objects(self, objs: Any, request: Request) -> Any:
        """What would go with the rooms, counted rather than read: a log is long."""
        told = [f"{room.name}: {room.message_count} messages" for room in objs]
        return told, {"rooms": len(told)}, set(), []

    def delete_model(self, request: Request, obj: Room) -> None:
        moderation.delete_room(obj.pk)

    def delete_queryset(self, request: Request, queryset: QuerySet[Room]) -> None:
        for room_id in queryset.values_list("pk", flat=True):
            moderation.delete_room(room_id)

    def save_model(self, request: Request, obj: Room, form: Any, change: bool) -> None:
        if change:
            archived = form.cleaned_data["archived"]
            details = moderation.Details(obj.name, obj.topic, obj.visibility, archived)
            moderation.change_room(obj.pk, asdict(details))
        else:
            staff = cast(User, request.user)
            made = actions.create_room(staff, obj.slug, obj.name, obj.topic, obj.visibility)
            obj.pk = made.pk

    def save_formset(self, request: Request, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        room_id = form.instance.pk
        changes: list[Callable[[], object]] = []
        for row in formset.new_objects:
            changes.append(partial(moderation.add_member, room_id, row.user, row.role))
        for row, _ in formset.changed_objects:
            changes.append(partial(moderation.change_role, room_id, row.user, row.role))
        for row in formset.deleted_objects:
            changes.append(partial(moderation.remove_member, room_id, row.user))
        # New owners come before old ones go: nobody takes its last owner from a room.
        for make in changes:
            try:
                make()
            except Refusal as refusal:
                messages.error(request, refusal.message)


class BanForm(forms.ModelForm):
    class Meta:
        model = Ban
        fields = ["room", "user", "reason", "until"]
        help_texts = {"until": "Empty: until the ban is lifted."}


@admin.register(Ban)
class BanAdmin(ListAdmin):
    """Make one: the person is put out of the room. Delete one: it is lifted."""

    form = BanForm
    list_display = ["user", "room", "by", "reason", "at", "until"]
    list_select_related = ["user", "room", "by"]
    list_filter = [("room", AutocompleteSelectFilter)]
    search_fields = ["user__username", "room__slug"]
    autocomplete_fields = ["room", "user"]
    fields = ["room", "user", "reason", "until"]
    ordering = ["-at"]

    def has_change_permission(self, request: Request, obj: Shown = None) -> bool:
        return False

    def changeform_view(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect(request.path)

    def save_model(self, request: Request, obj: Ban, form: Any, change: bool) -> None:
        staff = cast(User, request.user)
        row, _ = moderation.ban(obj.room_id, obj.user, staff, obj.reason, obj.until, staff=True)
        obj.pk = row.pk

    def delete_model(self, request: Request, obj: Ban) -> None:
        moderation.unban(obj.room_id, obj.user)

    def delete_queryset(self, request: Request, queryset: QuerySet[Ban]) -> None:
        for row in queryset.select_related("user"):
            moderation.unban(row.room_id, row.user)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["id", "room", "seq", "by", "text", "kind", "created_at"]
    list_select_related = ["room", "author"]
    list_filter = [
        ("room", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["id"]
    search_help_text = "A message's id, or a user name: the whole of it."
    ordering = ["-id"]
    fields = ["room", "seq", "author", "kind", "created_at", "body", "reply_to", "client_id", "job"]

    def get_search_results(
        self, request: Request, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Exact and by index: a table of messages is too long to be read through."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        return queryset.filter(author__username=term), False

    @display(description="Author")
    def by(self, message: Message) -> str:
        return isolated(message.author.name) if message.author else "–"

    @display(description="Text")
    def text(self, message: Message) -> str:
        return isolated(message.body[:80])


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "room", "seq", "type", "at"]
    list_select_related = ["room"]
    list_filter = [("room", AutocompleteSelectFilter), ("at", RangeDateTimeFilter)]
    ordering = ["-id"]
    fields = ["room", "seq", "type", "at", "shown_payload"]

    @display(description="Payload")
    def shown_payload(self, event: Event) -> str:
        text = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html('<pre dir="ltr" class="whitespace-pre-wrap">{}</pre>', text)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ["shown_name", "room", "owner", "content_type", "size", "created_at"]
    list_select_related = ["room", "owner"]
    list_filter = [("room", AutocompleteSelectFilter)]
    ordering = ["-created_at"]
    fields = ["room", "owner", "message", "name", "content_type", "size", "created_at", "link"]

    @display(description="Name")
    def shown_name(self, attachment: Attachment) -> str:
        return isolated(attachment.name)

    @display(description="File")
    def link(self, attachment: Attachment) -> str:
        url = reverse("rooms:attachment", args=[attachment.pk, attachment.name])
        return format_html('<a href="{}">Open</a>', url)
