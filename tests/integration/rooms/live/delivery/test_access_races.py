"""Access that is withdrawn without a bell, or while something else is under way."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils import timezone

from rooms.core import bell, ringer
from rooms.features.bans import actions as bans
from rooms.features.tokens import actions as tokens
from rooms.limits import Limits
from rooms.live.node import Node
from rooms.models import Ban, Membership, Room, User
from tests.support.sockets import Client, run
from tests.support.waiting import until_async as until
from tests.support.withdrawing import bodies, cookie, logged_in, put_out, unsubscribed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(bob: User) -> Browser:
    """Bob, logged in."""
    return logged_in(bob)


# Without bells ------------------------------------------------------------------------------------


@pytest.fixture
def rounds(settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(access_check_seconds=0.2)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bell of access is rung."""
    monkeypatch.setattr(ringer.Ringer, "put_access", lambda *_: None)


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
        monkeypatch.setattr(ringer, "get_channel_layer", lambda: Dead())
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
    from rooms.live.commands import session as handlers

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
    from rooms.core import credentials

    known = credentials.of_headers

    def slowly(headers: Any, address: str) -> Any:
        caller = known(headers, address)
        assert caller is not None and caller.token_id is not None
        heard(partial(tokens.revoke_token, bob, caller.token_id))
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

    from rooms.core import lookup

    answer = threading.Event()
    standings = lookup.standings

    def slowly(pairs: Any) -> Any:
        found = standings(pairs)
        answer.wait(30)
        return found

    async def test() -> None:
        node = await Node.current()
        clients = [await Client.connect(user) for user in (alice, bob, charlie)]
        ana, ben, cyd = clients
        for client in clients:
            head = (await client.call("subscribe", room="lobby"))["seq"]
        monkeypatch.setattr(lookup, "standings", slowly)
        try:
            await sync_to_async(put_out)(bob, lobby)
            await sync_to_async(bell.recheck_on_commit)(charlie.pk, lobby.pk)
            feed = node.hub.feeds[lobby.pk]
            await until(lambda: len([x for x in feed.subscriptions if x.held_at is not None]) == 2)
            for number in range(3):
                sent = await ana.say("lobby", f"message {number}")
            await ana.events("lobby", sent["seq"])
            for client in (ben, cyd):
                assert (await client.call("ping"))["type"] == "pong"
                assert not bodies(client)
        finally:
            answer.set()
        assert (await ben.find(unsubscribed))["reason"] == "banned"
        assert await cyd.events("lobby", sent["seq"]) == list(range(head + 1, sent["seq"] + 1))
        assert not bodies(ben)

    run(test)


@pytest.mark.parametrize("seed", range(2))
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
                    await sync_to_async(bans.unban)(lobby.pk, bob)
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
