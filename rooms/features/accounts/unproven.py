"""Accounts whose address nobody has proven, and which nobody has used: they go after some days, and
their names are free again. Otherwise whoever signs up with addresses that are not theirs takes as
many names as they like, for ever.

Called by the housekeeping. The rule of who must prove an address is `stages.awaits_proof`: people
who were added by an administrator, or came in once, stay.
"""

import logging
from datetime import timedelta

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from rooms.models import ApiToken, Attachment, Membership, Message, User

from . import policy

logger = logging.getLogger(__name__)

# In one run of the housekeeping: each is a transaction of its own.
MOST_AT_ONCE = 1_000


def unproven() -> QuerySet[User]:
    """Those that have had their time. An address that was proven, a log-in, a message, a file, a
    token or a room that they are in: any of these keeps an account."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    since = timezone.now() - timedelta(days=settings.UNPROVEN_DAYS)
    return User.objects.filter(
        Exists(addresses),
        ~Exists(addresses.filter(verified=True)),
        ~Exists(Message.objects.filter(author=OuterRef("pk"))),
        ~Exists(Attachment.objects.filter(owner=OuterRef("pk"))),
        ~Exists(ApiToken.objects.filter(user=OuterRef("pk"))),
        ~Exists(Membership.objects.filter(user=OuterRef("pk"))),
        last_login=None,
        date_joined__lt=since,
        is_staff=False,
        is_superuser=False,
        is_active=True,
    )


def remove() -> int:
    """How many were removed. None where nobody has to prove an address."""
    required = settings.ACCOUNT_EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY
    if not (policy.sends_mail() and required and settings.UNPROVEN_DAYS):
        return 0
    removed = 0
    for pk in list(unproven().order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]):
        with transaction.atomic():
            # Somebody may follow the link at this moment: they write to their row, or wait for us.
            locked = User.objects.select_for_update().filter(pk=pk).first()
            if locked is not None and unproven().filter(pk=pk).exists():
                locked.delete()
                removed += 1
    if removed:
        logger.info("%d accounts were removed whose address nobody has proven.", removed)
    return removed
