"""One room in a terminal: history, what is said, what is typed. Called by `manage.py chat`.

Lines that are not sent yet wait in their order; the next one goes when the one before is stored.
"""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from rooms.text import graphemes

from . import lines
from .client import Client, RefusedCommand
from .lines import Object

HISTORY_MESSAGES = 20
# People who have not typed for this long have stopped.
TYPING_SECONDS = 5.0


class Unreachable(Exception):
    """The site cannot be asked for the room; says why, for people."""


def socket_url(site: str) -> str:
    parts = urlsplit(site)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise Unreachable(f"{site!r} is not an address like http://127.0.0.1:8000.")
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/ws/", "", ""))


class Chat:
    """`show` prints a line; `status` is what stands below all of them. `commands`: what begins with
    a slash is a command, as for a person who types; else every line is text."""

    def __init__(
        self,
        site: str,
        room: str,
        token: str,
        show: Callable[[str], None],
        commands: bool = True,
    ) -> None:
        self.site, self.room, self.token, self.show = site.rstrip("/"), room, token, show
        self.client = Client(
            socket_url(site), token, self._event, on_gap=self._gap, on_state=self._state
        )
        self.refused = 0
        self._say = self.client.send if commands else self.client.say
        self._unsent: deque[str] = deque()
        self._present: list[str] | int = []
        self._typing: dict[str, float] = {}
        self._running: dict[str, str] = {}
        self._phase = "connecting"
        self._last = 0
        self._heard = asyncio.Event()
        self._loading: set[asyncio.Task[None]] = set()

    async def run(self, typed: AsyncIterator[str]) -> None:
        """Until `typed` has ended and everything was stored. Raises Closed and Unreachable."""
        room = await self._get(f"/rooms/{quote(self.room)}")
        await self._history(room["seq"])
        running = asyncio.create_task(self.client.run())
        talking = asyncio.create_task(self._talk(typed, room["seq"], room["epoch"]))
        tasks: set[asyncio.Task[None]] = {running, talking}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks | self._loading:
                task.cancel()
            await asyncio.gather(*tasks, *self._loading, return_exceptions=True)

    async def _talk(self, typed: AsyncIterator[str], head: int, epoch: str) -> None:
        answer = await self.client.subscribe(self.room, head, epoch)
        self._here(answer["present"])
        waiting: asyncio.Queue[str | None] = asyncio.Queue()
        sending = asyncio.create_task(self._send(waiting))
        try:
            async for line in typed:
                if line.strip():
                    self._unsent.append(line)
                    waiting.put_nowait(line)
            waiting.put_nowait(None)
            await sending
        finally:
            sending.cancel()
        while (self.client.seen.get(self.room) or self._last) < self._last:
            self._heard.clear()
            await self._heard.wait()

    async def _send(self, waiting: "asyncio.Queue[str | None]") -> None:
        while (line := await waiting.get()) is not None:
            try:
                answer = await self._say(self.room, line)
                self._last = max(self._last, answer.get("seq", 0))
                for each in answer.get("words", "").splitlines():
                    self.show(f"·  {lines.clean(each)}")
            except RefusedCommand as refusal:
                self.refused += 1
                self.show(f"✗  Not sent: {lines.short(line)}\n   {lines.clean(str(refusal))}")
            self._unsent.popleft()

    # Hearing --------------------------------------------------------------------------------------

    def _event(self, told: Object) -> None:
        self._heard.set()
        if told.get("room") != self.room:
            return
        match told["type"]:
            case "typing":
                self._typing[lines.name(told["user"])] = time.monotonic()
            case "presence":
                self._here(told["present"])
            case "message.created":
                self._typing.pop(lines.name(told["message"]["author"]), None)
        if (under_way := lines.running(told)) is not None:
            key, stands = under_way
            if stands is None:
                self._running.pop(key, None)
            else:
                self._running[key] = stands
        text = lines.event(told)
        if text is not None:
            self.show(text)

    def _here(self, present: list[Object] | int) -> None:
        self._present = present if isinstance(present, int) else [*map(lines.name, present)]

    def _gap(self, room: str, head: int) -> None:
        self.show("—  Not all of what was missed can be told. The last of it:")
        loading = asyncio.create_task(self._history(head))
        self._loading.add(loading)
        loading.add_done_callback(self._loading.discard)

    def _state(self, state: str, seconds: float) -> None:
        if state == "waiting":
            self.show(f"—  No connection; trying again in {seconds:.1f} s.")
        elif self._phase == "waiting":
            self.show("—  Connected again.")
        self._phase = state

    def status(self) -> str:
        """Who is here, who is typing, what runs, what is not sent yet, in one line."""
        here = self._present
        parts = [f"{here} here" if isinstance(here, int) else f"here: {', '.join(here)}"]
        now = time.monotonic()
        typing = [who for who, at in self._typing.items() if now - at < TYPING_SECONDS]
        if typing:
            parts.append(f"{', '.join(typing)} typing…")
        parts += self._running.values()
        if self._unsent:
            first = graphemes.cut(lines.clean(self._unsent[0]), 40, graphemes.ELLIPSIS)
            parts.append(f"sending {len(self._unsent)}: {first}")
        if self._phase != "open":
            parts.insert(0, "no connection")
        return f"#{lines.clean(self.room)}  " + "  ·  ".join(parts)

    # The past -------------------------------------------------------------------------------------

    async def _history(self, head: int) -> None:
        query = urlencode({"before": head + 1, "limit": HISTORY_MESSAGES})
        try:
            page = await self._get(f"/rooms/{quote(self.room)}/messages?{query}")
        except Unreachable as error:
            self.show(f"—  {error}")
            return
        for each in page["messages"]:
            self.show(lines.message(each))

    async def _get(self, path: str) -> Any:
        return await asyncio.to_thread(get, f"{self.site}/api/v1{path}", self.token)


def get(url: str, token: str) -> Any:
    """JSON from the site's REST. Raises Unreachable."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        said = {
            401: "The token is not valid.",
            404: "There is no such room, or you may not see it.",
        }
        raise Unreachable(said.get(error.code, f"{url} answers {error.code}.")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"{url} does not answer: {reason}.") from None
