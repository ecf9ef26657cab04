"""Who is calling: the session cookie or an API token. Used by REST and by the socket alike.

Synchronous database code; the socket calls it in a thread.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from rooms.http import cookies
from rooms.models import ApiToken, User
from rooms.protocol import Forbidden, scopes
from rooms.protocol.scopes import Scope

from . import statements, token_use

# The fields of `User.name`.
NAMES = ("username", "first_name", "last_name")


@dataclass(frozen=True)
class Caller:
    """A user who proved who they are, and by what. `scopes` bound what a token may do; a session
    may do everything that its user may."""

    user: User
    session_key: str | None = None
    token_id: int | None = None
    scopes: frozenset[str] = field(default=frozenset(Scope), compare=False)

    def require(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(f"This token may not do that: it lacks the scope {str(scope)!r}.")


def bearer(header: str) -> str | None:
    """The token of an `Authorization` header, if that is what it holds."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def active_user(pk: int) -> User | None:
    found = statements.select(User, id=[pk])
    return found[0] if found and found[0].is_active else None


def by_token(token: str, address: str = "") -> Caller | None:
    """`address` is where it came from, for the token's owner to see."""
    rows = statements.select(ApiToken, digest=[ApiToken.digest_of(token)])
    user = active_user(rows[0].user_id) if rows else None
    if user is None:
        return None
    row = rows[0]
    if row.ended(user):
        return None
    if not row.password_stamp:
        unstamped = ApiToken.objects.filter(pk=row.pk, password_stamp="")
        unstamped.update(password_stamp=user.password_stamp)
    token_use.note(row, address)
    return Caller(user, token_id=row.pk, scopes=scopes.parse(row.scopes))


def by_session(session_key: str) -> Caller | None:
    """As Django's middleware does it: the backend still configured, the password unchanged."""
    if not session_key.isalnum():
        return None
    rows = statements.select(Session, session_key=[session_key])
    if not rows or rows[0].expire_date <= timezone.now():
        return None
    session = SessionStore().decode(rows[0].session_data)
    user = active_user(int(session.get(SESSION_KEY) or 0))
    if user is None or not proves(session, user):
        return None
    return Caller(user, session_key=session_key)


def proves(session: Mapping[str, Any], user: User) -> bool:
    """Whether what a session holds is a log-in of this user, with the password of today."""
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    if session.get(SESSION_KEY) != str(user.pk):
        return False
    proof = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(proof, known) for known in hashes)


def of_headers(headers: Mapping[str, str], address: str = "") -> Caller | None:
    """From lower-case header names. A token wins over a cookie: it was sent on purpose."""
    token = bearer(headers.get("authorization", ""))
    if token is not None:
        return by_token(token, address)
    # As Django reads them for pages: other programs on the same host set odd ones.
    session_key = cookies.read(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return by_session(session_key) if session_key else None


def withdrawn(callers: Collection[Caller]) -> dict[Caller, str]:
    """Those of `callers` whose proof is worth nothing any more, and why, in words for them. Three
    queries for any number. The others are called from here on what they are called now."""
    users = User.objects.filter(is_active=True).in_bulk({caller.user.pk for caller in callers})
    token_ids = {caller.token_id for caller in callers if caller.token_id is not None}
    tokens = ApiToken.objects.in_bulk(token_ids)
    keys = {caller.session_key for caller in callers if caller.session_key is not None}
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: row.get_decoded() for row in rows}
    found: dict[Caller, str] = {}
    for caller in callers:
        user = users.get(caller.user.pk)
        if user is None:
            found[caller] = "The account is closed."
            continue
        for name in NAMES:
            setattr(caller.user, name, getattr(user, name))
        if caller.token_id is not None:
            token = tokens.get(caller.token_id)
            why = token.ended(user) if token is not None else "The token was revoked."
            if why:
                found[caller] = why
        elif caller.session_key is not None:
            session = sessions.get(caller.session_key)
            if session is None or not proves(session, user):
                found[caller] = "You are logged out."
    return found
