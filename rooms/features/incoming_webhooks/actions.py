"""Making and removing incoming webhooks, and what they bring. Called by REST and the view."""

import hashlib
import secrets
from typing import NamedTuple
from uuid import UUID

from django.db.models import F

from rooms.core import lookup, markdown, message_text, policy, reports
from rooms.core.fields import check_fields, checked_name
from rooms.core.log import Logs, locked
from rooms.core.rules import open_room
from rooms.limits import limits
from rooms.models import IncomingWebhook, Message, Room, User, WebhookMessage
from rooms.protocol import Conflict, NotFound

from .payloads import Incoming

SECRET_BYTES = 24
# Nothing longer is looked for.
SECRET_CHARACTERS = 64
BOT_BYTES = 6
NAME_CHARACTERS = 80


class Received(NamedTuple):
    """What became of a delivery: the message, and whether one that was there says it now."""

    message: int
    updated: bool


def make_webhook(by: User, slug: str, name: str) -> tuple[IncomingWebhook, str]:
    """A new webhook, whose messages come from `name`, and its secret, which can be seen this
    once."""
    room, _ = lookup.find_room(by, slug)
    name = checked_name(name, NAME_CHARACTERS)
    bot = User(username=f"bot-{secrets.token_hex(BOT_BYTES)}", first_name=name, is_active=False)
    bot.is_newcomer = False
    bot.set_unusable_password()
    check_fields(bot)
    with locked(room.pk) as (logs, room):
        policy.require("incoming_webhook.make", lookup.facts(by, room))
        most = limits().incoming_webhooks_per_room
        if IncomingWebhook.objects.filter(room=room).count() >= most:
            raise Conflict(f"{room.name} has {most:,} incoming webhooks. Remove one first.")
        bot.save(force_insert=True)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = IncomingWebhook.objects.create(
            room=room, bot=bot, digest=_digest(secret), by=by, at=logs.at
        )
    return row, secret


def remove_webhook(by: User, slug: str, pk: UUID) -> None:
    """Nothing comes in by it any more; what has come stays. Raises NotFound when it is gone."""
    room, _ = lookup.find_room(by, slug)
    with locked(room.pk) as (_, room):
        policy.require("incoming_webhook.remove", lookup.facts(by, room))
        row = IncomingWebhook.objects.filter(room=room, pk=pk).first()
        if row is None:
            raise NotFound(f"{room.name} has no incoming webhook {pk}.")
        said = Message.objects.filter(author=row.bot_id).exists()
        row.delete()
        if not said:
            User.objects.filter(pk=row.bot_id).delete()


def webhook_behind(secret: str) -> IncomingWebhook:
    """Raises NotFound, in the same words for one that was removed and one that never was."""
    found = None
    if len(secret) <= SECRET_CHARACTERS and secret.isascii():
        rows = IncomingWebhook.objects.filter(digest=_digest(secret))
        found = rows.select_related("room", "bot").first()
    if found is None:
        raise NotFound("Nothing is posted by this address: it was removed, or never was one.")
    return found


def receive(webhook: IncomingWebhook, incoming: Incoming) -> Received:
    """Post it, or have the message with its key say it. Raises Refusals."""
    body = message_text.checked(incoming.body)
    # Before the room is locked: a long text takes a moment.
    html = markdown.render(body)
    with locked(webhook.room_id) as (logs, room):
        refused = open_room(policy.Facts(room))
        if refused is not None:
            raise refused
        IncomingWebhook.objects.filter(pk=webhook.pk).update(uses=F("uses") + 1, used_at=logs.at)
        known = _known(webhook, incoming.key)
        if known is not None:
            reports.say_anew_in_transaction(logs, room, known, body, html)
            _remember(logs, webhook, incoming.key, known)
            return Received(known.pk, updated=True)
        row = reports.say_in_transaction(logs, room, webhook.bot, body, html, webhook.pk)
        _remember(logs, webhook, incoming.key, row)
        return Received(row.pk, updated=False)


def _known(webhook: IncomingWebhook, key: str) -> Message | None:
    """The message of that key, unless it was deleted: then it is said once more."""
    if not key:
        return None
    rows = Message.objects.filter(
        pk__in=WebhookMessage.objects.filter(webhook=webhook, key=key).values("message"),
        deleted_at=None,
    )
    return rows.select_related("author").first()


def _remember(logs: Logs, webhook: IncomingWebhook, key: str, row: Message) -> None:
    if key:
        WebhookMessage.objects.update_or_create(
            webhook=webhook, key=key, defaults={"message": row, "at": logs.at}
        )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def of_room(room: Room) -> list[IncomingWebhook]:
    return list(
        IncomingWebhook.objects.filter(room=room).select_related("bot", "by").order_by("at", "pk")
    )
