"""Whatever becomes of bells, of the log and of sockets: every subscriber sees exactly the log from
where it began, in order, once; and what is held of it stays within its bounds.

The hub, its feeds, connections and send buffers are the real ones. In place of the database is a
list, which answers when the test says so; in place of sockets, transports that drain when it does.

Long, by hand:
`pytest tests/unit/rooms/live/delivery/test_delivery.py --hypothesis-profile=long`.
"""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from rooms.core.credentials import Caller
from rooms.limits import Limits
from rooms.live.commands import session as handlers
from rooms.live.delivery import fanout, repair
from rooms.live.delivery.connection import Connection
from rooms.live.node import Node
from rooms.protocol import Ping, Refusal, Subscribe, Unsubscribe
from tests.support.ends import ROOM, Client, Database
from tests.support.virtual import VirtualLoop

LIMITS = Limits(
    send_buffer_bytes=4096, tail_events=6, tail_bytes=1500, resume_events=40, presence_names=3
)
LARGEST_EVENT = 1500
LARGEST_BELL = 8
PAGE_EVENTS = 5
SHORT_READ_BYTES = 600
AS_IT_IS = (fanout.MEMBERS_PER_CLOCK_CHECK, fanout.LOOP_HOLD_SECONDS, repair.PAGE_EVENTS)


async def no_redis(_: Any) -> None:
    raise ConnectionError("people are no part of this")


