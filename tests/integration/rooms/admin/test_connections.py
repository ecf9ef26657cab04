"""The staff's page of open connections: what it shows, to whom, and what its button does."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from rooms.live.node import Node
from rooms.models import Room, User
from rooms.protocol import DISCONNECTED
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/connections/"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

Ask = Callable[..., Awaitable[Any]]


def browser_of(user: User, **options: Any) -> Browser:
    browser = Browser(**options)
    browser.force_login(user, backend=BACKEND)
    return browser


def staff(name: str, *permissions: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "a-password-1", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def operator() -> User:
    return staff("operator", "view_connections", "end_connections")


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


async def acquainted() -> None:
    """This process is the only one: nobody else is waited for."""
    (await Node.current()).process_query._acquainted_until = float("inf")


def test_it_says_so_when_no_sockets_are_served_here(operator: User) -> None:
    answer = browser_of(operator).get(PAGE)
    assert answer.status_code == 200
    assert "No live process answered" in text_of(answer)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}end/"])
def test_it_is_for_staff_who_may(path: str, alice: User) -> None:
    method = "get" if path == PAGE else "post"
    answer = getattr(Browser(), method)(path)
    assert answer.status_code == 302 and "login" in answer["Location"]
    for user in (alice, staff("clerk"), staff("writer", "change_user", "end_connections")):
        assert getattr(browser_of(user), method)(path, follow=True).status_code == 403
    viewer = staff("viewer", "view_connections")
    assert browser_of(viewer).get(PAGE).status_code == 200
    assert browser_of(viewer).post(f"{PAGE}end/").status_code == 403


def test_the_sidebar_leads_to_it_for_those_who_may(operator: User) -> None:
    assert PAGE in browser_of(operator).get("/admin/").content.decode()
    assert PAGE not in browser_of(staff("clerk")).get("/admin/").content.decode()


def test_the_button_is_safe_from_other_sites_and_does_not_work_by_a_link(operator: User) -> None:
    strict = browser_of(operator, enforce_csrf_checks=True)
    assert strict.post(f"{PAGE}end/", {"which": "a/b"}).status_code == 403
    assert browser_of(operator).get(f"{PAGE}end/").status_code == 405


def test_it_shows_who_is_connected_to_what(
    operator: User, alice: User, bob: User, lobby: Room
) -> None:
    alice.first_name = "<b>Al\u202e"
    alice.save()
    get: Ask = sync_to_async(browser_of(operator).get)

    async def look() -> None:
        await acquainted()
        hers = await Client.connect(alice, **{"user-agent": "<i>agent"})
        his = await Client.connect(bob)
        await hers.call("subscribe", room="lobby")
        answer = await get(PAGE)
        page = text_of(answer)
        assert "2 connections" in page and "lobby" in page and "Bob" in page
        assert "&lt;b&gt;Al" in page and "<b>Al" not in page
        assert "&lt;i&gt;agent" in page and "<i>agent" not in page
        assert "Token “test”" in page
        assert page.count("Disconnect</button>") == 2
        assert (await Node.current()).process_query.label in page

        found = text_of(await get(PAGE, {"user": "bob"}))
        assert "1 connection found" in found and "&lt;b&gt;Al" not in found
        found = text_of(await get(PAGE, {"room": "lobby"}))
        assert "1 connection found" in found and "Bob" not in found
        found = text_of(await get(PAGE, {"user": "\x00 nobody"}))
        assert "Nobody who is connected matches." in found

        part = text_of(await get(PAGE, headers={"X-Part": "table"}))
        assert "2 connections" in part and "<html" not in part
        await hers.leave()
        await his.leave()

    run(look)


def test_who_may_only_look_is_offered_no_button_and_no_links(alice: User) -> None:
    get: Ask = sync_to_async(browser_of(staff("viewer", "view_connections")).get)

    async def look() -> None:
        await acquainted()
        hers = await Client.connect(alice)
        page = text_of(await get(PAGE))
        assert "Alice" in page and "Disconnect</button>" not in page
        assert f"/admin/rooms/user/{alice.pk}/" not in page
        await hers.leave()

    run(look)


def test_ending_a_connection_is_told_and_logged(operator: User, alice: User) -> None:
    post: Ask = sync_to_async(browser_of(operator).post)

    async def look() -> None:
        await acquainted()
        hers = await Client.connect(alice)
        hello = await hers.find(lambda each: each["type"] == "hello")
        process = (await Node.current()).process_query.process
        which = {"which": f"{process}/{hello['connection']}"}

        answer = await post(f"{PAGE}end/?user=ali", which, follow=True)
        assert answer.redirect_chain == [(f"{PAGE}?user=ali", 302)]
        assert "Alice was disconnected and may come back." in text_of(answer)
        assert await hers.closed() == DISCONNECTED.code
        await hers.leave()

        answer = await post(f"{PAGE}end/", which, follow=True)
        assert "That connection had ended already." in text_of(answer)
        for nonsense in ({}, {"which": ""}, {"which": "/"}, {"which": process}):
            answer = await post(f"{PAGE}end/", nonsense, follow=True)
            assert answer.status_code == 200

    run(look)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (operator, str(alice.pk))
    assert entry.get_change_message().startswith("Ended the connection")
