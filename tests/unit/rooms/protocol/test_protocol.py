"""The protocol's types: what a command must be, what errors say, how frames are written."""

import json
import uuid
from typing import Any, Literal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from rooms import protocol
from rooms.features.reading.shapes import Read
from rooms.protocol import events, refusals
from rooms.protocol.answers import Told

CLIENT_ID = str(uuid.uuid4())


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (protocol.Subscribe, {"room": "lobby"}),
        (protocol.Subscribe, {"room": "lobby", "after": 0}),
        (protocol.Subscribe, {"room": "lobby", "after": None}),
        (protocol.Unsubscribe, {"room": "lobby"}),
        (protocol.Send, {"room": "lobby", "body": "x", "client_id": CLIENT_ID}),
        (protocol.Send, {"room": "lobby", "body": "", "client_id": CLIENT_ID, "reply_to": 1}),
        (protocol.Typing, {"room": "lobby"}),
        (Read, {"room": "lobby", "seq": 2**53 - 1}),
        (protocol.Ping, {}),
    ],
)
@pytest.mark.parametrize("id", [7, "seven", None])
def test_commands_are_taken_and_unknown_fields_ignored(
    model: type[protocol.Command], fields: dict[str, Any], id: int | str | None
) -> None:
    command = model.model_validate({"id": id, "type": "t", "later": {"x": 1}, **fields})
    assert command.id == id
    assert not hasattr(command, "later")


@pytest.mark.parametrize(
    ("model", "fields", "pointers"),
    [
        (protocol.Subscribe, {}, ["/room"]),
        (protocol.Subscribe, {"room": ""}, ["/room"]),
        (protocol.Subscribe, {"room": "r" * 65}, ["/room"]),
        (protocol.Subscribe, {"room": 1}, ["/room"]),
        (protocol.Subscribe, {"room": "r", "after": -1}, ["/after"]),
        (protocol.Subscribe, {"room": "r", "after": "1"}, ["/after"]),
        (protocol.Subscribe, {"room": "r", "after": 1.5}, ["/after"]),
        (protocol.Subscribe, {"room": "r", "after": True}, ["/after"]),
        (protocol.Subscribe, {"room": "r", "after": 2**53}, ["/after"]),
        (protocol.Send, {"room": "r", "body": "x"}, ["/client_id"]),
        (protocol.Send, {"room": "r", "body": "x", "client_id": "x"}, ["/client_id"]),
        (protocol.Send, {"room": "r", "body": 1, "client_id": 1}, ["/body", "/client_id"]),
        (Read, {"room": "r"}, ["/seq"]),
        (protocol.Ping, {"id": {}}, ["/id/int", "/id/str"]),
    ],
)
def test_wrong_commands_are_refused_field_by_field(
    model: type[protocol.Command], fields: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate({"type": "t", **fields})
    refusal = protocol.invalid(error.value)
    assert [found["pointer"] for found in refusal.errors] == pointers
    assert all(found["message"] for found in refusal.errors)
    assert refusal.answer()["code"] == "invalid"
    assert refusal.status == 422


def test_errors_do_not_echo_what_was_sent() -> None:
    with pytest.raises(ValidationError) as error:
        Read.model_validate({"type": "read", "room": ["hunter2"], "seq": "hunter2"})
    assert "hunter2" not in str(protocol.invalid(error.value).answer())


def test_pointers_escape_slash_and_tilde() -> None:
    assert refusals._pointer("a/b~c") == "a~1b~0c"


@pytest.mark.parametrize(
    ("refusal", "status", "answer"),
    [
        (protocol.Invalid("No."), 422, {"code": "invalid", "temporary": False}),
        (protocol.Invalid("No.", "too_long"), 422, {"code": "too_long", "temporary": False}),
        (protocol.NotFound("No."), 404, {"code": "not_found", "temporary": False}),
        (protocol.Forbidden("No."), 403, {"code": "forbidden", "temporary": False}),
        (protocol.Forbidden("No.", "archived"), 403, {"code": "archived", "temporary": False}),
        (protocol.Conflict("No."), 409, {"code": "invalid", "temporary": False}),
        (
            protocol.Busy("No.", 1.5),
            503,
            {"code": "busy", "temporary": True, "retry_after": 1.5},
        ),
    ],
)
def test_refusals(refusal: protocol.Refusal, status: int, answer: dict[str, object]) -> None:
    assert refusal.status == status
    assert refusal.answer() == {"type": "error", "message": "No.", **answer}


@pytest.mark.parametrize(
    "close", [value for value in vars(protocol).values() if isinstance(value, protocol.Close)]
)
def test_the_code_of_a_close_says_whether_to_come_back(close: protocol.Close) -> None:
    assert 4000 <= close.code <= 4999
    assert close.bye("an epoch")["reconnect"] is (close.code < 4500) is (close.retry_in is not None)
    assert len(close.reason.encode()) <= 123, "a close frame holds no more"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abü\u2028", max_size=5), inner),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text("abc", max_size=3), JSON), max_size=5))
def test_a_frame_is_an_array_of_objects(objects: list[dict[str, object]]) -> None:
    encoded = protocol.frame([protocol.encode(each) for each in objects])
    assert json.loads(encoded) == objects


def test_an_event_carries_its_place_and_time() -> None:
    at = "2026-01-01T00:00:00.000000Z"
    raw = protocol.encode_event("lobby", 5, at, "member.left", b'{"m":1}')
    assert orjson.loads(raw) == {
        "type": "member.left",
        "room": "lobby",
        "seq": 5,
        "at": at,
        "m": 1,
    }
    raw = protocol.encode_event("lobby", 5, at, "x", b"{}")
    assert orjson.loads(raw)["type"] == "x"


def told(name: str, base: type, **fields: Any) -> Any:
    # What a name is at run time, no type checker can know.
    type_: Any = (Literal[name], ...)
    return create_model("Told", __base__=base, type=type_, **fields)


def test_clients_can_tell_each_event_by_its_at() -> None:
    for each in events.registered():
        durable = issubclass(each, events.Durable)
        assert durable == ("at" in each.model_fields)
        assert not durable or {"room", "seq"} <= each.model_fields.keys()


@pytest.mark.parametrize(
    ("base", "fields"),
    [
        (events.Ephemeral, {"at": (str, ...)}),
        (events.Ephemeral, {"seq": (int, ...), "at": (str, ...)}),
        (events.Ephemeral, {"id": (int, ...)}),
        (Told, {"at": (str, ...)}),
        (Told, {"room": (str, ...), "seq": (int, ...), "at": (str, ...)}),
        (events.Durable, {"id": (int, ...)}),
    ],
)
def test_an_event_that_clients_would_take_for_another_kind_is_not_registered(
    base: type, fields: Any
) -> None:
    before = events.registered()
    with pytest.raises(ValueError, match=r"poll\.viewed"):
        events.register(told("poll.viewed", base, **fields))
    assert events.registered() == before


def test_an_ephemeral_event_may_speak_of_a_seq() -> None:
    events.check(told("poll.viewed", events.Ephemeral, seq=(int, ...)))
