"""People at the account pages."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from rooms.models import User

PASSWORD = "a-long-password-1"


@pytest.fixture
def mail(settings: Any) -> None:
    """A site that sends e-mail."""
    settings.SENDS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]


@pytest.fixture
def verified(alice: User) -> User:
    """Alice, who has proven her address."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice
