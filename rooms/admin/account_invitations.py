"""Invitations to make an account: made here and shown once, in the answer to the form."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from rooms.features.accounts import invitations, policy
from rooms.models import AccountInvitation, User

from .base import ListAdmin, Shown


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    days = forms.IntegerField(
        label="Days that it lasts",
        min_value=1,
        max_value=invitations.MOST_DAYS,
        initial=invitations.DEFAULT_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = AccountInvitation
        fields = ["email"]
        help_texts = {"email": "Stands in the sign-up form and can be changed there."}


@admin.register(AccountInvitation)
class AccountInvitationAdmin(ListAdmin):
    """Delete one: its link opens nothing any more."""

    form = InvitationForm
    list_display = ["invited", "created_by", "created_at", "expires_at", "used_at", "used_by"]
    list_select_related = ["created_by", "used_by"]
    search_fields = ["email"]
    ordering = ["-created_at"]
    fields = ["email", "days"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return policy.signup() != policy.CLOSED and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    @display(description="Invited")
    def invited(self, row: AccountInvitation) -> str:
        return row.email or "anybody with the link"

    def get_fields(self, request: HttpRequest, obj: Shown = None) -> list[str]:
        return self.fields if obj is None else ["email", "created_by", "created_at", "expires_at"]

    def save_model(
        self, request: HttpRequest, obj: AccountInvitation, form: Any, change: bool
    ) -> None:
        """The link stays with this request: a message would carry it in a cookie."""
        days = form.cleaned_data["days"]
        obj.pk, link = invitations.create(cast(User, request.user), obj.email, days)
        request.invitation_link = link  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: AccountInvitation, post_url_continue: Any = None
    ) -> HttpResponse:
        context = {
            **admin.site.each_context(request),
            "title": "The invitation",
            "opts": self.opts,
            "link": request.invitation_link,  # type: ignore[attr-defined]
        }
        return render(request, "admin/invitation.html", context)
