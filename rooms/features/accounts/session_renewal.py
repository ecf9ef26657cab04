"""A session lasts from the last day on which it was used, not from the log-in on: who comes every
day is not asked again. It is written once a day for that, not with every request."""

import time
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.middleware import SessionMiddleware
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from rooms.models import User

from . import login_sessions

RENEWED = "renewed_at"
DAY_SECONDS = 24 * 3600


@receiver(user_logged_in)
def begun(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.session[RENEWED] = int(time.time())


class RenewingSessionMiddleware(SessionMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = request.session
        # Who did not look into the session does not begin to now: that would be a query.
        if session.accessed and SESSION_KEY in session:
            now = int(time.time())
            before = session.get(RENEWED)
            if not isinstance(before, int) or now - before >= DAY_SECONDS:
                session[RENEWED] = now
                if isinstance(request.user, User):
                    login_sessions.note(request, request.user)
        answer: HttpResponse = super().process_response(request, response)
        return answer
