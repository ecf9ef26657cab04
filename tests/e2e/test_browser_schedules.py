"""`/schedule` in a real browser: what the person is told, and the room's list of schedules."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE

# What the page does in the browser; the integration tests ask both databases.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PATIENCE = 30_000 * SCALE
DUE = """
from django.utils import timezone
from jobs.models import Schedule
Schedule.objects.update(next_run_at=timezone.now())
result = None
"""


def test_a_schedule_from_the_room_to_its_jobs(site: Site, open_as: Open) -> None:
    site.room("planning", "alice", "bob")
    alice, bob = (open_as(name, "/rooms/planning/") for name in ("alice", "bob"))
    for page in (alice, bob):
        if page.locator("[data-shell]").get_attribute("data-details") != "open":
            page.locator("[data-details-toggle]").click()
    say(alice, '/schedule "0 9 * * mon-fri" title="The morning" test.outcome value=tea')
    told = alice.get_by_role("status").filter(has_text="The morning. Next on ")
    expect(told).to_be_visible()
    expect(bob.get_by_role("status").filter(has_text="Next on")).to_have_count(0)
    seen = {
        page: page.locator("[data-schedules] li", has_text="The morning") for page in (alice, bob)
    }
    for each in seen.values():
        expect(each).to_contain_text("At 09:00 on Monday through Friday")
        expect(each).to_contain_text(re.compile(r"Next .*\d\d:\d\d"))
    expect(seen[alice].get_by_role("button", name="Pause")).to_be_visible()
    expect(seen[bob].get_by_role("button", name="Pause")).to_be_hidden()

    site.ask(DUE)
    for page in (alice, bob):
        expect(page.locator(".job-card", has_text="Done tea")).to_be_visible(timeout=PATIENCE)

    seen[alice].get_by_role("button", name="Pause").click()
    expect(seen[bob]).to_contain_text("Paused by Alice.")
    bob.reload()
    expect(seen[bob]).to_contain_text("Paused by Alice.")
    seen[alice].get_by_role("button", name="Resume").click()
    expect(seen[bob]).to_contain_text(re.compile(r"Next .*\d\d:\d\d"))

    say(alice, "/schedule list")
    expect(alice.get_by_role("status").filter(has_text="At 09:00 on Monday")).to_be_visible()
    seen[alice].get_by_role("button", name="Delete").click()
    alice.locator("[data-confirm] [data-yes]").click()
    for page in (alice, bob):
        expect(page.locator("[data-schedules]")).to_be_hidden()


def test_a_reminder_comes_back_as_what_the_person_says(site: Site, open_as: Open) -> None:
    site.room("desk", "alice")
    page = open_as("alice", "/rooms/desk/")
    say(page, "/remind me in 1 second to stretch")
    expect(page.get_by_role("status").filter(has_text="I will remind you here on ")).to_be_visible()
    expect(message(page, "⏰ Alice: stretch")).to_be_visible(timeout=PATIENCE)
