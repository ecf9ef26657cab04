"""Editing and deleting in real browsers: who does it, who looks on, who comes back."""

import random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import Open, message, say
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.browser, pytest.mark.once]
PARTS = ("web",)
expect.set_options(timeout=15_000 * SCALE)


def field(page: Page) -> Any:
    return page.locator("[data-composer] [data-body]")


def act(page: Page, text: str, action: str) -> None:
    message(page, text).hover()
    message(page, text).locator(f"[data-action={action}]").click()


def delete(page: Page, text: str, written: str | None = None) -> None:
    act(page, text, "delete")
    asked = page.locator("[data-confirm]")
    expect(asked).to_contain_text(written or text)
    asked.get_by_role("button", name="Delete").click()
    expect(message(page, text)).to_have_count(0)


def sent(page: Page, *texts: str) -> None:
    for text in texts:
        say(page, text)
        expect(message(page, text)).to_have_attribute("data-state", "sent")


def test_a_message_is_edited_and_another_deleted(site: Site, open_as: Open) -> None:
    site.room("yard", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/yard/"), open_as("bob", "/rooms/yard/")
    sent(alice, "first tihng", "second")
    expect(message(bob, "second")).to_be_visible()
    field(alice).fill("a draft")
    act(alice, "first tihng", "edit")
    expect(field(alice)).to_have_value("first tihng")
    expect(field(alice)).to_be_focused()
    field(alice).fill("first *thing*")
    field(alice).press("Enter")
    for page in (alice, bob):
        expect(message(page, "first thing").locator("em")).to_have_text("thing")
        expect(message(page, "first thing").locator("[data-edited]")).to_be_visible()
    expect(field(alice)).to_have_value("a draft")
    expect(bob.locator("[data-announcer]")).to_contain_text("was edited: first *thing*")
    # Bob answers it, so that a mark stays; nobody answers the other one.
    act(bob, "first thing", "reply")
    sent(bob, "why?")
    # What comes while one points at a message moves it away.
    expect(message(alice, "why?")).to_be_visible()
    delete(alice, "second")
    expect(message(bob, "second")).to_have_count(0)
    delete(alice, "first thing", "first *thing*")
    for page in (alice, bob):
        expect(page.locator("[data-entries] > .deleted .body")).to_have_text("Message deleted")
        expect(message(page, "why?").locator("[data-reply-to]")).to_contain_text("Message deleted")
        page.reload()
        expect(page.locator("[data-entries] > .deleted .body")).to_have_text("Message deleted")
        expect(page.locator("[data-entries] > .message")).to_have_count(2)
    mark = alice.locator("[data-entries] > .deleted")
    mark.hover()
    expect(mark.locator("[data-actions]")).to_have_count(0)


def test_by_keyboard(site: Site, open_as: Open) -> None:
    site.room("porch", "alice", "bob")
    alice = open_as("alice", "/rooms/porch/")
    sent(alice, "one", "two")
    field(alice).press("ArrowUp")
    expect(field(alice)).to_have_value("two")
    field(alice).press("Escape")
    expect(field(alice)).to_have_value("")
    field(alice).press("ArrowUp")
    field(alice).fill("two, again")
    field(alice).press("Enter")
    expect(message(alice, "two, again")).to_be_visible()
    expect(alice.locator("[data-doing]")).to_be_hidden()
    message(alice, "one").focus()
    alice.keyboard.press("e")
    expect(field(alice)).to_have_value("one")
    field(alice).press("Escape")
    message(alice, "one").focus()
    alice.keyboard.press("d")
    expect(alice.locator("[data-confirm]")).to_contain_text("one")
    alice.keyboard.press("Escape")
    expect(message(alice, "one")).to_be_focused()
    alice.keyboard.press("d")
    alice.locator("[data-confirm] [data-yes]").press("Enter")
    expect(message(alice, "one")).to_have_count(0)
    # The keyboard goes on beside it.
    expect(message(alice, "two, again")).to_be_focused()


def test_who_asks_again_at_once_is_asked_anew(site: Site, open_as: Open) -> None:
    """That a dialog was closed is told later: it must not answer the question after it."""
    site.room("porch-2", "alice")
    alice = open_as("alice", "/rooms/porch-2/")
    sent(alice, "again")
    act(alice, "again", "delete")
    expect(alice.locator("[data-confirm]")).to_be_visible()
    alice.evaluate(
        """() => {
          document.querySelector("[data-confirm]").close();
          document.querySelector("[data-action=delete]").click();
        }"""
    )
    alice.locator("[data-confirm] [data-yes]").click()
    expect(message(alice, "again")).to_have_count(0)


def test_what_it_said_before(site: Site, open_as: Open) -> None:
    site.room("loft", "alice", "bob", "charlie")
    bob = open_as("bob", "/rooms/loft/")
    sent(bob, "what I said first")
    act(bob, "what I said first", "edit")
    field(bob).fill("something else")
    field(bob).press("Enter")
    alice, charlie = open_as("alice", "/rooms/loft/"), open_as("charlie", "/rooms/loft/")
    for page in (bob, alice):
        act(page, "something else", "history")
        expect(page.locator("[data-history]")).to_contain_text("what I said first")
        page.keyboard.press("Escape")
    message(charlie, "something else").hover()
    # Nothing of it is for who neither wrote it nor looks after the room.
    row = message(charlie, "something else")
    expect(row.locator("[data-action=reply]")).to_have_count(1)
    for name in ("edit", "delete", "history"):
        expect(row.locator(f"[data-action={name}]")).to_have_count(0)
    # Who looks after the room deletes for others, and it is said who did.
    delete(alice, "something else")


def test_who_edits_what_somebody_else_changes(site: Site, open_as: Open) -> None:
    site.room("cellar", "alice", "bob")
    here, there = open_as("bob", "/rooms/cellar/"), open_as("bob", "/rooms/cellar/")
    alice = open_as("alice", "/rooms/cellar/")
    sent(here, "mine")
    act(here, "mine", "edit")
    field(here).fill("mine, better")
    act(there, "mine", "edit")
    field(there).fill("mine, elsewhere")
    field(there).press("Enter")
    alert = here.locator("[data-composer-error]")
    expect(alert).to_contain_text("edited elsewhere")
    expect(field(here)).to_have_value("mine, better")
    field(here).press("Enter")
    expect(message(alice, "mine, better")).to_be_visible()
    act(here, "mine, better", "edit")
    field(here).fill("a long text that nobody wants to lose")
    delete(alice, "mine, better")
    expect(alert).to_contain_text("deleted meanwhile")
    expect(here.locator("[data-doing]")).to_be_hidden()
    expect(field(here)).to_have_value("a long text that nobody wants to lose")


def test_an_edit_that_is_refused_keeps_its_text(site: Site, open_as: Open) -> None:
    site.room("shed", "alice", "bob")
    bob, alice = open_as("bob", "/rooms/shed/"), open_as("alice", "/rooms/shed/")
    sent(bob, "too late")
    act(bob, "too late", "edit")
    field(bob).fill("not too late")
    # Time passes for the room alone: whoever edits already hears it from the server.
    alice.locator("[data-settings-open]").click()
    alice.get_by_label("How long people may edit what they said").select_option("never")
    alice.get_by_role("button", name="Save").click()
    expect(alice.locator("[data-settings]")).to_be_hidden()
    field(bob).press("Enter")
    expect(bob.locator("[data-composer-error]")).to_contain_text("may not be edited any more")
    expect(field(bob)).to_have_value("not too late")
    field(bob).press("Escape")
    message(bob, "too late").hover()
    expect(message(bob, "too late").locator("[data-action=delete]")).to_be_visible()
    expect(message(bob, "too late").locator("[data-action=edit]")).to_have_count(0)


def test_who_comes_back_has_it_as_it_is_now(site: Site, open_as: Open) -> None:
    site.room("pier", "alice", "bob")
    alice, bob = open_as("alice", "/rooms/pier/"), open_as("bob", "/rooms/pier/")
    sent(alice, "stays", "goes", "changes")
    expect(message(bob, "changes")).to_be_visible()
    bob.context.set_offline(True)
    expect(bob.locator("[data-shell]")).not_to_have_attribute("data-phase", "open")
    delete(alice, "goes")
    act(alice, "changes", "edit")
    field(alice).fill("is another")
    field(alice).press("Enter")
    expect(message(alice, "is another")).to_be_visible()
    sent(alice, "said and taken back")
    delete(alice, "said and taken back")
    bob.context.set_offline(False)
    expect(message(bob, "is another")).to_be_visible()
    expect(bob.locator("[data-entries] > .message")).to_have_count(2)


def test_two_people_at_random(site: Site, open_as: Open) -> None:
    """Whatever they say, answer, edit and delete: both pages and a fresh one show the same."""
    site.room("square", "alice", "bob")
    pages = [open_as("alice", "/rooms/square/"), open_as("bob", "/rooms/square/")]
    chosen = random.Random(7)
    number = 0

    def shown(page: Page) -> list[str]:
        texts: list[str] = page.locator("[data-entries] > .message .bubble").evaluate_all(
            "all => all.map((each) => [...each.children].filter((child) =>"
            " !child.matches('.by, .actions')).map((child) => child.textContent).join('|'))"
        )
        return texts

    for _ in range(24):
        page, other = pages if chosen.random() < 0.5 else pages[::-1]
        own = "Alice" if page is pages[0] else "Bob"
        mine = page.locator(f"[data-entries] > .message[data-author={own}]:not(.deleted)")
        count = mine.count()
        step = chosen.choice(["say", "answer", "edit", "delete"]) if count else "say"
        number += 1
        if step == "say":
            sent(page, f"text {number}.")
        else:
            which = mine.nth(chosen.randrange(count))
            which.hover()
            which.locator(f"[data-action={'reply' if step == 'answer' else step}]").click()
            if step == "delete":
                page.locator("[data-confirm] [data-yes]").click()
                expect(mine).to_have_count(count - 1)
            elif step == "edit":
                field(page).fill(f"text {number}.")
                field(page).press("Enter")
                expect(mine.filter(has_text=f"text {number}.")).to_have_count(1)
            else:
                sent(page, f"text {number}.")
        said = shown(page)
        for each in pages:
            expect(each.locator("[data-entries] > .message")).to_have_count(len(said))
        if step != "delete":
            expect(message(other, f"text {number}.").first).to_be_visible()
    until(lambda: shown(pages[0]) == shown(pages[1]), what="both pages show the same")
    before = shown(pages[0])
    pages[0].reload()
    expect(pages[0].locator("[data-entries] > .message")).to_have_count(len(before))
    assert shown(pages[0]) == before
