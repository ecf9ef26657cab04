"""REST of webhooks and of what was sent to them. A part of `api`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Path, Router, Status
from pydantic import Field

from jobs.models import State
from jobs.webhooks import actions, representations
from jobs.webhooks.actions import NewWebhook
from jobs.webhooks.addresses import MOST_CHARACTERS
from rooms.protocol import Id
from rooms.protocol.shapes import Given, Person, Timestamp
from rooms.rest.requests import Limit, PageCursor, Request, next_link, page_of
from rooms.rest.schemas import Next, Problem, SlugText, Taken, Text

from . import newest_first
from .schemas import KindName

router = Router(tags=["webhooks"])
WebhookId = Annotated[Id, Path(description="the webhook's `id`")]
WebhookScope = Literal["site", "room", "own"]
Url = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="https:// or http://, to a host on the internet",
        examples=["https://example.com/parley"],
    ),
]


class WebhookOut(Given):
    id: int = Field(examples=[3])
    scope: WebhookScope = Field(description="`own`: of jobs that name it when they are submitted")
    room: str | None = Field(description="the room's slug", examples=[None])
    owner: Person | None = Field(description="who made it")
    url: str = Field(examples=["https://example.com/parley"])
    kind: str | None = Field(description="of jobs of this kind alone", examples=[None])
    only_failures: bool = Field(examples=[False])
    created_at: Timestamp
    disabled_at: Timestamp | None = Field(examples=[None])
    disabled_reason: str | None = Field(examples=[None])


class WebhookWithSecret(WebhookOut):
    secret: str = Field(
        description="what the signatures are made with; it is told here alone",
        examples=["whsec_c2VjcmV0"],
    )


class WebhookList(Given):
    webhooks: list[WebhookOut]
    next: Next


class WebhookIn(Taken):
    url: Url
    scope: WebhookScope = "own"
    room: SlugText | None = Field(None, description="with `scope` room: which one")
    kind: KindName | None = None
    only_failures: bool = Field(False, strict=True)


class WebhookChange(Taken):
    url: Url | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None
    new_secret: bool = Field(False, strict=True, description="the old one is worth nothing then")


class WebhookChanged(WebhookOut):
    secret: str | None = Field(None, description="a new one, where it was asked for")


class DeliveryOut(Given):
    id: UUID = Field(description="`webhook-id` is `msg_` and this, without hyphens")
    type: str = Field(examples=["job.succeeded"])
    job: str | None = Field(description="the id of the job that ended")
    state: Literal[tuple(State.values)]  # type: ignore[valid-type]
    created_at: Timestamp
    finished_at: Timestamp | None
    attempt: int = Field(examples=[1])
    max_attempts: int = Field(examples=[10])
    retry_at: Timestamp | None
    status: int | None = Field(description="of HTTP, once it was taken", examples=[204])
    error: str | None = Field(examples=[None])


class DeliveryList(Given):
    deliveries: list[DeliveryOut] = Field(description="the newest first")
    next: Next


@router.get("/webhooks", response=WebhookList)
def list_webhooks(request: Request, limit: Limit = 50, cursor: PageCursor = None) -> dict[str, Any]:
    """The webhooks that you may change, in the order in which they were made."""
    page, more = page_of(actions.visible_to(request.user), limit, cursor)
    return {
        "webhooks": [representations.webhook(row) for row in page],
        "next": next_link(request, limit, page, more),
    }


@router.post("/webhooks", response={201: WebhookWithSecret, 409: Problem})
def make_webhook(request: Request, webhook: WebhookIn, response: HttpResponse) -> Status[Any]:
    """Have another program told when jobs end. One's `own` is named by submissions; those of a room
    are for its moderators, those of the `site` for staff."""
    wanted = NewWebhook(
        webhook.url, webhook.scope, webhook.room, webhook.kind or "", webhook.only_failures
    )
    row = actions.make(request.user, wanted)
    response["Location"] = reverse("api:get_webhook", args=[row.pk])
    return Status(201, {**representations.webhook(row), "secret": row.secret})


@router.get("/webhooks/{webhook_id}", response=WebhookOut, url_name="get_webhook")
def get_webhook(request: Request, webhook_id: WebhookId) -> dict[str, Any]:
    return representations.webhook(actions.find(request.user, webhook_id))


@router.patch("/webhooks/{webhook_id}", response=WebhookChanged)
def change_webhook(
    request: Request, webhook_id: WebhookId, change: WebhookChange
) -> dict[str, Any]:
    """Another address, on or off, another secret."""
    row = actions.change(
        request.user,
        webhook_id,
        url=change.url,
        enabled=change.enabled,
        new_secret=change.new_secret,
    )
    return {
        **representations.webhook(row),
        "secret": row.secret if change.new_secret else None,
    }


@router.delete("/webhooks/{webhook_id}", response={204: None})
def delete_webhook(request: Request, webhook_id: WebhookId) -> Status[None]:
    """What is still to be sent is not."""
    actions.delete(request.user, webhook_id)
    return Status(204, None)


@router.post("/webhooks/{webhook_id}/test", response={202: DeliveryOut})
def test_webhook(request: Request, webhook_id: WebhookId) -> Status[Any]:
    """Send an event of the type `webhook.test`."""
    delivery = actions.try_out(request.user, webhook_id)
    return Status(202, representations.delivery(delivery))


@router.get("/webhooks/{webhook_id}/deliveries", response=DeliveryList)
def list_deliveries(
    request: Request,
    webhook_id: WebhookId,
    failed: bool = False,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> dict[str, Any]:
    """What was sent, or is being tried; with `failed` what was given up. Kept for two weeks."""
    rows = actions.deliveries(actions.find(request.user, webhook_id))
    if failed:
        rows = rows.filter(state__in=[State.FAILED, State.CANCELLED])
    rows = rows.filter(newest_first.after(cursor)).order_by(*newest_first.ORDER)
    found, following = newest_first.page(request, list(rows[: limit + 1]), limit)
    return {"deliveries": [representations.delivery(row) for row in found], "next": following}


@router.post(
    "/webhooks/{webhook_id}/deliveries/{uuid:delivery_id}/resend",
    response={202: DeliveryOut, 409: Problem},
)
def resend_delivery(request: Request, webhook_id: WebhookId, delivery_id: UUID) -> Status[Any]:
    """One that was given up gets all of its attempts again; one that was taken is sent once more.
    409: it is still being tried."""
    delivery = actions.send_again(request.user, webhook_id, delivery_id)
    return Status(202, representations.delivery(delivery))
