"""A third app plugs in without a change to rooms or jobs: polls, installed by PARLEY_APPS."""

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.client import Refused, SocketClient
from tests.support.pages import message, window
from tests.support.site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site({"PARLEY_APPS": "tests.polls"}, parts=("web",)) as running:
        running.room("lobby", "alice", "bob")
        running.room("den", "alice", private=True)
        yield running


def ask(room: str = "lobby", **more: object) -> dict[str, Any]:
    question = {"room": room, "question": "Where do we eat?", "options": ["Here", "There"]}
    return {**question, "client_id": str(uuid.uuid4()), **more}


def test_a_poll_from_the_question_to_the_last_vote(site: Site) -> None:
    async def run() -> None:
        async with (
            SocketClient(site.socket_url, site.user("alice").bearer) as hers,
            SocketClient(site.socket_url, site.user("bob").bearer) as his,
        ):
            await his.subscribe("lobby")
            question = ask()
            for _ in range(2):
                assert (await hers.call("poll.create", **question))["type"] == "ok"
            asked = await his.event(lambda event: event["type"] == "message.created")
            message = asked["message"]
            assert (message["kind"], message["poll"]["votes"]) == ("poll", [0, 0])
            for option in (0, 1):
                await his.call("poll.vote", poll=message["poll"]["id"], option=option)
            await hers.call("poll.vote", poll=message["poll"]["id"], option=1)
            voted = await his.event(
                lambda event: event["type"] == "poll.voted" and event["poll"]["votes"] == [0, 2]
            )
            assert voted["seq"] == asked["seq"] + 3, "asked once, three votes"

    asyncio.run(run())
    answer = httpx.get(
        f"{site.url}/api/v1/rooms/lobby/messages", headers=site.user("alice").bearer
    ).json()
    assert [each["poll"]["votes"] for each in answer["messages"]] == [[0, 2]]


def test_its_rules_and_its_types_hold_at_the_edge(site: Site) -> None:
    async def run() -> None:
        async with SocketClient(site.socket_url, site.user("bob").bearer) as his:
            for wrong, code in (
                (ask("den"), "not_found"),
                (ask(options=["One"]), "invalid"),
                (ask(question=""), "invalid"),
            ):
                with pytest.raises(Refused) as refused:
                    await his.call("poll.create", **wrong)
                assert refused.value.code == code
            with pytest.raises(Refused) as refused:
                await his.call("poll.vote", poll=str(uuid.uuid4()), option=0)
            assert refused.value.code == "not_found"

    asyncio.run(run())


def test_the_page_and_the_table_of_rules_have_it(site: Site) -> None:
    person = site.user("alice")
    cookies = {person.cookie_name: person.session}
    page = httpx.get(f"{site.url}/rooms/lobby/", cookies=cookies).text
    assert 'id="t-poll"' in page and "polls/main" in page and "polls/polls" in page
    known = site.ask(
        "from rooms.contract import asyncapi; from rooms.core import policy\n"
        "result = [each.name for each in policy.actions()] + [str(asyncapi.document())]"
    )
    assert {"poll.create", "poll.vote"} <= set(known)
    assert "poll.voted" in known[-1] and "client.poll.create" in known[-1]


@pytest.mark.once
def test_the_page_asks_votes_and_counts(browser: Any, site: Site) -> None:
    """By the hooks that every feature has: part, reducer, panel, composer tool, shortcut."""
    site.room("canteen", "alice", "bob")
    with (
        window(browser, site, site.user("alice")) as hers,
        window(browser, site, site.user("bob")) as his,
    ):
        for page in (hers, his):
            page.goto("/rooms/canteen/")
            expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        hers.keyboard.press("Alt+p")
        dialog = hers.get_by_role("dialog", name="Ask the room")
        dialog.get_by_label("Question").fill("Soup or salad?")
        dialog.get_by_label("Options, one a line").fill("Soup\nSalad")
        dialog.get_by_role("button", name="Ask", exact=True).click()
        for page, choice in ((hers, "Soup"), (his, "Salad")):
            asked = message(page, "Soup or salad?")
            asked.get_by_role("button", name=choice, exact=True).click()

        def counted(page: Any) -> None:
            asked = message(page, "Soup or salad?")
            expect(asked.get_by_text("1 vote", exact=True)).to_have_count(2)

        counted(hers)
        counted(his)
        his.reload()
        counted(his)
        panel = his.locator("[data-polls]")
        if not panel.is_visible():
            his.locator("[data-details-toggle]").click()
        expect(panel.get_by_role("listitem")).to_have_text("Soup or salad?2")
        expect(his.get_by_role("button", name="Ask the room")).to_be_enabled()


@pytest.mark.once
def test_the_list_of_keys_has_those_of_every_app(browser: Any, site: Site) -> None:
    with window(browser, site, site.user("alice")) as page:
        page.goto("/rooms/lobby/")
        expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")
        box = page.get_by_label("Message", exact=True)
        box.press_sequentially("Why?")
        keys = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(keys).to_be_hidden()
        expect(box).to_have_value("Why?")
        box.evaluate("field => field.blur()")
        page.keyboard.press("?")
        expect(keys).to_be_visible()
        for group, listed in (
            ("Polls", "Ask the room"),
            ("Everywhere", "Find a room"),
            ("Rooms", "The room above"),
            ("On a message", "Reply"),
        ):
            section = keys.locator("section", has=page.get_by_role("heading", name=group))
            expect(section).to_contain_text(listed)
        page.keyboard.press("Alt+p")
        expect(page.get_by_role("dialog", name="Ask the room")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(keys).to_be_hidden()
        page.goto("/rooms/")
        page.get_by_label("Account and settings").click()
        page.get_by_role("button", name="Keyboard shortcuts").click()
        expect(keys).to_contain_text("Find a room")
