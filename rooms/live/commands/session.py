"""The socket commands of rooms. Registered when the app is ready; called by `consumer`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.utils import timezone

from rooms.core import bell, installation, log, rules, slash, statements
from rooms.core.installation import InstallationState
from rooms.core.lookup import find_room, muted_until
from rooms.core.representations import person
from rooms.features.messages.actions import RENDERED_APART_CHARACTERS, Post, PostOutcome
from rooms.limits import limits
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.feed import went_back
from rooms.live.metrics import names as metrics
from rooms.models import Membership, Room, User
from rooms.protocol import (
    Invalid,
    NotSubscribed,
    Ping,
    Refusal,
    Send,
    Subscribe,
    Typing,
    Unsubscribe,
    answers,
)
from rooms.text import markdown_html

from .registry import LATER, count, register

if TYPE_CHECKING:
    from rooms.live.node import Node

# Somebody who keeps typing is told to the room this often.
TYPING_SECONDS = 2.0
# Of more rooms than this, only those typed in just now are remembered: few, by the rate.
TYPED_ROOMS = 20
# Most bytes of one character in an answer, as text and HTML together; a short text takes more.
ANSWER_BYTES = 16
SHORT_ANSWER_BYTES = 24
# What a file takes in an answer, its name twice, and in an address escaped.
FILE_ANSWER_BYTES = 3_000


class RoomToHear(NamedTuple):
    installation: InstallationState
    room: Room
    members: int
    muted_until: datetime | None


def _room_to_hear(user: User, slug: str) -> RoomToHear:
    """In a database thread. Raises NotFound for a room that they may not see."""
    known = installation.read()
    room, membership = find_room(user, slug)
    muted = muted_until(user.pk, room, membership)
    return RoomToHear(known, room, statements.count(Membership, room_id=room.pk), muted)


def _node(connection: Connection) -> Node:
    """The host of a connection that commands come from."""
    return cast("Node", connection.node)


async def subscribe(connection: Connection, command: Subscribe) -> None:
    if len(connection.subscriptions) >= limits().subscriptions:
        raise Invalid(f"A connection subscribes to at most {limits().subscriptions} rooms.")
    access = _node(connection).access
    generation = access.generation
    hub = _node(connection).hub
    known, room, members, muted = await connection.in_thread(
        _room_to_hear, connection.user, command.room
    )
    if known.epoch != connection.epoch:
        await hub.epoch.look()
    feed = await hub.feed(room.pk, room.slug)
    if connection.closed or connection.outdated:
        return
    # From here to the end nothing is awaited: the answer says the head that the cursor starts at,
    # and goes before the events, because answers do.
    head = max(feed.head, room.last_seq)
    after = head if command.after is None else command.after
    # A client that does not know of epochs is believed as long as there was only one.
    same = command.epoch == known.epoch if command.epoch is not None else known.number == 0
    recovered = (
        (command.after is None or same)
        and room.trimmed_seq <= after <= head
        and head - after <= limits().resume_events
    )
    subscription = hub.subscribe(connection, feed, after if recovered else head)
    subscription.muted_until = muted
    if command.after is not None:
        in_memory = after >= feed.tail_starts_after
        kind = "too_far" if not recovered else "memory" if in_memory else "log"
        metrics.RESUMES.labels(kind).inc()
    if access.generation != generation:
        # Something was withdrawn since the room was looked up, maybe from this caller.
        access.look_at(subscription)
    connection.answer(
        {
            "id": command.id,
            "type": "subscribed",
            "room": room.slug,
            "seq": head,
            "epoch": connection.epoch,
            "recovered": recovered,
            "members": members,
            "present": feed.presence.answer(limits().presence_names),
        }
    )
    if room.last_seq > feed.head:
        hub.repair.expect(feed, log.head_of(room))
    elif went_back((feed.head, feed.at), log.head_of(room)):
        # Or the room has moved on since it was looked up.
        hub.repair.doubt(feed)


async def unsubscribe(connection: Connection, command: Unsubscribe) -> dict[str, Any]:
    if not _node(connection).hub.unsubscribe(connection, command.room):
        raise NotSubscribed(command.room)
    return {"type": "unsubscribed", "room": command.room}


async def send(connection: Connection, command: Send) -> dict[str, Any] | None:
    """Answered by the journal after the commit, or by the slash command that the body holds."""
    found = slash.parse(command.body)
    if found is not None:
        if command.files:
            raise Invalid("A command takes no files.")
        known, arguments = found
        connection.caller.require(known.scope)
        return await connection.in_thread(
            known.handler, connection.user, command.room, arguments, command.client_id
        )
    body = slash.unescaped(command.body)
    post = Post(
        connection.user,
        command.room,
        body,
        command.client_id,
        command.reply_to,
        tuple(command.files),
    )
    if len(body) > RENDERED_APART_CHARACTERS:
        await connection.render(post.checked)
    size = 512 + answer_bytes(len(body)) + FILE_ANSWER_BYTES * len(post.files)
    subscription = connection.subscriptions.get(command.room)
    feed = subscription.feed if subscription is not None else None

    def written(outcome: PostOutcome) -> None:
        connection.reserve(-size)
        answer: dict[str, Any]
        if isinstance(outcome, Refusal):
            answer = outcome.answer()
        else:
            room, seq = outcome["room"], outcome["seq"]
            answer = {"type": "sent", "room": room, "seq": seq, "message": outcome}
            # What they say ends their typing at the others: the next one is told at once.
            connection.typed.pop(command.room, None)
        if feed is not None:
            _node(connection).hub.fanout.answered(feed, answer.get("seq", 0))
        count(connection, "send", answer)
        connection.answer({"id": command.id, **answer})

    _node(connection).journal.submit(post, written)
    if feed is not None:
        feed.posted += 1
    connection.reserve(size)
    return LATER


def answer_bytes(characters: int) -> int:
    """Most bytes that the text and its HTML take in an answer."""
    return min(
        SHORT_ANSWER_BYTES * characters,
        ANSWER_BYTES * characters + markdown_html.HTML_CHARACTERS,
    )


async def typing(connection: Connection, command: Typing) -> None:
    subscription = connection.subscriptions.get(command.room)
    if subscription is None:
        raise NotSubscribed(command.room)
    until = subscription.muted_until
    if until is not None and until > timezone.now():
        raise rules.muted(until)
    now = connection.node.loop.time()
    if len(connection.typed) > TYPED_ROOMS:
        kept = {room: at for room, at in connection.typed.items() if now - at < TYPING_SECONDS}
        connection.typed = kept
    if now - connection.typed.get(command.room, -TYPING_SECONDS) < TYPING_SECONDS:
        return
    # Where hundreds type, nobody reads all their names.
    if not subscription.feed.admit_typing(now, limits().typing_per_second):
        metrics.TYPING_DROPPED.inc()
        return
    connection.typed[command.room] = now
    event = {"type": "typing", "room": command.room, "user": person(connection.user)}
    bell.whisper(subscription.feed.room_id, f"typing:{connection.user.pk}", event)


async def ping(connection: Connection, command: Ping) -> dict[str, Any]:
    return {"type": "pong"}


def register_all() -> None:
    register("subscribe", Subscribe, subscribe, answers.Subscribed)
    register("unsubscribe", Unsubscribe, unsubscribe, answers.Unsubscribed)
    register("send", Send, send, answers.Sent)
    register("typing", Typing, typing, None)
    register("ping", Ping, ping, answers.Pong)
