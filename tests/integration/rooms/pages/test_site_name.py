"""What a site is called: on its pages, also on those of a failure, and in its letters."""

from typing import Any

import pytest
from django.core import mail as letters
from django.template.loader import render_to_string
from django.test import Client

from rooms.models import User

NAME = "Müller <b> & Söhne"
ESCAPED = "Müller &lt;b&gt; &amp; Söhne"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def named(settings: Any) -> None:
    settings.SITE_NAME = NAME


def test_pages(alice: User) -> None:
    client = Client()
    assert f"<title>Log in · {ESCAPED}</title>" in client.get("/accounts/login/").content.decode()
    client.force_login(alice, "allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/rooms/").content.decode()
    assert f"<title>Rooms · {ESCAPED}</title>" in page and f'data-site="{ESCAPED}"' in page
    assert page.count(NAME) == 0 and page.count(ESCAPED) == 3


@pytest.mark.parametrize("template", ["500.html", "503.html", "404.html"])
def test_pages_of_a_failure(template: str) -> None:
    assert ESCAPED in render_to_string(template)


def test_the_admin(admin_client: Client) -> None:
    assert ESCAPED in admin_client.get("/admin/").content.decode()


def test_letters(settings: Any) -> None:
    settings.SENDS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    word = "a-long-password-1"
    form = {"username": "dora", "password1": word, "password2": word}
    Client().post("/accounts/signup/", {**form, "email": "dora@example.org"})
    [letter] = letters.outbox
    assert f"the account dora on {NAME}." in str(letter.body)
