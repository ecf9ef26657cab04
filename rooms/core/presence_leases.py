"""Leases in Redis: who is in a room, over all processes. Called by `live.presence` alone.

A process holds a lease, a set of people for each room, and its share in the room's list: everybody
in it, with the number of processes that they are seen by. The process that finds a lease expired
takes what it held out of the lists. All clocks are Redis' own, and each script is one step.

What Redis forgets is not missed: a process says with each exchange how many people it holds in a
room, hears when Redis knows of a different number, and then tells it all of them again.

    presence:leases                 process → when its lease ends
    presence:rooms:<process>        the rooms that it holds somebody in
    presence:held:<process>:<room>  the people that it holds there
    presence:room:<room>            user → "processes:name", and the list's `version`

Before each stands the installation's prefix.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from .installation import redis_prefix

# No call waits longer for Redis to connect, and to answer.
REDIS_TIMEOUT_SECONDS = 2.0
# Untouched keys expire after this: all processes are gone. It must leave the living processes time
# to take back what they hold.
KEY_LIFE_LEASES = 20
KEY_LIFE_SECONDS = 60
# Bounds of one script: Redis does nothing else while it runs.
ROOMS_PER_SCRIPT = 200
PEOPLE_PER_SCRIPT = 1_000

_COMMON = """
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local leases = prefix .. 'leases'

local function list_of(room) return prefix .. 'room:' .. room end
local function held_by(process, room) return prefix .. 'held:' .. process .. ':' .. room end

-- One process more, or less, sees this person. Whether the list reads differently now.
local function add(room, user, name)
    local old = redis.call('HGET', list_of(room), user)
    local count, known = string.match(old or '0:', '^(%d+):(.*)$')
    redis.call('HSET', list_of(room), user, (tonumber(count) + 1) .. ':' .. name)
    return not old or known ~= name
end

-- Somebody who is held already is called something else. Whether the list reads differently now.
local function rename(room, user, name)
    local old = redis.call('HGET', list_of(room), user)
    local count, known = string.match(old or '', '^(%d+):(.*)$')
    if not count or known == name then return false end
    redis.call('HSET', list_of(room), user, count .. ':' .. name)
    return true
end

local function remove(room, user)
    local old = redis.call('HGET', list_of(room), user)
    if not old then return false end
    local count, name = string.match(old, '^(%d+):(.*)$')
    if tonumber(count) > 1 then
        redis.call('HSET', list_of(room), user, (tonumber(count) - 1) .. ':' .. name)
        return false
    end
    redis.call('HDEL', list_of(room), user)
    return true
end

