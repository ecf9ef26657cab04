"""A caller of the REST API, in the test's own process."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    from rooms.models import User

    class Answer(_MonkeyPatchedWSGIResponse):
        """What the test client gives, and the body that was read."""

        data: Any
else:
    from django.http import HttpResponse as Answer

JSON = "application/json"


class Caller:
    """Speaks JSON to /api/v1/ as one user, by token. Answers keep their parsed body in `.data`."""

    def __init__(self, token: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Answer:
        return self._read(self.client.get(self._url(path), query, headers=self.headers))

    def post(
        self,
        path: str,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return self._read(
            self.client.post(
                self._url(path),
                content,
                content_type="application/json",
                headers={**self.headers, **(headers or {})},
            )
        )

    def delete(self, path: str) -> Answer:
        return self.send("delete", path)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """By any method."""
        sent = {} if body is None else {"data": json.dumps(body), "content_type": JSON}
        ask = getattr(self.client, method)
        return self._read(ask(self._url(path), headers=self.headers, **sent))

    def _url(self, path: str) -> str:
        return path if path.startswith("/api/") else f"/api/v1/{path}"

    def _read(self, answer: Any) -> Answer:
        answer.data = json.loads(answer.content) if answer.content else None
        read: Answer = answer
        return read


# A user, or None for nobody → who calls REST as them.
Callers = Callable[["User | None"], Caller]
