"""How a caller of the REST API proves who they are. Used by `config.api` for every operation.

The call is taken from their budget: see `limits`. Operations find the `Caller` in `request.auth`
and, for either way in, the user in `request.user`.
"""

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError, HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from rooms.core.credentials import Caller, by_token
from rooms.http import request_address
from rooms.protocol import scopes

from . import limits


class Token(HttpBearer):
    """`Authorization: Bearer TOKEN`. A wrong token is refused, whatever cookie comes with it."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        caller = by_token(token.strip(), request_address.of_request(request))
        if caller is None:
            raise AuthenticationError
        request.user = caller.user
        limits.spend(request, caller.user.pk)
        assert request.method is not None and request.resolver_match is not None
        caller.require(scopes.of_operation(request.method, request.resolver_match.route))
        return caller


class Session(APIKeyCookie):
    """The session cookie of the pages. What changes something needs the CSRF token beside it."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        """CSRF is asked of those who are logged in: the others are told to log in."""
        caller = self.authenticate(request, None)
        if caller is not None:
            limits.spend(request, caller.user.pk)
        if caller is not None and check_csrf(request):
            raise HttpError(403, "The CSRF token is missing or wrong: send it as X-CSRFToken.")
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        user = request.user
        if not user.is_authenticated:
            return None
        return Caller(user, session_key=request.session.session_key)
