"""The clients that the protocol's page shows, each in its own world, while the server is killed."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any

import pytest

from rooms.terminal.client import Client, Closed, RefusedCommand
from tests.support.environment import ROOT
from tests.support.process import Guard
from tests.support.site import Person, Site
from tests.support.waiting import until

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]

SCRIPT = ROOT / "docs" / "clients" / "parley.js"
# What each runtime does with the client: follow a room, speak as long as `going`, remember.
DRIVER = """
const drive = (Client, url, options, room) => {
  const state = { heard: [], gaps: [], acked: [], wrong: [], going: true };
  const client = new Client(url, {
    ...options,
    onEvent: (event) => event.at && state.heard.push([event.seq, event.message?.body ?? null]),
    onGap: (room, head) => state.gaps.push(head),
    onState: (phase, why) => phase === "closed" && state.wrong.push(why),
  });
  const speak = async () => {
    await client.subscribe(room);
    for (let number = 0; state.going; number++) {
      state.acked.push((await client.send(room, `said ${number}`)).message.body);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  speak().catch((error) => state.wrong.push(`${error.constructor.name}: ${error.message}`));
  return state;
};
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(parts=("web",), env={"PARLEY_RESUME_EVENTS": "20"}) as running:
        yield running


class Driven:
    """A client at work. `look` gives its state; `stop` ends its speaking."""

    def __init__(self, look: Callable[[], dict[str, Any]], stop: Callable[[], object]) -> None:
        self.look, self.stop = look, stop

    def acked(self) -> int:
        return len(self.look()["acked"])


@contextmanager
def in_python(site: Site, person: Person, room: str) -> Iterator[Driven]:
    state: dict[str, Any] = {"heard": [], "gaps": [], "acked": [], "wrong": [], "going": True}
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    def hear(event: dict[str, Any]) -> None:
        if "at" in event:
            state["heard"].append([event["seq"], event.get("message", {}).get("body")])

    async def speak(client: Client) -> None:
        await client.subscribe(room)
        number = 0
        while state["going"]:
            answer = await client.send(room, f"said {number}")
            state["acked"].append(answer["message"]["body"])
            number += 1
            await asyncio.sleep(0.02)

    async def drive() -> None:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        client = Client(
            site.socket_url,
            person.token,
            on_event=hear,
            on_gap=lambda _, head: state["gaps"].append(head),
        )
        running = asyncio.create_task(client.run())
        try:
            await speak(client)
            await running
        except Exception as error:
            state["wrong"].append(f"{type(error).__name__}: {error}")

    def whole() -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(drive())

    thread = threading.Thread(target=whole)
    thread.start()
    try:
        yield Driven(lambda: deepcopy(state), lambda: state.update(going=False))
    finally:
        loop, task = begun.result()
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@contextmanager
def in_node(site: Site, person: Person, room: str) -> Iterator[Driven]:
    program = node()
    if program is None:
        pytest.skip("Node 22 or newer is not here; the browser runs the same file.")
    options = json.dumps({"token": person.token})
    code = (
        f"import {{ Client }} from {json.dumps(SCRIPT.as_uri())};\n"
        f"import {{ createInterface }} from 'node:readline';\n{DRIVER}"
        f"const state = drive(Client, {site.socket_url!r}, {options}, {room!r});\n"
        "for await (const line of createInterface({ input: process.stdin })) {\n"
        "  if (line === 'stop') state.going = false;\n"
        "  console.log(JSON.stringify(state));\n"
        "}\nprocess.exit(0);\n"
    )
    guard = Guard()
    process = subprocess.Popen(
        [*program, "--input-type=module", "-e", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    guard.tell(f"+{process.pid}")

    def ask(line: str) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        state: dict[str, Any] = json.loads(process.stdout.readline())
        return state

    try:
        yield Driven(lambda: ask("look"), lambda: ask("stop"))
    finally:
        process.kill()
        process.communicate()
        guard.close()


def node() -> list[str] | None:
    """Node with its own WebSocket: without a switch from 22 on."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < (20, 10):
        return None
    return [found] if int(version[1]) >= 22 else [found, "--experimental-websocket"]


@contextmanager
def in_browser(site: Site, person: Person, room: str, browser: Any) -> Iterator[Driven]:
    """On the site's own origin, under its Content-Security-Policy."""
    context = browser.new_context(base_url=site.url)
    context.add_cookies(
        [{"name": person.cookie_name, "value": person.session, "url": site.url}],
    )
    context.route(
        f"{site.url}/parley.js",
        lambda route: route.fulfill(content_type="text/javascript", body=SCRIPT.read_bytes()),
    )
    page = context.new_page()
    page.goto("/healthz")
    page.evaluate(
        f"async ([url, room]) => {{ const {{ Client }} = await import('/parley.js'); {DRIVER}"
        "window.state = drive(Client, url, {}, room); }",
        [site.socket_url, room],
    )
    try:
        yield Driven(
            lambda: page.evaluate("state"), lambda: page.evaluate("void (state.going = false)")
        )
    finally:
        context.close()


def stored(site: Site, room: str) -> list[list[Any]]:
    """All events of the room as [seq, body of the message or None]."""
    bodies = dict(
        site.ask(f"list(Message.objects.filter(room__slug={room!r}).values_list('seq', 'body'))")
    )
    seqs = site.ask(
        f"list(Event.objects.filter(room__slug={room!r}).order_by('seq')"
        ".values_list('seq', flat=True))"
    )
    return [[seq, bodies.get(seq)] for seq in seqs]


def written(site: Site, room: str, *bodies: str) -> None:
    """Bob says something while no server is there to tell."""
    site.ask(
        "from rooms.features.messages.actions import Post\n"
        "bob = User.objects.get(username='bob')\n"
        f"for body in {list(bodies)!r}:\n"
        f"    actions.post_message(Post(bob, {room!r}, body))\n"
    )


def nothing_is_lost_and_nothing_doubled(site: Site, room: str, client: Driven, before: int) -> None:
    """`before`: how many events there were before the client began."""
    until(lambda: client.acked() >= 10, 60, "the client speaks")
    site.web.kill()
    written(site, room, "meanwhile")
    site.web.start()
    spoken = client.acked()
    until(lambda: client.acked() >= spoken + 10, 60, "the client speaks again")
    client.stop()

    def all_said() -> bool:
        # The last one that was begun is acknowledged after the stop.
        said = [body for _, body in stored(site, room)[before:] if body != "meanwhile"]
        return bool(client.look()["acked"] == said)

    until(all_said, 60, "what is stored is what was acknowledged")
    there = stored(site, room)
    until(lambda: client.look()["heard"][-1:] == there[-1:], 60, "the client hears the last one")
    state = client.look()
    assert state["wrong"] == [] and state["gaps"] == []
    assert len(set(state["acked"])) == len(state["acked"])
    assert "meanwhile" in [body for _, body in state["heard"]]
    assert state["heard"] == there[before:]


def a_gap_too_large_is_told(site: Site, room: str, client: Driven) -> None:
    """After the first part: the client is silent and has everything."""
    heard = client.look()["heard"]
    site.web.kill()
    written(site, room, *[f"missed {number}" for number in range(30)])
    head = stored(site, room)[-1][0]
    site.web.start()
    until(lambda: client.look()["gaps"], 60, "the client learns of the gap")
    assert client.look()["gaps"] == [head]
    with site.api(site.user("bob")) as api:
        api.post(f"/rooms/{room}/messages", json={"body": "after it"}).raise_for_status()
    until(lambda: len(client.look()["heard"]) > len(heard), 60, "it hears what comes then")
    assert client.look()["heard"] == [*heard, [head + 1, "after it"]]


@pytest.mark.parametrize("runtime", [in_python, in_node], ids=["python", "node"])
def test_a_killed_server(site: Site, runtime: Any) -> None:
    room = site.room(f"killed-{runtime.__name__.replace('_', '-')}", "alice", "bob")
    before = len(stored(site, room))
    with runtime(site, site.user("alice"), room) as client:
        nothing_is_lost_and_nothing_doubled(site, room, client, before)
        a_gap_too_large_is_told(site, room, client)


def test_who_is_not_wanted_is_told_and_stays_away(site: Site) -> None:
    async def whole() -> None:
        client = Client(site.socket_url, "not-a-token", on_event=lambda event: None)
        waiting = client.call(type="ping")
        with pytest.raises(Closed, match="Log in first"):
            await client.run()
        with pytest.raises(Closed):
            await waiting

    asyncio.run(whole())


def test_a_refusal_is_told_to_who_asked(site: Site) -> None:
    site.room("closed-door", "alice", private=True)

    async def whole() -> None:
        heard: list[dict[str, Any]] = []
        client = Client(site.socket_url, site.user("bob").token, on_event=heard.append)
        running = asyncio.create_task(client.run())
        with pytest.raises(RefusedCommand) as refused:
            await client.subscribe("closed-door")
        assert refused.value.code == "not_found"
        assert client.seen == {} and heard[-1]["type"] == "unsubscribed"
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(whole())


# Last: while Playwright is open, no other loop can run in this thread.
@pytest.mark.browser
def test_a_killed_server_and_the_browser(site: Site, browser: Any) -> None:
    room = site.room("killed-in-browser", "alice", "bob")
    before = len(stored(site, room))
    with in_browser(site, site.user("alice"), room, browser) as client:
        nothing_is_lost_and_nothing_doubled(site, room, client, before)
        a_gap_too_large_is_told(site, room, client)