-- The time in microseconds, so that no version comes twice when Redis has forgotten the last.
local function new_version(room)
    local last = tonumber(redis.call('HGET', list_of(room), 'version') or '0')
    local version = math.max(last + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
    version = string.format('%.0f', version)
    redis.call('HSET', list_of(room), 'version', version)
    if redis.call('HLEN', list_of(room)) == 1 then
        redis.call('DEL', list_of(room))
    end
    return version
end
"""

_EXCHANGE = (
    _COMMON
    + """
local asked = cjson.decode(ARGV[2])
local process = asked.process
local rooms = prefix .. 'rooms:' .. process

local answers = {}
for _, each in ipairs(asked.rooms) do
    local room, changed = each.room, false
    local held = held_by(process, room)
    if each.whole then
        for _, user in ipairs(redis.call('SMEMBERS', held)) do
            if remove(room, user) then changed = true end
        end
        redis.call('DEL', held)
    end
    for user, name in pairs(each.here) do
        local say = redis.call('SADD', held, user) == 1 and add or rename
        if say(room, user, name) then changed = true end
    end
    for _, user in ipairs(each.left) do
        if redis.call('SREM', held, user) == 1 and remove(room, user) then changed = true end
    end
    local count = redis.call('SCARD', held)
    if count > 0 then
        redis.call('SADD', rooms, room)
        redis.call('EXPIRE', held, asked.kept)
        redis.call('EXPIRE', list_of(room), asked.kept)
    else
        redis.call('SREM', rooms, room)
    end
    if changed then new_version(room) end

    local version = redis.call('HGET', list_of(room), 'version') or '0'
    local number, people = 0, {}
    if version ~= each.known and version ~= '0' then
        number = redis.call('HLEN', list_of(room)) - 1
        if number <= asked.names then people = redis.call('HGETALL', list_of(room)) end
    end
    answers[#answers + 1] = {version, count, number, people}
end
redis.call('ZADD', leases, now + asked.lease, process)
redis.call('EXPIRE', leases, asked.kept)
redis.call('EXPIRE', rooms, asked.kept)
return answers
"""
)

_TAKE_BACK = (
    _COMMON
    + """
local process, left = ARGV[2], tonumber(ARGV[3])
if process == '' then
    process = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1)[1]
    if not process then return {0, {}} end
end
local rooms, moved, more = prefix .. 'rooms:' .. process, {}, 1
while left > 0 do
    local room = redis.call('SRANDMEMBER', rooms)
    if not room then
        redis.call('ZREM', leases, process)
        -- There may be other processes; of one that was named, this was all.
        if ARGV[2] ~= '' then more = 0 end
        break
    end
    local held, changed = held_by(process, room), false
    local users = redis.call('SPOP', held, left)
    for _, user in ipairs(users) do
        if remove(room, user) then changed = true end
    end
    left = left - #users - 1
    if redis.call('EXISTS', held) == 0 then redis.call('SREM', rooms, room) end
    if changed then moved[#moved + 1] = {room, new_version(room)} end
end
return {more, moved}
"""
)


def prefix() -> str:
    """What the names of all keys begin with."""
    return f"{redis_prefix()}:presence:"


@dataclass(frozen=True)
class PresenceChange:
    """What a process says of a room. `known` is the version of the list that it knows.

    `held` is how many people it holds there after this, or None when there is more to say.
    `whole`: forget what was said before.
    """

    room_id: int
    known: str
    here: dict[int, str] = field(default_factory=dict)
    left: Sequence[int] = ()
    held: int | None = None
    whole: bool = False


@dataclass(frozen=True)
class Picture:
    """A room's list: who is in it, by name, or only how many when they are too many."""

    version: str
    people: dict[int, str] | int


# Rooms whose list has a new version.
Moved = list[tuple[int, str]]

NOBODY = Picture("0", {})


class Leases:
    """One process's. Every method raises what the Redis client raises."""

    def __init__(self, url: str, lease_seconds: float, most_names: int) -> None:
        self.process = secrets.token_hex(8)
        self._lease_seconds = lease_seconds
        self._most_names = most_names
        # Once more at once, for a connection that has died since; never later.
        self._redis = Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._exchange = self._redis.register_script(_EXCHANGE)
        self._take_back = self._redis.register_script(_TAKE_BACK)

    async def exchange(
        self, changes: Sequence[PresenceChange]
    ) -> tuple[dict[int, Picture], list[int]]:
        """Write what changed here and keep the lease. At most `ROOMS_PER_SCRIPT` rooms and about
        `PEOPLE_PER_SCRIPT` people.

        Returns the lists that are not the known ones, and the rooms of which Redis knows another
        number of people than it should.
        """
        asked = {
            "process": self.process,
            "lease": round(self._lease_seconds * 1000),
            "kept": max(KEY_LIFE_SECONDS, round(self._lease_seconds * KEY_LIFE_LEASES)),
            "names": self._most_names,
            "rooms": [
                {
                    "room": str(each.room_id),
                    "known": each.known,
                    "here": {str(user_id): name for user_id, name in each.here.items()},
                    "left": list(map(str, each.left)),
                    "whole": each.whole,
                }
                for each in changes
            ],
        }
        answers = await self._exchange(args=[prefix(), json.dumps(asked)])
        pictures, wrong = {}, []
        for each, (version, held, number, people) in zip(changes, answers, strict=True):
            if version == NOBODY.version != each.known:
                pictures[each.room_id] = NOBODY
            elif version != each.known:
                pictures[each.room_id] = Picture(version, _people(people) if people else number)
            if each.held is not None and each.held != held:
                wrong.append(each.room_id)
        return pictures, wrong

    async def take_back_expired(self) -> tuple[bool, Moved]:
        """Take some of what a process without a lease held out of the lists, if there is one.
        Returns whether there may be more."""
        return await self._taken_back("")

    async def release(self) -> Moved:
        """Give back all that this process holds."""
        more, moved = await self._taken_back(self.process)
        while more:
            more, next = await self._taken_back(self.process)
            moved += next
        return moved

    async def _taken_back(self, process: str) -> tuple[bool, Moved]:
        more, moved = await self._take_back(args=[prefix(), process, PEOPLE_PER_SCRIPT])
        return bool(more), [(int(room_id), version) for room_id, version in moved]

    async def close(self) -> None:
        await self._redis.aclose()


def _people(fields: Iterable[str]) -> dict[int, str]:
    """From a list's hash, a field and its value by turns."""
    turns = iter(fields)
    pairs = dict(zip(turns, turns, strict=True))
    return {
        int(user_id): value.split(":", 1)[1]
        for user_id, value in pairs.items()
        if user_id != "version"
    }
