"""How often a password may be guessed.

Counted are log-ins that failed, in the database, for all processes together:

- from one address, whatever account they are for;
- for one account from one address or one known device;
- for one account from everywhere else: slow enough to make guessing from many addresses pointless.

The last one is a budget that strangers can use up on purpose. So a device on which somebody has
logged in before carries a cookie that says so, and is bound by a budget of its own: whatever others
do, they get in there. The cookie opens nothing; it names accounts, signed.
"""

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any

from allauth.account.utils import filter_users_by_email, filter_users_by_username
from allauth.core.internal.ratelimit import RateLimitUsage, clear, consume
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from rooms.http import request_address
from rooms.http.client_address import network_of

RATES = {
    "failed_from_address": "10/m/ip,100/h/ip",
    "failed_from_here": "5/5m/key",
    "failed_from_elsewhere": "100/h/key",
}

COOKIE = "known_device"
COOKIE_SALT = "rooms.accounts.known_device"
COOKIE_SECONDS = 400 * 24 * 3600
COOKIE_ACCOUNTS = 10
LOGIN_CHARACTERS = 200


@dataclass(frozen=True)
class Device:
    """A browser on which these accounts have logged in."""

    name: str
    accounts: tuple[int, ...] = ()

    @classmethod
    def of(cls, request: HttpRequest) -> "Device | None":
        try:
            value = signing.loads(
                request.COOKIES.get(COOKIE, ""), salt=COOKIE_SALT, max_age=COOKIE_SECONDS
            )
            return cls(str(value["name"]), tuple(map(int, value["accounts"])))
        except (signing.BadSignature, KeyError, TypeError, ValueError):
            return None

    def remember(self, response: HttpResponse, account: int) -> None:
        others = [each for each in self.accounts if each != account]
        accounts = [account, *others][:COOKIE_ACCOUNTS]
        response.set_cookie(
            COOKIE,
            signing.dumps({"name": self.name, "accounts": accounts}, salt=COOKIE_SALT),
            max_age=COOKIE_SECONDS,
            path="/accounts/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def remember(request: HttpRequest, response: HttpResponse, account: int) -> None:
    """Somebody has logged in here."""
    device = Device.of(request) or Device(secrets.token_urlsafe(12))
    device.remember(response, account)


def account_of(credentials: dict[str, Any]) -> int | str:
    """Whose log-in it is, however it is written: a user's key, or, of nobody, what was typed."""
    typed = str(credentials.get("username") or credentials.get("email") or "")
    found = list(filter_users_by_username(typed)[:2])
    if not found and "@" in typed:
        found = filter_users_by_email(typed, prefer_verified=True)
    if len(found) == 1:
        return int(found[0].pk)
    return unicodedata.normalize("NFKC", typed).casefold()[:LOGIN_CHARACTERS]


def take(request: HttpRequest, credentials: dict[str, Any]) -> RateLimitUsage | None:
    """One attempt, before the password is looked at, so that a hundred at once are a hundred; None:
    too many have failed. Who gets in gives it back."""
    account = account_of(credentials)
    place = place_of(request, account)
    budgets: list[tuple[str, str | None]] = [("failed_from_here", f"{account} {place}")]
    if place.startswith("address "):
        budgets.insert(0, ("failed_from_address", None))
        budgets.append(("failed_from_elsewhere", str(account)))
    taken = RateLimitUsage(usage=[])
    for action, key in budgets:
        usage = consume(request, app="rooms.accounts", action=action, config=RATES, key=key)
        if usage is None:
            return None
        taken.usage += usage.usage
    return taken


def forgive(request: HttpRequest, credentials: dict[str, Any]) -> None:
    """What has failed for this account counts no more, here and elsewhere."""
    account = account_of(credentials)
    keys = {
        "failed_from_here": f"{account} {place_of(request, account)}",
        "failed_from_elsewhere": str(account),
    }
    for action, key in keys.items():
        clear(request, app="rooms.accounts", action=action, config=RATES, key=key)


def place_of(request: HttpRequest, account: int | str) -> str:
    """The device that this account knows, by its cookie or as it is logged in; else the address."""
    if request.user.is_authenticated and request.user.pk == account:
        return f"session {request.session.session_key}"
    device = Device.of(request)
    if device is not None and account in device.accounts:
        return f"device {device.name}"
    return f"address {network_of(request_address.of_request(request))}"
