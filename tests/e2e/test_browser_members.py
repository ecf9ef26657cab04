"""What one does around the conversation: members, settings, leaving, finding rooms, commands."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import Open
from tests.support.site import Site
from tests.support.waiting import SCALE

# As in `test_browser_room`: what the page does, on one database.
pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)


def details(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Details of the room")


def member(page: Page, name: str) -> Locator:
    return details(page).locator(f'[data-member="{name}"]')


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def role_of(site: Site, slug: str, name: str) -> Any:
    query = f"Membership.objects.filter(room__slug={slug!r}, user__username={name!r})"
    return site.ask(f"{query}.values_list('role', flat=True).first()")


def test_members_are_promoted_removed_and_banned(site: Site, open_as: Open) -> None:
    site.room("guild", "alice", "bob", "charlie")
    page = open_as("alice", "/rooms/guild/")
    his = open_as("bob", "/rooms/guild/")
    expect(member(his, "Charlie").locator("[data-more]")).to_be_hidden()
    expect(details(his).get_by_role("button", name="Invite")).to_be_hidden()
    expect(details(his).get_by_role("button", name="Room settings")).to_be_hidden()

    member(page, "Bob").get_by_role("button", name="What can be done about Bob").click()
    member(page, "Bob").get_by_role("button", name="Make moderator").click()
    expect(member(page, "Bob")).to_contain_text("moderator")
    # His own page offers at once what a moderator may do.
    expect(details(his).get_by_role("button", name="Room settings")).to_be_visible()
    expect(member(his, "Charlie").locator("[data-more]")).to_be_visible()
    expect(member(his, "Alice").locator("[data-more]")).to_be_hidden()

    member(page, "Charlie").locator("[data-more]").click()
    member(page, "Charlie").get_by_role("button", name="Ban").click()
    dialog = page.get_by_role("dialog", name="Ban Charlie")
    dialog.get_by_role("button", name="Cancel").click()
    assert role_of(site, "guild", "charlie") == "member"
    member(page, "Charlie").get_by_role("button", name="Ban").click()
    dialog.get_by_role("button", name="Ban").click()
    expect(member(page, "Charlie")).to_have_count(0)
    details(page).get_by_text("Banned people").click()
    details(page).get_by_role("button", name="Lift the ban of Charlie").click()
    expect(details(page)).to_contain_text("Nobody is banned.")
    # Somebody who has not come yet, by user name.
    details(page).get_by_label("User name to ban").fill("never.came")
    details(page).locator("[data-bans]").get_by_role("button", name="Ban", exact=True).click()
    details(page).get_by_role("button", name="Lift the ban of never.came").click()
    expect(details(page)).to_contain_text("Nobody is banned.")

    member(page, "Bob").locator("[data-more]").click()
    member(page, "Bob").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(member(page, "Bob")).to_have_count(0)
    assert role_of(site, "guild", "bob") is None


def test_a_room_is_renamed_closed_and_archived_in_its_page(site: Site, open_as: Open) -> None:
    site.room("shed", "alice", "bob")
    page = open_as("alice", "/rooms/shed/")
    his = open_as("bob", "/rooms/shed/")
    details(page).get_by_role("button", name="Room settings").click()
    settings = page.get_by_role("dialog", name="Room settings")
    settings.get_by_label("Name").fill("")
    settings.get_by_role("button", name="Save").click()
    expect(settings.locator("input:invalid")).to_have_count(1)
    settings.get_by_label("Name").fill("Tool shed")
    settings.get_by_label("Topic").fill("where the rakes are")
    settings.get_by_label("Who can see it").select_option("private")
    settings.get_by_role("button", name="Save").click()
    expect(settings).to_be_hidden()
    for each in (page, his):
        expect(each.get_by_role("heading", name="Tool shed", level=1)).to_be_visible()
        expect(details(each).locator("[data-about]")).to_have_text("where the rakes are")
    assert site.ask("Room.objects.get(slug='shed').visibility") == "private"
    details(page).get_by_role("button", name="Room settings").click()
    settings.get_by_role("button", name="Archive the room").click()
    expect(box(his)).to_be_disabled()
    details(page).get_by_role("button", name="Room settings").click()
    settings.get_by_role("button", name="Open the room again").click()
    expect(box(his)).to_be_enabled()


def test_leaving_asks_and_says_what_it_means(site: Site, open_as: Open) -> None:
    site.room("cave", "alice", "bob", private=True)
    page = open_as("bob", "/rooms/cave/")
    details(page).get_by_role("button", name="Leave the room").click()
    dialog = page.get_by_role("dialog", name="Leave Cave?")
    expect(dialog).to_contain_text("Only an invitation brings you back.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert role_of(site, "cave", "bob") == "member"
    details(page).get_by_role("button", name="Leave the room").click()
    dialog.get_by_role("button", name="Leave the room").click()
    page.wait_for_url("**/rooms/")
    assert role_of(site, "cave", "bob") is None


def test_any_room_is_found(site: Site, open_as: Open) -> None:
    site.user("alice")
    site.user("bob")
    site.ask(
        "alice = User.objects.get(username='alice')\n"
        "from rooms.features.rooms import actions as made\n"
        "for number in range(60):\n"
        "    made.create_room(alice, f'plain-{number}', f'Plain {number}')\n"
        "made.create_room(alice, 'zebra', 'Zebra crossing 59')\n"
    )
    page = open_as("bob", "/rooms/")
    page.keyboard.press("Control+k")
    finder = page.get_by_role("dialog", name="Find a room")
    finder.get_by_role("combobox").press_sequentially("crossing zeb")
    option = finder.get_by_role("option", name="Zebra crossing 59")
    expect(option).to_have_attribute("aria-selected", "true")
    # Nothing to press inside of what is pressed.
    expect(option.get_by_role("link")).to_have_count(0)
    finder.get_by_role("combobox").fill("no room has this name")
    expect(finder.get_by_text("No room has this name.")).to_be_visible()
    finder.get_by_role("combobox").fill("zebra cr")
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/rooms/zebra/")


def test_enter_runs_a_complete_command_and_tab_completes_it(site: Site, open_as: Open) -> None:
    site.room("yard", "alice")
    page = open_as("alice", "/rooms/yard/")
    box(page).press_sequentially("/jo")
    box(page).press("Tab")
    expect(box(page)).to_have_value("/job ")
    box(page).press_sequentially("room.dig")
    expect(page.get_by_role("option", name=re.compile("room.digest"))).to_be_visible()
    box(page).press("Enter")
    expect(box(page)).to_have_value("/job room.digest ")
    # It can be run as it is; what it takes besides is offered, and not forced on anybody.
    expect(page.get_by_role("option").first).to_be_visible()
    box(page).press("Enter")
    expect(page.locator("[data-job]")).to_have_count(1)
    expect(box(page)).to_have_value("")
    box(page).press_sequentially("/job room.digest ")
    expect(page.get_by_role("option").first).to_be_visible()
    box(page).press("ArrowDown")
    box(page).press("Enter")
    expect(box(page)).to_have_value(re.compile(r"^/job room\.digest \w+=$"))


def test_every_unfinished_job_is_listed_whatever_comes_first(site: Site, open_as: Open) -> None:
    """No worker runs here. Cards and the page come in any order: six times over, all are there."""
    site.room("queue", "alice")
    with site.api(site.user("alice")) as api:
        for _ in range(6):
            made = api.post("/jobs", json={"kind": "room.digest", "params": {}, "room": "queue"})
            assert made.status_code == 202, made.text
    page = open_as("alice", "/rooms/queue/")
    for _ in range(6):
        expect(page.locator("[data-job]")).to_have_count(6)
        expect(page.locator("[data-running-jobs] li")).to_have_count(6)
        expect(page.locator("[data-running-jobs] li").first).to_contain_text(
            "Queued · waits for a free worker"
        )
        page.reload()


def test_the_list_of_rooms_is_one_tab_stop_with_arrows(site: Site, open_as: Open) -> None:
    for slug in ("anchor", "bell", "candle"):
        site.room(slug, "dora")
    page = open_as("dora", "/rooms/bell/")
    rooms = page.get_by_role("navigation", name="Your rooms")
    expect(rooms.locator('a[tabindex="0"]')).to_have_count(1)
    rooms.get_by_role("link", name="Bell").focus()
    page.keyboard.press("ArrowDown")
    expect(rooms.get_by_role("link", name="Candle")).to_be_focused()
    page.keyboard.press("Home")
    expect(rooms.get_by_role("link", name="Anchor")).to_be_focused()
    page.keyboard.press("Tab")
    assert not rooms.evaluate("each => each.contains(document.activeElement)")
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_url("**/rooms/candle/")
    site.ask(
        "from rooms.features.messages.actions import Post, post_message\n"
        "post_message(Post(User.objects.get(username='alice'), 'anchor', 'news')) and 1\n"
    )
    expect(rooms.locator('[data-room="anchor"][data-unread]')).to_be_visible()
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.wait_for_url("**/rooms/anchor/")


def test_long_names_leave_their_place_to_others(site: Site, open_as: Open) -> None:
    site.room("salon", "erin", "frank")
    site.ask(
        "User.objects.filter(username='frank').update(first_name='W' * 70)\n"
        "User.objects.filter(username='erin').update(first_name='محمد بن سلمان')\n"
    )
    page = open_as("erin", "/rooms/salon/")
    panel = details(page).bounding_box()
    assert panel is not None
    for row in details(page).locator("[data-member]").all():
        for part in ("[data-dot]", ".name"):
            # The list is made anew when somebody comes.
            expect(row.locator(part)).to_be_visible()
            found = row.locator(part).bounding_box()
            assert found is not None and found["width"] > 0
            assert found["x"] + found["width"] <= panel["x"] + panel["width"]
        name = row.locator(".name").bounding_box()
        avatar = row.locator(".avatar").bounding_box()
        assert name is not None and avatar is not None
        assert name["x"] >= avatar["x"] + avatar["width"]


@pytest.mark.parametrize(("width", "beside"), [(1440, True), (1100, False), (390, False)])
def test_details_stand_beside_the_talk_or_over_it(
    site: Site, open_as: Open, width: int, beside: bool
) -> None:
    if not site.ask("Room.objects.filter(slug='attic').exists()"):
        site.room("attic", "alice")
    page = open_as("alice", "/rooms/attic/", viewport={"width": width, "height": 800})
    if beside:
        expect(details(page)).to_be_visible()
        return
    expect(details(page)).to_be_hidden()
    page.locator("[data-details-toggle]").click()
    expect(details(page)).to_be_visible()
    details(page).get_by_role("button", name="Room settings").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Room settings")).to_be_hidden()
    expect(details(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(details(page)).to_be_hidden()


def test_who_follows_a_wrong_address_keeps_the_list_of_rooms(site: Site, browser: Any) -> None:
    site.room("porch", "alice")
    user = site.user("alice")
    context = browser.new_context(base_url=site.url)
    context.add_cookies([{"name": user.cookie_name, "value": user.session, "url": site.url}])
    page = context.new_page()
    assert page.goto("/rooms/nowhere/").status == 404
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.get_by_role("navigation", name="Your rooms").get_by_role("link", name="Porch").click()
    page.wait_for_url("**/rooms/porch/")
    expect(box(page)).to_be_visible()
    context.close()


def test_somebody_is_invited_and_comes(site: Site, open_as: Open) -> None:
    site.room("vault", "alice", private=True)
    for name in ("bob", "charlie"):
        site.user(name)
    page = open_as("alice", "/rooms/vault/")
    his = open_as("bob", "/rooms/")
    details(page).get_by_role("button", name="Invite").click()
    form = details(page).locator("[data-invite-form]")
    form.get_by_label("User name").fill("bob")
    form.get_by_role("button", name="Invite", exact=True).click()
    expect(form.get_by_role("status")).to_have_text("bob is invited.")
    expect(details(page).locator("[data-invited]")).to_contain_text("bob")
    # It is there at once, beside the list of rooms, without asking for the page again.
    invitation = his.locator(".side [data-invitation=vault]")
    expect(invitation).to_contain_text("Alice invites you")
    invitation.get_by_role("button", name="Join Vault").click()
    his.wait_for_url("**/rooms/vault/")
    expect(his.locator(".side [data-invitation]")).to_have_count(0)
    expect(member(page, "Bob")).to_be_visible()
    expect(details(page).locator("[data-invited]")).to_be_hidden()

    hers = open_as("charlie", "/rooms/")
    for name in ("charlie", "nobody-has-this-name"):
        form.get_by_label("User name").fill(name)
        form.get_by_role("button", name="Invite", exact=True).click()
        expect(form.get_by_role("status")).to_have_text(f"{name} is invited.")
    hers.locator(".side").get_by_role("button", name="Decline the invitation to Vault").click()
    expect(hers.locator("[data-invitation]")).to_have_count(0)
    details(page).get_by_role("button", name="Cancel the invitation of nobody").click()
    expect(details(page).locator("[data-invited] li")).to_have_count(1)
    hers.reload()
    expect(hers.locator("[data-shell]")).to_be_visible()
    expect(hers.locator("[data-invitation]")).to_have_count(0)
