"""Where letters and invitations say that this site is.

`SITE_URL` when it is set. Else the host that the request was sent to, which Django has found among
ALLOWED_HOSTS, but not its port, which nobody checks: with it, a letter asked for in somebody else's
name could link anywhere on that host.
"""

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port


def base(request: HttpRequest | None = None) -> str:
    """Scheme and host, and a port when it is not the usual one; without a slash at the end."""
    if settings.SITE_URL:
        return str(settings.SITE_URL)
    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    if request is None:
        names = [name for name in settings.ALLOWED_HOSTS if name[:1] not in "*."]
        host, port = (names or ["localhost"])[0], "" if scheme == "https" else str(settings.PORT)
    else:
        host, port = split_domain_port(request.get_host())
        if port and scheme == "https":
            port = ""
        elif port:
            port = str(settings.PORT)
    return f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"


def at_site(url: str, request: HttpRequest | None) -> str:
    """The same page at the address of this site."""
    site, parts = urlsplit(base(request)), urlsplit(url)
    return urlunsplit(parts._replace(scheme=site.scheme, netloc=site.netloc))