class Delivery(RuleBasedStateMachine):
    goes_back = False
    clients = Bundle("clients")
    bells = Bundle("bells")

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.ERROR)
        self.overridden = override_settings(PARLEY_LIMITS=LIMITS)
        self.overridden.enable()
        repair.PAGE_EVENTS = PAGE_EVENTS
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.node = Node(self.loop)
        self.hub = self.node.hub
        self.database = Database(self.loop)
        self.hub.presence._exchange = no_redis  # type: ignore[assignment,method-assign]
        self.hub.epoch.known = self.database.known
        self.node.in_thread = self.database.in_thread  # type: ignore[assignment,method-assign]
        self.all: list[tuple[Connection, Client]] = []
        self.tasks: dict[Connection, asyncio.Task[None]] = {}
        self.ids = 0

    # What happens ---------------------------------------------------------------------------------

    @initialize(target=clients, count=st.integers(1, 4), crowd=st.booleans(), short=st.booleans())
    def begin(self, count: int, crowd: bool, short: bool) -> Any:
        """A few are here already and listen. A crowd is served member by member, with everything
        else in between; a small room at once. Readings may be `short`, as events are long."""
        if short:
            self.database.read_bytes = SHORT_READ_BYTES
        if crowd:
            fanout.MEMBERS_PER_CLOCK_CHECK, fanout.LOOP_HOLD_SECONDS = 1, -1.0
        found = [self.newcomer() for _ in range(count)]
        for who in found:
            self.subscribe(who, None)
        self.loop.turn(20)
        return multiple(*found)

    @rule(target=bells, sizes=st.lists(st.integers(0, 300), min_size=1, max_size=LARGEST_BELL))
    def commit(self, sizes: list[int]) -> dict[str, Any]:
        return self.database.commit(sizes)

    @rule(target=bells)
    def commit_something_large(self) -> dict[str, Any]:
        return self.database.commit([LARGEST_EVENT - 100])

    @rule(bell=bells, carries=st.booleans())
    def ring(self, bell: dict[str, Any], carries: bool) -> None:
        """In any order, any number of times, or never."""
        self.hub._hear(bell if carries else {**bell, "events": None})

    @rule(back=st.integers(0, 12), size=st.integers(1, LARGEST_BELL))
    def ring_any_stretch(self, back: int, size: int) -> None:
        """Rounds of several processes may overlap."""
        last = self.database.head - back
        if last >= 1:
            self.ring(self.database.bell(max(1, last + 1 - size), last), True)

    @rule(
        many=st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=LARGEST_BELL), max_size=6),
        turns=st.integers(0, 2),
    )
    def talk(self, many: list[list[int]], turns: int) -> None:
        """As it mostly is: a commit, its bell, and the next."""
        for sizes in many:
            self.ring(self.commit(sizes), True)
            self.loop.turn(turns)

    @rule()
    def bells_were_thrown_away(self) -> None:
        self.hub.spawn(self.hub.repair.compare([ROOM], lost=True))

    @rule(target=clients)
    def connect(self) -> Any:
        return self.newcomer()

    def newcomer(self) -> tuple[Connection, Client]:
        client = Client(self.hub.shares.held)
        user: Any = SimpleNamespace(pk=len(self.all) + 1, name="Ana")
        connection = Connection(self.node, client, Caller(user))
        client.on_writable = connection.on_writable
        self.all.append((connection, client))
        return connection, client

    @rule(who=clients, back=st.one_of(st.none(), st.integers(-2, 60)))
    def subscribe(self, who: tuple[Connection, Client], back: int | None) -> None:
        after = None if back is None else max(0, self.database.head - back)
        command = Subscribe(type="subscribe", room="lobby", after=after)
        self.command(who, handlers.subscribe, command)

    @rule(who=clients)
    def unsubscribe(self, who: tuple[Connection, Client]) -> None:
        self.command(who, handlers.unsubscribe, Unsubscribe(type="unsubscribe", room="lobby"))

    @rule(who=clients, count=st.integers(1, 40))
    def ask(self, who: tuple[Connection, Client], count: int) -> None:
        for _ in range(count):
            self.command(who, handlers.ping, Ping(type="ping"))
            self.loop.turn()

    @rule(size=st.integers(1, 400), key=st.integers(0, 9))
    def whisper(self, size: int, key: int) -> None:
        data = b'{"type":"typing","pad":"%s"}' % (b"x" * size)
        self.hub._hear({"type": "whisper", "room": ROOM, "key": f"typing:{key}", "data": data})

    @rule(who=clients, size=st.integers(1, 3000))
    def drain(self, who: tuple[Connection, Client], size: int) -> None:
        who[1].drain(size)

    @rule(who=clients)
    def vanish(self, who: tuple[Connection, Client]) -> None:
        who[0].gone()

    @rule(keep=st.integers(1, 30))
    def trim(self, keep: int) -> None:
        self.database.trimmed = max(self.database.trimmed, self.database.head - keep)

    @rule(slow=st.booleans())
    def database_is(self, slow: bool) -> None:
        self.database.at_once = not slow

    @rule(index=st.integers(0, 20))
    def database_answers(self, index: int) -> None:
        if self.database.asked:
            self.database.answer(index)
            self.loop.turn(3)

    @rule(index=st.integers(0, 20))
    def database_fails(self, index: int) -> None:
        if self.database.asked:
            self.database.fail(index)
            self.loop.turn(3)

    @rule(count=st.integers(1, 5))
    def turn(self, count: int) -> None:
        self.loop.turn(count)

    @rule(seconds=st.floats(0.01, 3))
    def wait(self, seconds: float) -> None:
        self.loop.pass_time(seconds)

    # What must hold -------------------------------------------------------------------------------

    @invariant()
    def memory_is_bounded(self) -> None:
        shares = self.hub.shares
        for connection, client in self.all:
            buffer = connection.buffer
            pages = [each.page for each in connection.subscriptions.values()]
            page = sum(len(data) for rows in pages for _, data in rows)
            one_more = LARGEST_EVENT + 100
            assert buffer.control_bytes <= shares.control + 300
            assert buffer.ephemeral_bytes <= shares.ephemeral
            assert page <= max(shares.page, one_more)
            assert client.size <= shares.held + shares.frame + one_more
            held = buffer.control_bytes + buffer.ephemeral_bytes + page + client.size
            assert held <= LIMITS.send_buffer_bytes + 2 * one_more + 300
        for feed in self.hub.feeds.values():
            fit = max(LARGEST_BELL, PAGE_EVENTS)
            assert len(feed._events) <= LIMITS.tail_events + fit
            assert feed._bytes <= LIMITS.tail_bytes + fit * one_more
            assert feed._bytes == sum(map(len, feed._events))
            assert feed._unflushed_bytes == sum(
                map(len, feed._events[feed.flushed + 1 - feed._first :])
            )
            assert feed._first + len(feed._events) == feed.head + 1

    @invariant()
    def nobody_is_sent_away_but_who_was_trimmed_past(self) -> None:
        for _, client in self.all:
            if client.wrong is not None:
                raise client.wrong
            if client.code is not None:
                assert self.sent_away_rightly(client)

    def sent_away_rightly(self, client: Client) -> bool:
        return self.database.trimmed > 0 and client.code == 4008

    def teardown(self) -> None:
        try:
            self.everybody_is_brought_up()
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.turn(5)
            asyncio.set_event_loop(None)
            self.loop.close()
            self.overridden.disable()
            fanout.MEMBERS_PER_CLOCK_CHECK, fanout.LOOP_HOLD_SECONDS, repair.PAGE_EVENTS = AS_IT_IS
            logging.disable(logging.NOTSET)

    def everybody_is_brought_up(self) -> None:
        """Once the database answers and sockets drain, all have everything."""
        self.database.at_once = True
        while self.database.asked:
            self.database.answer(0)
        for _ in range(1_000):
            self.hub.spawn(self.look())
            self.loop.pass_time(0.5)
            for _, client in self.all:
                client.drain(1 << 30)
            self.loop.turn(3)
            if all(self.is_brought_up(*each) for each in self.all):
                break
        if not self.goes_back:
            assert self.database.known.number == 0, "somebody saw the database go back"
        for task in self.tasks.values():
            assert task.done()
            task.result()
        for connection, client in self.all:
            assert self.is_brought_up(connection, client)
            assert client.answers == sorted(client.answers)

    async def look(self) -> None:
        """As the watchdog does it."""
        await self.hub.epoch.look()
        await self.hub.repair.compare([ROOM])

    def is_brought_up(self, connection: Connection, client: Client) -> bool:
        if connection.closed:
            return True
        listening = "lobby" in connection.subscriptions
        there = client.next == (self.database.head + 1 if listening else None)
        return there and not connection.buffer and client.writable and connection.clear

    # --- ------------------------------------------------------------------------------------------

    def command(self, who: tuple[Connection, Client], handler: Any, command: Any) -> None:
        """As the consumer does it: one after the other, and none while there is no room."""
        connection, client = who
        before = self.tasks.get(connection)
        if connection.closed or not connection.has_room or (before and not before.done()):
            return
        self.ids += 1
        command.id = self.ids
        client.asked[self.ids] = getattr(command, "after", None)

        async def carry_out() -> None:
            try:
                answer = await handler(connection, command)
            except Refusal as refusal:
                answer = refusal.answer()
            except OSError:
                return
            if answer is not None:
                connection.answer({"id": command.id, **answer})

        self.tasks[connection] = self.loop.create_task(carry_out())


TestDelivery = Delivery.TestCase


def test_who_is_behind_what_was_trimmed_is_sent_away() -> None:
    """Also where nothing is left of what the tail was to be filled with."""
    state = Delivery()
    state.begin(count=1, crowd=False, short=False)
    state.commit_something_large()
    state.commit_something_large()
    state.trim(keep=1)
    state.teardown()
    [(connection, _)] = state.all
    assert connection.closed
