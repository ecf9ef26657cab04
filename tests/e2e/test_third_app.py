"""A third app plugs in without a change to rooms or jobs: polls, installed by PARLEY_APPS."""

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.support.client import Refused, SocketClient
from tests.support.site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site({"PARLEY_APPS": "tests.polls"}, parts=("web",)) as running:
        running.room("lobby", "alice", "bob")
        running.room("den", "alice", private=True)
        yield running


def ask(room: str = "lobby", **more: object) -> dict[str, object]:
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
