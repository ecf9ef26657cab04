"""The page of a room in a real browser: what a key costs, what scrolling back costs, whether it
keeps its pace while a hundred messages a second come, and when the first message can be read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.options import Options
from tests.bench.report import Section, Table, Target
from tests.support.browser import arguments, find_browser
from tests.support.site import Site

from .server import serving

KEY_MS = 15.0
ELEMENTS = 4_000
FRAMES = 60.0
# A display's frames are counted by the browser's own clock, which misses some on a busy machine.
NEARLY = 0.9
RATE = 100
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}

# A thousand messages like those of people: some of one author in a row, some longer, some with
# marks, and now and then code.
FILL = """
from datetime import timedelta
from django.utils import timezone
people = [User.objects.get(username=name) for name in ("ana", "ben")]
room = Room.objects.get(slug="hall")
at = timezone.now() - timedelta(seconds=20 * {count})
rows = []
for number in range({count}):
    body = f"message {{number}} " + "and so on " * (number % 17)
    html = f"<p>{{body}} with <em>stress</em></p>" if number % 5 == 0 else f"<p>{{body}}</p>"
    if number % 40 == 0:
        html += "<pre><code>for each in all:\\n    print(each)\\n</code></pre>"
    rows.append(Message(room=room, seq=room.last_seq + number + 1,
        number=room.message_count + number + 1, author=people[number // 4 % 2], kind="text",
        body=body, html=html, created_at=at + timedelta(seconds=20 * number)))
Message.objects.bulk_create(rows, batch_size=500)
last, total = room.last_seq + {count}, room.message_count + {count}
Room.objects.filter(pk=room.pk).update(last_seq=last, message_count=total)
Membership.objects.filter(room=room).update(read_seq=last, read_count=total)
result = last
"""

# The oldest message is older in the end, or this is the first one of all.
BACK = """async (wanted) => {
    const stream = document.querySelector("[data-stream]");
    const first = () => Number(document.querySelector("[data-entries] > [data-seq]").dataset.seq);
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const until = first() - wanted;
    const spent = [];
    for (let seen = first(); seen > until; seen = first()) {
        const began = performance.now();
        stream.scrollTop = 0;
        while (first() === seen) await frame();
        spent.push(performance.now() - began);
        await frame();
    }
    spent.sort((a, b) => a - b);
    return [spent[Math.floor(spent.length / 2)], document.querySelectorAll("*").length,
        document.querySelectorAll("[data-entries] > *").length];
}"""

# Script, style and layout that a key causes, without the time that painting waits for a frame.
KEYS = """async (count) => {
    const body = document.querySelector("[data-body]");
    const stream = document.querySelector("[data-stream]");
    body.focus();
    const spent = [];
    for (let key = 0; key < count; key += 1) {
        const began = performance.now();
        document.execCommand("insertText", false, key % 9 === 8 ? " " : "k");
        void (stream.scrollHeight + body.offsetHeight);
        spent.push(performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    document.execCommand("selectAll");
    document.execCommand("delete");
    return spent.sort((a, b) => a - b)[Math.floor(count / 2)];
}"""

PACE = """async (ms) => {
    const gaps = [];
    let last = performance.now();
    const end = last + ms;
    while (last < end) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const now = performance.now();
        gaps.push(now - last);
        last = now;
    }
    const sorted = gaps.sort((a, b) => a - b);
    return [gaps.length / (ms / 1000), sorted[Math.floor(sorted.length * 0.95)]];
}"""

WATCH = """
window.firstMessage = new Promise((resolve) => {
    const look = () => {
        if (document.querySelector("[data-entries] .message")) resolve(performance.now());
        else requestAnimationFrame(look);
    };
    look();
});
"""


def run(options: Options) -> Section:
    back = 600 if options.quick else 5_000
    with serving() as site, browser() as chromium:
        for name in ("ana", "ben"):
            site.user(name)
        site.room("hall", "ana", "ben")
        site.ask(FILL.format(count=back + 2_000))
        early, slow = paint(chromium, site, None), paint(chromium, site, SLOW)
        page = enter(chromium, site)
        rows: list[list[Any]] = []
        fresh = page.evaluate(KEYS, 15)
        rows.append(["opened", 0, None, fresh, *counted(page)])
        key = worst = fresh
        first = last = 0.0
        passed = 0
        for wanted in steps(back):
            last, elements, entries = page.evaluate(BACK, wanted - passed)
            first = first or last
            passed = wanted
            key = page.evaluate(KEYS, 15)
            worst = max(worst, key)
            rows.append(["scrolled back", wanted, last, key, elements, entries])
        most = max(int(row[-2]) for row in rows)
        with posting(site):
            up = page.evaluate(PACE, 2_000 if options.quick else 6_000)
            page.locator("[data-jump]").click()
            page.wait_for_timeout(1_000)
            down = page.evaluate(PACE, 2_000 if options.quick else 6_000)
        page.context.close()
    return Section(
        title="The page",
        text=(
            f"A room with {back + 2_000:,} messages in headless Chromium, on the machine that "
            "serves it. A key's cost is the median of script, style and layout; a page is what "
            "one step of scrolling back takes in the median, its requests included. A slow "
            "network has 400 ms and 50 KB/s."
        ),
        tables=[
            Table(["", "messages", "ms a page", "ms a key", "elements", "rows"], rows),
            Table(
                ["100 messages/s", "frames/s", "p95 ms"],
                [["scrolled up", *up], ["at the end", *down]],
            ),
            Table(
                ["first visit", "first paint ms", "first message ms", "all there ms"],
                [["here", *early], ["slow network", *slow]],
            ),
        ],
        targets=[
            Target(
                "a key, however far back", f"≤ {KEY_MS:g} ms", f"{worst:.1f} ms", worst <= KEY_MS
            ),
            Target(
                f"elements after {back:,} messages back",
                f"≤ {ELEMENTS:,}",
                f"{most:,}",
                most <= ELEMENTS,
            ),
            Target(
                "the last page back costs what the first does",
                "≤ 1.5 times",
                f"{last / first:.2f} times",
                last <= 1.5 * first,
            ),
            Target(
                "100 messages/s, scrolled up",
                f"{FRAMES:g} frames/s",
                f"{up[0]:.0f} frames/s",
                up[0] >= NEARLY * FRAMES,
            ),
        ],
    )


def steps(back: int) -> list[int]:
    return [each for each in (500, 1_150, 2_000, 3_000, 5_000) if each < back] + [back]


@contextmanager
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=arguments())
        try:
            yield chromium
        finally:
            chromium.close()


def enter(chromium: Any, site: Site, network: dict[str, Any] | None = None) -> Page:
    person = site.user("ana")
    context = chromium.new_context(base_url=site.url, viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": person.cookie_name, "value": person.session, "url": site.url}])
    page: Page = context.new_page()
    page.add_init_script(WATCH)
    if network is not None:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", network)
    page.goto("/rooms/hall/", wait_until="commit", timeout=60_000)
    page.locator("[data-shell][data-phase=open]").wait_for(state="attached", timeout=60_000)
    page.locator(".message").first.wait_for()
    return page


def paint(chromium: Any, site: Site, network: dict[str, Any] | None) -> list[float]:
    """A first visit, with nothing kept from before."""
    page = enter(chromium, site, network)
    found = page.evaluate(
        """async () => [performance.getEntriesByName("first-contentful-paint")[0].startTime,
            await window.firstMessage, performance.now()]"""
    )
    page.context.close()
    return [float(each) for each in found]


def counted(page: Page) -> list[int]:
    return [
        page.evaluate("() => document.querySelectorAll('*').length"),
        page.locator("[data-entries] > *").count(),
    ]


@contextmanager
def posting(site: Site) -> Iterator[None]:
    """Ben says `RATE` things a second, ten at a time."""
    ended = threading.Event()

    def post() -> None:
        due = time.monotonic()
        number = 0
        while not ended.is_set():
            texts = [f"flood {each}" for each in range(number, number + 10)]
            site.ask(
                "ben = User.objects.get(username='ben')\n"
                f"said = [actions.Post(ben, 'hall', text) for text in {texts!r}]\n"
                "result = len(actions.post_messages(said))"
            )
            number += 10
            due += 10 / RATE
            ended.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
