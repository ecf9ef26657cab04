"""Every error of the REST API as an RFC 9457 problem, made in this one place.

`config.api` assembles a `ProblemAPI`; the middleware catches what Django answers under `/api/`
before or beside the API: unknown paths, methods that are not taken, bodies that are too large.
"""

import logging
import math
import traceback
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from rooms.core.outages import Outage
from rooms.database import trouble
from rooms.http.middleware import ResponseMiddleware
from rooms.protocol import RateLimited, Refusal
from rooms.protocol.refusals import too_many

from . import limits
from .openapi import MEDIA_TYPE, SchemaWithProblems

logger = logging.getLogger(__name__)

_trouble = Outage(logger, "The database is in trouble", level=logging.ERROR)

CODES = {
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_long",
    429: "rate_limited",
    500: "internal",
    503: "busy",
}
DETAILS = {
    400: "The request could not be understood.",
    401: "Send an API token as `Authorization: Bearer TOKEN`, or log in.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    405: "This address does not take that method; `Allow` lists those it takes.",
    413: "The request's body is too large.",
    500: "Something went wrong here. It has been written down.",
    503: "The server cannot do this now. Try again a little later.",
}


def problem(
    status: int, detail: str = "", code: str = "", temporary: bool = False, **extensions: Any
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or CODES.get(status, "invalid"),
        "detail": detail or DETAILS.get(status, ""),
        "temporary": temporary,
        **extensions,
    }


def body(status: int, detail: str = "", **members: Any) -> bytes:
    return orjson.dumps(problem(status, detail, **members))


def of(refusal: Refusal) -> dict[str, Any]:
    """A refusal within an answer: what the header would say stands beside the rest."""
    members = _members(refusal)
    if refusal.retry_after is not None:
        members["retry_after"] = whole_seconds(refusal.retry_after)
    return problem(refusal.status, refusal.message, **members)


def _members(refusal: Refusal) -> dict[str, Any]:
    errors = {"errors": refusal.errors} if refusal.errors else {}
    return {"code": refusal.code, "temporary": refusal.temporary, **errors}


def whole_seconds(seconds: float) -> int:
    """As `Retry-After` says it."""
    return max(1, math.ceil(seconds))


def response(
    status: int, detail: str = "", retry_after: float | None = None, **members: Any
) -> HttpResponse:
    """A problem as an answer, with the headers that its status asks for."""
    answer = HttpResponse(body(status, detail, **members), status=status, content_type=MEDIA_TYPE)
    if retry_after is not None:
        answer["Retry-After"] = str(whole_seconds(retry_after))
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="parley"'
    return answer


# What the API's operations raise ------------------------------------------------------------------


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return response(refusal.status, refusal.message, refusal.retry_after, **_members(refusal))


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = error.errors
    text = "; ".join(
        f"{item['pointer'].lstrip('/') or 'body'}: {item['message']}" for item in found
    )
    return response(422, text, errors=found)


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Refusal):
        # Ninja wraps whatever reading the body raises.
        return refused(request, error.__cause__)
    if error.status_code == 400 and error.__cause__ is not None:
        return response(400, "The body is not valid JSON.")
    if error.status_code == 401:
        try:
            limits.spend_unknown(request)
        except RateLimited as refusal:
            return refused(request, refusal)
    return response(error.status_code, "" if error.status_code == 401 else error.message)


def database_error(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """That the database is away is nobody's mistake; another error of it is ours."""
    refusal = trouble.busy(error)
    if refusal is None:
        return unexpected(request, error)
    _trouble.failed(error)
    trouble.noticed(refusal.message)
    return refused(request, refusal)


def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Django writes it down and answers 500, which the middleware then puts into form."""
    if not settings.DEBUG:
        raise error
    logger.exception("%s %s failed", request.method, request.path)
    return response(500, f"{type(error).__name__}: {error}", traceback=traceback.format_exc())


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Exception: unexpected,
    DatabaseError: database_error,
    Http404: lambda request, error: response(404),
    PermissionDenied: lambda request, error: response(403),
    RequestDataTooBig: lambda request, error: response(413),
    HttpError: http_error,
    ValidationError: invalid,
    Refusal: refused,
}


@cache
def document(api: NinjaAPI, prefix: str) -> OpenAPISchema:
    """Made once: it takes 60 ms, and anybody may ask for it."""
    return SchemaWithProblems(api, prefix)


class ProblemAPI(NinjaAPI):
    """A NinjaAPI whose every error is a problem, in what it answers and in what it declares."""

    def set_default_exception_handlers(self) -> None:
        for kind, handler in HANDLERS.items():
            self.add_exception_handler(kind, handler)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        if path_prefix is None:
            path_prefix = self.get_root_path(path_params or {})
        return document(self, path_prefix)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """JSON pointers into the body, or the names of parameters. What was sent is not echoed."""
        return ValidationError([found for each in error_contexts for found in _findings(each)])


def _findings(context: ValidationErrorContext[Any]) -> list[dict[str, str]]:
    error, place = context.pydantic_validation_error, context.model.__ninja_param_source__
    if (many := too_many(error)) is not None:
        return [{"in": place, "pointer": "", "message": many}]
    return [
        {
            "in": place,
            "pointer": _pointer(context.model, problem["loc"]),
            "message": problem["msg"],
        }
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _pointer(model: Any, location: tuple[int | str, ...]) -> str:
    """A body of one model is that model: the name of the operation's parameter is not in it."""
    location = model.__ninja_flatten_map_reverse__.get(location, location)
    single = getattr(model, "__read_from_single_attr__", None)
    if single is not None and location[:1] == (single,):
        location = location[1:]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


# What Django answers beside the API ---------------------------------------------------------------


def in_form(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """Any error under `/api/` as a problem; its headers stay."""
    if (
        answer.status_code < 400
        or not request.path.startswith("/api/")
        or not isinstance(answer, HttpResponse)
        or answer.get("Content-Type", "").startswith(MEDIA_TYPE)
    ):
        return answer
    answer.content = body(answer.status_code)
    answer["Content-Type"] = MEDIA_TYPE
    answer["Content-Length"] = str(len(answer.content))
    return answer


class ProblemMiddleware(ResponseMiddleware):
    def finished(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = in_form(request, response)
        limits.add_headers(request, response)
        return response
