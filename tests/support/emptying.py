"""The database after a test that commits: empty, but for what migrations put there for good.

Django empties those tables as well, and then makes content types and permissions anew, which takes
longer than most of these tests.
"""

from typing import Any

from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

TEARDOWN = "_fixture_teardown"
KEPT = {"django_content_type", "auth_permission"}


def install() -> None:
    """Before the first test."""
    # Django documents no place for this; the stubs do not have the method.
    setattr(TransactionTestCase, TEARDOWN, _empty)


def _empty(case: Any) -> None:
    for alias in case._databases_names(include_mirrors=False):
        connection = connections[alias]
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [each for each in names if each not in KEPT]
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))
