"""Kinds of jobs: what a job's name stands for. Written with the decorator `kind`.

Kinds are found at start in `<app>.kinds`, module or package, of every installed app, and in the
modules that `PARLEY_KINDS` names. Pure but for the registry. The REST list of kinds, the slash
command, the admin's form and the worker all read the same declaration.
"""

import hashlib
import inspect
import pkgutil
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

import orjson
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, ValidationError

from rooms.protocol import Invalid

from . import secret_params

INTERACTIVE, DEFAULT, BULK = QUEUES = ("interactive", "default", "bulk")


def process_queue(queue: str) -> str:
    """What the broker calls the part of a queue that is for workers with a process for each job."""
    return f"{queue}.process"


NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class Params(BaseModel):
    """Base of a kind's parameters: a name that the kind does not know is an error."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Backoff:
    """How long to wait before the next attempt: exponential, capped, with full jitter, so that
    jobs that failed together do not come back together. Seconds."""

    base: float = 2.0
    cap: float = 600.0

    def delay(self, attempt: int, uniform: Callable[[float, float], float]) -> float:
        """Before the attempt that follows the `attempt`-th."""
        # 2**64 is beyond any cap: the bound keeps the power from overflowing.
        return uniform(0, min(self.cap, self.base * 2 ** min(attempt - 1, 64)))


# Takes a `running.context.Context` of the kind's params. May be a coroutine function.
KindFunction = Callable[[Any], Any]
# Of the params, the slug of the room or None, and the requester's id.
KeyFunction = Callable[[Any, str | None, int], str]
ROOM, REQUESTER = "room", "requester"
# Of the column.
KEY_CHARACTERS = 150
Errors = tuple[type[Exception], ...]


@dataclass(frozen=True)
class Kind:
    """A declaration. Times are in seconds."""

    name: str
    title: str
    description: str
    params: type[BaseModel]
    run: KindFunction
    queue: str = DEFAULT
    max_attempts: int = 3
    backoff: Backoff = field(default_factory=Backoff)
    soft_time_limit: float = 300
    hard_time_limit: float = 330
    retry_on: Errors = (Exception,)
    give_up_on: Errors = ()
    tell: Errors = ()
    needs_room: bool = False
    needs_process: bool = False
    keep_days: int | None = None
    keep_jobs: int | None = None
    secret_result: bool | tuple[str, ...] = False
    rule: str = ""
    at_once: int | None = None
    key: "str | KeyFunction" = ""
    unique_within: timedelta | None = None
    unique_params: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > 80:
            raise ImproperlyConfigured(f"{self.name!r} is not a kind's name: use app.name")
        if self.queue not in QUEUES:
            raise ImproperlyConfigured(f"{self.name}: the queue must be one of {QUEUES}")
        if not 0 < self.soft_time_limit < self.hard_time_limit:
            raise ImproperlyConfigured(f"{self.name}: soft_time_limit must be below the hard one")
        if self.max_attempts < 1:
            raise ImproperlyConfigured(f"{self.name}: max_attempts must be at least 1")
        if self.rule and self.needs_room:
            raise ImproperlyConfigured(f"{self.name}: what has a rule is done in no room")
        if any(each is not None and each < 1 for each in (self.keep_days, self.keep_jobs)):
            raise ImproperlyConfigured(f"{self.name}: keep_days and keep_jobs are at least 1")
        if self.at_once is not None and self.at_once < 1:
            raise ImproperlyConfigured(f"{self.name}: at_once must be at least 1")
        if self.key and self.at_once is None:
            raise ImproperlyConfigured(f"{self.name}: a key is for at_once")
        if isinstance(self.key, str) and self.key not in ("", ROOM, REQUESTER):
            if self.key not in self.params.model_fields:
                raise ImproperlyConfigured(f"{self.name}: there is no param {self.key!r}")
        if self.unique_within is not None and self.unique_within <= timedelta(0):
            raise ImproperlyConfigured(f"{self.name}: unique_within must be more than nothing")
        if self.unique_params is not None and self.unique_within is None:
            raise ImproperlyConfigured(f"{self.name}: unique_params are for unique_within")
        if unknown := set(self.unique_params or ()) - set(self.params.model_fields):
            raise ImproperlyConfigured(f"{self.name}: there are no params {sorted(unknown)}")
        if inspect.isasyncgenfunction(self.run) or inspect.isgeneratorfunction(self.run):
            raise ImproperlyConfigured(f"{self.name}: a kind returns its result and yields nothing")
        if shown := secret_params.unmasked(self.params):
            raise ImproperlyConfigured(
                f"{self.name}: {', '.join(shown)} would be shown: a secret is a SecretStr"
            )
        self._require_stored_params()

    def _require_stored_params(self) -> None:
        """What is read from the database is what was submitted."""
        try:
            params = self.params()
        except ValidationError:
            # Some have no default: a submission shows it.
            return
        try:
            again = self.params.model_validate(stored(params))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{self.name}: the params are not read as they are written: {error}"
            ) from error
        if again != params:
            raise ImproperlyConfigured(f"{self.name}: the params change when they are written")

    @cached_property
    def has_secret_params(self) -> bool:
        return secret_params.holds_secret(self.params)

    @property
    def has_secrets(self) -> bool:
        """Whether what it gives from one part to the next is not to be shown."""
        return self.has_secret_params or bool(self.secret_result)

    def hold_key(
        self, params: Mapping[str, Any], room: str | None, requester: int, room_id: int | None
    ) -> str | None:
        """Of jobs with the same at most `at_once` run at a time; None: there is no such bound for
        this one. `params` as they are stored, `room` its slug. Raises what the key's function
        raises."""
        if self.at_once is None:
            return None
        value: Any
        if callable(self.key):
            value = self.key(self.params.model_validate(params), room, requester) or None
        elif self.key == ROOM:
            value = room_id
        elif self.key == REQUESTER:
            value = requester
        else:
            value = orjson.dumps(params.get(self.key)).decode() if self.key else "all"
        if value is None:
            return None
        key = f"{self.name}:{value}"
        if len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable():
            return key
        return f"{self.name}:{hashlib.sha256(key.encode(errors='replace')).hexdigest()}"

    @property
    def is_coroutine(self) -> bool:
        return inspect.iscoroutinefunction(self.run)

    def retries(self, error: Exception) -> bool:
        return isinstance(error, self.retry_on) and not isinstance(error, self.give_up_on)


def stored(params: BaseModel) -> dict[str, Any]:
    """Params as JSON from which the same model is made, secrets as they are. Raises ValueError."""
    shown, secret = secret_params.split(params)
    return shown if secret is None else secret


R = TypeVar("R", bound=KindFunction)
_kinds: dict[str, Kind] = {}


def kind(
    name: str,
    *,
    title: str = "",
    params: type[BaseModel] = Params,
    queue: str = DEFAULT,
    max_attempts: int = 3,
    backoff: Backoff | None = None,
    soft_time_limit: float = 300,
    hard_time_limit: float | None = None,
    retry_on: Iterable[type[Exception]] = (Exception,),
    give_up_on: Iterable[type[Exception]] = (),
    tell: Iterable[type[Exception]] = (),
    needs_room: bool = False,
    needs_process: bool = False,
    keep_days: int | None = None,
    keep_jobs: int | None = None,
    secret_result: bool | Iterable[str] = False,
    rule: str = "",
    at_once: int | None = None,
    key: "str | KeyFunction" = "",
    unique_within: timedelta | None = None,
    unique_params: Iterable[str] | None = None,
) -> Callable[[R], R]:
    """Declare a kind. The function's docstring explains it to people.

    `max_attempts=1` promises that the work is never begun twice. `hard_time_limit` is 30 seconds
    above the soft one unless it is given. Of an exception people in the room read the class; its
    text as well if it is one of `tell`, GiveUp or RetryLater. `needs_process`: it has to be
    stoppable by force, so that only workers run it whose jobs have a process each. `keep_days`
    and `keep_jobs`: for how long, and how many, ended jobs of it are kept, where the site's
    `PARLEY_JOB_KEEP_DAYS` and `PARLEY_JOB_KEEP_PER_KIND` are not right for them. `secret_result`:
    what the function returns is kept nowhere; or the names in it that are not. `rule`: the action
    of the table of rules that says who may submit it; it is in no room, and in no list of kinds.
    `at_once`: so many of the same `key` run at a time, of the kind if there is none; the others
    wait queued. `key`: the name of a param, "room", "requester", or a function of the params, the
    room's slug (or None) and the requester's id that returns a text; "" is for no bound.
    `unique_within`: for so long after a job was submitted, but not after its end, the same again is
    that job; `unique_params` names the params that count, which are all unless it is said.
    """

    def declare(run: R) -> R:
        register(
            Kind(
                name=name,
                title=title or name.rpartition(".")[2].replace("_", " ").capitalize(),
                description=" ".join((inspect.getdoc(run) or "").split("\n\n")[0].split()),
                params=params,
                run=run,
                queue=queue,
                max_attempts=max_attempts,
                backoff=backoff or Backoff(),
                soft_time_limit=soft_time_limit,
                hard_time_limit=hard_time_limit or soft_time_limit + 30,
                retry_on=tuple(retry_on),
                give_up_on=tuple(give_up_on),
                tell=tuple(tell),
                needs_room=needs_room,
                needs_process=needs_process,
                keep_days=keep_days,
                keep_jobs=keep_jobs,
                secret_result=(
                    secret_result if isinstance(secret_result, bool) else tuple(secret_result)
                ),
                rule=rule,
                at_once=at_once,
                key=key,
                unique_within=unique_within,
                unique_params=None if unique_params is None else tuple(unique_params),
            )
        )
        return run

    return declare


def register(declared: Kind) -> None:
    if declared.name in _kinds:
        raise ImproperlyConfigured(f"the kind {declared.name!r} is declared twice")
    _kinds[declared.name] = declared


def known() -> list[Kind]:
    return [_kinds[name] for name in sorted(_kinds)]


def offered() -> list[Kind]:
    """Those that anybody may submit."""
    return [each for each in known() if not each.rule]


def find(name: str) -> Kind | None:
    return _kinds.get(name)


def get(name: str) -> Kind:
    """The kind, or Invalid with the names of those there are."""
    found = _kinds.get(name)
    if found is None:
        names = ", ".join(each.name for each in offered()) or "none"
        raise Invalid(f"There is no kind of job {name[:80]!r}. Kinds: {names}.")
    return found


def delay(name: str, attempt: int) -> float:
    """How long a job of this kind waits after its `attempt`-th attempt."""
    found = _kinds.get(name)
    return (found.backoff if found else Backoff()).delay(attempt, random.uniform)


def autodiscover(modules: Iterable[str] = ()) -> None:
    """Import what declares kinds. Called once, when the apps are ready."""
    for app in apps.get_app_configs():
        name = f"{app.name}.kinds"
        if find_spec(name) is None:
            continue
        package = import_module(name)
        for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
            import_module(f"{name}.{module.name}")
    for name in modules:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            raise ImproperlyConfigured(f"PARLEY_KINDS names {name!r}: {error}") from None
