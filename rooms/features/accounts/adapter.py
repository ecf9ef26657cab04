"""Where allauth asks what this site wants. Named in the settings; allauth calls it."""

import logging
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from rooms.http import after_login, request_address, site_address
from rooms.protocol import Forbidden

from . import invitations, letter_limits, login_limits, policy

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
        "too_many_letters": "Too many e-mails were asked for. Try again later, or tomorrow.",
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

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return after_login.wanted(request) or super().get_login_redirect_url(request)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return after_login.wanted(request) or super().get_signup_redirect_url(request)

    def get_login_stages(self) -> list[str]:
        return ["rooms.features.accounts.stages.SignupVerificationStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return policy.signup() in (policy.OPEN, policy.DOMAIN) or self.is_invited(request)

    def is_invited(self, request: HttpRequest) -> bool:
        """Whether an invitation that is good still was followed, where one is needed."""
        if policy.signup() not in policy.INVITED:
            return False
        return invitations.find(request.session.get(INVITATION, "")) is not None

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Makes the account and uses the invitation up, both or neither."""
        try:
            with transaction.atomic():
                saved = super().save_user(request, user, form, commit)
                if policy.signup() == policy.INVITE or self.is_invited(request):
                    secret = request.session.pop(INVITATION, "")
                    invitations.use_in_transaction(secret, saved)
        except Forbidden:
            raise ImmediateHttpResponse(redirect("account_signup")) from None
        return saved

    # Letters ------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every link in a letter leads to this site's own address. Raises ImmediateHttpResponse
        when the letter cannot be sent, or may not be: no page says then that it was."""
        if not policy.sends_mail():
            return
        request = allauth_context.request
        if template_prefix in letter_limits.COUNTED and not letter_limits.take(request, email):
            raise ImmediateHttpResponse(self._not_sent(request, 429))
        site = SimpleNamespace(name=settings.SITE_NAME, domain=site_address.base(request))
        told = {
            name: site_address.at_site(value, request) if name.endswith("_url") else value
            for name, value in context.items()
        }
        message = self.render_mail(template_prefix, email, told | {"email": email, "site": site})
        try:
            message.send()
        except OSError as error:
            logger.error("A letter could not be sent: %s", error)
            raise ImmediateHttpResponse(self._not_sent(request, 503)) from None

    def _not_sent(self, request: HttpRequest, status: int) -> HttpResponse:
        refusal = self.error_messages["too_many_letters"] if status == 429 else ""
        return render(request, "account/mail_failed.html", {"refusal": refusal}, status=status)
