"""A real browser on a real site: people talk, jobs live, the server goes and comes back."""

import asyncio
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000 * SCALE)


class Person:
    """Somebody at a browser. `complaints` are what the console says and should not."""

    def __init__(self, browser: Browser, site: Site, name: str, **options: Any) -> None:
        self.site = site
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(base_url=site.url, **options)
        user = site.user(name)
        cookie = {"name": user.cookie_name, "value": user.session, "url": site.url}
        self.context.add_cookies([cookie])  # type: ignore[list-item]
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # The browser itself reports a socket that the server's end has cut.
        if message.type == "error" and "WebSocket connection" not in message.text:
            self.complaints.append(message.text)

    def enter(self, room: str) -> "Person":
        self.page.goto(f"/rooms/{room}/")
        expect(self.box).to_be_visible()
        expect(self.page.locator("[data-my-dot]:not(.off)")).to_be_attached()
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def stream(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    def messages(self, text: str) -> Locator:
        return self.stream.locator("[data-entry].message").filter(has_text=text)

    @property
    def cards(self) -> Locator:
        return self.stream.locator("[data-job]")

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")


@pytest.fixture
def people(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Makes people, and at the end asks each whether the console complained."""
    made: list[Person] = []

    def make(name: str, **options: Any) -> Person:
        made.append(Person(browser, site, name, **options))
        return made[-1]

    yield make
    complaints = [each.complaints for each in made]
    for each in made:
        each.context.close()
    assert not any(complaints), complaints


def test_two_people_talk(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("tea", "alice", "bob")
    alice, bob = people("alice").enter(room), people("bob").enter(room)
    # Who is present hears: typing is not kept for those who come later.
    for name in ("Alice", "Bob"):
        expect(alice.page.locator(f"[data-member={name}][data-present]")).to_be_attached()
    alice.box.press_sequentially("Good morning")
    expect(bob.page.locator("[data-typing]")).to_contain_text("is typing")
    alice.box.press("Enter")
    expect(bob.messages("Good morning")).to_have_count(1)
    expect(alice.messages("Good morning")).to_have_count(1)
    expect(alice.messages("Good morning")).not_to_have_attribute("data-state", "pending")
    bob.say("Hello *there*")
    expect(alice.messages("Hello there").locator("em")).to_have_text("there")
    alice.page.reload()
    expect(alice.messages("Good morning")).to_have_count(1)
    expect(alice.messages("Hello there")).to_have_count(1)


@pytest.mark.once
def test_own_messages_show_before_the_server_has_them(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("patience", "alice")
    alice = people("alice").enter(room)
    os.kill(site.web.pid, signal.SIGSTOP)
    try:
        alice.say("Are you there?")
        expect(alice.messages("Are you there?")).to_have_attribute("data-state", "pending")
    finally:
        os.kill(site.web.pid, signal.SIGCONT)
    expect(alice.messages("Are you there?")).not_to_have_attribute("data-state", "pending")
    expect(alice.messages("Are you there?")).to_have_count(1)


def test_two_sockets_and_a_browser(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("mixed", "alice", "bob", "carol")
    alice = people("alice").enter(room)

    async def talk() -> None:
        async with (
            SocketClient(site.socket_url, site.user("bob").bearer) as bob,
            SocketClient(site.socket_url, site.user("carol").bearer) as carol,
        ):
            await bob.subscribe(room)
            await carol.subscribe(room)
            for number in range(20):
                await bob.say(room, f"from bob {number}")
                last = await carol.say(room, f"from carol {number}")
            await bob.caught_up(room, last["seq"])
            await carol.caught_up(room, last["seq"])
            assert bob.bodies(room) == carol.bodies(room)
            heard.extend(bob.bodies(room))

    heard: list[str] = []
    in_another_thread(talk)
    expect(alice.messages("from")).to_have_count(40)
    texts = alice.messages("from").locator("[data-body-html]").all_inner_texts()
    assert [text.strip() for text in texts] == heard


def in_another_thread(talk: Callable[[], Any]) -> None:
    """Playwright has this thread's event loop."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(talk())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@pytest.mark.once
def test_older_history_comes_by_scrolling_up(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("archive", "alice")
    site.ask(
        "alice = User.objects.get(username='alice')\n"
        f"actions.post_messages([actions.Post(alice, {room!r}, f'entry {{n}} of many') "
        "for n in range(180)])\n"
        "result = None"
    )
    alice = people("alice").enter(room)
    expect(alice.messages("entry 179 of many")).to_be_visible()
    expect(alice.messages("entry 0 of many")).to_have_count(0)
    while alice.messages("entry 0 of many").count() == 0:
        shown = alice.messages("of many").count()
        alice.page.locator("[data-stream]").evaluate("each => each.scrollTo(0, 0)")
        expect(alice.messages("of many")).not_to_have_count(shown)
    expect(alice.messages("entry 0 of many")).to_have_count(1)
    expect(alice.messages("of many")).to_have_count(180)
    texts = alice.messages("of many").locator("[data-body-html]").all_inner_texts()
    assert [text.strip() for text in texts] == [f"entry {n} of many" for n in range(180)]


def test_a_job_lives_in_its_card(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("works", "alice", "bob")
    alice, bob = people("alice").enter(room), people("bob").enter(room)
    alice.say("/job test.outcome outcome=slow steps=20 seconds=0.1")
    for person in (alice, bob):
        expect(person.cards.locator("[data-state]").first).to_contain_text("Running")
        expect(person.cards.get_by_role("progressbar")).to_be_visible()
    first = alice.cards.get_by_role("progressbar").get_attribute("aria-valuenow")
    expect(alice.cards.get_by_role("progressbar")).not_to_have_attribute(
        "aria-valuenow", first or ""
    )
    for person in (alice, bob):
        expect(person.cards.locator("[data-state]").first).to_contain_text("Succeeded")
        expect(person.cards.get_by_role("progressbar")).to_be_hidden()
        expect(person.cards).to_have_count(1)
    # The finished card is there for who comes later.
    bob.page.reload()
    expect(bob.cards.locator("[data-state]").first).to_contain_text("Succeeded")


@pytest.mark.once
def test_the_message_of_a_job_that_is_gone_says_so(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("pruned", "alice")
    alice = people("alice").enter(room)
    alice.say("/job test.outcome outcome=ok")
    card = alice.cards.first
    expect(card.locator("[data-state]").first).to_contain_text("Succeeded")
    site.ask("from jobs.models import Job\nresult = Job.objects.all().delete()[0]")
    card.get_by_role("button", name="Details").click()
    expect(card.get_by_text("no longer kept")).to_be_visible()
    alice.page.reload()
    message = alice.page.locator(".outcome")
    message.get_by_role("link", name="Show the job").click()
    expect(message.get_by_role("status")).to_have_text("The job is no longer kept")
    expect(message.get_by_role("link")).to_be_hidden()
    # The browser itself says that there were 404s.
    alice.complaints.clear()


@pytest.mark.once
def test_a_report_shows_its_table_and_its_plot(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("reported", "alice")
    alice = people("alice").enter(room)
    alice.say("something to report")
    expect(alice.messages("something to report")).to_have_count(1)
    with site.api(site.user("alice")) as api:
        answer = api.post("/jobs", json={"kind": "room.report", "room": room, "params": {}})
    assert answer.status_code == 202
    card = alice.cards.first
    expect(card.locator("[data-state]").first).to_contain_text("Succeeded")
    expect(card.get_by_role("table")).to_be_visible()
    plot = card.locator("img").first
    expect(plot).to_be_visible()
    assert plot.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
    # It has its own shape, and its words are as large as they were drawn.
    shape = "each => [each.width / each.height, each.naturalWidth / each.naturalHeight]"
    shown, drawn = plot.evaluate(shape)
    assert shown == pytest.approx(drawn, rel=0.02)
    alice.page.set_viewport_size({"width": 390, "height": 800})
    assert plot.evaluate("each => each.width / each.naturalWidth") >= 11 / 12


def test_a_job_is_cancelled_and_retried_from_its_card(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("second-thoughts", "alice", "bob")
    alice, bob = people("alice").enter(room), people("bob").enter(room)
    alice.say("/job test.outcome outcome=slow steps=200 seconds=0.1")
    card = alice.cards.first
    expect(card.locator("[data-state]").first).to_contain_text("Running")
    expect(bob.cards.first.get_by_role("button", name="Cancel")).to_be_hidden()
    card.get_by_role("button", name="Cancel").click()
    expect(card.locator("[data-state]").first).to_contain_text("Cancelled")
    expect(bob.cards.first.locator("[data-state]").first).to_contain_text("Cancelled")
    card.get_by_role("button", name="Retry").click()
    expect(card.locator("[data-state]").first).to_contain_text(re.compile("Running|Queued"))
    card.get_by_role("button", name="Cancel").click()
    expect(card.locator("[data-state]").first).to_contain_text("Cancelled")


@pytest.mark.once
def test_an_unknown_command_is_explained_and_not_posted(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("typos", "alice")
    alice = people("alice").enter(room)
    alice.say("/jbo room.report")
    expect(alice.page.get_by_text("There is no command /jbo")).to_be_visible()
    assert site.ask(f"Message.objects.filter(room__slug={room!r}).count()") == 0


@contextmanager
def web_gone(site: Site) -> Iterator[None]:
    site.web.kill()
    try:
        yield
    finally:
        site.web.start()


@pytest.mark.once
def test_the_page_comes_back_after_the_server_was_gone(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("outage", "alice", "bob")
    alice, bob = people("alice").enter(room), people("bob").enter(room)
    alice.say("before")
    expect(bob.messages("before")).to_have_count(1)
    bar = alice.page.locator("[data-connection]")
    expect(bar).to_be_hidden()
    with web_gone(site):
        expect(bar).to_be_visible()
        expect(bar).to_contain_text("Reconnecting")
        alice.say("while away")
        expect(alice.messages("while away")).to_have_attribute("data-state", "pending")
    expect(bob.messages("while away")).to_have_count(1, timeout=40_000 * SCALE)
    expect(alice.messages("while away")).not_to_have_attribute("data-state", "pending")
    expect(bar).to_be_hidden()
    bob.say("after")
    expect(alice.messages("after")).to_have_count(1)
    for person in (alice, bob):
        expect(person.messages("while away")).to_have_count(1)
        expect(person.messages("before")).to_have_count(1)
        person.complaints[:] = [each for each in person.complaints if "ERR_CONNECTION" not in each]
    assert site.ask(f"Message.objects.filter(room__slug={room!r}).count()") == 3


HOSTILE = [
    "<script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 1'>",
    "[click](javascript:window.broken=1) [data](data:text/html,<script>window.broken=1</script>)",
    "<svg/onload=window.broken=1> <iframe srcdoc='<script>parent.broken=1</script>'>",
    "\u202eright to left \u2066override\u2069 end",
    "`</code><script>window.broken=1</script>`",
]


@pytest.mark.once
def test_hostile_text_stays_text(site: Site, people: Callable[..., Person]) -> None:
    room = site.room("hostile", "alice", "bob")
    alice, bob = people("alice").enter(room), people("bob").enter(room)
    for text in HOSTILE:
        alice.say(text)
    for person in (alice, bob):
        expect(person.stream.locator("[data-entry].message")).to_have_count(len(HOSTILE))
        inside = person.stream.locator("[data-body-html]")
        assert inside.locator("script, img, iframe, svg, [onerror], [onload]").count() == 0
        assert inside.locator("a[href^='javascript:'], a[href^='data:']").count() == 0
        assert person.page.evaluate("() => window.broken") is None
    # What overrides the direction ends with its message: the next author's name is not turned.
    alice.page.reload()
    expect(alice.stream.locator("[data-entry].message")).to_have_count(len(HOSTILE))
    assert alice.page.evaluate("() => window.broken") is None
    body = alice.messages("right to left").locator("[data-body-html]")
    assert body.evaluate("each => getComputedStyle(each).unicodeBidi") in ("isolate", "plaintext")


def test_somebody_signs_up_talks_and_leaves(site: Site, browser: Browser) -> None:
    site.room("welcome", "alice")
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label(re.compile("e-?mail", re.I)).first.fill("newcomer@example.com")
    passwords = page.locator("input[type=password]")
    passwords.nth(0).fill("a-long-secret-7")
    passwords.nth(1).fill("a-long-secret-7")
    passwords.nth(1).press("Enter")
    page.wait_for_url(lambda url: "signup" not in url)
    page.goto("/rooms/welcome/")
    page.get_by_role("textbox", name="Message").fill("Hello, I am new here")
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(page.get_by_role("log").get_by_text("Hello, I am new here")).to_be_visible()
    page.goto("/accounts/logout/")
    page.locator("main form button[type=submit], form button[type=submit]").first.click()
    page.goto("/rooms/welcome/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    context.close()


@pytest.mark.once
def test_a_phone_has_the_list_and_the_room_as_two_screens(
    site: Site, people: Callable[..., Person]
) -> None:
    room = site.room("pocket", "alice")
    alice = people("alice", viewport={"width": 360, "height": 740}, has_touch=True).enter(room)
    alice.box.fill("from my phone")
    alice.page.get_by_role("button", name="Send").click()
    expect(alice.messages("from my phone")).to_be_visible()
    assert alice.page.evaluate("() => document.documentElement.scrollWidth") <= 360
    alice.page.get_by_role("button", name="Back to the list of rooms").click()
    expect(alice.page.get_by_role("link", name=re.compile("Pocket"))).to_be_visible()
    alice.page.get_by_role("link", name=re.compile("Pocket")).first.click()
    expect(alice.messages("from my phone")).to_be_visible()
