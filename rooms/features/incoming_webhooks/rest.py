"""REST of incoming webhooks: those of a room, for who looks after it. What they bring comes in by
`views`."""

from typing import Annotated, Any
from uuid import UUID

from django.urls import reverse
from ninja import Path, Router, Status

from rooms.http import site_address
from rooms.rest.requests import Request, managed
from rooms.rest.schemas import Problem

from . import actions
from .representations import incoming_webhook
from .shapes import IncomingWebhookList, IncomingWebhookMade, NewIncomingWebhook

router = Router(tags=["incoming webhooks"])


@router.get("/rooms/{slug}/incoming-webhooks", response={200: IncomingWebhookList, 403: Problem})
def list_incoming_webhooks(request: Request, slug: str) -> dict[str, Any]:
    """Those of the room, oldest first; for owners and moderators."""
    room = managed(request.user, slug, "incoming_webhook.list")
    return {"webhooks": [incoming_webhook(row) for row in actions.of_room(room)]}


@router.post("/rooms/{slug}/incoming-webhooks", response={201: IncomingWebhookMade, 409: Problem})
def make_incoming_webhook(request: Request, slug: str, webhook: NewIncomingWebhook) -> Status[Any]:
    """An address by which a program posts into the room, without a token; for owners and
    moderators. 409: the room has too many."""
    row, secret = actions.make_webhook(request.user, slug, webhook.name)
    url = site_address.base(request) + reverse("rooms:hook", args=[secret])
    return Status(201, {**incoming_webhook(row), "url": url})


@router.delete("/rooms/{slug}/incoming-webhooks/{webhook}", response={204: None})
def remove_incoming_webhook(
    request: Request,
    slug: str,
    webhook: Annotated[UUID, Path(description="the webhook's id")],
) -> Status[None]:
    """Nothing is posted by it any more; for owners and moderators. What was stays."""
    actions.remove_webhook(request.user, slug, webhook)
    return Status(204, None)
