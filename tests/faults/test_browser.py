"""Two browsers, to which everything happens that happens to browsers, in any order: nothing that
was said is lost, nothing stands twice, and each page shows what the server has."""

import os
import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.line import Line
from tests.support.site import Site
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(400)]

ROOMS = ("alpha", "beta", "gamma")
# Another run of it, or a longer one.
SEED = int(os.environ.get("TEST_SEED", "2"))
STEPS = int(os.environ.get("TEST_STEPS", "100"))
LOOK_EVERY = 10
PATIENCE = 60_000

# What somebody does, or what is done to them, and how often beside the rest.
HAPPENINGS = {
    "speak": 12,
    "hear_others": 6,
    "react": 5,
    "hear_others_react": 4,
    "choose_a_room": 6,
    "go_back": 3,
    "scroll": 4,
    "reload": 1,
    "lose_or_find_the_network": 3,
    "be_on_a_line_that_dies": 2,
    "see_the_server_die": 1,
}


# Each message of the page: its text, and what stands on its reactions.
SHOWN = """() => [...document.querySelectorAll("[data-entries] > .message")].map((each) => [
    each.querySelector("[data-body-html]").innerText,
    ...[...each.querySelectorAll(".reaction[aria-pressed]")].map((pill) => pill.textContent),
])"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # The socket brings few events, so that pages have to be asked for anew now and then.
    # A heartbeat this quick lets who only listens notice sooner that the line is dead.
    brief = {"PARLEY_RESUME_EVENTS": "5", "PARLEY_HEARTBEAT_SECONDS": "2"}
    with Site(parts=("web",), env=brief) as running:
        yield running


class Somebody:
    """A person, their browser, and all that can happen to it."""

    def __init__(self, browser: Any, site: Site, line: Line, name: str, said: "Said") -> None:
        self.site, self.line, self.said = site, line, said
        self.person = site.user(name)
        self.context = browser.new_context(base_url=line.url)
        self.context.add_cookies(
            [{"name": self.person.cookie_name, "value": self.person.session, "url": site.url}]
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.online = True
        self.page.goto(f"/rooms/{ROOMS[0]}/")

    @property
    def room(self) -> str:
        return str(self.page.locator("[data-room-name]").text_content()).lower()

    def messages(self, **having: Any) -> Any:
        return self.page.locator("[data-entries] > .message", **having)

    def speak(self, chance: random.Random) -> None:
        text = self.said.something()
        box = self.page.get_by_label("Message", exact=True)
        box.fill(text)
        box.press("Enter")
        # While another room is on its way Enter waits, and what was typed is kept for that room.
        self.page.evaluate("() => new Promise((drawn) => requestAnimationFrame(drawn))")
        if box.input_value() == "" and self.messages(has_text=text).count():
            self.said.by_room[self.room].append(text)

    def hear_others(self, chance: random.Random) -> None:
        room = chance.choice(ROOMS)
        with self.site.api(self.site.user("carol")) as api:
            for _ in range(chance.choice((1, 1, 3, 12))):
                text = self.said.something()
                api.post(f"/rooms/{room}/messages", json={"body": text}).raise_for_status()
                self.said.by_room[room].append(text)

    def react(self, chance: random.Random) -> None:
        """As others have, or take it back; without a network it may come to nothing."""
        pills = self.page.locator(".reaction[aria-pressed]")
        if pills.count():
            pills.nth(chance.randrange(pills.count())).evaluate("(pill) => pill.click()")

    def hear_others_react(self, chance: random.Random) -> None:
        room = chance.choice(ROOMS)
        with self.site.api(self.site.user("carol")) as api:
            newest = api.get(f"/rooms/{room}/messages", params={"limit": 5}).json()["messages"]
            for _ in range(chance.choice((1, 2, 8))):
                said = chance.choice(newest)["id"]
                path = f"/rooms/{room}/messages/{said}/reactions/{chance.choice('👍🎉😀')}"
                (api.put if chance.random() < 0.7 else api.delete)(path).raise_for_status()

    def choose_a_room(self, chance: random.Random) -> None:
        self.page.locator(f"nav [data-room={chance.choice(ROOMS)}]").click()

    def go_back(self, chance: random.Random) -> None:
        self.page.evaluate(
            """() => {
                const { index } = navigation.currentEntry;
                if (navigation.entries()[index - 1]?.sameDocument) history.back();
            }"""
        )

    def scroll(self, chance: random.Random) -> None:
        self.page.locator("[data-stream]").evaluate(
            "(stream, share) => (stream.scrollTop = share * stream.scrollHeight)",
            chance.choice((0, 0.3, 0.7, 1)),
        )

    def reload(self, chance: random.Random) -> None:
        if self.online:
            self.page.reload()

    def lose_or_find_the_network(self, chance: random.Random) -> None:
        self.online = not self.online
        self.context.set_offline(not self.online)

    def be_on_a_line_that_dies(self, chance: random.Random) -> None:
        self.line.cut()

    def see_the_server_die(self, chance: random.Random) -> None:
        self.site.web.kill()
        self.site.web.start()

    def come_to(self, room: str) -> None:
        self.page.locator(f"nav [data-room={room}]").click()
        heading = self.page.get_by_role("heading", name=room.title(), exact=True)
        expect(heading).to_be_visible(timeout=PATIENCE)

    def find_the_network(self) -> None:
        """And have sent what waited in this room."""
        self.online = True
        self.context.set_offline(False)
        unsent = self.page.locator("[data-entries] > .message:not([data-state=sent])")
        expect(unsent).to_have_count(0, timeout=PATIENCE)

    def agree(self) -> None:
        """The page has the last messages of its room, all from its first one on, and their
        reactions. It may still be
        on the way to another one, that was chosen without a network."""

        def has_the_last_ones() -> bool:
            stored = self.said.reacted(self.room)
            shown = self.page.evaluate(SHOWN)
            return bool(shown) and shown == stored[-len(shown) :]

        until(has_the_last_ones, PATIENCE / 1000, "the page shows what the server has")


class Said:
    """What was said, and what the server has."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.by_room: dict[str, list[str]] = {room: [] for room in ROOMS}
        self._numbers = count(1)

    def something(self) -> str:
        # Two figures never begin one another.
        return f"thought {next(self._numbers):05}"

    def reacted(self, room: str) -> list[list[str]]:
        """What was said, and its reactions as they are shown."""
        return list(
            self.site.ask(
                "from rooms.features.reactions.representations import of_messages\n"
                f"rows = list(Message.objects.filter(room__slug={room!r}, kind='text')"
                ".order_by('seq'))\n"
                "found = of_messages(rows)\n"
                "shown = lambda row: [f\"{each['emoji']}{each['count']}\""
                " for each in found.get(row.pk, [])]\n"
                "result = [[row.body, *shown(row)] for row in rows]"
            )
        )

    def stored(self, room: str) -> list[str]:
        return list(
            self.site.ask(
                f"list(Message.objects.filter(room__slug={room!r}, kind='text')"
                ".order_by('seq').values_list('body', flat=True))"
            )
        )


