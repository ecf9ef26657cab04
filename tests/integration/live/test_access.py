"""Access that is withdrawn reaches the sockets of every process: over the real channel layer, and
without it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils import timezone

from rooms import actions, bell, moderation
from rooms.limits import Limits
from rooms.live.node import Node
from rooms.models import ApiToken, Ban, Membership, Room, User
from tests.integration.live.sockets import Client, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)

Withdraw = Callable[[User, Room], Any]


def kick(user: User, room: Room) -> None:
    moderation.remove_member(room.pk, user)


def put_out(user: User, room: Room) -> None:
    moderation.ban(room.pk, user, None, "noise", staff=True)


def close_off(user: User, room: Room) -> None:
    Membership.objects.filter(room=room, user=user).delete()
    moderation.change_room(room.pk, {"visibility": "private"})


def delete(user: User, room: Room) -> None:
    moderation.delete_room(room.pk)


def unsubscribed(each: dict[str, Any]) -> bool:
    return each["type"] == "unsubscribed" and "id" not in each


def bodies(client: Client) -> list[str]:
    said = [each for each in client.seen if each["type"] == "message.created"]
    return [each["message"]["body"] for each in said]


@pytest.fixture
def browser(bob: User) -> Browser:
    """Bob, logged in."""
    return logged_in(bob)


def logged_in(user: User) -> Browser:
    client = Browser()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def cookie(client: Browser) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


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
        await sync_to_async(withdraw)(bob, room)
        for client in (ben, tab):
            told = await client.find(unsubscribed)
            assert told == {"type": "unsubscribed", "room": slug, "reason": reason}
            assert (await client.call("typing", room=slug))["code"] == "not_subscribed"
            for refused in ("subscribe", "read"):
                answer = await client.call(refused, room=slug, seq=1)
                assert answer["code"] == "not_found"
            assert (await client.say(slug, "let me in"))["code"] == "not_found"
        if reason != "deleted":
            sent = await ana.say(slug, "between us")
            await ana.events(slug, sent["seq"])
            assert not any(map(unsubscribed, ana.seen))
        assert "between us" not in bodies(ben) + bodies(tab)

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
        await sync_to_async(moderation.unban)(lobby.pk, bob)
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
            await sync_to_async(moderation.change_role)(den.pk, bob, role)
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
        await sync_to_async(moderation.change_room)(lobby.pk, {"archived": True})
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
        await sync_to_async(moderation.change_room)(lobby.pk, {"visibility": "private"})
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
        await sync_to_async(moderation.delete_room)(lobby.pk)
        await ana.find(unsubscribed)
        assert (await ben.call("ping"))["type"] == "pong"
        for user in (alice, bob):
            person = node.hub.watching._people[user.pk]
            await until(lambda person=person: lobby.pk not in person.rooms)

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
        await sync_to_async(end)(browser)
        for client in mine:
            assert await client.closed() == 4503
            assert client.seen[-1]["type"] == "bye" and client.seen[-1]["reconnect"] is False
            assert client.seen[-1]["reason"] == "You are logged out."
        for client in elsewhere:
            sent = await client.say("lobby", "still here")
            await client.events("lobby", sent["seq"])

    run(test)


def test_a_new_password_ends_the_sessions_and_not_the_tokens(
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
        assert (await program.call("ping"))["type"] == "pong"

    run(test)


def test_a_revoked_token_closes_exactly_its_sockets(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        first, second = await Client.connect(bob), await Client.connect(bob)
        pk = (await ApiToken.objects.order_by("pk").afirst()).pk
        await sync_to_async(actions.revoke_token)(bob, pk)
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
            assert client.seen[-1]["reason"] == "The account is closed."
        assert (await ana.call("ping"))["type"] == "pong"

    run(test)


# Without bells ------------------------------------------------------------------------------------


@pytest.fixture
def rounds(settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(access_check_seconds=0.2)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bell of access is rung."""
    monkeypatch.setattr(bell.Ringer, "put_access", lambda *_: None)


QUIETLY: list[Callable[[], Any]] = [
    lambda: User.objects.filter(username="bob").update(is_active=False),
    lambda: Session.objects.update(expire_date=timezone.now()),
    lambda: Session.objects.all()._raw_delete("default"),
]


@pytest.mark.parametrize("withdraw", QUIETLY)
@pytest.mark.usefixtures("rounds", "deaf")
def test_credentials_that_ended_without_a_word_are_found(
    bob: User, browser: Browser, lobby: Room, withdraw: Callable[[], Any]
) -> None:
    async def test() -> None:
        page = await Client.connect(None, cookie=cookie(browser))
        await page.call("subscribe", room="lobby")
        await sync_to_async(withdraw)()
        assert await page.closed() == 4503

    run(test)


