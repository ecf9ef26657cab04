"""How the REST API reads and writes JSON. Used by `config.api`."""

from typing import Any

import orjson
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from rooms.protocol import Invalid

NUL = "The NUL character cannot be stored in a text."


class StrictParser(Parser):
    """Refuses what no column takes: NUL, lone surrogates, NaN."""

    def parse_body(self, request: HttpRequest) -> Any:
        value = orjson.loads(request.body)
        if b"\\u0000" in request.body and _holds_nul(value):
            raise Invalid(NUL)
        return value

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        if any("\x00" in value for values in data.lists() for value in values[1]):
            raise Invalid(NUL)
        return super().parse_querydict(data, list_fields, request)


def _holds_nul(value: Any) -> bool:
    """Walks without recursion; orjson has bounded the depth already."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if "\x00" in part:
                return True
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
    return False


class Renderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)
