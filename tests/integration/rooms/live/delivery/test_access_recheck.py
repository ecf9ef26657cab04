"""Access that is withdrawn reaches the sockets of every process, over the real channel layer."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils import timezone

from rooms.features.bans import actions as bans
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.rooms import changes
from rooms.features.tokens import actions as tokens
from rooms.live.node import Node
from rooms.models import ApiToken, Ban, Membership, Room, User
from tests.support.sockets import Client, counted, run
from tests.support.waiting import until_async as until
from tests.support.withdrawing import (
    Withdraw,
    bodies,
    close_off,
    cookie,
    delete,
    kick,
    logged_in,
    put_out,
    unsubscribed,
)

pytestmark = pytest.mark.django_db(transaction=True)

WITHDRAWN = "parley_access_withdrawn_total"


@pytest.fixture
def browser(bob: User) -> Browser:
    """Bob, logged in."""
    return logged_in(bob)


# Rooms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "withdraw", "reason"),
    [
        ("den", kick, "not_a_member"),
        ("den", put_out, "banned"),
        ("lobby", put_out, "banned"),
        ("lobby", close_off, "not_a_member"),
        ("lobby", delete, "deleted"),
    ],
)
def test_who_may_no_longer_hear_is_told_and_hears_nothing_more(
    alice: User,
    bob: User,
    lobby: Room,
    den: Room,
    layer: str,
    slug: str,
    withdraw: Withdraw,
    reason: str,
) -> None:
    room = {"lobby": lobby, "den": den}[slug]

    async def test() -> None:
        ana, ben, tab = [await Client.connect(user) for user in (alice, bob, bob)]
        for client in (ana, ben, tab):
            await client.call("subscribe", room=slug)
        before = counted(WITHDRAWN, kind="subscription")
        await sync_to_async(withdraw)(bob, room)
        for client in (ben, tab):
            told = await client.find(unsubscribed)
            assert told == {"type": "unsubscribed", "room": slug, "reason": reason}
            assert (await client.call("typing", room=slug))["code"] == "not_subscribed"
            for refused in ("subscribe", "read"):
                answer = await client.call(refused, room=slug, seq=1)
                assert answer["code"] == "not_found"
            assert (await client.say(slug, "let me in"))["code"] == "not_found"
        ended = 3 if reason == "deleted" else 2
        await until(lambda: counted(WITHDRAWN, kind="subscription") == before + ended)
        if reason != "deleted":
            sent = await ana.say(slug, "between us")
            await ana.events(slug, sent["seq"])
            assert not any(map(unsubscribed, ana.seen))
        assert "between us" not in bodies(ben) + bodies(tab)

    run(test)


def leave(user: User, room: Room) -> None:
    members.leave(user, room.slug)


@pytest.mark.parametrize("end", [kick, put_out, delete, leave])
def test_all_tabs_are_told_that_a_room_is_not_theirs_any_more(
    alice: User, bob: User, lobby: Room, den: Room, layer: str, end: Withdraw
) -> None:
    async def test() -> None:
        ana, ben, elsewhere = [await Client.connect(user) for user in (alice, bob, bob)]
        await ben.call("subscribe", room="den")
        await elsewhere.call("subscribe", room="lobby")
        await sync_to_async(end)(bob, den)
        for client in (ben, elsewhere):
            told = await client.find(lambda each: each["type"] == "left")
            assert told == {"type": "left", "room": "den"}
        if end is delete:
            await ana.find(lambda each: each["type"] == "left")
            return
        # Whoever is brought back in is told by what is unread.
        before = len(elsewhere.seen)
        await sync_to_async(bans.unban)(den.pk, bob)
        await sync_to_async(management.add_member)(den.pk, bob, "member")
        await until(lambda: any(each["type"] == "unread" for each in elsewhere.seen[before:]))
        told = elsewhere.seen[-1]
        assert (told["type"], told["room"], told["unread"]) == ("unread", "den", 0)
        assert (await ana.call("ping"))["type"] == "pong"
        assert not any(each["type"] == "left" for each in ana.seen)

    run(test)


def test_who_is_removed_from_a_public_room_may_go_on_listening(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for client in (ana, ben):
            await client.call("subscribe", room="lobby")
        await sync_to_async(kick)(bob, lobby)
        await ben.find(lambda each: each["type"] == "member.left")
        sent = await ana.say("lobby", "still there?")
        await ben.events("lobby", sent["seq"])
        assert not any(map(unsubscribed, ben.seen))

    run(test)


def test_a_ban_is_over_when_it_is_lifted_or_has_run_out(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        await sync_to_async(put_out)(bob, lobby)
        assert (await ben.call("subscribe", room="lobby"))["code"] == "not_found"
        await sync_to_async(bans.unban)(lobby.pk, bob)
        assert (await ben.call("subscribe", room="lobby"))["type"] == "subscribed"
        await sync_to_async(put_out)(bob, lobby)
        await ben.find(unsubscribed)
        await Ban.objects.aupdate(until=timezone.now())
        assert (await ben.say("lobby", "back again"))["type"] == "sent"

    run(test)
    assert Membership.objects.filter(room=lobby, user=bob).exists()


def test_a_member_whose_role_changes_stays_and_misses_nothing(
    alice: User, bob: User, den: Room, layer: str
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for client in (ana, ben):
            head = (await client.call("subscribe", room="den"))["seq"]
        for role in ("owner", "moderator", "member"):
            await sync_to_async(management.change_role)(den.pk, bob, role)
            await ana.say("den", f"now you are {role}")
        expected = list(range(head + 1, head + 7))
        assert await ben.events("den", head + 6) == expected
        changed = [each["member"]["role"] for each in ben.seen if each["type"] == "member.changed"]
        assert changed == ["owner", "moderator", "member"]
        assert not any(map(unsubscribed, ben.seen))

    run(test)


def test_an_archived_room_goes_on_being_heard_and_takes_nothing(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        await ben.call("subscribe", room="lobby")
        await sync_to_async(changes.change_room)(lobby.pk, {"archived": True})
        assert (await ben.say("lobby", "too late"))["code"] == "archived"
        changed = await ben.find(lambda each: each["type"] == "room.changed")
        assert changed["changed"]["archived"] is True
        assert not any(map(unsubscribed, ben.seen))

    run(test)


def test_members_stay_in_a_room_that_becomes_private(
    alice: User, bob: User, charlie: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ben, cyd = await Client.connect(bob), await Client.connect(charlie)
        for client in (ben, cyd):
            await client.call("subscribe", room="lobby")
        await sync_to_async(changes.change_room)(lobby.pk, {"visibility": "private"})
        assert (await cyd.find(unsubscribed))["reason"] == "not_a_member"
        await ben.find(lambda each: each["type"] == "room.changed")
        assert not any(each["type"] == "room.changed" for each in cyd.seen)
        sent = await ben.say("lobby", "members only")
        await ben.events("lobby", sent["seq"])
        assert (await cyd.call("ping"))["type"] == "pong"
        assert not bodies(cyd)

    run(test)


def test_a_deleted_room_leaves_nothing_behind(alice: User, bob: User, lobby: Room) -> None:
    async def test() -> None:
        node = await Node.current()
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        await ana.call("subscribe", room="lobby")
        await ana.say("lobby", "soon forgotten")
        await sync_to_async(changes.delete_room)(lobby.pk)
        await ana.find(unsubscribed)
        assert (await ben.call("ping"))["type"] == "pong"
        counts = node.hub.unread_counts
        await until(lambda: all(lobby.pk not in counts.rooms_of(user.pk) for user in (alice, bob)))

    run(test)


# Credentials --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        lambda browser: browser.post("/accounts/logout/"),
        lambda browser: browser.session.flush(),
        lambda browser: Session.objects.get(pk=browser.cookies["sessionid"].value).delete(),
    ],
    ids=["logout", "flush", "delete"],
)
def test_the_end_of_a_session_closes_exactly_its_sockets(
    bob: User, browser: Browser, lobby: Room, layer: str, end: Callable[[Browser], Any]
) -> None:
    other = logged_in(bob)

    async def test() -> None:
        mine = [await Client.connect(None, cookie=cookie(browser)) for _ in range(2)]
        elsewhere = [await Client.connect(None, cookie=cookie(other)), await Client.connect(bob)]
        for client in (*mine, *elsewhere):
            await client.call("subscribe", room="lobby")
        before = counted(WITHDRAWN, kind="connection")
        await sync_to_async(end)(browser)
        for client in mine:
            assert await client.closed() == 4503
            assert client.bye["reconnect"] is False
            assert client.bye["reason"] == "You are logged out."
        assert counted(WITHDRAWN, kind="connection") == before + len(mine)
        for client in elsewhere:
            sent = await client.say("lobby", "still here")
            await client.events("lobby", sent["seq"])

    run(test)


def test_a_new_password_ends_sessions_and_tokens(
    bob: User, browser: Browser, lobby: Room, layer: str
) -> None:
    def change() -> None:
        user = User.objects.get(pk=bob.pk)
        user.set_password("something else")
        user.save()

    async def test() -> None:
        page, program = (
            await Client.connect(None, cookie=cookie(browser)),
            await Client.connect(bob),
        )
        await sync_to_async(change)()
        assert await page.closed() == 4503
        assert await program.closed() == 4503
        assert "password" in program.bye["reason"]

    run(test)


def test_a_revoked_token_closes_exactly_its_sockets(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        first, second = await Client.connect(bob), await Client.connect(bob)
        pk = [row.pk async for row in ApiToken.objects.order_by("pk")][0]
        await sync_to_async(tokens.revoke_token)(bob, pk)
        assert await first.closed() == 4503
        assert (await second.call("ping"))["type"] == "pong"

    run(test)


def close_account(user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize("end", [close_account, User.delete])
def test_a_closed_account_closes_all_its_sockets(
    alice: User, bob: User, browser: Browser, lobby: Room, layer: str, end: Callable[[User], Any]
) -> None:
    async def test() -> None:
        page, program = (
            await Client.connect(None, cookie=cookie(browser)),
            await Client.connect(bob),
        )
        ana = await Client.connect(alice)
        await sync_to_async(end)(await User.objects.aget(pk=bob.pk))
        for client in (page, program):
            assert await client.closed() == 4503
            assert client.bye["reason"] == "The account is closed."
        assert (await ana.call("ping"))["type"] == "pong"

    run(test)
