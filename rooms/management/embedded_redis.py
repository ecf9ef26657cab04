"""The Redis that Parley brings along when `REDIS_URL` names none. Used by `up` and `redis`.

It listens on a Unix socket in a folder of its owner alone, never on a port. Only options that
every Redis since 6.2 and every Valkey knows are given.
"""

import os
import shutil
import stat
import sys
from pathlib import Path

import redis
from django.conf import settings
from django.core.management.base import CommandError

PROGRAMS = ("redis-server", "valkey-server")


def find_server() -> Path:
    """The program: of the system, else the one that was put into the environment."""
    for name in PROGRAMS:
        found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
        if found:
            return Path(found)
    raise CommandError(
        "No Redis was found. Install one (Debian, Ubuntu: apt-get install redis-server;"
        " Fedora: dnf install valkey; macOS: brew install redis), or name one in REDIS_URL."
    )


def private_folder(path: Path) -> Path:
    """Make `path` for this user alone. It may stand in a temporary folder that others write."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CommandError(
            f"{path} belongs to somebody else; remove it or use another data folder."
        )
    path.chmod(0o700)
    return path


def command(log_file: str = "") -> list[str]:
    """The command line that runs the embedded Redis in the foreground. It writes its log to
    `log_file` in its folder, else to the terminal."""
    socket = settings.REDIS_SOCKET
    private_folder(socket.parent)
    folder = private_folder(settings.DATA_DIR / "redis")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": log_file,
    }
    line = [str(find_server())]
    for name, value in options.items():
        line += [f"--{name}", value]
    return line


def answers(url: str, seconds: float = 2.0) -> bool:
    """Whether a Redis that takes commands is behind `url`."""
    client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
