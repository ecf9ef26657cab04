"""`manage.py chat ROOM`: a room in the terminal, or in a pipe."""

import asyncio
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rooms.features.tokens.actions import create_token, revoke_token
from rooms.models import ApiToken, User
from rooms.terminal import typed
from rooms.terminal.chat import Chat, Unreachable
from rooms.terminal.client import Closed, RefusedCommand


class Command(BaseCommand):
    help = (
        "Talk in a room from the terminal. Lines are said as they are, and /commands done. When"
        " the input is not a terminal, every line of it is said as text, a slash at its start"
        " included, and the end comes when all of them are stored; --commands has /commands done"
        " there, too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::", "") else settings.HOST
        host = f"[{host}]" if ":" in host else host
        parser.add_argument("room", help="the room's slug")
        parser.add_argument("--url", default=f"http://{host}:{settings.PORT}", help="the site's")
        parser.add_argument(
            "--commands", action="store_true", help="do the /commands of a pipe, too"
        )
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--token", help="an API token; see `manage.py token`")
        who.add_argument("--user", help="on the server's machine: be this user for a while")

    def handle(self, *args: Any, room: str, url: str, **options: Any) -> None:
        whose = nullcontext(options["token"]) if options["token"] else passing(options["user"])
        with whose as token:
            try:
                refused = asyncio.run(chat(url, room, token, options["commands"]))
            except (Closed, RefusedCommand, Unreachable) as error:
                raise CommandError(str(error)) from None
            except (KeyboardInterrupt, asyncio.CancelledError):
                sys.exit(130)
        if refused:
            raise CommandError(f"{refused} {'line was' if refused == 1 else 'lines were'} refused.")


async def chat(url: str, room: str, token: str, commands: bool) -> int:
    """Until the input ends; how many lines of a pipe were refused."""
    task = asyncio.current_task()
    assert task is not None
    # A token that was made for this chat goes with it, also on SIGTERM.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    show = partial(print, flush=True)
    talk = Chat(url, room, token, show, commands=commands or at_terminal)
    if at_terminal:
        await talk.run(typed.at_terminal(talk.status))
        return 0
    await talk.run(typed.from_pipe())
    return talk.refused


@contextmanager
def passing(username: str) -> Iterator[str]:
    """A token of a user for as long as this lasts."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {username!r}.")
    token = create_token(user, f"chat on {socket.gethostname()[:50]} ({os.getpid()})", days=30)
    row = ApiToken.objects.get(digest=ApiToken.digest_of(token))
    try:
        yield token
    finally:
        revoke_token(user, row.pk)
