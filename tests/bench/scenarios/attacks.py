"""Who does what: each class is one way to misbehave, done by `count` connections of each address.

What they do is what was once found to hurt, or would hurt a server that had not thought of it.
"""

import itertools
import json
import os
import random
import uuid

from .attackers import CHUNK, Bare, Requests, Trickle, WebSocket
from .sockets import PING

CSRF = "a" * 32
MASK = b"\0\0\0\0"
ZEROS = bytes(CHUNK)
GIBIBYTE = 1 << 30

# Texts that make parsers work, each as long as a message may be.
LONGEST = 9_990
HOSTILE_TEXTS = [
    "xn--a." * 40 + "xn",
    ("xn--a." * 40 + "xn ") * 40,
    "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + ("|" + "b|" * 300 + "\n") * 14,
    "![" * (LONGEST // 2),
    "a.co/(" * (LONGEST // 6),
    "[a](" * (LONGEST // 4),
    "*a _a " * (LONGEST // 6),
    "> " * (LONGEST // 2),
    "`" * 50 + "a`` " * (LONGEST // 5),
    "http://xn--a." + "xn--a." * 1_000,
    "<a@b " * (LONGEST // 5),
    "- " * (LONGEST // 2),
]
NASTY_PARAMS = [
    {"days": 10**30},
    {"days": "7" * 50_000},
    {"days": [[[[[[]]]]]]},
    {"formats": "html"},
    {"formats": "ndjson"},
    {"days": 365},
    {"run": "\ud800"},
    {},
]
KINDS = ["room.report", "room.export", "room.digest", "nothing.there"]
DEEP = "[" * 30_000


def http(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin1") + body


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


# Without an account ------------------------------------------------------------------------------


class Gibibyte(Bare):
    """A body that does not end, to every kind of address."""

    count, endless = 4, True
    paths = itertools.cycle(["/healthz", "/accounts/login/", "/api/v1/rooms", "/", "/admin/login/"])

    def first(self) -> bytes:
        head = http("POST", next(self.paths), {})
        return head.replace(b"Content-Length: 0", b"Content-Length: %d" % GIBIBYTE)

    def more(self) -> bytes:
        return ZEROS


class HalfRequest(Trickle):
    count = 100

    def first(self) -> bytes:
        return b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


class SlowBody(Trickle):
    count = 40

    def first(self) -> bytes:
        return http("POST", "/accounts/login/", {}).replace(b"Length: 0", b"Length: 50000")


class Silent(Bare):
    count = 40


class HalfHandshake(Trickle):
    count = 40

    def first(self) -> bytes:
        return http("GET", "/ws/", UPGRADE)[:-2]


class ConnectAndGo(Bare):
    """Connects and closes, as fast as it can."""

    count = 10

    def _handshake(self) -> bytes:
        super()._handshake()
        self.all.later(0, lambda: self._end(0))
        return b""


class WrongToken(Bare):
    """A handshake of nobody, over and over."""

    count = 10

    def first(self) -> bytes:
        return http("GET", "/ws/", {**UPGRADE, "Authorization": f"Bearer {os.urandom(16).hex()}"})


class NoToken(Bare):
    count = 5

    def first(self) -> bytes:
        return http("GET", "/ws/", UPGRADE)


class WrongPath(Bare):
    count = 5
    paths = itertools.cycle(["/ws//", "/", "/ws/../ws", "/wss/", "/api/v1/rooms"])

    def first(self) -> bytes:
        return http("GET", next(self.paths), UPGRADE)


class WrongPassword(Requests):
    count = 5

    def request(self) -> bytes:
        form = f"csrfmiddlewaretoken={CSRF}&login=member{random.randrange(200)}&password=x"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        cookie = {"Cookie": f"csrftoken={CSRF}"}
        return http("POST", "/accounts/login/", {**kind, **cookie}, form.encode())


class Upload(Requests):
    """Forms with files that nobody asked for."""

    count = 3

    def request(self) -> bytes:
        part = b'--x\r\nContent-Disposition: form-data; name="f%d"; filename="f"\r\n\r\nabc\r\n'
        body = b"".join(part % number for number in range(700)) + b"--x--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        return http("POST", "/accounts/login/", {**kind, "Cookie": f"csrftoken={CSRF}"}, body)


class Backslashes(Requests):
    count = 3

    def request(self) -> bytes:
        return http("GET", "/accounts/login/", {"Cookie": 'sessionid="' + "\\" * 8_000 + '"'})


class ManyHeaders(Requests):
    count = 3

    def request(self) -> bytes:
        return http("GET", "/", {f"X-{number}": "a" for number in range(2_000)})


class LoginPages(Requests):
    """Whatever can be had without an account, as fast as it comes."""

    count = 8
    paths = itertools.cycle(
        ["/accounts/login/", "/accounts/signup/", "/api/v1/openapi.json", "/nothing", "/healthz"]
    )

    def request(self) -> bytes:
        return http("GET", next(self.paths), {})


class RestOfNobody(Requests):
    count = 5

    def request(self) -> bytes:
        return http("GET", "/api/v1/rooms", {"Authorization": f"Bearer {os.urandom(8).hex()}"})


# With an account ----------------------------------------------------------------------------------


class RestFlood(Requests):
    """Everything that one may do, as fast as it is answered."""

    count = 8

    def request(self) -> bytes:
        room = random.choice(self.target.rooms)
        base, number = "/api/v1", random.randrange(1 << 30)
        method, path, body = random.choice(
            [
                ("GET", f"{base}/rooms?limit=200", None),
                ("GET", f"{base}/rooms?q=" + "%25_" * 50, None),
                ("GET", f"{base}/rooms/{room}/messages?limit=200", None),
                ("GET", f"{base}/rooms/{room}/members?limit=200", None),
                ("GET", f"{base}/jobs?limit=200", None),
                ("POST", f"{base}/rooms", {"name": f"Offers {number}"}),
                ("POST", f"{base}/rooms/{room}/members", {"user": f"member{number % 200}"}),
                ("POST", f"{base}/rooms/{room}/messages", {"body": random.choice(HOSTILE_TEXTS)}),
                (
                    "POST",
                    f"{base}/jobs",
                    {
                        "kind": random.choice(KINDS),
                        "room": room,
                        "params": random.choice(NASTY_PARAMS),
                    },
                ),
            ]
        )
        kind = {"Content-Type": "application/json"}
        token = {"Authorization": self.account["Authorization"]}
        return http(method, path, {**kind, **token}, json.dumps(body).encode() if body else b"")


class DeepJson(Requests):
    count = 3

    def request(self) -> bytes:
        kind = {"Content-Type": "application/json"}
        token = {"Authorization": self.account["Authorization"]}
        return http("POST", "/api/v1/rooms", {**kind, **token}, (DEEP * 20).encode())


class Pages(Requests):
    """Rooms' pages and lists, by session."""

    count = 8

    def request(self) -> bytes:
        room = random.choice(self.target.rooms)
        path = random.choice(
            [f"/rooms/{room}/", f"/rooms/{room}/state/", "/rooms/?q=a", "/state/", "/tokens/"]
        )
        return http("GET", path, {"Cookie": self.account["Cookie"]})


class Reconnecting(Bare):
    """A right token, over and over."""

    count = 5

    def first(self) -> bytes:
        token = {"Authorization": self.account["Authorization"]}
        return http("GET", "/ws/", {**UPGRADE, **token})

    def came(self, data: bytes) -> None:
        self._end(0)


class EmptyFrames(WebSocket):
    """Pieces of a message, each of no length."""

    count, burst, every = 2, 1, 0.001
    frames = (b"\x00\x80" + MASK) * 5_000

    def begin(self) -> None:
        self._write(b"\x01\x80" + MASK)

    def act(self) -> None:
        self._write(self.frames)


class Pings(WebSocket):
    """Pings whose answers are not read."""

    count, burst, every = 2, 200, 0.001

    def begin(self) -> None:
        self.stop_reading()

    def act(self) -> None:
        self.send(PING, b"x" * 100)


class EndlessFrame(WebSocket):
    count, every = 2, 0.001

    def begin(self) -> None:
        self._write(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + MASK)

    def act(self) -> None:
        self._write(ZEROS)


class StuckReader(WebSocket):
    """Listens to every room, and reads nothing."""

    count, every = 10, 60.0

    def aimed(self) -> None:
        super().aimed()
        self.receive_buffer = 4096

    def begin(self) -> None:
        for room in self.target.rooms:
            self.command("subscribe", room=room)
        self.stop_reading()


class SubUnsub(WebSocket):
    count, burst, every = 4, 40, 0.2

    def act(self) -> None:
        room = random.choice(self.target.rooms)
        self.command("subscribe", room=room, after=0)
        self.command("unsubscribe", room=room)


class HostileText(WebSocket):
    """Posts all day, just within what one may."""

    count, every = 4, 0.05

    def act(self) -> None:
        self.say(random.choice(self.target.rooms), random.choice(HOSTILE_TEXTS))


class HostileFlood(WebSocket):
    """The same, far beyond."""

    count, burst, every = 3, 50, 0.2

    def act(self) -> None:
        self.say(random.choice(self.target.rooms), random.choice(HOSTILE_TEXTS))


class BadCommands(WebSocket):
    count, burst, every = 3, 10, 0.2
    texts = itertools.cycle(
        [
            DEEP.encode(),
            b'{"id": ' + b"9" * 5_000 + b', "type": "ping"}',
            b'{"type": "nothing"}',
            b"\xff\xfe",
            b'{"id": 1, "type": "send", "room": "' + b"a" * 60_000 + b'"}',
        ]
    )

    def act(self) -> None:
        self.text(next(self.texts))


class JobCommands(WebSocket):
    """Jobs with whatever params."""

    count, burst, every = 3, 1, 0.1

    def act(self) -> None:
        room = random.choice(self.target.rooms)
        if random.random() < 0.5:
            command = {
                "id": str(uuid.uuid4()),
                "type": "job.submit",
                "kind": random.choice(KINDS),
                "room": room,
                "params": random.choice(NASTY_PARAMS),
            }
            # Not the project's own encoder, which refuses some of this.
            self.text(json.dumps(command).encode())
        else:
            self.say(room, "/job room.report days=" + "[" * random.choice([1, 2, 5_000]))


ATTACKS: list[type[Bare] | type[WebSocket]] = [
    *(Gibibyte, HalfRequest, SlowBody, Silent, HalfHandshake, ConnectAndGo),
    *(WrongToken, NoToken, WrongPath, WrongPassword, Upload, Backslashes, ManyHeaders),
    *(LoginPages, RestOfNobody, RestFlood, DeepJson, Pages, Reconnecting),
    *(EmptyFrames, Pings, EndlessFrame, StuckReader, SubUnsub),
    *(HostileText, HostileFlood, BadCommands, JobCommands),
]
