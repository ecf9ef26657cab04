"""Who is calling: the session cookie or an API token. Used by REST and by the socket alike.

Synchronous database code; the socket calls it in a thread.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from rooms.models import ApiToken, User

from . import cookies, statements

# How often a token's "last used" is written down.
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """A user who proved who they are, and by what."""

    user: User
    session_key: str | None = None
    token_id: int | None = None


def bearer(header: str) -> str | None:
    """The token of an `Authorization` header, if that is what it holds."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def active_user(pk: int) -> User | None:
    found = statements.select(User, id=[pk])
    return found[0] if found and found[0].is_active else None


def by_token(token: str) -> Caller | None:
    rows = statements.select(ApiToken, digest=[ApiToken.digest_of(token)])
    user = active_user(rows[0].user_id) if rows else None
    if user is None:
        return None
    row = rows[0]
    now = timezone.now()
    if row.used_at is None or now - row.used_at > USED_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(used_at=now)
    return Caller(user, token_id=row.pk)


def by_session(session_key: str) -> Caller | None:
    """As Django's middleware does it: the backend still configured, the password unchanged."""
    if not session_key.isalnum():
        return None
    rows = statements.select(Session, session_key=[session_key])
    if not rows or rows[0].expire_date <= timezone.now():
        return None
    session = SessionStore().decode(rows[0].session_data)
    user = active_user(int(session.get(SESSION_KEY) or 0))
    if user is None or not _proves(session, user):
        return None
    return Caller(user, session_key=session_key)


def _proves(session: Mapping[str, Any], user: User) -> bool:
    """Whether what a session holds is a log-in of this user, with the password of today."""
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    if session.get(SESSION_KEY) != str(user.pk):
        return False
    proof = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(proof, known) for known in hashes)


def of_headers(headers: Mapping[str, str]) -> Caller | None:
    """From lower-case header names. A token wins over a cookie: whoever sends it means it."""
    token = bearer(headers.get("authorization", ""))
    if token is not None:
        return by_token(token)
    # As Django reads them for pages: other programs on the same host set odd ones.
    session_key = cookies.read(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return by_session(session_key) if session_key else None


def withdrawn(callers: Collection[Caller]) -> dict[Caller, str]:
    """Those of `callers` whose proof is worth nothing any more, and why, in words for them. Three
    queries for any number."""
    users = User.objects.filter(is_active=True).in_bulk({caller.user.pk for caller in callers})
    token_ids = {caller.token_id for caller in callers if caller.token_id is not None}
    tokens = set(ApiToken.objects.filter(pk__in=token_ids).values_list("pk", flat=True))
    keys = {caller.session_key for caller in callers if caller.session_key is not None}
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: row.get_decoded() for row in rows}
    found: dict[Caller, str] = {}
    for caller in callers:
        user = users.get(caller.user.pk)
        if user is None:
            found[caller] = "The account is closed."
        elif caller.token_id is not None and caller.token_id not in tokens:
            found[caller] = "The token was revoked."
        elif caller.session_key is not None:
            session = sessions.get(caller.session_key)
            if session is None or not _proves(session, user):
                found[caller] = "You are logged out."
    return found
