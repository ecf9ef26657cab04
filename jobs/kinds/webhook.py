"""`jobs.webhook`: tells another program that a job has ended. Made with the end, see
`webhooks.outbox`."""

import http.client
import time
from typing import Any

from django.conf import settings

from jobs.models import Webhook
from jobs.registry import Backoff, Params, kind
from jobs.running.context import Context, GiveUp
from jobs.webhooks import addresses, outbox, sending, standard
from jobs.webhooks.actions import disable

# Whom the specification has say that nobody wants it any more.
GONE = 410


class DeliveryParams(Params):
    type: str
    at: str
    data: dict[str, Any]


class NotDelivered(Exception):
    """There was no answer, or not the one that says "taken". It is tried again."""


@kind(
    outbox.KIND,
    title="Webhook",
    params=DeliveryParams,
    max_attempts=10,
    # Ten attempts over about a day.
    backoff=Backoff(base=20, cap=6 * 3600),
    soft_time_limit=60,
    tell=[NotDelivered],
    keep_days=14,
    rule="webhook.deliver",
)
def deliver(ctx: Context[DeliveryParams]) -> dict[str, Any]:
    """Tells another program that a job has ended."""
    hook = Webhook.objects.filter(pk=ctx.job.webhook_id or 0).first()
    if hook is None:
        raise GiveUp("The webhook is deleted.")
    if hook.disabled_at is not None:
        raise GiveUp("The webhook is switched off.")
    params = ctx.params
    content = standard.body(params.type, params.at, params.data)
    headers = standard.headers(hook.secret, f"msg_{ctx.id.hex}", int(time.time()), content)
    try:
        target = addresses.parsed(hook.url)
        answer = sending.post(target, content, headers, settings.PARLEY_WEBHOOK_NETWORKS)
    except addresses.Refused as refused:
        raise GiveUp(str(refused)) from None
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"No answer: {type(error).__name__}: {error}") from None
    ctx.log("%s answered %d: %s", target.authority, answer.status, answer.said)
    if answer.status == GONE:
        disable(hook, "Its server said that it is gone (410).")
        raise GiveUp("The server says that it is gone: the webhook is switched off now.")
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"{target.authority} answered {answer.status}.")
    return {"summary": f"{target.authority} answered {answer.status}", "status": answer.status}
