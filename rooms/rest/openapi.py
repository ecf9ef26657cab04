"""What the OpenAPI document says of errors: every operation declares those it may answer with.

Ninja declares only what succeeds; `problems.ProblemAPI` uses this instead.
"""

from typing import Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from .schemas import Problem

MEDIA_TYPE = "application/problem+json"
SAFE = {"GET", "HEAD"}
RETRY_AFTER = {
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}
}
WHEN = {
    400: "The body is not JSON, or not what can be stored.",
    401: "No token and no session, or a wrong one.",
    403: "Not allowed, or the session's CSRF token is missing.",
    404: "There is no such thing, or the caller may not see it.",
    409: "Something else is there already.",
    413: "The body is too large.",
    422: "Something in the request is wrong: `errors` says what.",
    429: "Too many requests of this caller.",
    503: "Not now: the server is overloaded, or a part of it is away.",
}


BUDGET = {
    "RateLimit-Policy": {
        "description": "how many calls in how many seconds",
        "schema": {"type": "string"},
        "example": '"requests";q=40;w=2',
    },
    "RateLimit": {
        "description": "how many are left, and seconds until all are",
        "schema": {"type": "string"},
        "example": '"requests";r=39;t=1',
    },
}


class SchemaWithProblems(OpenAPISchema):
    def responses(self, operation: Operation) -> dict[Any, dict[str, Any]]:
        declared: dict[Any, dict[str, Any]] = {
            status: details
            for status, details in super().responses(operation).items()
            if status < 400
        }
        for status in sorted({*_errors(operation), *_own_errors(operation)}):
            declared[status] = self._problem(status, WHEN[status])
        declared["default"] = self._problem(500, "Anything else that went wrong.")
        return declared

    def _problem(self, status: int, description: str) -> dict[str, Any]:
        if Problem.__name__ not in self.schemas:
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            self.add_schema_definitions(schema.pop("$defs", {}))
            self.schemas[Problem.__name__] = schema
        details: dict[str, Any] = {
            "description": description,
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
            },
        }
        if status in (429, 503):
            details["headers"] = RETRY_AFTER | (BUDGET if status == 429 else {})
        return details


def _own_errors(operation: Operation) -> set[int]:
    return {status for status in operation.response_models if status in WHEN}


def _errors(operation: Operation) -> set[int]:
    sources = {model.__ninja_param_source__ for model in operation.models}
    found = {401, 429, 503}
    if sources:
        found.add(422)
    if "path" in sources:
        found.add(404)
    if "body" in sources:
        found |= {400, 413}
    if not SAFE.issuperset(operation.methods):
        found.add(403)
    return found
