"""Takes secrets out of whatever the doctor says: errors of others may quote them."""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from django.conf import settings

from rooms.core.redaction import HIDDEN, without_password

# A shorter one would take letters out of every other word.
SHORTEST = 3


def secrets() -> list[str]:
    """Every secret of the settings, the longest first."""
    given = settings.ENVIRONMENT
    found = {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, settings.PARLEY_METRICS_TOKEN}
    found |= {str(each.get("PASSWORD") or "") for each in settings.DATABASES.values()}
    for url in (given.database_url, given.redis_url, given.celery_broker_url, given.email_url):
        found |= set(_passwords(url))
    return sorted((each for each in found if len(each) >= SHORTEST), key=len, reverse=True)


def _passwords(url: str) -> Iterable[str]:
    for part in url.split(";"):
        try:
            password = urlsplit(part).password or ""
        except ValueError:
            continue
        yield password
        yield unquote(password)


def hide(text: str, known: Iterable[str]) -> str:
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return without_password(text)
