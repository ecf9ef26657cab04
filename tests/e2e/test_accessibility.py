"""axe over every page and dialog, light and dark, on a wide screen and on a phone's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
# Of axe's four grades those that keep somebody from something.
GRAVE = {"serious", "critical"}
WIDTHS = (1280, 360)
HEIGHT = 800
PATIENCE = 60_000 * SCALE

FURNISH = """
from django.contrib.auth.models import Permission
from jobs.submitting.actions import Submission, submit
root, alice = User.objects.get(username="root"), User.objects.get(username="alice")
User.objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
clerk = User.objects.get(username="clerk")
clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
said = "# Title\\n\\n**bold** `code` [link](https://example.com)\\n\\n> quoted\\n\\n"
said += "```py\\nprint(1)\\n```"
post = lambda user, body: actions.post_message(actions.Post(user, "lounge", body))
post(alice, said)
post(root, "| a | b |\\n|---|--:|\\n| 1 | 2 |\\n\\n- one\\n- two")
actions.invite(alice, "lounge", "zoe", "member")
actions.invite(root, "annex", "alice", "member")
actions.ban(Room.objects.get(slug="lounge").pk, User.objects.get(username="mallory"), alice)
job = submit(Submission(alice, "room.report", {}, "lounge"))[0]
give_up = {"outcome": "give_up", "value": "no luck"}
failed = submit(Submission(alice, "test.outcome", give_up, "lounge"))[0]
for more in ({"choices": ["Yes", "No"]}, {"choices": []}, {"who": "requester"}):
    submit(Submission(root if "who" in more else alice, "test.ask", more, "quay"))
result = [str(job.pk), str(failed.pk)]
"""
RENDERED = """
from django.test import RequestFactory
from rooms.pages.errors import form_expired
from rooms.pages.server_error import server_error
from django.template import loader
request = RequestFactory().get("/")
made = {"server_error": server_error, "form_expired": form_expired}
name = %r
if name in made:
    result = made[name](request).content.decode()
else:
    result = loader.get_template(name).render({})
