"""Another program is told of the ends of jobs: signed, again and again, and nowhere it must not."""

import base64
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from jobs.lifecycle import attempts
from jobs.lifecycle.verdict import Ending
from jobs.models import Attempt, Job, Outcome, State, Webhook
from jobs.submitting import actions as submitting
from jobs.submitting.actions import Submission
from jobs.webhooks import actions, addresses, outbox, sending
from jobs.webhooks.actions import NewWebhook
from rooms.core import statements
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound
from tests.integration.jobs.conftest import claim
from tests.support.caller import Callers
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """Another program's server. `answers` are the statuses that it gives, the last one for ever."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = [204]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, content))
                status = receiver.answers[0]
                del receiver.answers[: len(receiver.answers) > 1]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.end_headers()

            def log_message(self, *said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(content) for _, content in self.got]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PARLEY_WEBHOOK_NETWORKS = addresses.networks("127.0.0.0/8")
    outbox.forget()
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()
    outbox.forget()


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("root", password="x")


def of_room(alice: User, receiver: Receiver, **more: Any) -> Webhook:
    return actions.make(alice, NewWebhook(receiver.url, "room", "lobby", **more))


def deliveries(row: Webhook) -> list[Job]:
    return list(actions.deliveries(row).order_by("created_at"))


def test_the_end_of_a_job_is_delivered_and_signed(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    job = run(submit(value="x"))
    (delivery,) = deliveries(hook)
    assert (delivery.state, delivery.room, delivery.requested_by) == (State.QUEUED, None, None)
    delivery = run(delivery)
    assert delivery.state == State.SUCCEEDED, delivery.error_message
    ((headers, content),) = receiver.got
    event = orjson.loads(content)
    assert event["type"] == "job.succeeded"
    assert event["data"]["id"] == str(job.pk)
    assert event["data"]["result"]["value"] == "x"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"] == f"msg_{delivery.pk.hex}"
    assert not deliveries(hook)[1:], "deliveries are not told of"


def test_it_is_tried_again_with_the_same_id(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    receiver.answers = [500, 302, 204]
    run(submit())
    (delivery,) = deliveries(hook)
    for _ in range(2):
        delivery = run(delivery)
        assert delivery.state == State.RETRYING
        Job.objects.filter(pk=delivery.pk).update(state=State.QUEUED, due_at=None)
    assert run(delivery).state == State.SUCCEEDED
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 3, "a redirect is not followed"
    said = [row.message for row in Attempt.objects.filter(job=delivery).order_by("number")]
    assert "answered 500" in said[0] and "answered 302" in said[1]


def test_an_end_that_is_undone_is_not_told(
    receiver: Receiver,
    alice: User,
    lobby: Room,
    submit: Submit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook = of_room(alice, receiver)
    job = submit()
    claimed = claim(job)
    assert claimed is not None

    def broken(*args: Any) -> None:
        raise RuntimeError("after the delivery was written")

    monkeypatch.setattr(statements, "update", broken)
    with pytest.raises(RuntimeError):
        attempts.end(job.pk, claimed.lease, Ending(Outcome.SUCCEEDED, result={"summary": "x"}))
    assert not deliveries(hook)


def test_cancelling_and_failing_are_ends_as_well(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    only = of_room(alice, receiver, only_failures=True)
    submitting.cancel(alice, submit().pk)
    run(submit("give_up"))
    types = [delivery.params["type"] for delivery in deliveries(hook)]
    assert types == ["job.cancelled", "job.failed"]
    assert [delivery.params["type"] for delivery in deliveries(only)] == ["job.failed"]


def test_who_is_told_of_what(
    receiver: Receiver, alice: User, bob: User, staff: User, lobby: Room, run: Run, submit: Submit
) -> None:
    site = actions.make(staff, NewWebhook(receiver.url, "site"))
    of_kind = actions.make(staff, NewWebhook(receiver.url, "site", kind="room.report"))
    room = of_room(alice, receiver)
    own = actions.make(alice, NewWebhook(receiver.url))
    run(submit())
    run(submit(room=None))
    named = Submission(alice, "test.outcome", {}, "lobby", webhook=own.pk)
    job = run(submitting.submit(named)[0])
    assert len(deliveries(site)) == 3
    assert not deliveries(of_kind)
    assert len(deliveries(room)) == 2
    assert [delivery.params["data"]["id"] for delivery in deliveries(own)] == [str(job.pk)]
    with pytest.raises(Invalid) as refused:
        submitting.submit(Submission(bob, "test.outcome", {}, "lobby", webhook=own.pk))
    assert refused.value.errors[0]["pointer"] == "/webhook"
    with pytest.raises(Invalid):
        submitting.submit(Submission(alice, "test.outcome", {}, "lobby", webhook=site.pk))


def test_who_may_have_one(alice: User, bob: User, lobby: Room, staff: User) -> None:
    url = "https://example.com/x"
    Membership.objects.get_or_create(user=bob, room=lobby)
    with pytest.raises(Forbidden):
        actions.make(bob, NewWebhook(url, "room", "lobby"))
    with pytest.raises(Forbidden):
        actions.make(bob, NewWebhook(url, "site"))
    with pytest.raises(NotFound):
        actions.make(bob, NewWebhook(url, "room", "nowhere"))
    hook = actions.make(alice, NewWebhook(url, "room", "lobby"))
    own = actions.make(bob, NewWebhook(url))
    for stranger, row in ((bob, hook), (alice, own)):
        for forbidden in (
            lambda u, r: actions.find(u, r.pk),
            lambda u, r: actions.change(u, r.pk, enabled=False),
            lambda u, r: actions.delete(u, r.pk),
            lambda u, r: actions.try_out(u, r.pk),
        ):
            with pytest.raises(NotFound):
                forbidden(stranger, row)
    assert set(actions.visible_to(staff)) == {hook, own}
    for bad in ("ftp://example.com", "https://user:x@example.com"):
        with pytest.raises(Invalid):
            actions.make(bob, NewWebhook(bad))
    with pytest.raises(Forbidden):
        submitting.submit(Submission(alice, "jobs.webhook", {"type": "x", "at": "", "data": {}}))


def test_a_person_has_few(settings: Any, alice: User) -> None:
    limits = settings.PARLEY_JOB_LIMITS.model_copy(update={"webhooks_per_user": 1})
    settings.PARLEY_JOB_LIMITS = limits
    actions.make(alice, NewWebhook("https://example.com/x"))
    with pytest.raises(Conflict):
        actions.make(alice, NewWebhook("https://example.com/x"))


def test_what_is_not_on_the_internet_is_not_asked(
    receiver: Receiver, settings: Any, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    settings.PARLEY_WEBHOOK_NETWORKS = []
    run(submit())
    (delivery,) = deliveries(hook)
    delivery = run(delivery)
    assert delivery.state == State.FAILED, "trying again would not help"
    assert "not on the internet" in delivery.error_message
    assert not receiver.got


def test_one_that_is_dead_is_seen_and_sent_again(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    receiver.server.server_close()
    run(submit())
    (delivery,) = deliveries(hook)
    Job.objects.filter(pk=delivery.pk).update(max_attempts=1)
    delivery = run(delivery)
    assert delivery.state == State.FAILED
    assert "No answer" in delivery.error_message
    again = actions.send_again(alice, hook.pk, delivery.pk)
    assert (again.pk, again.state) == (delivery.pk, State.QUEUED)
    with pytest.raises(Conflict):
        actions.send_again(alice, hook.pk, delivery.pk)


def test_what_was_taken_can_be_sent_once_more(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    run(submit())
    (delivery,) = deliveries(hook)
    run(delivery)
    more = actions.send_again(alice, hook.pk, delivery.pk)
    assert more.pk != delivery.pk
    run(more)
    first, second = receiver.events()
    assert first == {**second, "timestamp": first["timestamp"]}


def test_a_server_that_is_gone_for_good_is_asked_no_more(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    receiver.answers = [410]
    run(submit())
    (delivery,) = deliveries(hook)
    assert run(delivery).state == State.FAILED
    hook.refresh_from_db()
    assert hook.disabled_at is not None and "410" in hook.disabled_reason
    run(submit())
    assert len(deliveries(hook)) == 1
    assert actions.change(alice, hook.pk, enabled=True).disabled_at is None
    run(submit())
    assert len(deliveries(hook)) == 2


def test_a_deleted_one_is_sent_nothing_more(
    receiver: Receiver, alice: User, lobby: Room, submit: Submit, run: Run
) -> None:
    hook = of_room(alice, receiver)
    run(submit())
    (delivery,) = deliveries(hook)
    actions.delete(alice, hook.pk)
    delivery = run(delivery)
    assert (delivery.state, delivery.error_message) == (State.FAILED, "The webhook is deleted.")
    assert not receiver.got


def test_over_rest(
    receiver: Receiver,
    alice: User,
    bob: User,
    lobby: Room,
    submit: Submit,
    run: Run,
    caller: Callers,
) -> None:
    call = caller(alice)
    made = call.post("webhooks", {"url": receiver.url, "scope": "room", "room": "lobby"})
    assert made.status_code == 201
    hook = made.json()
    assert hook["secret"].startswith("whsec_")
    shown = call.get(f"webhooks/{hook['id']}").json()
    assert "secret" not in shown and shown["url"] == receiver.url
    (listed,) = call.get("webhooks").json()["webhooks"]
    assert listed == shown
    assert caller(bob).get(f"webhooks/{hook['id']}").status_code == 404
    tried = call.post(f"webhooks/{hook['id']}/test", {})
    assert tried.status_code == 202
    run(Job.objects.get(pk=tried.json()["id"]))
    assert receiver.events()[0]["type"] == "webhook.test"
    receiver.answers = [500]
    run(submit())
    for delivery in Job.objects.filter(kind="jobs.webhook", state=State.QUEUED):
        Job.objects.filter(pk=delivery.pk).update(max_attempts=1)
        run(delivery)
    kept = call.get(f"webhooks/{hook['id']}/deliveries").json()["deliveries"]
    assert [each["state"] for each in kept] == ["failed", "succeeded"]
    assert kept[1]["status"] == 204
    (dead,) = call.get(f"webhooks/{hook['id']}/deliveries", failed="true").json()["deliveries"]
    assert "answered 500" in dead["error"]
    again = call.post(f"webhooks/{hook['id']}/deliveries/{dead['id']}/resend", {})
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    changed = call.send("patch", f"webhooks/{hook['id']}", {"new_secret": True, "enabled": False})
    assert changed.json()["secret"] not in (None, hook["secret"])
    assert changed.json()["disabled_at"] is not None
    assert call.delete(f"webhooks/{hook['id']}").status_code == 204
    assert call.get(f"webhooks/{hook['id']}").status_code == 404


def test_pages_of_deliveries(receiver: Receiver, alice: User, lobby: Room, caller: Callers) -> None:
    hook = of_room(alice, receiver)
    made = [actions.try_out(alice, hook.pk) for _ in range(5)]
    call = caller(alice)
    page = call.get(f"webhooks/{hook.pk}/deliveries", limit=3).json()
    rest = call.get(page["next"]).json()
    found = [each["id"] for each in [*page["deliveries"], *rest["deliveries"]]]
    assert found == [str(delivery.pk) for delivery in reversed(made)] and rest["next"] is None


def test_a_server_that_dribbles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon; the whole answer would take for ever."""
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def dribble() -> None:
            link, _ = listening.accept()
            with link, suppress(OSError):
                link.sendall(b"HTTP/1.1 2")
                while not over.wait(0.02):
                    link.sendall(b"x")

        thread = threading.Thread(target=dribble)
        thread.start()
        target = addresses.parsed(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        with pytest.raises((OSError, HTTPException)):
            sending.post(target, b"{}", {}, addresses.networks("127.0.0.0/8"))
        over.set()
        thread.join()
