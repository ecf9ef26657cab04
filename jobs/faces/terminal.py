"""Jobs in the terminal client: a line for each change, and what runs below all lines. Pure."""

from rooms.terminal import lines

ENDS = {
    "succeeded": "✓ done",
    "failed": "✗ failed",
    "cancelled": "✗ cancelled",
}


def _card(described: lines.Object) -> str:
    """A job's card in one line: `Report · running 3/7 days`."""
    state = described["state"]
    text = f"{lines.clean(described['title'])} · {ENDS.get(state, lines.clean(state))}"
    # Those that ended with a question, or to wait for parts, were no tries that failed.
    asked = len(described.get("questions", ()))
    parts = described.get("parts", ())
    if not parts and state in ("running", "retrying") and described["attempt"] - asked > 1:
        text += f", attempt {described['attempt'] - asked} of {described['max_attempts'] - asked}"
    if state == "running" and described["progress"]:
        text += f" {_progress(described['progress'])}"
    if state == "waiting":
        text += _question(described)
        if parts:
            ended = sum(part["state"] in ENDS for part in parts)
            text += f" for its parts, {ended}/{len(parts)} ended"
    if described["error"]:
        text += f": {lines.clean(described['error']['message'] or described['error']['class'])}"
    return text


def _question(described: lines.Object) -> str:
    """What it asks, and how that is answered here."""
    for asked in described["questions"]:
        if asked["state"] == "open":
            choices = " / ".join(map(lines.clean, asked["choices"]))
            answer = f"/answer {described['id'][:8]} {choices or '…'}"
            return f" for an answer: {lines.clean(asked['text'])} ({answer})"
    return ""


def _progress(made: lines.Object) -> str:
    total = "" if made["total"] is None else f"/{made['total']:g}"
    return f"{made['current']:g}{total} {lines.clean(made['text'])}".rstrip()


def changed(told: lines.Object) -> str:
    # A part of another job stands a step to the right.
    return f"{'▫  ' if told['job'].get('parent') else ''}▪  {_card(told['job'])}"


def schedule_changed(told: lines.Object) -> str:
    described = told["schedule"]
    state = described["words"]
    if described["paused"]:
        state = described["pause_reason"] or "Paused."
    return f"↻  {described['id']} {lines.clean(described['title'])} · {lines.clean(state)}"


def schedule_deleted(told: lines.Object) -> str:
    return f"↻  Schedule {told['schedule']['id']} is deleted"


class Titles:
    """Progress names a job by its id only: the titles of those under way."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}

    def changed(self, told: lines.Object) -> tuple[str, str | None]:
        job = told["job"]
        if job["state"] in ENDS:
            self._by_id.pop(job["id"], None)
            return job["id"], None
        title = self._by_id[job["id"]] = lines.clean(job["title"])
        stands = _progress(job["progress"]) if job["progress"] else lines.clean(job["state"])
        return job["id"], f"{title} {stands}"

    def progressed(self, told: lines.Object) -> tuple[str, str | None]:
        title = self._by_id.get(told["job"], "Job")
        return told["job"], f"{title} {_progress(told['progress'])}"