"""


@dataclass(frozen=True)
class Case:
    """A page as `who` sees it, None: somebody who is not logged in; `then` goes on from there."""

    address: str
    who: str | None = "alice"
    then: Callable[[Page], object] = lambda page: None


def press(*names: str) -> Callable[[Page], None]:
    """The first button there is in sight, of each name."""

    def pressed(page: Page) -> None:
        for name in names:
            page.locator(f"{name}:visible").first.click()

    return pressed


def open_room(page: Page) -> None:
    expect(page.locator("[data-shell]")).to_have_attribute("data-phase", "open")


def furnished(page: Page) -> None:
    open_room(page)
    cards = page.get_by_role("log", name="Messages").locator("[data-job]")
    expect(cards).to_have_count(2, timeout=PATIENCE)
    expect(cards.first).to_contain_text("Succeeded", timeout=PATIENCE)
    expect(cards.last).to_contain_text("Failed", timeout=PATIENCE)


def asked(page: Page) -> None:
    open_room(page)
    questions = page.get_by_role("log", name="Messages").locator("[data-question]:visible")
    expect(questions).to_have_count(3, timeout=PATIENCE)


def dialog(then: Callable[[Page], object]) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        then(page)
        expect(page.locator("dialog[open]")).to_be_visible()

    return opened


def details(*then: str) -> Callable[[Page], None]:
    def shown(page: Page) -> None:
        furnished(page)
        if not page.locator("[data-members] li").first.is_visible():
            press("[data-details-toggle]")(page)
        press(*then)(page)

    return shown


def keys(*pressed: str) -> Callable[[Page], None]:
    def typed(page: Page) -> None:
        open_room(page)
        for key in pressed:
            page.keyboard.press(key)

    return typed


def slash(page: Page) -> None:
    open_room(page)
    page.get_by_label("Message", exact=True).press_sequentially("/")
    expect(page.get_by_role("listbox").first).to_be_visible()


def wrong_password(page: Page) -> None:
    page.locator("[name=login]").fill("alice")
    page.locator("[name=password]").fill("wrong")
    page.locator("[name=password]").press("Enter")
    expect(page.get_by_text("is wrong")).to_be_visible()


def swagger(page: Page) -> None:
    expect(page.locator(".opblock").first).to_be_visible(timeout=PATIENCE)
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()


PAGES = {
    "room": Case("/rooms/lounge/", then=furnished),
    "questions": Case("/rooms/quay/", then=asked),
    "empty room": Case("/rooms/attic/", then=open_room),
    "room of others": Case("/rooms/lounge/", "guest", open_room),
    "directory": Case("/rooms/"),
    "directory of a newcomer": Case("/rooms/", "guest"),
    "details": Case("/rooms/lounge/", then=details()),
    "invite": Case("/rooms/lounge/", then=details("[data-invite]")),
    "member": Case("/rooms/lounge/", then=details("[data-members] [data-more]")),
    "bans": Case("/rooms/lounge/", then=details("[data-bans] summary")),
    "settings": Case("/rooms/lounge/", then=dialog(details("[data-settings-open]"))),
    "leave": Case("/rooms/lounge/", then=dialog(details("[data-leave]"))),
    "finder": Case("/rooms/lounge/", then=dialog(keys("Control+k"))),
    "shortcuts": Case("/rooms/attic/", then=dialog(keys("Escape", "Tab", "?"))),
    "menu": Case("/rooms/attic/", then=press("[data-menu] summary")),
    "slash": Case("/rooms/attic/", then=slash),
    "tokens": Case("/tokens/"),
    "e-mail": Case("/accounts/email/"),
    "password": Case("/accounts/password/change/"),
    "log out": Case("/accounts/logout/"),
    "log in": Case("/accounts/login/", None),
    "wrong password": Case("/accounts/login/", None, wrong_password),
    "sign up": Case("/accounts/signup/", None),
    "password reset": Case("/accounts/password/reset/", None),
    "password reset done": Case("/accounts/password/reset/done/", None),
    "a reset that is over": Case("/accounts/password/reset/key/1-bad-key/", None),
    "invitation that is over": Case("/accounts/invitation/nothing/", None),
    "404": Case("/nothing/"),
    "404 of a stranger": Case("/nothing/", None),
    "403": Case("/admin/rooms/room/", "clerk"),
    "form expired": Case("rendered:form_expired", None),
    "429": Case("rendered:429.html", None),
    "500": Case("rendered:server_error", None),
    "503": Case("rendered:503.html", None),
    "API": Case("/api/docs", then=swagger),
    "admin": Case("/admin/", "root"),
    "admin rooms": Case("/admin/rooms/room/", "root"),
    "admin people": Case("/admin/rooms/user/", "root"),
    "admin tokens": Case("/admin/rooms/apitoken/", "root"),
    "admin invitations": Case("/admin/rooms/invitation/", "root"),
    "admin sessions": Case("/admin/sessions/session/", "root"),
    "admin events": Case("/admin/rooms/event/", "root"),
    "admin connections": Case("/admin/connections/", "root"),
    "admin jobs": Case("/admin/jobs/job/", "root"),
    "admin job": Case("/admin/jobs/job/{0}/change/", "root"),
    "admin job that failed": Case("/admin/jobs/job/{1}/change/", "root"),
    "admin kinds": Case("/admin/jobs/job/add/", "root"),
    "admin submit": Case("/admin/jobs/job/add/?kind=room.report", "root"),
}


@pytest.fixture(scope="module")
def jobs(site: Site) -> list[str]:
    """Ids of a job that succeeds and of one that fails, in a room with a bit of everything."""
    for name in ("root", "clerk"):
        site.user(name, staff=True)
    for name in ("guest", "mallory", "zoe"):
        site.user(name)
    site.room("lounge", "alice", "root", "mallory")
    site.room("attic", "alice")
    site.room("annex", "root")
    site.room("quay", "alice", "root")
    made: list[str] = site.ask(FURNISH)
    return made


@contextmanager
def window(browser: Browser, site: Site, who: str | None, scheme: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=site.url,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": WIDTHS[0], "height": HEIGHT},
    )
    if who is not None:
        user = site.user(who)
        context.add_cookies([{"name": user.cookie_name, "value": user.session, "url": site.url}])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("case", PAGES.values(), ids=PAGES.keys())
def test_axe_finds_nothing_grave(browser: Browser, site: Site, jobs: list[str], case: Case) -> None:
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        with window(browser, site, case.who, scheme) as page:
            go(page, site, case.address.format(*jobs))
            case.then(page)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": HEIGHT})
                settle(page)
                for place, why in grave(page):
                    found.setdefault(place, []).append(f"{scheme} {width}: {why}")
    assert not found, "\n".join(f"{place}\n    {why}" for place, why in found.items())


def test_axe_would_find_it(browser: Browser, site: Site) -> None:
    with window(browser, site, None, "light") as page:
        page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><button></button></main>")
        assert [place.split(":")[0] for place, _ in grave(page)] == ["button-name"]


def grave(page: Page) -> Iterator[tuple[str, str]]:
    """What and where, and why."""
    for each in Axe().run(page).response["violations"]:
        if each["impact"] in GRAVE:
            for node in each["nodes"]:
                place = f"{each['id']}: {node['target']} {node['html'][:200]}"
                yield place, node["failureSummary"].splitlines()[-1].strip()


def go(page: Page, site: Site, address: str) -> None:
    name = address.removeprefix("rendered:")
    if name == address:
        page.goto(address)
        return
    # What a server that fails would answer, at an address of it.
    html = site.ask(RENDERED % name)
    page.route("**/rendered/", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto("/rendered/")


def settle(page: Page) -> None:
    """Colours are those that they will be: what fades has faded."""
    page.evaluate(
        """async () => {
            await new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
            const fades = document.getAnimations().filter((each) =>
                each.effect.getComputedTiming().endTime !== Infinity);
            await Promise.allSettled(fades.map((each) => each.finished));
        }"""
    )
