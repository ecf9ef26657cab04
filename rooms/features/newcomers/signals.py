"""A first log-in, of whatever kind. Connected when the app is ready."""

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.dispatch import receiver

from rooms.models import User
from rooms.protocol import Refusal

from . import actions

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def welcome_newcomer(user: User, **_: Any) -> None:
    """A room that cannot be joined now keeps nobody out: the next log-in tries again."""
    try:
        actions.welcome(user)
    except (Refusal, DatabaseError) as error:
        logger.warning("%s is not in the default rooms yet: %s", user.username, error)
