"""State + events = state: what an action tells a room is all that its pages need."""

from collections.abc import Callable
from typing import Any

import orjson
from django.test import Client

from rooms.core import log_reading
from rooms.models import Room

from .caller import Caller
from .store import Store


class Watch:
    """Runs actions on a room under the eyes of several people, who have its page open."""

    def __init__(self, store: Store, callers: dict[Any, Caller], slug: str) -> None:
        self.store = store
        self.slug = slug
        self.callers = callers
        self.clients = {viewer: Client() for viewer in callers}
        for viewer, client in self.clients.items():
            client.force_login(viewer)

    def state(self, viewer: Any) -> dict[str, Any] | None:
        """What a page of `viewer` starts from, and their cards; None: they may not see the room."""
        answer = self.clients[viewer].get(f"/rooms/{self.slug}/state/")
        if answer.status_code == 404:
            return None
        jobs = self.callers[viewer].get("jobs", room=self.slug, limit=100).data
        assert jobs["next"] is None
        return {"page": answer.json(), "jobs": jobs["jobs"]}

    def verify(self, action: Callable[[], Any], *expected: str) -> Any:
        """Run `action`; its events must be of the `expected` types and tell everything."""
        room = Room.objects.get(slug=self.slug)
        before = {viewer: self.state(viewer) for viewer in self.callers}
        result = action()
        events = [
            orjson.loads(raw)
            for _, raw in log_reading.read(room.pk, room.slug, room.last_seq, 1000)
        ]
        assert [event["type"] for event in events] == list(expected)
        assert {event["room"] for event in events} <= {self.slug}
        seqs = [event["seq"] for event in events]
        assert seqs == list(range(room.last_seq + 1, room.last_seq + 1 + len(seqs))), "a hole"
        for viewer, state in before.items():
            after = self.state(viewer)
            if state is not None and after is not None:
                self.store.verify(state, events, after)
        return result
