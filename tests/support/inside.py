"""A process inside a site's environment that evaluates what the test asks, one line each way.

Started by `site`. It writes through the real actions and rings the real bell, as another
process of the site would.
"""

import json
import os
import pkgutil
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import django


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stdout = sys.stderr
    django.setup()

    from django.apps import apps
    from django.db import close_old_connections

    namespace: dict[str, Any] = {model.__name__: model for model in apps.get_models()}
    namespace["actions"] = all_actions()
    namespace["make_person"] = make_person
    for line in sys.stdin:
        close_old_connections()
        try:
            answer = {"value": evaluate(json.loads(line), namespace)}
            encoded = json.dumps(answer, default=str)
        except Exception:
            encoded = json.dumps({"error": traceback.format_exc()})
        answers.write(encoded + "\n")


# Of a slice, those that have actions.
SLICE_MODULES = (
    "actions",
    "management",
    "invitations",
    "changes",
    "reports",
    "editing",
    "deletion",
)


def all_actions() -> SimpleNamespace:
    """What the slices can do, by name."""
    from rooms import features

    found: dict[str, Any] = {}
    for folder in pkgutil.iter_modules(features.__path__):
        for name in SLICE_MODULES:
            if find_spec(f"rooms.features.{folder.name}.{name}"):
                found |= vars(import_module(f"rooms.features.{folder.name}.{name}"))
    return SimpleNamespace(**found)


def evaluate(code: str, namespace: dict[str, Any]) -> Any:
    """The value of an expression, or what statements left in `result`."""
    try:
        compiled = compile(code, "<test>", "eval")
    except SyntaxError:
        namespace["result"] = None
        exec(compile(code, "<test>", "exec"), namespace)
        return namespace["result"]
    return eval(compiled, namespace)


def make_person(name: str, password: str, hashed: str, staff: bool) -> dict[str, Any]:
    """A user with a token and a session, as after logging in."""
    from django.conf import settings
    from django.test import Client

    from rooms.models import User

    user = User.objects.filter(username=name).first()
    if user is None:
        user = User.objects.create(
            username=name,
            email=f"{name}@example.com",
            password=hashed,
            first_name=name.title(),
            is_staff=staff,
            is_superuser=staff,
        )
    client = Client()
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    return {
        "id": user.pk,
        "name": user.name,
        "username": name,
        "password": password,
        "token": all_actions().create_token(user, "test"),
        "cookie_name": settings.SESSION_COOKIE_NAME,
        "session": client.cookies[settings.SESSION_COOKIE_NAME].value,
    }


if __name__ == "__main__":
    main()
