"""Very many messages, and what searching them takes. Runs inside of a site: `search` asks for it.

Words are as frequent as words are: the n-th has 1/n of the most frequent one's share. Of some it is
known how often they come.
"""

import random
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from rooms.core import installation
from rooms.database import deadlines
from rooms.features.messages.actions import Post, post_messages
from rooms.features.search import message_index
from rooms.features.search.finding import find
from rooms.models import Membership, Room, User

ROOMS = 1_000
WORDS = 20_000
LETTERS = "etaoinshrdlucmfwypvbgk"
SIGNS = "会議明日資料確認東京大阪仕事今日時間連絡電話"
COLUMNS = ("room_id", "seq", "number", "author_id", "kind", "body", "html", "created_at")
# Who is in how many of the rooms.
PEOPLE = {"ana": ROOMS, "ben": 10, "cyd": 50}
# What is said in every so manieth message.
COMMON, RARE = "deployment", "zygomorphic flower"
COMMON_EVERY, RARE_EVERY, SIGNS_EVERY = 10, 100_003, 50

Row = tuple[Any, ...]


def fill(count: int) -> float:
    """Rooms, people and `count` messages, without an index of their words; seconds that took."""
    message_index.drop(connection)
    installation.read()
    people = {name: User.objects.get_or_create(username=name)[0] for name in PEOPLE}
    rooms = Room.objects.bulk_create(
        Room(slug=f"r{number}", name=f"Room {number}", visibility="private")
        for number in range(ROOMS)
    )
    Membership.objects.bulk_create(
        Membership(room=room, user=people[name], role="member")
        for name, many in PEOPLE.items()
        for room in rooms[:many]
    )
    began = time.perf_counter()
    rows = messages(count, [room.pk for room in rooms], people["ana"].pk)
    with deadlines.unbounded(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
        write(cursor, rows)
    each = count // ROOMS
    Room.objects.filter(pk__in=[room.pk for room in rooms]).update(
        last_seq=each, message_count=each
    )
    return time.perf_counter() - began


def messages(count: int, rooms: list[int], author: int) -> Iterator[Row]:
    chance = random.Random(1)
    words = [
        "".join(chance.choices(LETTERS, weights=range(len(LETTERS), 0, -1), k=chance.randint(2, 9)))
        for _ in range(WORDS)
    ]
    shares = list(accumulate(1 / (place + 3) for place in range(WORDS)))
    at = timezone.now() - timedelta(days=365)
    step = timedelta(days=364) / count
    for number in range(count):
        said = chance.choices(words, cum_weights=shares, k=chance.randint(4, 24))
        if number % SIGNS_EVERY == 0:
            said.append("".join(chance.choices(SIGNS, k=8)))
        if number % COMMON_EVERY == 0:
            said.append(COMMON)
        if number % RARE_EVERY == 7:
            said.append(RARE)
        body = " ".join(said)
        place = number // ROOMS + 1
        room = rooms[number % ROOMS]
        yield room, place, place, author, "text", body, f"<p>{body}</p>", at + number * step


def write(cursor: Any, rows: Iterator[Row]) -> None:
    names = ", ".join(COLUMNS)
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY rooms_message ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE rooms_message")
        return
    marks = ", ".join(["%s"] * len(COLUMNS))
    cursor.executemany(f"INSERT INTO rooms_message ({names}) VALUES ({marks})", rows)


def build() -> float:
    """As `migrate` does it: no statement of it is too long."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
    began = time.perf_counter()
    with deadlines.unbounded():
        message_index.build(connection)
        message_index.catch_up_with_all()
    return time.perf_counter() - began


def size() -> float:
    """Of the index, in bytes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_relation_size(%s)", [message_index.GIN])
        else:
            cursor.execute(f"SELECT sum(length(block)) FROM {message_index.TRIGRAMS}_data")
        return float(cursor.fetchone()[0])


def searched(who: str, line: str, times: int) -> dict[str, Any]:
    """How long a page of 20 takes, in milliseconds, and how many are on it."""
    user = User.objects.get(username=who)
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        findings = find(user, line, 20)
        spent.append((time.perf_counter() - began) * 1000)
    return {
        "found": len(findings.found),
        "more": findings.below is not None,
        "cut": findings.looked_back_to is not None,
        "median": statistics.median(spent),
        "quickest": min(spent),
    }


def posting(batch: int, times: int) -> float:
    """Milliseconds a post, of so many in a transaction: half of the batches take less."""
    ana = User.objects.get(username="ana")
    chance = random.Random(times)
    texts = [
        " ".join("".join(chance.choices(LETTERS, k=5)) for _ in range(14)) for _ in range(batch)
    ]
    spent = []
    for _ in range(times):
        posts = [Post(ana, f"r{number % ROOMS}", text) for number, text in enumerate(texts)]
        began = time.perf_counter()
        post_messages(posts)
        spent.append((time.perf_counter() - began) * 1000 / batch)
    return statistics.median(spent)
