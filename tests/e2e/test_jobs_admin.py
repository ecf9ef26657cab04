"""Jobs in the admin, in a real browser: submitted there, and watched on its first page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.site import Site
from tests.support.waiting import SCALE

# What the page does in the browser; the integration tests ask both databases.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PATIENCE = 60_000 * SCALE
FAILING = """
from jobs.submitting.actions import Submission, submit
root = User.objects.get(username="root")
params = {"outcome": "give_up", "value": "drained"}
result = str(submit(Submission(root, "test.outcome", params))[0].pk)
"""


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """The admin, as Root sees it on a phone."""
    site.user("root")
    site.ask(
        "User.objects.filter(username='root').update(is_staff=True, is_superuser=True)\nresult=None"
    )
    user = site.user("root")
    context = browser.new_context(base_url=site.url, viewport={"width": 390, "height": 800})
    context.add_cookies([{"name": user.cookie_name, "value": user.session, "url": site.url}])
    yield context.new_page()
    context.close()


def test_a_job_is_submitted_by_fields_of_its_kind(site: Site, page: Page) -> None:
    site.room("administered", "root")
    page.goto("/admin/")
    page.get_by_role("navigation", name="Jobs").get_by_role("link", name="Submit a job").click()
    page.get_by_role("link", name="Room digest").click()
    days = page.get_by_label("Days")
    expect(days).to_have_value("7")
    choose_room(page, "administered")
    # Each refusal stands beside its field, and what was typed stays.
    days.fill("367")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("less than or equal to 366")).to_be_visible()
    expect(days).to_have_value("367")
    days.fill("30")
    page.get_by_role("button", name="Submit").click()
    expect(page).to_have_url(re.compile("/admin/jobs/job/[0-9a-f-]+/change/"))
    expect(page.get_by_text("Room digest was submitted.")).to_be_visible()
    page.goto(page.url)
    expect(page.get_by_role("link", name="Administered")).to_have_attribute(
        "href", "/rooms/administered/"
    )


def test_the_first_page_keeps_itself_current(site: Site, page: Page) -> None:
    page.goto("/admin/")
    expect(page.get_by_role("img", name="The last hour")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    site.ask(FAILING)
    failures = page.get_by_role("table", name="Last failures")
    expect(failures.get_by_text("drained").first).to_be_visible(timeout=PATIENCE)
    failures.get_by_role("link", name="Test").first.click()
    expect(page.locator(".job-pill.bad").first).to_have_text("Failed")


def choose_room(page: Page, name: str) -> None:
    """By the field's search, as a person does."""
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").first.press_sequentially(name)
    page.get_by_role("option", name=re.compile(name, re.I)).first.click()
