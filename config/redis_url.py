"""Addresses of Redis, in every form that redis-py takes, and in the one that Kombu takes.

The channel layer, presence and the health check give theirs to redis-py. Kombu reads `redis://` and
`rediss://` in a way of its own: no database in the query, no options of a connection, and a Unix
socket by another name.
"""

from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured
from redis import ConnectionPool, RedisError, SSLConnection, UnixDomainSocketConnection
from redis.connection import parse_url

SENTINEL_FORM = "sentinel://:password@host:26379/0?master=NAME, several with ; between them"
FORMS = "redis://user:password@host:6379/0, rediss://…, unix:///path?db=0"
SCHEMES = ("redis", "rediss", "unix")


class BadAddress(ValueError):
    """Says what is wrong, without repeating the address."""


def require_usable(variable: str, url: str) -> None:
    try:
        parts_of(url)
    except BadAddress as error:
        raise ImproperlyConfigured(f"{variable} is not usable: {error}") from None


def broker(url: str, redis_url: str) -> str:
    """The address of Celery's broker: `url`, else the Redis that everything else uses."""
    if not url:
        return broker_url(redis_url)
    if url.partition(":")[0] in SCHEMES and ";" not in url:
        require_usable("CELERY_BROKER_URL", url)
        return broker_url(url)
    if url.startswith("sentinel:"):
        return ";".join(part.partition("?")[0] for part in url.split(";"))
    # Another broker, or a form that only Kombu knows.
    return url


def sentinel_master(url: str) -> str:
    """The name by which the Sentinels of such an address know the Redis that is written to. Raises
    ImproperlyConfigured."""
    parts = [urlsplit(part) for part in url.split(";")]
    try:
        usable = all(part.scheme == "sentinel" and part.hostname for part in parts)
        # `port` is read for what it raises.
        usable = usable and all(part.port != 0 for part in parts)
    except ValueError:
        usable = False
    masters = {name for part in parts for name in parse_qs(part.query).get("master", [])}
    if not usable or len(masters) != 1:
        what = "its form is" if not usable else "it has to name one master:"
        raise ImproperlyConfigured(f"CELERY_BROKER_URL is not usable: {what} {SENTINEL_FORM}")
    return masters.pop()


def parts_of(url: str) -> dict[str, Any]:
    """The parts of an address, as redis-py has them. Raises BadAddress."""
    try:
        parts: dict[str, Any] = dict(parse_url(url))
        # What redis-py would only find out at the first connection.
        ConnectionPool.from_url(url).make_connection()
    except TypeError as error:
        unknown = str(error).rpartition(" argument ")[2].strip("'")
        raise BadAddress(f"it has an option that Redis connections do not: {unknown}") from None
    except (ValueError, RedisError) as error:
        about_option = str(error).startswith("Invalid ")
        raise BadAddress(str(error) if about_option else f"its forms are {FORMS}") from None
    if parts.get("connection_class") is UnixDomainSocketConnection:
        if not parts.get("path"):
            raise BadAddress("it names no socket: unix:///path")
    elif not parts.get("host"):
        raise BadAddress("it names no host: redis://host:6379/0")
    elif (number := urlsplit(url).path.strip("/")) and not number.isdigit():
        raise BadAddress("its path is not the number of a database: redis://host:6379/0")
    return parts


def broker_url(url: str) -> str:
    """The same Redis and database for Kombu. Options of the connection are settings there, but for
    those of TLS."""
    parts = parts_of(url)
    database = parts.get("db") or 0
    credentials = _credentials(parts)
    if parts.get("connection_class") is UnixDomainSocketConnection:
        path = quote(parts["path"])
        return f"redis+socket://{credentials}{path}?{urlencode({'virtual_host': database})}"
    host = parts["host"]
    host = f"[{host}]" if ":" in host else quote(host)
    address = f"{credentials}{host}:{parts.get('port') or 6379}/{database}"
    if parts.get("connection_class") is not SSLConnection:
        return f"redis://{address}"
    options = {name: value for name, value in parts.items() if name.startswith("ssl_")}
    # Kombu's own default is to believe any certificate; redis-py's is not.
    options.setdefault("ssl_cert_reqs", "required")
    return f"rediss://{address}?{urlencode(options)}"


def _credentials(parts: dict[str, Any]) -> str:
    user, password = parts.get("username") or "", parts.get("password")
    if not user and not password:
        return ""
    secret = f":{quote(password, safe='')}" if password else ""
    return f"{quote(user, safe='')}{secret}@"
