"""Where somebody is logged in, and how they end that."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from rooms.core import credentials
from rooms.features.accounts import devices
from rooms.features.accounts.session_renewal import RENEWED
from rooms.models import LoginSession, User
from tests.integration.rooms.features.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora", "dora@example.org", PASSWORD)


def logged_in(user_agent: str, name: str = "dora") -> Client:
    client = Client(headers={"user-agent": user_agent})
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert client.get("/accounts/sessions/").status_code == 200
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/sessions/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Safari on an iPhone"),
        (FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0"), "Firefox on Windows"),
        ("Mozilla/5.0 (X11) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge"),
        ("python-httpx/0.28", "A program in Python"),
        ("", "A browser"),
        ("<script>" * 100, "A browser"),
    ],
)
def test_what_a_browser_says_of_itself(user_agent: str, words: str) -> None:
    assert devices.words(user_agent) == words


def test_one_reads_where_one_is_logged_in(dora: User) -> None:
    desk, _phone = logged_in(FIREFOX), logged_in(PHONE)
    page = desk.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux" in page and "Safari on an iPhone" in page and "from 127.0.0.1" in page
    assert page.count("data-session") == 2 and page.count("This one") == 1
    assert not any(row.session_key in page for row in LoginSession.objects.all())
    assert desk.get("/accounts/sessions/")["Cache-Control"] == "no-store"


def test_one_is_ended(dora: User) -> None:
    desk, phone = logged_in(FIREFOX), logged_in(PHONE)
    row = LoginSession.objects.get(user_agent=PHONE)
    key = row.session_key
    assert credentials.by_session(key) is not None
    desk.post(f"/accounts/sessions/{row.pk}/end/")
    assert is_in(desk) and not is_in(phone)
    assert credentials.by_session(key) is None
    assert desk.post(f"/accounts/sessions/{row.pk}/end/").status_code == 302


def test_nobody_ends_those_of_others(dora: User) -> None:
    User.objects.create_user("emil", "emil@example.org", PASSWORD)
    hers, his = logged_in(FIREFOX), logged_in(PHONE, "emil")
    row = LoginSession.objects.get(user=dora)
    his.post(f"/accounts/sessions/{row.pk}/end/")
    his.post("/accounts/sessions/end-others/")
    assert is_in(hers) and is_in(his)
    assert hers.get(f"/accounts/sessions/{row.pk}/end/").status_code == 405
    assert Client().post("/accounts/sessions/end-others/").status_code == 302


def test_all_others_are_ended(dora: User) -> None:
    desk, *others = (logged_in(FIREFOX) for _ in range(4))
    desk.post("/accounts/sessions/end-others/")
    assert is_in(desk) and not any(is_in(each) for each in others)
    assert LoginSession.objects.filter(user=dora).count() == 1


def test_a_new_password_leaves_the_one_that_it_was_changed_in(dora: User) -> None:
    desk, phone = logged_in(FIREFOX), logged_in(PHONE)
    new = "another-password-1"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    desk.post("/accounts/password/change/", form)
    page = desk.get("/accounts/sessions/").content.decode()
    assert page.count("data-session") == 1 and "This one" in page
    assert not is_in(phone)


def test_one_from_before_is_known_within_a_day(dora: User) -> None:
    client = logged_in(FIREFOX)
    LoginSession.objects.all().delete()
    session = client.session
    session[RENEWED] = 0
    session.save()
    client.get("/rooms/")
    assert LoginSession.objects.get().user == dora


def test_what_is_over_is_swept_away(dora: User) -> None:
    stays, over = logged_in(FIREFOX), logged_in(PHONE)
    logged_in(PHONE).post("/accounts/logout/")
    ended = Session.objects.filter(session_key=over.session.session_key)
    ended.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert stays.get("/accounts/sessions/").content.count(b"data-session") == 1
    call_command("housekeeping")
    assert LoginSession.objects.get().session_key == stays.session.session_key
