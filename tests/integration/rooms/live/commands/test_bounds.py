"""Every bound on what clients ask for is reached, answered as promised, counted, and leaves the
others alone."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from rooms.limits import Limits
from rooms.live.commands import connection_limits
from rooms.live.node import Node
from rooms.models import Message, Room, User
from tests.support.sockets import Client, counted, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


def errors(client: Client) -> list[dict[str, Any]]:
    return [each for each in client.seen if each.get("type") == "error"]


# Commands -----------------------------------------------------------------------------------------


def test_commands_that_come_too_fast_are_told_when_to_come_again(
    alice: User, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(commands_per_second=1, commands_burst=5)

    async def test() -> None:
        ana = await Client.connect(alice)
        refused = counted("parley_rate_limited_total")
        numbers = [await ana.post("ping") for _ in range(25)]
        answers = [await ana.find(lambda each, n=n: each.get("id") == n) for n in numbers]  # type: ignore[misc]
        late = [each for each in answers if each["type"] == "error"]
        assert [each["type"] for each in answers[:5]] == ["pong"] * 5 and late
        assert all(each["code"] == "rate_limited" and each["temporary"] for each in late)
        waits = [each["retry_after"] for each in late]
        assert 0 < waits[0] <= 1
        await asyncio.sleep(waits[0])
        assert (await ana.call("ping"))["type"] == "pong"
        assert counted("parley_rate_limited_total") == refused + len(late)

    run(test)


@pytest.mark.parametrize(
    "frame", ["{", "[]", '{"type": "fly"}', '{"type": "send"}', "x" * 70_000, '{"id": true}']
)
def test_frames_that_are_no_commands_cost_as_well(alice: User, settings: Any, frame: str) -> None:
    settings.PARLEY_LIMITS = Limits(commands_per_second=0.01, commands_burst=3)

    async def test() -> None:
        ana = await Client.connect(alice)
        for _ in range(3):
            await ana.raw(frame)
        assert (await ana.call("ping"))["code"] == "rate_limited"

    run(test)


def test_who_goes_on_and_on_is_sent_away_and_not_asked_back(
    alice: User, bob: User, lobby: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(commands_per_second=0.1, commands_burst=5, flood_commands=20)

    async def test() -> None:
        closes = counted("parley_closes_total", code="4509")
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for number in range(60):
            await ana.raw(json.dumps({"id": number, "type": "ping"}))
        assert await ana.closed() == 4509
        assert len(errors(ana)) >= 20
        assert ana.seen[-1] == {
            "type": "bye",
            "code": 4509,
            "reason": "Too many commands, too often.",
            "reconnect": False,
            "retry_in": None,
            "epoch": ana.seen[0]["epoch"],
        }
        assert (await ben.say("lobby", "still here"))["type"] == "sent"
        assert counted("parley_closes_total", code="4509") == closes + 1

    run(test)


def test_who_waits_as_told_says_everything(alice: User, lobby: Room, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(commands_per_second=50, commands_burst=10, flood_commands=60)

    async def test() -> None:
        ana = await Client.connect(alice)

        async def say(number: int) -> None:
            fields = {"room": "lobby", "body": f"{number}", "client_id": str(uuid.UUID(int=number))}
            while (answer := await ana.call("send", **fields))["type"] == "error":
                assert answer["code"] == "rate_limited"
                await asyncio.sleep(answer["retry_after"])

        await asyncio.gather(*[say(number) for number in range(60)])
        assert errors(ana) and ana.code is None

    run(test)
    assert Message.objects.count() == 60


def test_commands_are_counted_by_type_and_outcome(alice: User, lobby: Room) -> None:
    def now() -> dict[tuple[str, str], float]:
        return {
            (type, outcome): counted("parley_commands_total", type=type, outcome=outcome)
            for type in ("ping", "send", "subscribe", "unknown")
            for outcome in ("ok", "not_found", "invalid", "unknown_type", "too_long")
        }

    async def test() -> None:
        ana = await Client.connect(alice)
        before = now()
        await ana.call("ping")
        await ana.call("subscribe", room="lobby")
        await ana.call("subscribe", room="nowhere")
        await ana.say("lobby", "hello")
        await ana.say("lobby", "x" * 20_000)
        await ana.call("fly")
        await ana.raw("{")
        await until(lambda: len(errors(ana)) == 4)

        def grown() -> dict[tuple[str, str], float]:
            return {
                key: value - before[key] for key, value in now().items() if value != before[key]
            }

        # Handed on once a second.
        await until(lambda: sum(grown().values()) >= 7)
        assert grown() == {
            ("ping", "ok"): 1,
            ("subscribe", "ok"): 1,
            ("subscribe", "not_found"): 1,
            ("send", "ok"): 1,
            ("send", "too_long"): 1,
            ("unknown", "unknown_type"): 1,
            ("unknown", "invalid"): 1,
        }

    run(test)


def test_texts_that_take_long_cost_as_many_commands(
    alice: User, bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "RENDERING_SHARE", 1e-9)

    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        assert (await ana.say("lobby", "short"))["type"] == "sent"
        assert (await ana.say("lobby", "**long** " * 500))["type"] == "sent", "it is paid for later"
        again = await Client.connect(alice)
        assert (await again.call("ping"))["code"] == "rate_limited", "all their sockets pay"
        assert (await ben.say("lobby", "others do not"))["type"] == "sent"

    run(test)


# Connections --------------------------------------------------------------------------------------


def test_the_newest_of_too_many_connections_is_turned_away(
    alice: User, bob: User, lobby: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(connections_per_user=2)

    async def test() -> None:
        node = await Node.current()
        before = counted("parley_connections")
        tabs = [await Client.connect(alice) for _ in range(2)]
        for tab in tabs:
            await tab.find(lambda each: each["type"] == "hello")
        third = await Client.connect(alice)
        assert await third.closed() == 4510
        assert [each["type"] for each in third.seen] == ["bye"]
        assert third.seen[0]["reconnect"] is False
        assert counted("parley_connections") == before + 2
        assert [(await tab.call("ping"))["type"] for tab in tabs] == ["pong", "pong"]
        ben = await Client.connect(bob)
        assert (await ben.call("ping"))["type"] == "pong"
        # A place that was given up is free again.
        await tabs[0].leave()
        await third.leave()
        await until(lambda: node.connection_limits.open == 2)
        again = await Client.connect(alice)
        assert (await again.call("ping"))["type"] == "pong"

    run(test)


def test_a_full_process_sends_people_elsewhere(alice: User, bob: User, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(connections=1)

    async def test() -> None:
        node = await Node.current()
        ana = await Client.connect(alice)
        await ana.find(lambda each: each["type"] == "hello")
        ben = await Client.connect(bob)
        assert await ben.closed() == 4013
        assert ben.seen[0]["reconnect"] is True and ben.seen[0]["retry_in"] > 0
        await ben.leave()
        await ana.leave()
        await until(lambda: node.connection_limits.open == 0)
        again = await Client.connect(bob)
        assert (await again.call("ping"))["type"] == "pong"

    run(test)


def test_many_that_come_at_once_do_not_slip_in(alice: User, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(connections_per_user=3)

    async def test() -> None:
        tabs = await asyncio.gather(*[Client.connect(alice) for _ in range(12)])
        await until(lambda: all(tab.seen for tab in tabs))
        assert sorted(tab.seen[0]["type"] for tab in tabs) == ["bye"] * 9 + ["hello"] * 3

    run(test)


def test_hello_says_what_a_client_must_know(alice: User, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(
        commands_per_second=7, commands_burst=9, connections_per_user=11
    )

    async def test() -> None:
        ana = await Client.connect(alice)
        hello = await ana.find(lambda each: each["type"] == "hello")
        assert hello["limits"]["commands_per_second"] == 7
        assert hello["limits"]["commands_burst"] == 9
        assert hello["limits"]["connections_per_user"] == 11

    run(test)


def test_a_connection_listens_to_so_many_rooms(
    alice: User, lobby: Room, den: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(subscriptions=1)

    async def test() -> None:
        before = counted("parley_subscriptions")
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        assert (await ana.call("subscribe", room="den"))["code"] == "invalid"
        assert counted("parley_subscriptions") == before + 1
        await ana.call("unsubscribe", room="lobby")
        assert (await ana.call("subscribe", room="den"))["type"] == "subscribed"
        await ana.leave()
        assert counted("parley_subscriptions") == before

    run(test)


def test_resumes_are_counted_by_where_they_are_served_from(
    alice: User, lobby: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(resume_events=20, tail_events=5)

    def now() -> list[float]:
        return [counted("parley_resumes_total", kind=kind) for kind in ("memory", "log", "too_far")]

    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        for number in range(30):
            sent = await ana.say("lobby", f"{number}")
        await ana.events("lobby", sent["seq"])
        before = now()
        for back in (2, 15, 28):
            await ana.call("subscribe", room="lobby", after=sent["seq"] - back)
        assert [after - was for after, was in zip(now(), before, strict=True)] == [1, 1, 1]

    run(test)


def test_typing_in_many_rooms_is_not_remembered_for_ever(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rooms.live.commands import session as handlers

    monkeypatch.setattr(handlers, "TYPED_ROOMS", 3)

    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        node = await Node.current()
        (connection,) = node.hub.connections
        now = node.loop.time()
        connection.typed = {f"room-{number}": now - 5 for number in range(10)}
        await ana.post("typing", room="lobby")
        await ana.call("ping")
        assert list(connection.typed) == ["lobby"]

    run(test)
