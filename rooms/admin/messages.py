"""What is said, to be read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display

from rooms.models import Message
from rooms.text import graphemes

from .base import ReadOnlyAdmin, isolated


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["id", "room", "seq", "by", "text", "kind", "state", "created_at"]
    list_select_related = ["room", "author"]
    list_filter = [
        ("room", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["id"]
    search_help_text = "A message's id, or a user name: the whole of it."
    ordering = ["-id"]
    fields = [
        "room",
        "seq",
        "author",
        "kind",
        "created_at",
        "edited_at",
        "deleted_at",
        "deleted_by",
        "body",
        "said_before",
        "reply_to",
        "client_id",
        "subject",
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
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

    @display(description="State", label={"edited": "info", "deleted": "danger"})
    def state(self, message: Message) -> str:
        return "deleted" if message.deleted_at else "edited" if message.edited_at else ""

    @display(description="What it said before")
    def said_before(self, message: Message) -> str:
        rows = [(edit.written_at, edit.body) for edit in message.edits.order_by("seq")]
        pre = '<p>{}</p><pre dir="auto" class="whitespace-pre-wrap">{}</pre>'
        return format_html_join("", pre, rows) or "–"

    @display(description="Text")
    def text(self, message: Message) -> str:
        return isolated(graphemes.cut(message.body, 80, graphemes.ELLIPSIS))
