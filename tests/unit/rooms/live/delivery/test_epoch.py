"""The database goes back to an earlier state under a running process, with or without its epoch,
and the same numbers are given to other events. In the end everybody who is connected has exactly
what is in the log from where they began, and no position of before was taken for one of after.

Everything else that happens is that of `test_delivery`: bells are lost, the database is slow.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, rule

from rooms.core import bell
from rooms.core.installation import InstallationState
from rooms.live.commands import session as handlers
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.feed import Feed, Fit, went_back
from rooms.protocol import Subscribe
from tests.support.ends import Client
from tests.unit.rooms.live.delivery.test_delivery import Delivery

RESTORED = 4002


class GoingBack(Delivery):
    goes_back = True
    positions = Bundle("positions")

    def __init__(self) -> None:
        self.ring_epoch = bell.epoch
        bell.epoch = lambda: None
        super().__init__()
        self.rows: list[InstallationState] = [self.database.known]
        self.anchors: dict[int, tuple[int, str]] = {}

    def newcomer(self) -> tuple[Connection, Client]:
        connection, client = super().newcomer()
        self.hub.connections.add(connection)
        return connection, client

    def trim(self, keep: int) -> None:
        """Not here: an event that was trimmed is not there to be compared with."""

    @rule(count=st.integers(1, 15), age=st.one_of(st.just(0), st.integers(0, 3)))
    def put_back(self, count: int, age: int) -> None:
        self.remember_row()
        self.database.put_back(min(count, self.database.head), self.rows[-1 - age :][0])

    @rule(count=st.integers(1, 15), more=st.integers(1, 15))
    def put_back_and_write(self, count: int, more: int) -> None:
        """Before anybody looks, it is as far as it was, or further."""
        self.put_back(count, 0)
        self.database.commit([10] * more)

    @rule()
    def somebody_says_so(self) -> None:
        """`manage.py restored`, or another process that has found it out."""
        self.database.renew(self.database.known)
        self.remember_row()
        self.hub._hear({"type": "epoch"})

    @rule()
    def look_now(self) -> None:
        self.hub.spawn(self.look())

    @rule(target=positions, who=Delivery.clients)
    def remember(self, who: tuple[Connection, Client]) -> Any:
        """The last event that a client was told, and what it knows of where that is."""
        client = who[1]
        if not client.told:
            return None
        last = client.told[-1]
        return client.epoch, last["seq"], last["at"]

    @rule(who=Delivery.clients, position=positions)
    def come_back(self, who: tuple[Connection, Client], position: Any) -> None:
        if position is None:
            return
        epoch, seq, at = position
        before = self.ids
        command = Subscribe(type="subscribe", room="lobby", after=seq, epoch=epoch)
        self.command(who, handlers.subscribe, command)
        if self.ids > before:
            self.anchors[self.ids] = (seq, at)

    def remember_row(self) -> None:
        if self.database.known != self.rows[-1]:
            self.rows.append(self.database.known)

    def sent_away_rightly(self, client: Client) -> bool:
        return client.code == RESTORED

    def is_brought_up(self, connection: Connection, client: Client) -> bool:
        if connection.closed:
            return True
        if connection.outdated or not super().is_brought_up(connection, client):
            return False
        return "lobby" not in connection.subscriptions or self.is_true(client)

    def is_true(self, client: Client) -> bool:
        """What it was told is what there is."""
        there = range(client.start + 1, self.database.head + 1)
        written = [(seq, self.database.at(seq)) for seq in there]
        seq, at = self.anchors.get(client.subscribed_by, (0, self.database.at(0)))
        return (
            client.epoch == self.database.known.epoch
            and [(each["seq"], each["at"]) for each in client.told] == written
            and (not client.recovered or self.database.at(seq) == at)
        )

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            bell.epoch = self.ring_epoch


TestGoingBack = GoingBack.TestCase


def test_it_goes_back_while_somebody_subscribes() -> None:
    """Between the reading of the room and that of its head, which nobody else knows."""
    state = GoingBack()
    state.begin(count=1, crowd=False, short=False)
    (who,) = state.all
    state.commit([10])
    state.database_is(slow=True)
    state.subscribe(who, None)
    state.turn(1)
    state.database_answers(0)
    state.put_back(1, 0)
    state.teardown()


def feed_at(head: int) -> Feed:
    return Feed(1, "lobby", head, 512, 1 << 20, at=f"t{head}")


def test_a_bell_that_continues_another_log_is_not_taken_in() -> None:
    feed = feed_at(5)
    assert feed.apply(6, 6, [b"6"], "t5", "t6") is Fit.FITS
    assert feed.apply(7, 7, [b"other"], "u6", "u7") is Fit.ANOTHER_LOG
    assert feed.head == 6 and not feed.has_gap


def test_the_same_numbers_with_other_events_are_of_another_log() -> None:
    feed = feed_at(5)
    feed.apply(6, 7, [b"6", b"7"], "t5", "t7")
    assert feed.apply(6, 7, [b"6", b"7"], "t5", "t7") is Fit.FITS
    assert feed.apply(6, 7, [b"6", b"other"], "t5", "u7") is Fit.ANOTHER_LOG
    assert feed.apply(7, 8, [b"other", b"8"], "t6", "u8") is Fit.ANOTHER_LOG
    assert feed.apply(7, 7, None, "t6", "u7") is Fit.ANOTHER_LOG
    assert feed.head == 7


def test_what_is_older_than_the_tail_is_for_the_database_to_say() -> None:
    assert feed_at(5).apply(3, 4, [b"3", b"4"], "t2", "t4") is Fit.UNSURE


def test_an_older_version_rings_without_times() -> None:
    feed = feed_at(5)
    assert feed.apply(6, 6, [b"6"]) is Fit.FITS
    assert feed.apply(7, 7, [b"7"], "t6", "t7") is Fit.FITS
    assert feed.head == 7


def test_a_head_shows_that_the_log_went_back_by_its_number_or_its_time() -> None:
    assert went_back((5, "t5"), (4, "t4"))
    assert went_back((5, "t5"), (5, "u5"))
    assert not went_back((5, "t5"), (5, "t5"))
    assert not went_back((5, "t5"), (6, "u6"))
    assert not went_back((5, None), (5, "t5"))
