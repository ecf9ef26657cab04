"""Asking all web processes who is connected to them, and having a connection ended in any of them.

One a node; asked by `admin.connections`. A process answers for itself without the channel layer;
the others are asked over it and given a second. Each announces itself when it starts and takes its
leave when it stops, so that one which does not answer can be named.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rooms.core import bell
from rooms.core.event_bells import LayerMessage
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.hub import Hub
from rooms.protocol import DISCONNECTED

from .connection_report import ConnectionReport, Count, Headcount, Missing, Question

logger = logging.getLogger(__name__)

# Time that other processes have to answer.
ANSWER_SECONDS = 1.0
# Only processes that announced themselves are waited for. An announcement may be lost: this often
# the whole time is waited, for processes that are not known.
FULL_WAIT_EVERY_SECONDS = 30.0
# A process that was not heard for this long is no longer expected to answer.
FORGET_PROCESS_SECONDS = 300.0
# Counting gives the loop back after this long; it checks the clock every `COUNT_CONNECTIONS`.
COUNT_SECONDS = 0.005
COUNT_CONNECTIONS = 32


@dataclass
class KnownProcess:
    label: str
    heard: float


@dataclass
class Asked:
    """An open question: the processes it waits for, and what has come."""

    expected: set[str]
    answers: dict[str, LayerMessage] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, process: str, answer: LayerMessage) -> None:
        self.answers[process] = answer
        if self.expected <= self.answers.keys():
            self.complete.set()


@dataclass(frozen=True)
class EndReport:
    """What came of ending a connection, and whose it was."""

    outcome: Literal["ended", "gone", "unanswered"]
    user: int | None = None


class ProcessQuery:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.process = secrets.token_hex(8)
        self.label = f"{socket.gethostname()}:{os.getpid()}"
        self._since = time.time()
        self._known: dict[str, KnownProcess] = {}
        self._asked: dict[str, Asked] = {}
        self._acquainted_until = 0.0
        self._one_at_a_time = asyncio.Lock()

    def start(self) -> None:
        for type, call in (
            ("rollcall.here", self._hear_here),
            ("rollcall.gone", self._hear_gone),
            ("rollcall.count", self._hear_count),
            ("rollcall.end", self._hear_end),
            ("rollcall.answer", self._hear_answer),
        ):
            self._hub.hears(type, call)
        bell.call(f"here:{self.process}", self._message("rollcall.here"))

    def stop(self) -> None:
        bell.call(f"gone:{self.process}", self._message("rollcall.gone"))

    def _message(self, type: str, **fields: Any) -> LayerMessage:
        return {"type": type, "process": self.process, "label": self.label, **fields}

    # Asking --------------------------------------------------------------------------------------

    async def report(self, question: Question) -> ConnectionReport:
        """What all processes answer within a second; this one always does."""
        self._forget_the_silent()
        expected = set(self._known)
        if self._hub.node.loop.time() > self._acquainted_until:
            # Nobody has this name.
            expected.add("")
            self._acquainted_until = self._hub.node.loop.time() + FULL_WAIT_EVERY_SECONDS
        asking = asyncio.create_task(
            self._ask("rollcall.count", expected, **asdict(question)), name="process query"
        )
        own = await self._count(question)
        answers = await asking
        now = self._hub.node.loop.time()
        missing = [
            Missing(known.label, now - known.heard)
            for process, known in self._known.items()
            if process in expected and process not in answers
        ]
        others = [Count.of(answer["count"]) for answer in answers.values()]
        return ConnectionReport(
            sorted([own, *others], key=lambda count: (count.since, count.label)), missing
        )

    async def end(self, process: str, connection: str) -> EndReport:
        """Say good-bye to one connection, which may come back."""
        if process == self.process:
            return self._end(connection)
        answers = await self._ask("rollcall.end", {process}, whom=process, connection=connection)
        if process not in answers:
            return EndReport("unanswered")
        return EndReport(**answers[process]["ended"])

    async def _ask(self, type: str, expected: set[str], **fields: Any) -> dict[str, LayerMessage]:
        channel = self._hub.channel
        if not channel or not expected:
            return {}
        number = secrets.token_hex(8)
        asked = self._asked[number] = Asked(expected)
        try:
            bell.call(number, self._message(type, number=number, reply=channel, **fields))
            async with asyncio.timeout(ANSWER_SECONDS):
                await asked.complete.wait()
        except TimeoutError:
            pass
        finally:
            del self._asked[number]
        return asked.answers

    def _forget_the_silent(self) -> None:
        since = self._hub.node.loop.time() - FORGET_PROCESS_SECONDS
        self._known = {name: each for name, each in self._known.items() if each.heard > since}

    # Hearing -------------------------------------------------------------------------------------

    def _meet(self, message: LayerMessage) -> bool:
        """Remember who speaks; False for oneself."""
        process = message["process"]
        if process == self.process:
            return False
        self._known[process] = KnownProcess(message["label"], self._hub.node.loop.time())
        return True

    def _hear_here(self, message: LayerMessage) -> None:
        self._forget_the_silent()
        self._meet(message)

    def _hear_gone(self, message: LayerMessage) -> None:
        self._known.pop(message["process"], None)

    def _hear_answer(self, message: LayerMessage) -> None:
        asked = self._asked.get(message["number"])
        if self._meet(message) and asked is not None:
            asked.take(message["process"], message)

    def _hear_count(self, message: LayerMessage) -> None:
        if self._meet(message):
            self._hub.spawn(self._answer_count(message))

    async def _answer_count(self, message: LayerMessage) -> None:
        question = Question(message["user"], message["room"], message["most"])
        heard = self._hub.node.loop.time()
        async with self._one_at_a_time:
            # The asker has stopped waiting: a busy process does no work for nobody.
            if self._hub.node.loop.time() - heard > ANSWER_SECONDS:
                return
            count = await self._count_own(question)
        self._answer(message, count=count.told())

    def _hear_end(self, message: LayerMessage) -> None:
        if self._meet(message) and message["whom"] == self.process:
            self._answer(message, ended=asdict(self._end(message["connection"])))

    def _answer(self, message: LayerMessage, **fields: Any) -> None:
        answer = self._message("rollcall.answer", number=message["number"], **fields)
        bell.answer(message["reply"], answer)

    # Doing ---------------------------------------------------------------------------------------

    async def _count(self, question: Question) -> Count:
        async with self._one_at_a_time:
            return await self._count_own(question)

    async def _count_own(self, question: Question) -> Count:
        loop = self._hub.node.loop
        headcount = Headcount(question, self.process, self.label, loop.time())
        started = loop.time()
        for number, connection in enumerate(list(self._hub.connections), 1):
            if not connection.closed:
                headcount.add(connection)
            if number % COUNT_CONNECTIONS == 0 and loop.time() - started > COUNT_SECONDS:
                await asyncio.sleep(0)
                started = loop.time()
        return headcount.count(self._since)

    def _end(self, number: str) -> EndReport:
        found: Connection | None = next(
            (each for each in self._hub.connections if each.id == number), None
        )
        if found is None or found.closed:
            return EndReport("gone")
        found.close(DISCONNECTED)
        return EndReport("ended", found.user.pk)
