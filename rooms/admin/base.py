"""What the admin pages share: long tables, read-only ones, names of people."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Field, Model
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from rooms.protocol import Refusal

# What an admin page is about; None: a new one.
Shown = Model | None


def isolated(text: str) -> str:
    """Text of people: whatever direction marks it holds, they end with it."""
    return format_html("<bdi>{}</bdi>", text)


# Each word that is searched for is a condition on every row.
SEARCH_CHARACTERS, SEARCH_WORDS = 200, 8
# What a part of an address raises that no column takes: no number, no day, no UUID, too large.
NOT_TAKEN = (ValueError, OverflowError, ValidationError, DataError)


class TypedAddresses:
    """Django believes what stands in the address of a list or of a form; whatever somebody has
    typed there is no fault of the server here."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """A filter that no column takes leads to the list without any, as Django does for some."""
        try:
            response = super().changelist_view(request, extra_context)  # type: ignore[misc]
            if isinstance(response, SimpleTemplateResponse):
                # The rows are read as they are shown.
                response.render()
            return response
        except NOT_TAKEN:
            if request.method != "GET" or not request.GET or ERROR_FLAG in request.GET:
                raise
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        words = search_term[:SEARCH_CHARACTERS].split()[:SEARCH_WORDS]
        return super().get_search_results(request, queryset, " ".join(words))  # type: ignore[misc]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in beforehand, if the field takes it."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)  # type: ignore[misc]
        return {name: value for name, value in initial.items() if self._is_taken(name, value)}

    def _is_taken(self, name: str, value: Any) -> bool:
        try:
            field = self.model._meta.get_field(name)  # type: ignore[attr-defined]
        except FieldDoesNotExist:
            return True
        if not isinstance(field, Field):
            return False
        try:
            for each in value if isinstance(value, list) else [value]:
                field.to_python(each)
        except NOT_TAKEN:
            return False
        return True


class ListAdmin(TypedAddresses, ModelAdmin):
    """Long tables: nothing is counted in full, related rows come with the page."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_filter_submit = True

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What an action refuses is said above the form, never a fault of the server."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect(request.path)


class ReadOnlyAdmin(ListAdmin):
    paginator = InfinitePaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False
