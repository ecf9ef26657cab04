"""Who may make an account, and what this site can do for one."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

OPEN, DOMAIN, INVITE, CLOSED = "open", "domain", "invite", "closed"
# Where an invitation lets somebody in who could not come in otherwise.
INVITED = (DOMAIN, INVITE)


def signup() -> str:
    value: str = settings.PARLEY_SIGNUP
    return value


def domains() -> list[str]:
    """Of the addresses with which anybody may make an account, in lower case."""
    value: list[str] = settings.PARLEY_SIGNUP_DOMAINS
    return value


def sends_mail() -> bool:
    return bool(settings.SENDS_MAIL)


def for_templates(request: HttpRequest) -> dict[str, Any]:
    return {
        "signup_policy": signup(),
        "signup_form": signup() in (OPEN, DOMAIN),
        "signup_domains": domains() if signup() == DOMAIN else [],
        "sends_mail": sends_mail(),
    }
