"""REST of schedules, as a program with a token sees it."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from jobs.faces.schedule_shapes import CatchUpRule
from jobs.models import CatchUp, Job, Schedule
from jobs.scheduling import actions
from jobs.scheduling.actions import NewSchedule
from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)

Caller = Callable[[Any], Any]


def test_the_rules_of_the_document_are_those_of_the_model() -> None:
    assert list(get_args(CatchUpRule)) == CatchUp.values


def daily(**more: Any) -> dict[str, Any]:
    return {"kind": "test.outcome", "room": "lobby", "cron": "0 9 * * mon-fri", **more}


def test_a_schedule_from_its_making_to_its_end(caller: Caller, alice: User, lobby: Room) -> None:
    api = caller(alice)
    made = api.post("schedules", daily(time_zone="Europe/Zurich", params={"value": "x"}))
    assert made.status_code == 201, made.data
    row = made.data
    assert row["words"] == "At 09:00 on Monday through Friday (Europe/Zurich)"
    assert (row["owner"]["id"], row["every"], row["paused"]) == (alice.pk, None, False)
    path = f"schedules/{row['id']}"
    assert api.get(path).data == row
    changed = api.send("patch", path, {"every": 3600, "paused": True, "title": "Tea"}).data
    assert (changed["cron"], changed["every"], changed["paused"]) == (None, 3600, True)
    assert (changed["title"], changed["next_run_at"]) == ("Tea", None)
    assert api.send("patch", path, {"paused": False}).data["next_run_at"]
    job = api.post(f"{path}/run")
    assert job.status_code == 202 and Job.objects.get().params["value"] == "x"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_list_is_paged_and_shows_what_one_may_see(
    caller: Caller, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    for room in ("lobby", "den", None):
        actions.make(alice, NewSchedule("test.outcome", room=room, every=60))
    rooms = {
        user.username: [row["room"] for row in caller(user).get("schedules").data["schedules"]]
        for user in (alice, bob, charlie)
    }
    assert rooms == {"alice": ["lobby", "den", None], "bob": ["lobby", "den"], "charlie": ["lobby"]}
    first = caller(alice).get("schedules", limit=2).data
    assert len(first["schedules"]) == 2 and first["next"]
    only = caller(alice).get("schedules", room="den").data
    assert ([row["room"] for row in only["schedules"]], only["next"]) == (["den"], None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"cron": "nonsense"}, 422),
        ({"cron": None}, 422),
        ({"every": 60}, 422),
        ({"every": True, "cron": None}, 422),
        ({"kind": "no.such"}, 422),
        ({"room": "nowhere"}, 404),
        ({"unknown": 1}, 422),
        ({"time_zone": "Mars/Olympus"}, 422),
    ],
)
def test_what_is_refused(
    caller: Caller, alice: User, lobby: Room, body: dict[str, Any], status: int
) -> None:
    answer = caller(alice).post("schedules", daily(**body))
    assert answer.status_code == status, answer.data
    assert not Schedule.objects.exists()


def test_a_token_needs_the_scope_of_jobs(alice: User, lobby: Room, client: Any) -> None:
    from rooms.features.tokens.actions import create_token

    token = create_token(alice, "reader", scopes=["read", "write"])
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(
        "/api/v1/schedules", daily(), content_type="application/json", headers=headers
    )
    assert answer.status_code == 403
    assert client.get("/api/v1/schedules", headers=headers).status_code == 200
