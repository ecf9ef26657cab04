"""What a room's page holds of jobs."""

from typing import Any

import pytest
from django.test import Client

from jobs.submitting import actions

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_holds_every_job_that_has_not_ended(
    submit: Any, run: Any, alice: Any, bob: Any, real_redis: str
) -> None:
    waiting = [submit() for _ in range(3)]
    run(waiting[0])
    actions.cancel(alice, waiting[1].pk)
    submit(room=None)
    client = Client()
    client.force_login(bob)
    state = client.get("/rooms/lobby/state/").json()
    assert list(state["extra"]["jobs"]) == [str(waiting[2].pk)]
    shown = state["extra"]["jobs"][str(waiting[2].pk)]
    assert (shown["state"], shown["seq"] <= state["head"]) == ("queued", True)
