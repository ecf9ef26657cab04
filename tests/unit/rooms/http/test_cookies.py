"""Cookies are handed on as they came, but for what would take long to read."""

import asyncio

from rooms.http.cookies import MOST_BACKSLASHES, BoundedCookies, bounded


def test_a_few_backslashes_stay() -> None:
    header = b'a="b\\"c\\054"; sessionid=abc'
    assert bounded(header) == header


def test_many_go_and_the_rest_stays() -> None:
    header = b'a="' + b'\\"' * (MOST_BACKSLASHES + 1) + b'"; sessionid=abc'
    assert b"\\" not in bounded(header)
    assert bounded(header).endswith(b"; sessionid=abc")


def test_only_cookies_are_changed_and_only_where_they_must() -> None:
    seen = []

    async def application(scope: object, receive: object, send: object) -> None:
        seen.append(scope)

    many = b"\\" * (MOST_BACKSLASHES + 1)
    plain = {"type": "http", "headers": [(b"cookie", b"a=b"), (b"x", many)]}
    long = {"type": "websocket", "headers": [(b"cookie", b"a=" + many), (b"x", many)]}

    async def test() -> None:
        for scope in (plain, long, {"type": "lifespan"}):
            await BoundedCookies(application)(scope, None, None)

    asyncio.run(test())
    assert seen[0] is plain
    assert seen[1] == {"type": "websocket", "headers": [(b"cookie", b"a="), (b"x", many)]}
    assert seen[2] == {"type": "lifespan"}
