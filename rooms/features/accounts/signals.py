"""What follows when an address is proven, or a password changed. Connected when the app is
ready."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, password_changed
from django.dispatch import receiver
from django.http import HttpRequest

from rooms.models import User

from . import login_sessions


@receiver(password_changed)
def session_goes_on(request: HttpRequest, user: User, **_: Any) -> None:
    """Under another key."""
    login_sessions.note(request, user)


@receiver(email_confirmed)
def address_proven(email_address: EmailAddress, **_: Any) -> None:
    """Nobody else's account names it any more: there it was never proven. Who signed up with it and
    was never let in goes without a row that could be proven, and so is not let in later."""
    email, owner = email_address.email, email_address.user_id
    others = EmailAddress.objects.filter(email=email, verified=False).exclude(user=owner)
    others.filter(user__last_login__isnull=False).delete()
    User.objects.filter(email__iexact=email).exclude(pk=owner).update(email="")
