"""axe over every page and dialog, light and dark, on a wide screen and on a phone's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.support.site import Site
from tests.support.waiting import SCALE

pytestmark = [pytest.mark.browser, pytest.mark.once]
# Of axe's four grades those that keep somebody from something.
GRAVE = {"serious", "critical"}
WIDTHS = (1280, 360)
HEIGHT = 800
PATIENCE = 60_000 * SCALE

FURNISH = """
from urllib.parse import urlsplit
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Permission
from django.urls import reverse
from rooms.features.accounts import invitations
from jobs.submitting.actions import Submission, submit
root, alice = User.objects.get(username="root"), User.objects.get(username="alice")
User.objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
clerk = User.objects.get(username="clerk")
clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
said = "# Title\\n\\n**bold** `code` [link](https://example.com)\\n\\n> quoted\\n\\n"
said += "```py\\nprint(1)\\n```"
post = lambda user, body: actions.post_message(actions.Post(user, "lounge", body))
post(alice, said)
from rooms.features.reactions.actions import react
said = post(alice, "Reacted")["id"]
for who, chosen in ((alice, "👍"), (root, "👍"), (root, "🎉")):
    react(who, "lounge", said, chosen)
post(root, "| a | b |\\n|---|--:|\\n| 1 | 2 |\\n\\n- one\\n- two")
edited, deleted = post(alice, "tihs"), post(alice, "nothing")
actions.post_message(actions.Post(root, "lounge", "Yes", reply_to=deleted["id"]))
actions.edit_message(actions.Post(alice, "lounge", "this"), edited["id"])
actions.delete_message(alice, "lounge", deleted["id"])
actions.invite(alice, "lounge", "zoe", "member")
link_into = f"/invite/{actions.make_link(root, 'annex')[1]}/"
actions.make_link(alice, "lounge")
actions.invite(root, "annex", "alice", "member")
actions.ban(Room.objects.get(slug="lounge").pk, User.objects.get(username="mallory"), alice)
job = submit(Submission(alice, "room.report", {}, "lounge"))[0]
give_up = {"outcome": "give_up", "value": "no luck"}
failed = submit(Submission(alice, "test.outcome", give_up, "lounge"))[0]
for more in ({"choices": ["Yes", "No"]}, {"choices": []}, {"who": "requester"}):
    submit(Submission(root if "who" in more else alice, "test.ask", more, "quay"))
actions.mute(Room.objects.get(slug="cell").pk, root.pk, alice, 60, "Spam")
link = urlsplit(invitations.create(root, "newcomer@example.org")[1]).path
zoe = User.objects.get(username="zoe")
email = EmailAddress.objects.create(user=zoe, email="zoe@example.org")
key = f"{user_pk_to_url_str(zoe)}-{default_token_generator.make_token(zoe)}"
proof = reverse("account_confirm_email", args=[EmailConfirmationHMAC(email).key])
result = {
    "job": str(job.pk), "failed": str(failed.pk),
    "link": link_into, "invitation": link,
    "reset": f"/accounts/password/reset/key/{key}/", "proof": proof,
}
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
    """A page as `who` sees it, None: somebody who is not logged in; `then` goes on from there.
    What stands in braces was made before: see `FURNISH`."""

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


def on_edited(action: str) -> Callable[[Page], None]:
    def done(page: Page) -> None:
        furnished(page)
        message = page.locator("[data-entries] > .message:has([data-edited])")
        message.hover()
        message.locator(f"[data-action={action}]").click()

    return done


def with_files(page: Page) -> None:
    """One that is there, and, of eleven, one that is not to go."""
    open_room(page)
    files = [FilePayload(name=f"{n}.txt", mimeType="text/plain", buffer=b"x") for n in range(11)]
    page.locator("[data-uploads-input]").set_input_files(files)
    chips = page.get_by_role("list", name="Files to send").get_by_role("listitem")
    expect(chips.first).to_have_attribute("data-state", "there", timeout=PATIENCE)
    expect(chips.last).to_have_attribute("data-state", "failed")


def looked_at(page: Page) -> None:
    furnished(page)
    page.locator(".picture > a").first.click()


def refused_link(page: Page) -> None:
    furnished(page)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("[data-entries] > .message:has([data-edited])").focus()
    page.keyboard.press("l")


def asked(page: Page) -> None:
    open_room(page)
    questions = page.get_by_role("log", name="Messages").locator("[data-question]:visible")
    expect(questions).to_have_count(3, timeout=PATIENCE)


def dialog(then: Callable[[Page], object]) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        then(page)
        expect(page.locator("dialog[open]")).to_be_visible()

    return opened


MUTE = ('[data-member="Root"] [data-more]', '[data-member="Root"] button:has-text("Mute for")')


def details(*then: str) -> Callable[[Page], None]:
    def shown(page: Page) -> None:
        furnished(page)
        if not page.get_by_role("complementary", name="Details of the room").is_visible():
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


def emoji(page: Page) -> None:
    open_room(page)
    page.locator("[data-tool=emoji]").click()
    expect(page.get_by_role("option").first).to_be_attached()


def wrong_password(page: Page) -> None:
    page.locator("[name=login]").fill("alice")
    page.locator("[name=password]").fill("wrong")
    page.locator("[name=password]").press("Enter")
    expect(page.get_by_text("is wrong")).to_be_visible()


def invited(page: Page) -> None:
    expect(page.locator("[name=email]")).to_have_value("newcomer@example.org")


