"""How many letters go to addresses of which nobody knows whose they are.

Whoever signs up has a letter sent to the address that they name, and so may somebody who wants to
annoy its owner, or to have this site taken for a sender of junk. Who asks is bounded by where they
ask from; a thousand of them are bounded here, in the database, for all processes: by the address
that the letters go to, and by the site. It is the same whether somebody has an account with the
address, so a refusal tells nobody.

Letters for a new password are not counted: they go to addresses that were proven, and strangers
could use up what their owners need.
"""

from allauth.core.internal.ratelimit import RateLimitUsage, consume
from django.http import HttpRequest

from rooms.limits import limits

COUNTED = {
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
}


def has_room(request: HttpRequest, email: str) -> bool:
    """Whether one more may go there."""
    return _consume(request, email, dry_run=True)


def take(request: HttpRequest, email: str) -> bool:
    """One letter; False: it must not be sent. What was refused is not counted."""
    return _consume(request, email, dry_run=False)


def _consume(request: HttpRequest, email: str, *, dry_run: bool) -> bool:
    rates = {
        "letters_to_address": f"{limits().letters_per_address}/d/key",
        "letters_of_site": f"{limits().letters_per_hour}/h/key",
    }
    keys = {"letters_to_address": mailbox_of(email), "letters_of_site": "site"}
    taken = RateLimitUsage(usage=[])
    for action, key in keys.items():
        usage = consume(
            request,
            app="rooms.accounts",
            action=action,
            config=rates,
            key=key,
            dry_run=dry_run,
            limit_get=True,
        )
        if usage is None:
            if not dry_run:
                taken.rollback()
            return False
        taken.usage += usage.usage
    return True


def mailbox_of(email: str) -> str:
    """The same for addresses that mostly are one mailbox: `ana+news@…` is Ana's."""
    name, _, host = email.casefold().rpartition("@")
    return f"{name.partition('+')[0] or name}@{host}"
