"""People, groups, e-mail addresses and API tokens."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from rooms.features.tokens import actions as tokens
from rooms.models import ApiToken, User

from .base import ListAdmin, Request, Shown

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
        secret = tokens.create_token(obj.user, obj.name)
        obj.pk = ApiToken.objects.get(digest=ApiToken.digest_of(secret)).pk
        text = "The token of {}, shown this once: <code class='select-all'>{}</code>"
        messages.warning(request, format_html(text, obj.user.name, secret))

    def delete_model(self, request: Request, obj: ApiToken) -> None:
        tokens.revoke_token(obj.user, obj.pk)

    def delete_queryset(self, request: Request, queryset: QuerySet[ApiToken]) -> None:
        for row in queryset.select_related("user"):
            tokens.revoke_token(row.user, row.pk)
