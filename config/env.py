"""What the environment may say, typed and checked once at start. Read only by `settings`."""

import hashlib
import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from jobs.webhooks.addresses import Network, networks
from rooms.core import secret_files
from rooms.core.redaction import without_password
from rooms.limits import Seconds

BASE_DIR = Path(__file__).resolve().parent.parent

# A Unix socket's path has to fit into `sockaddr_un`: 104 bytes on macOS, 108 on Linux.
SOCKET_PATH_BYTES = 100
YEAR_SECONDS = 365 * 24 * 3600
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]"}
# What may hold a secret, and may be given as `NAME_FILE` instead.
SECRETS = (
    "secret_key",
    "database_url",
    "redis_url",
    "celery_broker_url",
    "email_url",
    "parley_metrics_token",
)
# Several, one a line of the file.
SECRET_LISTS = ("secret_key_fallbacks",)

CommaSeparated = Annotated[list[str], NoDecode]


class Environment(BaseSettings):
    """The variables of docs/operations.md. Unset ones have the defaults of `make run`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    parley_processes: Annotated[int, Field(ge=1)] = 1
    # Which of several this one is; set by their parent for the log.
    parley_process: str = ""
    parley_data_dir: Path = BASE_DIR / ".parley"
    static_root: Path | None = None
    database_url: str = ""
    database_pooler: str = ""
    database_pool_max: Annotated[int, Field(ge=1)] = 16
    database_pool_timeout: Seconds = 5
    database_pool_lifetime: Seconds = 300
    # Unset, these three depend on who asks: see the properties below.
    database_statement_seconds: Seconds | None = None
    database_lock_seconds: Seconds | None = None
    database_idle_seconds: Seconds | None = None
    redis_url: str = ""
    celery_broker_url: str = ""
    secret_key: str = ""
    # Keys of before: what was signed with them is good, and nothing is signed with them any more.
    secret_key_fallbacks: CommaSeparated = []
    debug: bool = False
    allowed_hosts: CommaSeparated = ["localhost", "127.0.0.1", "[::1]"]
    csrf_trusted_origins: CommaSeparated = []
    https: bool | None = None
    site_url: str = ""
    site_name: Annotated[str, Field(min_length=1, max_length=40)] = "Parley"
    # Networks that are not on the internet and may be told by webhooks all the same.
    parley_webhook_networks: str = ""
    parley_hsts_seconds: Annotated[int, Field(ge=0)] = YEAR_SECONDS
    parley_hsts_subdomains: bool = False
    parley_hsts_preload: bool = False
    session_cookie_age: Annotated[int, Field(ge=60)] = 14 * 24 * 3600
    parley_signup: Literal["open", "domain", "invite", "closed"] | None = None
    parley_signup_domains: CommaSeparated = []
    parley_trusted_proxies: Annotated[int, Field(ge=0)] = 0
    parley_serving: bool = False
    email_url: str = ""
    parley_unproven_days: Annotated[int, Field(ge=0)] = 7
    default_from_email: str = "parley@localhost"
    time_zone: str = "UTC"
    log_level: str = "INFO"
    channel_layer: str = "pubsub"
    parley_kinds: CommaSeparated = []
    parley_apps: CommaSeparated = []
    parley_metrics_token: str = ""
    # Instead of the installation id in the database.
    parley_installation: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""

    @field_validator(
        "allowed_hosts",
        "csrf_trusted_origins",
        "parley_kinds",
        "parley_apps",
        "parley_signup_domains",
        "secret_key_fallbacks",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("parley_signup_domains")
    @classmethod
    def _names_of_domains(cls, value: list[str]) -> list[str]:
        if wrong := [name for name in value if "@" in name or "." not in name or "*" in name]:
            raise ValueError(f"must be domains like example.org, with commas: {wrong[0]!r}")
        return [name.lower() for name in value]

    @model_validator(mode="after")
    def _domains_are_proven(self) -> "Environment":
        """An address that nobody proves could be anybody's."""
        if self.parley_signup == "domain" and not (self.parley_signup_domains and self.email_url):
            raise ValueError("PARLEY_SIGNUP=domain needs PARLEY_SIGNUP_DOMAINS and EMAIL_URL")
        return self

    @field_validator("channel_layer")
    @classmethod
    def _known_layer(cls, value: str) -> str:
        if value not in ("pubsub", "core"):
            raise ValueError("must be 'pubsub' or 'core'")
        return value

    @field_validator("database_pooler")
    @classmethod
    def _known_pooler(cls, value: str) -> str:
        if value not in ("", "transaction", "session"):
            raise ValueError("must be 'transaction' or 'session'")
        return value

    @field_validator("parley_webhook_networks")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        try:
            networks(value)
        except ValueError as error:
            raise ValueError(f"must be networks with commas between: {error}") from None
        return value

    @property
    def webhook_networks(self) -> list[Network]:
        return networks(self.parley_webhook_networks)

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ValueError("must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
        return value.upper()

    @field_validator("site_name")
    @classmethod
    def _a_line(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("must be one line that shows something")
        return value.strip()

    @field_validator("site_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must look like https://chat.example.org")
        if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be scheme, host and port alone")
        return value.rstrip("/")

    @property
    def on_loopback(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def secure(self) -> bool:
        """Whether browsers come over HTTPS. Assumed, unless told otherwise, everywhere but in a
        server that listens on loopback alone without a proxy of ours in front: that one is somebody
        trying things out."""
        if self.https is not None:
            return self.https
        alone = self.parley_serving and self.on_loopback and not self.parley_trusted_proxies
        return not self.debug and not alone

    @property
    def for_this_machine_alone(self) -> bool:
        """Nobody comes from elsewhere, not even through a proxy on this machine: it would bring a
        name of its own, HTTPS, or be counted."""
        names = set(self.allowed_hosts) <= LOOPBACK_NAMES
        return self.on_loopback and names and not self.https and not self.parley_trusted_proxies

    @property
    def signup(self) -> str:
        return self.parley_signup or ("open" if self.for_this_machine_alone else "invite")

    # How long the database may take. Somebody waits for a web process; a worker may take its time.

    @property
    def statement_seconds(self) -> float:
        """For one statement."""
        return self.database_statement_seconds or (10 if self.parley_serving else 60)

    @property
    def lock_seconds(self) -> float:
        """For what somebody else is writing."""
        return self.database_lock_seconds or (5 if self.parley_serving else 20)

    @property
    def idle_seconds(self) -> float:
        """Between two statements of a transaction, which holds locks meanwhile."""
        return self.database_idle_seconds or (15 if self.parley_serving else 600)

    @field_validator("parley_data_dir", "static_root")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().absolute()


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """Read `kind` from the environment, or say which variables are wrong, each on its line."""
    held, lines = _held_by_files(kind)
    try:
        if not lines:
            return kind(**held)
        kind(**held)
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        lines += [
            _line(f"{prefix}{'.'.join(map(str, problem['loc']))}", problem, set(held))
            for problem in error.errors()
        ]
    raise ImproperlyConfigured(
        "these environment variables are not usable:\n" + "\n".join(lines)
    ) from None


def _held_by_files(kind: type[BaseSettings]) -> tuple[dict[str, Any], list[str]]:
    """What stands in files, and what is wrong with them."""
    held: dict[str, Any] = {}
    wrong = []
    for names, read in ((SECRETS, secret_files.line), (SECRET_LISTS, secret_files.lines)):
        for name in names:
            if name not in kind.model_fields:
                continue
            try:
                if found := read(name.upper(), os.environ):
                    held[name] = found
            except secret_files.BadSecretFile as error:
                wrong.append(f"  {error}")
    return held, wrong


def _line(name: str, problem: Mapping[str, Any], from_files: set[str]) -> str:
    if not problem["loc"]:
        # About several variables: it names them, and what it was given is all of them.
        return f"  {problem['msg']}"
    if name in from_files:
        return f"  {name}{secret_files.SUFFIX}".upper() + f": {problem['msg']}"
    return f"  {name}".upper() + f": {problem['msg']} (it is {_shown(problem)})"


def _shown(problem: Mapping[str, Any]) -> str:
    """What a variable holds, as far as it may be shown."""
    name = str(problem["loc"][-1:]).lower()
    if any(word in name for word in ("secret", "token", "password")):
        return "a secret"
    return without_password(repr(problem.get("input")))


def version() -> str:
    """Of this program, as its one declaration says."""
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def data_dir(environment: Environment) -> Path:
    """Make the data directory, readable by its owner alone: it holds the secret key."""
    path = environment.parley_data_dir
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"PARLEY_DATA_DIR {path} cannot be made: {error}") from None
    if not os.access(path, os.W_OK):
        raise ImproperlyConfigured(f"PARLEY_DATA_DIR {path} is not writable")
    return path


def secret_key(environment: Environment, directory: Path) -> str:
    """`SECRET_KEY`, else the one kept in the data directory, made at the first start.

    Several processes may start at once; `link` lets exactly one of them win.
    """
    if environment.secret_key:
        return environment.secret_key
    path = directory / "secret_key"
    if not path.exists():
        draft = directory / f".secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def embedded_redis_socket(directory: Path) -> Path:
    """Where the embedded Redis listens: in the data directory, or, when that path is too long
    for a Unix socket, in a private folder of the system's temporary one."""
    path = directory / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"parley-{os.getuid()}-{digest}" / "redis.sock"
