"""Where programs post to. The secret in the address is all that they show: no session, no token."""

from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rooms.models import IncomingWebhook
from rooms.protocol import Invalid, NotFound, RateLimited, Refusal
from rooms.rest import limits, problems

from . import actions, payloads

FORM = "application/x-www-form-urlencoded"
PAYLOAD = b"payload="
MOST_FIELDS = 20


@csrf_exempt
@require_POST
def receive(request: HttpRequest, secret: str) -> HttpResponse:
    """Answers {"message": id, "updated": bool}; message null: there was nothing to say."""
    try:
        webhook = _webhook(request, secret)
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = payloads.read(headers, _payload(request))
        if incoming is None:
            return JsonResponse({"message": None, "updated": False})
        return JsonResponse(actions.receive(webhook, incoming)._asdict())
    except Refusal as refusal:
        answer = problems.refused(request, refusal)
        # Django would write the address, which is the secret, into its log.
        answer._has_been_logged = True  # type: ignore[attr-defined]
        return answer


def _webhook(request: HttpRequest, secret: str) -> IncomingWebhook:
    """Guesses are counted by address, like wrong tokens; what is good is counted for itself."""
    try:
        webhook = actions.webhook_behind(secret)
    except NotFound:
        limits.spend_unknown(request)
        raise
    budget = limits.take(f"hook:{webhook.pk}")
    if not budget.allowed:
        raise RateLimited(f"At most {budget.per_second:g} messages a second.", budget.wait)
    return webhook


def _payload(request: HttpRequest) -> bytes:
    """JSON, or a form with JSON in its `payload`, as older programs for Slack send it. `curl -d`
    calls anything a form."""
    body: bytes = request.body
    if request.content_type != FORM or not body.startswith(PAYLOAD):
        return body
    try:
        form = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Invalid("The form cannot be read.") from None
    return form.get("payload", [""])[0].encode()
