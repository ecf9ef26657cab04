"""Where somebody wanted to go who has to log in first, or to make an account.

It waits in their session, because a letter may come in between, and what stands in an address is
lost there. Written by pages that people come to from outside; read by the log-in.
"""

from django.http import HttpRequest

_KEY = "after_login"


def remember(request: HttpRequest, path: str) -> None:
    """`path` is a page's own address, never what somebody else said."""
    request.session[_KEY] = path


def wanted(request: HttpRequest) -> str:
    """Empty when nothing waits."""
    return str(request.session.get(_KEY, ""))


def arrived(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
