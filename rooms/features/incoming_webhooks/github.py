"""What GitHub tells of a repository. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from .words import line, link, part

HubPayload = Mapping[str, Any]
MOST_COMMITS = 5
SIGNS = {"success": "✅", "failure": "❌", "cancelled": "⚪", "timed_out": "❌"}


def text(event: str, told: HubPayload) -> tuple[str, str] | None:
    """Markdown, and a key; None: this event is not told."""
    make = EVENTS.get(event)
    return None if make is None else make(told)


def _who(told: HubPayload) -> str:
    return f"**{line(part(told, 'sender', 'login')) or 'Somebody'}**"


def _where(told: HubPayload) -> str:
    name = line(part(told, "repository", "full_name")) or "a repository"
    return link(name, part(told, "repository", "html_url"))


def _ping(told: HubPayload) -> tuple[str, str]:
    return f"{_where(told)} tells this room what happens there.", ""


def _push(told: HubPayload) -> tuple[str, str] | None:
    commits = [each for each in told.get("commits") or [] if isinstance(each, dict)]
    if not commits:
        return None
    branch = line(str(told.get("ref") or "").removeprefix("refs/heads/"))
    count = f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
    head = f"{_who(told)} pushed {link(count, told.get('compare'))} to {branch} of {_where(told)}"
    lines = [
        f"- {link(line(str(each.get('id') or '')[:7]), each.get('url'))}"
        f" {line(str(each.get('message') or '').partition(chr(10))[0])}"
        for each in commits[:MOST_COMMITS]
    ]
    if len(commits) > MOST_COMMITS:
        lines.append(f"- and {len(commits) - MOST_COMMITS} more")
    return "\n".join([head, "", *lines]), ""


def _item(
    noun: str, field: str, actions: set[str]
) -> Callable[[HubPayload], tuple[str, str] | None]:
    """Of a pull request or an issue: what was done with it."""

    def make(told: HubPayload) -> tuple[str, str] | None:
        action = told.get("action")
        if action not in actions:
            return None
        done = "merged" if part(told, field, "merged") is True and action == "closed" else action
        number = part(told, field, "number")
        title = f"#{number} {part(told, field, 'title')}" if isinstance(number, int) else None
        named = link(line(title) or noun, part(told, field, "html_url"))
        return (
            f"{_who(told)} {str(done).replace('_', ' ')} the {noun} {named} in {_where(told)}",
            "",
        )

    return make


def _comment(told: HubPayload) -> tuple[str, str] | None:
    if told.get("action") != "created":
        return None
    issue = link(
        line(part(told, "issue", "title")) or "an issue", part(told, "comment", "html_url")
    )
    said = line(part(told, "comment", "body"))
    return f"{_who(told)} commented on {issue} in {_where(told)}\n\n> {said}", ""


def _release(told: HubPayload) -> tuple[str, str] | None:
    if told.get("action") != "published":
        return None
    name = line(part(told, "release", "name")) or line(part(told, "release", "tag_name"))
    named = link(name or "a release", part(told, "release", "html_url"))
    return f"{_who(told)} published {named} of {_where(told)}", ""


def _run(told: HubPayload) -> tuple[str, str] | None:
    """One message a run, which says how far it is."""
    name = link(
        line(part(told, "workflow_run", "name")) or "A workflow",
        part(told, "workflow_run", "html_url"),
    )
    ended = part(told, "workflow_run", "conclusion")
    state = str(ended or part(told, "workflow_run", "status") or "running").replace("_", " ")
    sign = SIGNS.get(str(ended), "⏳")
    branch = line(part(told, "workflow_run", "head_branch"))
    key = f"github:run:{part(told, 'workflow_run', 'id')}"
    on = f" on {branch}" if branch else ""
    return f"{sign} {name}{on} of {_where(told)}: {line(state)}", key


DONE = {"opened", "closed", "reopened"}
EVENTS: Mapping[str, Callable[[HubPayload], tuple[str, str] | None]] = {
    "ping": _ping,
    "push": _push,
    "pull_request": _item("pull request", "pull_request", {*DONE, "ready_for_review"}),
    "issues": _item("issue", "issue", DONE),
    "issue_comment": _comment,
    "release": _release,
    "workflow_run": _run,
}
