"""The OpenAPI document and the API agree: whatever the document allows or forbids is tried, and
every answer is one that it declares. `python -m tests.fuzz` is the long form of it.
"""

import re
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from rooms.features.messages import actions as messages
from rooms.features.tokens import actions as tokens
from rooms.models import Room, User
from tests.support.api_checks import valid_is_taken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def token(alice: User, lobby: Room, den: Room) -> str:
    messages.post_message(messages.Post(alice, "lobby", "Hello"))
    return tokens.create_token(alice, "schemathesis")


def check_of(label: str) -> Any:
    @schema.include(name=label).parametrize()
    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def every_answer_is_declared(case: Case[Any], token: str) -> None:
        # Its client does not take apart what comes compressed.
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        case.call_and_validate(
            headers=headers,
            excluded_checks=[positive_data_acceptance],
            additional_checks=[valid_is_taken],
        )

    return every_answer_is_declared


# A name for each operation: of tests with one name, only one runs where processes share the work.
for operation in schema.get_all_operations():
    assert isinstance(operation, Ok), operation
    label = operation.ok().label
    globals()["test_" + re.sub(r"\W+", "_", label.lower()).strip("_")] = check_of(label)
