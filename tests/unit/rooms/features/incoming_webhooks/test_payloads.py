"""What programs send, as text."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.core import markdown
from rooms.features.incoming_webhooks import payloads
from rooms.features.incoming_webhooks.payloads import Incoming
from rooms.protocol import Invalid

REPOSITORY = {"full_name": "ana/tide", "html_url": "https://github.example/ana/tide"}
BY = {"sender": {"login": "ana"}, "repository": REPOSITORY}
LINK = "[ana/tide](<https://github.example/ana/tide>)"


def read(told: Any, **headers: str) -> Incoming | None:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return payloads.read(names, orjson.dumps(told))


def github(event: str, told: dict[str, Any]) -> Incoming | None:
    return read({**BY, **told}, x_github_event=event)


def test_our_own() -> None:
    assert read({"body": "*Hello*"}) == Incoming("*Hello*")
    assert read({"body": "Hello", "key": "build-7"}) == Incoming("Hello", "build-7")


@pytest.mark.parametrize(
    "told",
    [
        [],
        "text",
        None,
        {},
        {"boddy": "Hello"},
        {"body": 7},
        {"body": "Hello", "color": "red"},
        {"body": "Hello", "key": 7},
        {"body": "Hello", "key": "x" * 201},
        {"body": "Hello", "key": "a\0"},
        {"text": "Hello", "key": ["a"]},
        {"text": 7},
        {"blocks": "x", "attachments": {"a": 1}},
    ],
)
def test_what_is_no_message(told: Any) -> None:
    with pytest.raises(Invalid):
        read(told)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 3_000])
def test_what_is_no_json(payload: bytes) -> None:
    with pytest.raises(Invalid):
        payloads.read({}, payload)


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("a *bold* word", "a **bold** word"),
        ("~gone~ and _this_", "~~gone~~ and _this_"),
        ("2*3*4 and a * b * c", "2*3*4 and a * b * c"),
        ("<https://a.example|the site>", "[the site](<https://a.example>)"),
        ("see <https://a.example>", "see <https://a.example>"),
        ("<javascript:alert(1)|x>", "x"),
        ("<!here> <@U024BE7LH> <#C1|general>", "@room \\@U024BE7LH general"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 \\< 2 && 3 > 2"),
    ],
)
def test_slacks_marks(words: str, marked: str) -> None:
    assert read({"text": words}) == Incoming(marked)


def test_slacks_parts() -> None:
    told = {
        "text": "In short",
        "key": "k",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Build 7"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*green*"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "one"}, None]},
            7,
        ],
        "attachments": [
            {
                "pretext": "Before",
                "title": "A title",
                "title_link": "https://a.example",
                "text": "In it",
                "fallback": "no",
                "fields": [{"title": "Branch", "value": "main"}],
            }
        ],
    }
    assert read(told) == Incoming(
        "**Build 7**\n\n**green**\n\none\n\nBefore\n\n**[A title](<https://a.example>)**\n\nIn it"
        "\n\n**Branch**: main",
        "k",
    )


def test_a_push() -> None:
    commits = [
        {"id": "0123456789", "url": "https://c.example", "message": "Fix *it*\n\nmore"}
        for _ in range(7)
    ]
    pushed = github(
        "push", {"ref": "refs/heads/main", "compare": "https://d.example", "commits": commits}
    )
    assert pushed is not None
    head, _, *lines = pushed.body.split("\n")
    assert head == f"**ana** pushed [7 commits](<https://d.example>) to main of {LINK}"
    assert lines[0] == r"- [0123456](<https://c.example>) Fix \*it\*"
    assert lines[-1] == "- and 2 more" and len(lines) == 6
    assert github("push", {"commits": []}) is None


def test_pull_requests_and_issues() -> None:
    pull = {"number": 7, "title": "Tides", "html_url": "https://p.example", "merged": True}
    for action, done in (("opened", "opened"), ("closed", "merged")):
        told = github("pull_request", {"action": action, "pull_request": pull})
        assert told is not None
        assert told.body == (
            rf"**ana** {done} the pull request [\#7 Tides](<https://p.example>) in {LINK}"
        )
    assert github("pull_request", {"action": "labeled", "pull_request": pull}) is None
    told = github("issues", {"action": "closed", "issue": {"title": "Tides"}})
    assert told is not None and "closed the issue" in told.body


def test_a_run_is_one_message() -> None:
    run = {"id": 9, "name": "Tests", "html_url": "https://r.example", "head_branch": "main"}
    going = github("workflow_run", {"workflow_run": {**run, "status": "in_progress"}})
    ended = github("workflow_run", {"workflow_run": {**run, "conclusion": "failure"}})
    assert going is not None and ended is not None
    assert going.key == ended.key == "github:run:9"
    assert going.body == f"⏳ [Tests](<https://r.example>) on main of {LINK}: in progress"
    assert ended.body.startswith("❌ ")


def test_what_github_tells_besides() -> None:
    assert github("star", {"action": "created"}) is None
    comment = {"body": "Nice\n\n# work", "html_url": "https://c.example"}
    told = github(
        "issue_comment", {"action": "created", "issue": {"title": "T"}, "comment": comment}
    )
    assert told is not None and told.body.endswith("\n\n> Nice \\# work")
    released = github("release", {"action": "published", "release": {"tag_name": "v1"}})
    assert released == Incoming(f"**ana** published v1 of {LINK}")


def test_alerts_of_a_group_are_one_message() -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "Disk", "instance": "db:9100"},
        "annotations": {"summary": "Disk is *full*"},
        "generatorURL": "https://g.example/x?y=1",
    }
    group = {"groupKey": "{}:{}", "status": "firing", "commonLabels": {"alertname": "Disk"}}
    told = read({**group, "alerts": [alert, {**alert, "status": "resolved"}]})
    assert told is not None and told.key == "alertmanager:{}:{}"
    line = r"[Disk is \*full\*](<https://g.example/x?y=1>) (db\:9100)"
    assert told.body == f"🔥 **Disk**: 1 firing\n\n- {line}\n- ~~{line}~~"
    over = read({**group, "status": "resolved", "alerts": [{**alert, "status": "resolved"}]})
    assert over is not None and over.body.startswith("✅ **Disk** is resolved")
    assert over.key == told.key


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["text", "blocks", "attachments", "fields", "body", "key", "groupKey", "alerts", "status"]
        + ["commits", "sender", "repository", "issue", "pull_request", "action", "release"]
        + ["workflow_run", "comment", "commonLabels", "ref", "labels", "annotations"]
    ),
    ANYTHING,
)
EVENTS = ["push", "ping", "issues", "pull_request", "issue_comment", "release", "workflow_run"]


@given(
    told=FIELDS,
    event=st.sampled_from(["", *EVENTS]),
    action=st.sampled_from(["opened", "created", "published"]),
)
def test_whatever_comes_is_text_or_refused(told: dict[str, Any], event: str, action: str) -> None:
    headers = {"x-github-event": event} if event else {}
    try:
        found = payloads.read(headers, orjson.dumps({**told, "action": action} if event else told))
    except Invalid:
        return
    if found is not None:
        assert len(found.key) <= 200 and "\0" not in found.key
        markdown.render(found.body)
