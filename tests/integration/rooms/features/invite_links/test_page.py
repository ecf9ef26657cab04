"""The page behind a link, and the way to it of somebody who has to log in first."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from rooms.features.bans import actions as bans
from rooms.features.invite_links import actions as links
from rooms.features.rooms import changes
from rooms.limits import Limits
from rooms.models import InviteLink, Membership, Room, User

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def path(alice: User, den: Room) -> str:
    changes.change_room(den.pk, {"topic": "Plans & <b>plots</b>"})
    return f"/invite/{links.make_link(alice, 'den')[1]}/"


def browser(user: User | None = None) -> Client:
    client = Client(raise_request_exception=False, enforce_csrf_checks=False)
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def is_member(user: User) -> bool:
    return Membership.objects.filter(user=user, room__slug="den").exists()


def test_it_shows_what_one_is_invited_to_and_looking_joins_nothing(
    path: str, charlie: User
) -> None:
    answer = browser(charlie).get(path)
    page = answer.content.decode()
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    for told in ("Alice", "Den", "Plans &amp; &lt;b&gt;plots&lt;/b&gt;", "2</span> members"):
        assert told in page
    assert not is_member(charlie) and InviteLink.objects.get().uses == 0
    assert browser(charlie).head(path).status_code == 200
    assert not is_member(charlie)


def test_joining_is_a_form_with_its_token(path: str, charlie: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(charlie, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(path).status_code == 403
    assert not is_member(charlie)
    form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', strict.get(path).content.decode())
    assert form is not None
    answer = strict.post(path, {"csrfmiddlewaretoken": form[1]})
    assert (answer.status_code, answer["Location"]) == (302, "/rooms/den/")
    assert is_member(charlie)
    # From then on it leads straight into the room.
    assert strict.get(path)["Location"] == "/rooms/den/"


def test_links_that_let_nobody_in_look_the_same(
    path: str, alice: User, charlie: User, den: Room
) -> None:
    bans.ban(den.pk, charlie, alice)
    used = links.make_link(alice, "den", most_uses=1)[1]
    InviteLink.objects.filter(most_uses=1).update(uses=1)
    his = browser(charlie)
    asked = [path, f"/invite/{used}/", "/invite/never-was/", f"/invite/{'x' * 500}/", "/invite/é/"]
    for ask in (his.get, his.post):
        answers = [ask(each) for each in asked]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert b"Den" not in answers[0].content
    assert not is_member(charlie)
    nobody = browser()
    assert {nobody.get(each).status_code for each in asked[1:]} == {404}


def test_an_archived_room_says_so(path: str, charlie: User, den: Room) -> None:
    changes.change_room(den.pk, {"archived": True})
    for answer in (browser(charlie).get(path), browser(charlie).post(path)):
        assert answer.status_code == 403
        assert b"is archived" in answer.content and b"<form" not in answer.content


def test_guessing_is_bounded(path: str, charlie: User, real_redis: str, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(requests_burst=3, requests_per_second=0.001)
    guessing = browser(charlie)
    found = [guessing.get(f"/invite/guess-{number}/").status_code for number in range(5)]
    assert found == [404, 404, 404, 429, 429]
    # Who has a link is not held up by whoever guesses beside them.
    assert guessing.get(path).status_code == 200


def test_a_stranger_is_told_nothing_and_comes_back_after_logging_in(
    path: str, charlie: User
) -> None:
    client = browser()
    page = client.get(path).content.decode()
    assert "You are invited" in page and "Den" not in page and "Alice" not in page
    assert client.post(path)["Location"].startswith("/accounts/login/?next=/invite/")
    form = {"login": "charlie", "password": "charlie-password-1"}
    assert client.post("/accounts/login/", form)["Location"] == path
    assert client.get(path).status_code == 200
    client.post("/accounts/logout/")
    assert client.post("/accounts/login/", form)["Location"] == "/", "once"


def test_a_newcomer_comes_back_after_making_an_account(path: str) -> None:
    client = browser()
    assert b"/accounts/signup/" in client.get(path).content
    form = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form)["Location"] == path
    assert client.post(path)["Location"] == "/rooms/den/"


@pytest.mark.parametrize("policy", ["invite", "closed"])
def test_a_rooms_link_makes_no_account_where_not_everybody_may(
    path: str, settings: Any, policy: str
) -> None:
    settings.PARLEY_SIGNUP = policy
    client = browser()
    page = client.get(path).content
    assert b"New here?" in page and b"/accounts/signup/" not in page
    form = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    assert not User.objects.filter(username="dora").exists()


def test_a_letter_in_between_loses_nothing(path: str, settings: Any) -> None:
    settings.SENDS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = browser()
    client.get(path)
    form = {"username": "dora", "email": "dora@example.org", "password1": PASSWORD}
    client.post("/accounts/signup/", form | {"password2": PASSWORD})
    found = re.search(r"/accounts/confirm-email/\S+", str(mail.outbox[-1].body))
    assert found is not None
    proof = found[0]
    client.get(proof)
    answer = client.post(proof)
    if answer["Location"] != path:
        answer = client.post("/accounts/login/", {"login": "dora", "password": PASSWORD})
    assert answer["Location"] == path
