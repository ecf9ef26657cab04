"""People, groups, e-mail addresses and API tokens."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from rooms.models import ApiToken, User

from .base import ListAdmin, Shown, TypedAddresses

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


def by_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ListAdmin):  # type: ignore[type-arg]
    """Nobody is deleted: their messages would lose their author. Make them inactive instead.

    Who may only change users changes people, not staff, and gives nobody rights: else that one
    permission would be all of them.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    readonly_fields = ["last_login", "date_joined"]
    compressed_fields = True

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        if isinstance(obj, User) and obj.is_staff and not by_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Shown = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if by_superuser(request) else [*fields, *RIGHTS]


RIGHTS = ["is_staff", "is_superuser", "groups", "user_permissions"]


class SuperusersWrite:
    """Only superusers write groups: a member who could would grant themselves anything."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return by_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return by_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return by_superuser(request)


@admin.register(Group)
class GroupAdmin(SuperusersWrite, TypedAddresses, DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(EmailAddress)
class EmailAddressAdmin(SuperusersWrite, AllauthEmailAddressAdmin, ListAdmin):
    """A verified address takes an account over, by a new password."""

    autocomplete_fields = ["user"]
    raw_id_fields: list[str] = []
    list_select_related = ["user"]


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin):
    """Delete one: it opens nothing any more. People make their own, on their page: a token is a
    way to be somebody."""

    list_display = ["name", "user", "may", "created_at", "expires_at", "used_at", "used_from"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["user", "name", "may", "created_at", "expires_at", "used_at", "used_from"]
    ordering = ["-created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    @display(description="Scopes")
    def may(self, token: ApiToken) -> str:
        return token.scopes.replace(" ", ", ")
