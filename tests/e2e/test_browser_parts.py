"""A chain of jobs in a real browser: one card with its parts, whatever those do."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser_questions import PATIENCE, asks, card
from tests.support.pages import Open, say
from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_a_chain_is_one_card(site: Site, open_as: Open) -> None:
    site.room("pipelines", "alice", "bob")
    alice = open_as("alice", "/rooms/pipelines/")
    say(
        alice,
        "/job test.outcome value=one then test.outcome value=two and test.outcome value=three"
        ' then room.approval text="Publish?" then test.outcome value=four',
    )
    chain = card(alice, "Chain")
    # What asks has a card of its own, as long as it does.
    question = asks(alice, "Approval", "Publish?")
    expect(chain).to_contain_text("Waits for its parts")
    parts = chain.locator("[data-parts] li")
    expect(parts).to_have_count(4)
    expect(parts.first).to_contain_text("Succeeded")
    expect(parts.first).to_contain_text("Done one")
    expect(parts.last).to_contain_text("Waits for an answer")
    expect(alice.get_by_role("article", name="Job: Test")).to_have_count(0)
    expect(alice.locator("[data-running-jobs] li")).to_have_count(2)

    question.get_by_role("button", name="Approve").click()
    expect(chain).to_contain_text("Done four", timeout=PATIENCE)
    expect(parts).to_have_count(5)
    expect(chain.locator("header")).to_contain_text("Succeeded")
    expect(chain).not_to_contain_text("attempt")
    expect(alice.get_by_role("article", name="Job: Approval")).to_have_count(0)
    chain.get_by_role("button", name="Details").click()
    expect(chain.locator(".job-attempts")).to_contain_text("Fanned out")

    alice.reload()
    expect(parts).to_have_count(5)
    expect(alice.get_by_role("article")).to_have_count(1)


def test_a_chain_that_breaks_says_where(site: Site, open_as: Open) -> None:
    site.room("breaks", "alice")
    alice = open_as("alice", "/rooms/breaks/")
    say(alice, "/job test.outcome then test.outcome outcome=give_up then test.outcome")
    chain = card(alice, "Chain")
    expect(chain.locator("header")).to_contain_text("Failed", timeout=PATIENCE)
    parts = chain.locator("[data-parts] li")
    expect(parts).to_have_count(2)
    expect(parts.last).to_contain_text("Failed")
    expect(chain.locator("[data-error]")).to_contain_text("Test: ")
    expect(chain.get_by_role("button", name="Retry")).to_be_visible()