def test_whatever_happens_to_browsers(site: Site, browser: Any) -> None:
    chance = random.Random(SEED)
    said = Said(site)
    for room in ROOMS:
        site.room(room, "alice", "bob", "carol")
        with site.api(site.user("carol")) as api:
            first = said.something()
            api.post(f"/rooms/{room}/messages", json={"body": first}).raise_for_status()
    with Line(site.port) as line:
        people = [Somebody(browser, site, line, name, said) for name in ("alice", "bob")]
        kinds, weights = list(HAPPENINGS), list(HAPPENINGS.values())
        for step in range(1, STEPS + 1):
            happening = chance.choices(kinds, weights)[0]
            getattr(chance.choice(people), happening)(chance)
            if step % LOOK_EVERY == 0:
                for somebody in people:
                    somebody.find_the_network()
                for somebody in people:
                    somebody.agree()
        for room in ROOMS:
            for somebody in people:
                somebody.come_to(room)
                somebody.find_the_network()
        for room in ROOMS:
            stored = said.stored(room)
            assert len(stored) == len(set(stored)), "something is stored twice"
            assert set(said.by_room[room]) <= set(stored), "something was lost"
            for somebody in people:
                somebody.come_to(room)
                somebody.agree()
        for somebody in people:
            assert not somebody.faults
            somebody.context.close()