@pytest.mark.usefixtures("rounds", "deaf")
def test_rooms_that_were_lost_without_a_word_are_found(
    alice: User, bob: User, lobby: Room, den: Room
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for client in (ana, ben):
            for slug in ("den", "lobby"):
                await client.call("subscribe", room=slug)
        await Membership.objects.filter(room=den, user=bob).adelete()
        assert (await ben.find(unsubscribed))["room"] == "den"
        sent = await ana.say("lobby", "you stay here")
        await ben.events("lobby", sent["seq"])
        assert len(list(filter(unsubscribed, ben.seen))) == 1

    run(test)


class Dead:
    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("no Redis")


def test_without_redis_this_process_still_hears_itself(
    bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        await ben.call("subscribe", room="lobby")
        monkeypatch.setattr(bell, "get_channel_layer", lambda: Dead())
        await sync_to_async(put_out)(bob, lobby)
        await ben.find(unsubscribed)

    run(test)


@pytest.mark.usefixtures("quick", "deaf")
def test_when_redis_is_back_everybody_is_looked_at(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        await ben.call("subscribe", room="lobby")
        await sync_to_async(put_out)(bob, lobby)
        (await Node.current()).hub.unwell()
        await ben.find(unsubscribed)

    run(test)


# At the same time ---------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Call something in a thread of the node's, and wait until its bell was heard and looked at."""
    nodes: list[Node] = []

    def call(withdraw: Callable[[], Any]) -> None:
        from tests.support.waiting import until as until_now

        access = nodes[0].access
        before = access.generation
        withdraw()
        until_now(lambda: access.generation > before and not access._looking)

    call.nodes = nodes  # type: ignore[attr-defined]
    yield call


def test_a_room_that_is_lost_while_one_subscribes_is_not_heard(
    alice: User, bob: User, lobby: Room, layer: str, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    from rooms.live import handlers

    allowed = handlers._room_to_hear

    def slowly(user: User, slug: str) -> Any:
        answer = allowed(user, slug)
        if user == bob:
            heard(lambda: put_out(bob, lobby))
        return answer

    monkeypatch.setattr(handlers, "_room_to_hear", slowly)

    async def test() -> None:
        heard.nodes.append(await Node.current())
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        await ana.call("subscribe", room="lobby")
        await ben.call("subscribe", room="lobby")
        assert (await ben.find(unsubscribed))["reason"] == "banned"
        sent = await ana.say("lobby", "is he gone?")
        await ana.events("lobby", sent["seq"])
        assert (await ben.call("ping"))["type"] == "pong"
        assert not bodies(ben)

    run(test)


def test_a_token_that_is_revoked_during_the_handshake_opens_nothing(
    bob: User, layer: str, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    from rooms import credentials

    known = credentials.of_headers

    def slowly(headers: Any) -> Any:
        caller = known(headers)
        heard(lambda: actions.revoke_token(bob, caller.token_id))
        return caller

    monkeypatch.setattr(credentials, "of_headers", slowly)

    async def test() -> None:
        heard.nodes.append(await Node.current())
        ben = await Client.connect(bob)
        assert await ben.closed() == 4503

    run(test)


def test_nothing_is_told_while_the_database_is_asked(
    alice: User, bob: User, charlie: User, lobby: Room, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob is put out and Charlie is not: until that is known neither hears, and then one of them
    hears all of it."""
    import threading

    from rooms import standing

    answer = threading.Event()
    withdrawn = standing.withdrawn

    def slowly(pairs: Any) -> Any:
        found = withdrawn(pairs)
        answer.wait(30)
        return found

    async def test() -> None:
        node = await Node.current()
        clients = [await Client.connect(user) for user in (alice, bob, charlie)]
        ana, ben, cyd = clients
        for client in clients:
            head = (await client.call("subscribe", room="lobby"))["seq"]
        monkeypatch.setattr(standing, "withdrawn", slowly)
        try:
            await sync_to_async(put_out)(bob, lobby)
            await sync_to_async(bell.recheck_on_commit)(charlie.pk, lobby.pk)
            await until(lambda: node.access.generation == 2)
            for number in range(3):
                sent = await ana.say("lobby", f"message {number}")
            await ana.events("lobby", sent["seq"])
            for client in (ben, cyd):
                assert (await client.call("ping"))["type"] == "pong"
                assert not any("at" in each for each in client.seen)
        finally:
            answer.set()
        assert (await ben.find(unsubscribed))["reason"] == "banned"
        assert await cyd.events("lobby", sent["seq"]) == list(range(head + 1, sent["seq"] + 1))
        assert not any("at" in each for each in ben.seen)

    run(test)


@pytest.mark.parametrize("seed", range(4))
def test_however_things_fall_together_the_database_wins(
    alice: User, bob: User, lobby: Room, layer: str, seed: int
) -> None:
    """Bans, subscriptions and messages at the same time: once all is quiet, a socket listens only
    if its user may, and whoever listens has heard everything since they subscribed."""
    import random

    chance = random.Random(seed)

    async def test() -> None:
        node = await Node.current()
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        await ana.call("subscribe", room="lobby")

        async def moderate() -> None:
            for _ in range(10):
                if chance.random() < 0.5:
                    await sync_to_async(put_out)(bob, lobby)
                else:
                    await sync_to_async(moderation.unban)(lobby.pk, bob)
                await asyncio.sleep(chance.random() * 0.02)

        async def listen() -> None:
            for _ in range(30):
                await ben.call("subscribe", room="lobby")
                await asyncio.sleep(chance.random() * 0.01)

        async def talk() -> None:
            for number in range(20):
                await ana.say("lobby", f"message {number}")
                await asyncio.sleep(chance.random() * 0.01)

        await asyncio.gather(moderate(), listen(), talk())
        before = node.access.generation
        await sync_to_async(bell.recheck_on_commit)(bob.pk)
        await until(lambda: node.access.generation > before and not node.access._looking)
        banned = await Ban.objects.filter(user=bob).aexists()
        feed = node.hub.feeds[lobby.pk]
        listening = [each for each in feed.subscriptions if each.connection.user == bob]
        assert len(listening) <= (0 if banned else 1)
        assert all(each.held_at is None for each in feed.subscriptions)
        sent = await ana.say("lobby", "the end")
        await ana.events("lobby", sent["seq"])
        if listening:
            seqs = await ben.events("lobby", sent["seq"])
            start = max(at for at, each in enumerate(ben.seen) if each["type"] == "subscribed")
            first = ben.seen[start]["seq"] + 1
            assert seqs[seqs.index(first) :] == list(range(first, sent["seq"] + 1))
        else:
            assert (await ben.call("ping"))["type"] == "pong"
            assert "the end" not in bodies(ben)

    run(test)
