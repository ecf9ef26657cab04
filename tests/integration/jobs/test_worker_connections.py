"""What a worker does with its connections to the database between two tasks."""

from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from config import celery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_a_process_keeps_its_pool_from_task_to_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery would close it around each one, and threads be started for another."""
    fixup = DjangoWorkerFixup(celery.app)
    fixup.worker = SimpleNamespace(pool_cls="celery.concurrency.prefork")
    monkeypatch.setattr(celery.app, "_fixups", [SimpleNamespace(worker_fixup=fixup)])
    celery._keep_the_pool()
    connection.ensure_connection()
    pool = connection.pool  # type: ignore[attr-defined]
    task = SimpleNamespace(request=SimpleNamespace(is_eager=False))
    fixup.on_task_prerun(task)
    fixup.on_task_postrun(task)
    assert not pool.closed
    assert connection.connection is None
