"""Sends bells to the channel layer, in rounds. While one round is under way, what arrives waits,
and the next round takes all of it: one layer message a room and round.

One ringer a process: in a web process it lives on the server's loop, elsewhere on a thread made at
the first ring, which is after a worker's fork. Used by `bell`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from channels.layers import get_channel_layer

from . import installation
from .event_bells import EVERYONE, EventRun, LayerMessage, bells
from .outages import Outage
from .witness import LatestInstallation, Witness

logger = logging.getLogger(__name__)
_unrung = Outage(logger, "The bell could not be rung")

# A round that Redis does not take within this is given up; the log has it all.
ROUND_SECONDS = 5.0
# Rooms' heads for unread counts go to every process at most this often.
ACTIVITY_SECONDS = 0.5


@dataclass(frozen=True)
class Activity:
    """Where a room stands, for those who are elsewhere; `speakers` have read up to a number."""

    room_id: int
    last_seq: int
    message_count: int
    speakers: dict[int, int]

    def after(self, before: Activity) -> Activity:
        """Both in one."""
        speakers = {**before.speakers, **self.speakers}
        return Activity(self.room_id, self.last_seq, self.message_count, speakers)


class Ringer:
    """Sends on one event loop, in rounds. Use `post` from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, witness: Witness | None = None) -> None:
        self.loop = loop
        self._witness = witness
        self.on_failure: Callable[[list[int]], None] | None = None
        self.on_access_failure: Callable[[LayerMessage], None] | None = None
        self._access: dict[tuple[int | None, int | None], LayerMessage] = {}
        self._events: list[EventRun] = []
        # Each room's last one of them.
        self._runs: dict[int, EventRun] = {}
        self._notes: dict[tuple[str, str], tuple[str, LayerMessage]] = {}
        self._activity: dict[int, Activity] = {}
        self._activity_due = 0.0
        self._activity_timer: asyncio.TimerHandle | None = None
        self._answers: list[tuple[str, LayerMessage]] = []
        self._waiting: list[Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    # Everything below `post` runs on the loop.

    def post(self, put: Callable[[Ringer], None], wait: bool = False) -> None:
        """Run `put(self)` on the loop and start a round. `wait` until that round is over."""
        done: Future[None] | None = Future() if wait else None

        def start() -> None:
            put(self)
            if done is not None:
                self._waiting.append(done)
            self._start()

        self.loop.call_soon_threadsafe(start)
        if done is not None:
            try:
                done.result(ROUND_SECONDS * 2)
            except TimeoutError:
                _unrung.failed("it took too long; subscribers will find the events themselves")

    async def rest(self) -> None:
        """Wait until what was rung before is out: a round must not be cut by the loop's end."""
        await asyncio.sleep(0)
        if self._activity_timer is not None:
            self._activity_timer.cancel()
            self._activity_timer = None
            self._activity_due = 0.0
            self._start()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=ROUND_SECONDS)
        if self._witness is not None:
            await self._witness.write(at_once=True)

    def put_events(self, new: EventRun) -> None:
        if self._witness is not None and new.at is not None:
            self._witness.note(new.room_id, new.end - 1, new.at)
        run = self._runs.get(new.room_id)
        if run is not None and run.end == new.first and run.at == new.before:
            run.events.extend(new.events)
            run.at = new.at
        else:
            # Other processes write to the room as well: what lies between is for them to ring.
            run = self._runs[new.room_id] = new.copy()
            self._events.append(run)

    def put_note(self, group: str, key: str, message: LayerMessage) -> None:
        """Something not kept: the last one of a key wins."""
        self._notes[group, key] = (group, message)

    def put_answer(self, channel: str, message: LayerMessage) -> None:
        """To one process alone."""
        self._answers.append((channel, message))

    def put_access(self, user_id: int | None, room_id: int | None, gone: bool) -> None:
        """Goes before everything else of its round: what follows it is not for who was put out."""
        message = {"type": "access", "user": user_id, "room": room_id, "gone": gone}
        self._access[user_id, room_id] = message

    def put_activity(self, activity: Activity) -> None:
        before = self._activity.get(activity.room_id)
        if before is not None:
            activity = activity.after(before)
        self._activity[activity.room_id] = activity

    def _start(self) -> None:
        if self._task is None:
            self._task = self.loop.create_task(self._rounds())

    async def _rounds(self) -> None:
        try:
            while (
                self._access
                or self._events
                or self._notes
                or self._answers
                or self._waiting
                or self._activity_is_due()
            ):
                access, self._access = self._access, {}
                events, self._events, self._runs = self._events, [], {}
                notes, self._notes = self._notes, {}
                answers, self._answers = self._answers, []
                waiting, self._waiting = self._waiting, []
                await self._round(list(access.values()), events, list(notes.values()), answers)
                for done in waiting:
                    done.set_result(None)
        finally:
            self._task = None

    def _activity_is_due(self) -> bool:
        if not self._activity:
            return False
        wait = self._activity_due - self.loop.time()
        if wait <= 0:
            return True
        if self._activity_timer is None:
            self._activity_timer = self.loop.call_later(wait, self._activity_now)
        return False

    def _activity_now(self) -> None:
        self._activity_timer = None
        self._start()

    async def _round(
        self,
        access: list[LayerMessage],
        events: list[EventRun],
        notes: list[tuple[str, LayerMessage]],
        answers: list[tuple[str, LayerMessage]],
    ) -> None:
        messages = [*((EVERYONE, message) for message in access), *bells(events), *notes]
        if self._activity and self.loop.time() >= self._activity_due:
            rooms = [
                [each.room_id, each.last_seq, each.message_count, [*each.speakers.items()]]
                for each in self._activity.values()
            ]
            self._activity = {}
            self._activity_due = self.loop.time() + ACTIVITY_SECONDS
            messages.append((EVERYONE, {"type": "activity", "rooms": rooms}))
        layer = get_channel_layer()
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                for group, message in messages:
                    await layer.group_send(group, message)
                for channel, message in answers:
                    await layer.send(channel, message)
        except Exception as error:
            _unrung.failed(repr(error))
            if self.on_failure is not None:
                self.on_failure(list({run.room_id for run in events}))
            if self.on_access_failure is not None:
                for message in access:
                    self.on_access_failure(message)
        else:
            if messages or answers:
                _unrung.over()
        if self._witness is not None:
            await self._witness.write()


_attached: Ringer | None = None
_own: Ringer | None = None
_own_pid: int | None = None
_lock = threading.Lock()


def attach(ringer: Ringer) -> None:
    """A web process's loop takes over the ringing."""
    global _attached
    _attached = ringer


def detach(ringer: Ringer) -> None:
    """… and gives it back when it ends."""
    global _attached
    if _attached is ringer:
        _attached = None


def _ringer() -> Ringer:
    global _own, _own_pid
    if _attached is not None:
        return _attached
    with _lock:
        if _own is None or _own_pid != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="ringer", daemon=True).start()
            _own, _own_pid = Ringer(loop, Witness(LatestInstallation())), os.getpid()
        return _own


def post(put: Callable[[Ringer], None]) -> None:
    """Outside a web process, wait: a worker may end right after its last ring."""
    ringer = _ringer()
    # The layer is made on the ringer's loop, where nobody may ask the database for it.
    installation.identity()
    ringer.post(put, wait=ringer is not _attached)
