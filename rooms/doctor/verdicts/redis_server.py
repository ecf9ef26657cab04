"""What a Redis is like, by what `INFO` and `CONFIG GET` say of it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rooms.doctor.findings import Observation, doubtful, good, wrong

OLDEST = (6, 2)
MUCH_OF_MEMORY = 0.9


def server(info: Mapping[str, Any], policy: str | None) -> Iterator[Observation]:
    """`policy`: of eviction; None: one may not ask."""
    yield _version(info)
    if info.get("redis_mode") == "cluster" or info.get("cluster_enabled"):
        yield wrong("Mode", "a Redis Cluster", "Use one Redis, or one behind Sentinels.")
    if info.get("role") in ("slave", "replica"):
        yield wrong("Role", "a replica, which cannot be written", "Name the primary in REDIS_URL.")
    if info.get("loading"):
        yield doubtful("State", "still loading its data", "Wait.")
    yield _eviction(policy, int(info.get("maxmemory") or 0))
    yield _memory(int(info.get("used_memory") or 0), int(info.get("maxmemory") or 0))
    yield _persistence(info)


def _version(info: Mapping[str, Any]) -> Observation:
    name, text = "Redis", str(info.get("redis_version") or "0")
    numbers = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    if info.get("valkey_version"):
        return good("Version", f"Valkey {info['valkey_version']}")
    if numbers < OLDEST:
        return wrong("Version", f"{name} {text}", "Redis 6.2 or newer is needed, or Valkey.")
    return good("Version", f"{name} {text}")


def _eviction(policy: str | None, maxmemory: int) -> Observation:
    todo = "Set maxmemory-policy noeviction."
    if policy is None:
        return doubtful("Eviction", "it does not say (CONFIG is not allowed)", f"See to it: {todo}")
    if policy == "noeviction":
        return good("Eviction", "none")
    if maxmemory:
        return wrong("Eviction", f"{policy}: wake-ups and presence may be thrown away", todo)
    return doubtful("Eviction", f"{policy}, though without a bound on memory", todo)


def _memory(used: int, maxmemory: int) -> Observation:
    said = f"{used // 2**20} MB used"
    if maxmemory and used > MUCH_OF_MEMORY * maxmemory:
        said += f" of {maxmemory // 2**20}"
        return doubtful("Memory", said, "Raise maxmemory, or see what else is kept there.")
    return good("Memory", said)


def _persistence(info: Mapping[str, Any]) -> Observation:
    """Nothing in it has to be kept: the database is the truth. But one that is told to keep it and
    cannot refuses to be written."""
    failing = [
        name
        for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
        if info.get(name) not in (None, "ok")
    ]
    if failing:
        return wrong(
            "Persistence",
            f"it cannot write to its disk ({', '.join(failing)}), and may refuse to be written",
            "Give its disk room, or turn it off: nothing that Parley keeps there needs it.",
        )
    on = "on" if info.get("aof_enabled") else "snapshots or none"
    return good("Persistence", f"{on}; none is needed, the database is the truth")


def announced(own: str, names: Collection[str]) -> Observation:
    """By web processes that live: the databases that they have under this installation's name."""
    if others := sorted(set(names) - {own}):
        return wrong(
            "Web processes",
            f"some have another database under this installation's id: {', '.join(others)}",
            "Of a copy, stop all parts and run manage.py restored --new-installation there.",
        )
    if not names:
        todo = "Start manage.py serve; if it runs, compare its REDIS_URL and database with these."
        return doubtful("Web processes", "none has given a sign of life in this Redis", todo)
    return good("Web processes", "one at least lives")
