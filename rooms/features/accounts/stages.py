"""Who has to follow the link in a letter before they come in."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage


class SignupVerificationStage(EmailVerificationStage):
    """New people prove their address before the first log-in. Accounts that were made by an
    administrator, or were used before this site could send letters, are not locked out by it: an
    address that is not verified has no power anyway, neither to reset nor to keep others from it.
    """

    def handle(self) -> Any:
        user = self.login.user
        if user is not None and not self.login.signup and not awaits_proof(user):
            return None, True
        return super().handle()


def awaits_proof(user: Any) -> bool:
    if user.last_login is not None:
        return False
    addresses = EmailAddress.objects.filter(user=user).values_list("verified", flat=True)
    return bool(addresses) and not any(addresses)
