"""Where allauth asks what this site wants. Named in the settings; allauth calls it."""

import logging
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from rooms.http import request_address
from rooms.protocol import Forbidden

from . import invitations, login_limits, policy, site_address

logger = logging.getLogger(__name__)

# Of a session: the secret of the invitation whose link was followed.
INVITATION = "account_invitation"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is closed.",
        "cannot_remove_primary_email": "The primary e-mail address cannot be removed.",
        "duplicate_email": "This e-mail address is one of yours already.",
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "email_taken": "An account with this e-mail address is there already.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "max_email_addresses": "At most %d e-mail addresses.",
        "rate_limited": "That was too often. Wait a little, then try again.",
        "too_many_login_attempts": "Too many attempts. Wait a few minutes, then try again.",
        "unverified_primary_email": "Only a verified e-mail address can be the primary one.",
        "username_blacklisted": "This username cannot be used. Choose another one.",
        "username_password_mismatch": "The username or the password is wrong.",
        "username_taken": "This username is taken.",
    }

    # Who comes in -------------------------------------------------------------------------------

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_address.of_request(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._login_failed_rl_usage = login_limits.take(request, credentials)
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a reset: the person could read the letter, and may log in from anywhere."""
        login_limits.forgive(request, credentials)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        login_limits.remember(request, response, user.pk)
        return response

    def get_login_stages(self) -> list[str]:
        return ["rooms.features.accounts.stages.SignupVerificationStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if policy.signup() == policy.INVITE:
            return invitations.find(request.session.get(INVITATION, "")) is not None
        return policy.signup() == policy.OPEN

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Makes the account and uses the invitation up, both or neither."""
        try:
            with transaction.atomic():
                saved = super().save_user(request, user, form, commit)
                if policy.signup() == policy.INVITE:
                    secret = request.session.pop(INVITATION, "")
                    invitations.use_in_transaction(secret, saved)
        except Forbidden:
            raise ImmediateHttpResponse(redirect("account_signup")) from None
        return saved

    # Letters ------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every link in a letter leads to this site's own address. Raises ImmediateHttpResponse
        when the letter cannot be sent: no page says then that it was."""
        if not policy.sends_mail():
            return
        request = allauth_context.request
        site = SimpleNamespace(name="Parley", domain=site_address.base(request))
        told = {
            name: site_address.at_site(value, request) if name.endswith("_url") else value
            for name, value in context.items()
        }
        message = self.render_mail(template_prefix, email, told | {"email": email, "site": site})
        try:
            message.send()
        except OSError as error:
            logger.error("A letter could not be sent: %s", error)
            raise ImmediateHttpResponse(
                render(request, "account/mail_failed.html", status=503)
            ) from None
