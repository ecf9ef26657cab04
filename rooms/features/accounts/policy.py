"""Who may make an account, and what this site can do for one."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

OPEN, INVITE, CLOSED = "open", "invite", "closed"


def signup() -> str:
    value: str = settings.PARLEY_SIGNUP
    return value


def sends_mail() -> bool:
    return bool(settings.SENDS_MAIL)


def for_templates(request: HttpRequest) -> dict[str, Any]:
    return {"signup_policy": signup(), "sends_mail": sends_mail()}