def new_password(page: Page) -> None:
    expect(page.locator("[name=password1]")).to_be_visible()


def poor_password(page: Page) -> None:
    for username in page.locator("[name=username]").all():
        username.fill("newcomer")
    for name in ("password1", "password2"):
        page.locator(f"[name={name}]").fill("12345678")
    page.locator("[name=password2]").press("Enter")
    expect(page.get_by_text("too common")).to_be_visible()


def proving(page: Page) -> None:
    expect(page.get_by_text("zoe@example.org")).to_be_visible()


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
    "search": Case("/search?q=print"),
    "search for nothing": Case("/search?q=has:nothing"),
    "details": Case("/rooms/lounge/", then=details()),
    "invite": Case("/rooms/lounge/", then=details("[data-invite]")),
    "webhooks": Case("/rooms/lounge/", then=dialog(details("[data-webhooks-open]"))),
    "links": Case("/rooms/lounge/", then=dialog(details("[data-invite]", "[data-links-open]"))),
    "a link": Case("{link}", "guest"),
    "a link of a stranger": Case("{link}", None),
    "a link that is over": Case("/invite/nothing/", "guest"),
    "member": Case("/rooms/lounge/", then=details("[data-members] [data-more]")),
    "mute": Case("/rooms/lounge/", then=dialog(details(*MUTE))),
    "moderation log": Case("/rooms/lounge/", then=dialog(details("[data-moderation-open]"))),
    "muted": Case("/rooms/cell/", "root", open_room),
    "bans": Case("/rooms/lounge/", then=details("[data-bans] summary")),
    "settings": Case("/rooms/lounge/", then=dialog(details("[data-settings-open]"))),
    "editing": Case("/rooms/lounge/", then=on_edited("edit")),
    "viewer": Case("/rooms/lounge/", then=dialog(looked_at)),
    "thread": Case("/rooms/lounge/", then=on_edited("thread")),
    "what it said before": Case("/rooms/lounge/", then=dialog(on_edited("history"))),
    "copy link": Case("/rooms/lounge/", then=dialog(refused_link)),
    "a message that is gone": Case("/rooms/attic/999999", then=open_room),
    "delete": Case("/rooms/lounge/", then=dialog(on_edited("delete"))),
    "leave": Case("/rooms/lounge/", then=dialog(details("[data-leave]"))),
    "finder": Case("/rooms/lounge/", then=dialog(keys("Control+k"))),
    "shortcuts": Case("/rooms/attic/", then=dialog(keys("Escape", "Tab", "?"))),
    "menu": Case("/rooms/attic/", then=press("[data-menu] summary")),
    "slash": Case("/rooms/attic/", then=slash),
    "files": Case("/rooms/attic/", then=with_files),
    "emoji": Case("/rooms/attic/", then=dialog(emoji)),
    "tokens": Case("/tokens/"),
    "sessions": Case("/accounts/sessions/"),
    "e-mail": Case("/accounts/email/"),
    "password": Case("/accounts/password/change/"),
    "log out": Case("/accounts/logout/"),
    "log in": Case("/accounts/login/", None),
    "wrong password": Case("/accounts/login/", None, wrong_password),
    "sign up": Case("/accounts/signup/", None),
    "password reset": Case("/accounts/password/reset/", None),
    "password reset done": Case("/accounts/password/reset/done/", None),
    "a reset": Case("{reset}", None, new_password),
    "a reset to a poor password": Case("{reset}", None, poor_password),
    "a reset that is done": Case("/accounts/password/reset/key/done/", None),
    "a reset that is over": Case("/accounts/password/reset/key/1-bad-key/", None),
    "invitation": Case("{invitation}", None, invited),
    "invitation with a poor password": Case("{invitation}", None, poor_password),
    "invitation that is over": Case("/accounts/invitation/nothing/", None),
    "proof of an address": Case("{proof}", None, proving),
    "proof that is over": Case("/accounts/confirm-email/nothing/", None),
    "look into your mail": Case("/accounts/confirm-email/", None),
    "letter that was not sent": Case("rendered:account/mail_failed.html", None),
    "password again": Case("/accounts/reauthenticate/"),
    "closed account": Case("/accounts/inactive/", None),
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
    "admin job": Case("/admin/jobs/job/{job}/change/", "root"),
    "admin job that failed": Case("/admin/jobs/job/{failed}/change/", "root"),
    "admin kinds": Case("/admin/jobs/job/add/", "root"),
    "admin submit": Case("/admin/jobs/job/add/?kind=room.report", "root"),
}


@pytest.fixture(scope="module")
def made(site: Site) -> dict[str, str]:
    """Ids of a job that succeeds and of one that fails, in a room with a bit of everything, and the
    links of letters."""
    for name in ("root", "clerk"):
        site.user(name, staff=True)
    for name in ("guest", "mallory", "zoe"):
        site.user(name)
    site.room("lounge", "alice", "root", "mallory")
    site.room("attic", "alice")
    site.room("annex", "root")
    site.room("cell", "alice", "root")
    site.room("quay", "alice", "root")
    names: dict[str, str] = site.ask(FURNISH)
    return names


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
def test_axe_finds_nothing_grave(
    browser: Browser, site: Site, made: dict[str, str], case: Case
) -> None:
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        with window(browser, site, case.who, scheme) as page:
            go(page, site, case.address.format(**made))
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
