"""What a token needs: the table, and that nothing is open by being forgotten."""

import pytest

from config.api import api
from rooms.live.commands.registry import registry
from rooms.protocol import scopes
from rooms.protocol.scopes import Scope


@pytest.mark.parametrize(
    ("method", "route", "scope"),
    [
        ("GET", "api/v1/rooms", Scope.READ),
        ("GET", "api/v1/rooms/<slug>/members", Scope.READ),
        ("HEAD", "api/v1/jobs", Scope.READ),
        ("POST", "api/v1/rooms", Scope.WRITE),
        ("POST", "api/v1/rooms/<slug>/messages", Scope.WRITE),
        ("POST", "api/v1/rooms/<slug>/join", Scope.WRITE),
        ("PATCH", "api/v1/rooms/<slug>/messages/<int:message>", Scope.WRITE),
        ("PATCH", "api/v1/rooms/<slug>", Scope.ADMIN),
        ("DELETE", "api/v1/rooms/<slug>", Scope.ADMIN),
        ("POST", "api/v1/rooms/<slug>/members", Scope.ADMIN),
        ("DELETE", "api/v1/rooms/<slug>/members/<int:user>", Scope.ADMIN),
        ("PUT", "api/v1/rooms/<slug>/members/<int:user>/mute", Scope.ADMIN),
        ("POST", "api/v1/rooms/<slug>/bans", Scope.ADMIN),
        ("POST", "api/v1/jobs", Scope.JOBS),
        ("POST", "api/v1/jobs/<uuid:job_id>/cancel", Scope.JOBS),
        ("POST", "api/v1/something/new", Scope.WRITE),
    ],
)
def test_operations(method: str, route: str, scope: Scope) -> None:
    assert scopes.of_operation(method, route) is scope


def test_every_operation_of_the_api_that_changes_something_needs_more_than_reading() -> None:
    found = {
        scopes.of_operation(method, f"api/v1{path}".replace("{", "<").replace("}", ">"))
        for path, view in api.get_openapi_schema(path_prefix="")["paths"].items()
        for method in map(str.upper, view)
        if method not in ("GET", "PARAMETERS")
    }
    assert found == {Scope.WRITE, Scope.JOBS, Scope.ADMIN}


def test_commands() -> None:
    reading = {name for name in registry if scopes.of_command(name) is Scope.READ}
    assert reading == {"subscribe", "unsubscribe", "ping"}
    assert scopes.of_command("send") is Scope.WRITE
    assert scopes.of_command("job.submit") is Scope.JOBS
    assert scopes.of_command("something.new") is Scope.WRITE
