"""The cast and the stage: Alice owns, Bob is a member, Charlie is a stranger."""

import subprocess
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction

from tests.support import emptying
from tests.support import site as sites
from tests.support.browser import arguments, find_browser
from tests.support.process import Guard
from tests.support.site import PARTS, Site
from tests.support.waiting import until

# How long an example takes says something about the machine, not about the code.
# What it looks for by chance, it looks for by hand: a run of the suite is the same for everybody.
hypothesis.settings.register_profile("parley", deadline=None, derandomize=True)
# By hand: --hypothesis-profile=long
hypothesis.settings.register_profile(
    "long", deadline=None, max_examples=5_000, stateful_step_count=200, print_blob=True
)
hypothesis.settings.load_profile("parley")

emptying.install()

# Most tests are not about how the processes of a site begin.
Site.quick = True


SLOWEST_FIRST = (
    "tests/faults/test_database.py",
    "tests/faults/test_browser.py",
    "tests/faults/test_processes.py",
    "tests/faults/test_put_back.py",
    "tests/faults/test_jobs.py",
    "tests/integration/test_who_may_what.py",
    "tests/integration/test_api_schema.py",
    "tests/faults/",
    "tests/e2e/",
    "tests/integration/",
    "tests/unit/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long go first: one that began last would keep one core waiting."""
    items.sort(
        key=lambda item: next(
            (place for place, each in enumerate(SLOWEST_FIRST) if item.nodeid.startswith(each)),
            len(SLOWEST_FIRST),
        )
    )


@pytest.fixture(scope="session")
def real_redis() -> Iterator[str]:
    """A real Redis for this test process, where the settings expect it; its URL."""
    from rooms.management import embedded_redis

    guard = Guard()
    process = subprocess.Popen(embedded_redis.command("redis.log"), start_new_session=True)
    guard.tell(f"+{process.pid}")
    try:
        until(lambda: embedded_redis.answers(settings.REDIS_URL), what="Redis answers")
        yield settings.REDIS_URL
    finally:
        process.terminate()
        process.wait(10)
        guard.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL does not drop a database that somebody is connected to, be it a pool that a test
    left behind, unless it is told to."""
    if connection.vendor == "postgresql":

        def drop(name: str, verbosity: int) -> None:
            with creation._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")

        creation: Any = connection.creation
        creation._destroy_test_db = drop
    yield


# People and rooms ---------------------------------------------------------------------------------


def person(name: str) -> Any:
    from rooms.core import installation
    from rooms.models import User

    # Made once in a database's life; the tests empty the tables.
    installation.read()
    return User.objects.create_user(
        name, f"{name}@example.com", f"{name}-password-1", first_name=name.title()
    )


@pytest.fixture
def alice(db: None) -> Any:
    return person("alice")


@pytest.fixture
def bob(db: None) -> Any:
    return person("bob")


@pytest.fixture
def charlie(db: None) -> Any:
    return person("charlie")


@pytest.fixture
def lobby(alice: Any, bob: Any) -> Any:
    """A public room."""
    return room("lobby", alice, bob)


@pytest.fixture
def den(alice: Any, bob: Any) -> Any:
    """A private room that Charlie must not learn of."""
    return room("den", alice, bob, visibility="private")


def room(slug: str, owner: Any, *members: Any, visibility: str = "public") -> Any:
    from rooms.core.log import writing_in_transaction
    from rooms.core.membership import add_member_in_transaction
    from rooms.features.rooms import actions as room_actions

    made = room_actions.create_room(owner, slug, slug.title(), visibility=visibility)
    with transaction.atomic(), writing_in_transaction([made.pk]) as logs:
        for member in members:
            add_member_in_transaction(logs, logs.rooms[made.pk], member)
    made.refresh_from_db()
    return made


# Real processes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A whole Parley, shared by the tests of a module; `PARTS` of the module says that it needs
    less of it: each part takes seconds to start. `QUICK = False` has its commands run as anybody
    runs them. `Site(…)` makes one of your own."""
    parts = getattr(request.module, "PARTS", PARTS)
    with Site(parts=parts, quick=getattr(request.module, "QUICK", None)) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _no_template_stays() -> Iterator[None]:
    yield
    sites.drop_templates()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failing test shows what the real processes said."""
    report = yield
    if report.failed:
        for running in Site.running:
            report.sections.append(("processes of the site", running.logs()))
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium, for Playwright's synchronous API. Only one module at a time has it: while it
    is open, Django takes this thread for an event loop's and refuses its database."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=find_browser(), args=arguments())
        yield program
        program.close()
