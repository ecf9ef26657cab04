"""Form fields for the params of a kind, made of its JSON Schema. Pure; used by the submit form.

A plain param gets a field of its own: a number, a text, yes or no, a choice, a day or a moment,
each also where nothing may be given. What is made of parts (lists, objects, unions) is typed as
JSON. What is left empty is not sent, so that the kind's default holds. Limits are told and checked
by the field where a form can; the kind's own check has the last word.
"""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from pydantic import BaseModel
from pydantic.errors import PydanticUserError
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from .param_schema import Param, help_text, param

PREFIX = "params."
# All the params as one object: for a kind whose schema names no properties.
WHOLE = "params"
LONG_TEXT_CHARACTERS = 200
INPUT = "%Y-%m-%dT%H:%M:%S"


class Nothing:
    """What a field gives that was left empty."""


NOTHING = Nothing()


def fields(model: type[BaseModel]) -> dict[str, forms.Field]:
    """By the name that each has in the form, in the order of the declaration."""
    try:
        schema = model.model_json_schema()
    except PydanticUserError:
        return {WHOLE: whole()}
    properties = schema.get("properties")
    if properties is None:
        # A model without params has none, unless it takes what it does not know.
        takes_more = schema.get("additionalProperties") or schema.get("type") != "object"
        return {WHOLE: whole()} if takes_more else {}
    required = schema.get("required", [])
    made = {
        PREFIX + name: field(param(name, value, schema.get("$defs", {}), name in required))
        for name, value in properties.items()
    }
    return {**made, WHOLE: whole("More params")} if schema.get("additionalProperties") else made


def values(cleaned: dict[str, Any]) -> dict[str, Any]:
    """What is sent to the kind, as JSON has it."""
    found = dict(cleaned.get(WHOLE) or {})
    for name, value in cleaned.items():
        if name.startswith(PREFIX) and value is not NOTHING:
            found[name.removeprefix(PREFIX)] = value
    return found


def field_of(pointer: str, names: Any) -> str | None:
    """The field that a fault at `pointer` (RFC 6901, "/params/days") stands beside."""
    first, *rest = pointer.split("/")[1:] or [""]
    if first == WHOLE and rest:
        first = PREFIX + rest[0].replace("~1", "/").replace("~0", "~")
    if first in names:
        return first
    return WHOLE if pointer.startswith("/params") and WHOLE in names else None


def field(param: Param) -> forms.Field:
    made = _made(param)
    made.label = param.schema.get("title") or param.name.replace("_", " ").capitalize()
    made.help_text = help_text(param)
    return made


def _made(param: Param) -> forms.Field:
    schema = param.schema
    kind = schema.get("type")
    if "const" in schema:
        return ChoiceParam(param, [schema["const"]])
    if "enum" in schema:
        return ChoiceParam(param, schema["enum"])
    if kind == "boolean":
        # A switch says yes or no, and nothing third.
        third = param.nullable or not (param.required or "default" in schema)
        return ChoiceParam(param, [True, False]) if third else SwitchParam(param)
    if kind == "integer":
        return IntegerParam(param)
    if kind == "number":
        return NumberParam(param)
    if kind == "string" and schema.get("format") == "date":
        return DateParam(param)
    if kind == "string" and schema.get("format") == "date-time":
        return MomentParam(param)
    if kind == "string" and schema.get("writeOnly"):
        return SecretParam(param)
    if kind == "string":
        return TextParam(param)
    return JsonParam(param)


def whole(label: str = "Params") -> forms.Field:
    return JsonField(
        label=label,
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="A JSON object.",
        validators=[_an_object],
    )


def _an_object(value: Any) -> None:
    if not isinstance(value, dict):
        raise forms.ValidationError("A JSON object is needed, as in {}.")


class _Param:
    """A field that gives NOTHING, or null where the default is another, when it is left empty."""

    param: Param

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)  # type: ignore[misc]
        if cleaned not in (None, ""):
            return self.sent(cleaned)
        return None if self.param.nullable else self.emptied()

    def sent(self, value: Any) -> Any:
        return value

    def emptied(self) -> Any:
        return NOTHING


class SwitchParam(forms.BooleanField):
    def __init__(self, param: Param) -> None:
        super().__init__(
            required=False, initial=bool(param.default), widget=UnfoldBooleanSwitchWidget
        )


class ChoiceParam(_Param, forms.TypedChoiceField):
    """Values of any type: a choice's name in the page is its JSON."""

    def __init__(self, param: Param, options: list[Any]) -> None:
        self.param = param
        choices = [(json.dumps(option), _word(option)) for option in options]
        if param.nullable or "default" not in param.schema:
            choices.insert(0, ("", "–"))
        super().__init__(
            required=param.required and not param.nullable,
            choices=choices,
            coerce=json.loads,
            empty_value=None,
            initial=json.dumps(param.default) if param.default is not None else "",
            widget=UnfoldAdminSelectWidget,
        )


def _word(option: Any) -> str:
    return {True: "Yes", False: "No"}[option] if isinstance(option, bool) else str(option)


class IntegerParam(_Param, forms.IntegerField):
    def __init__(self, param: Param) -> None:
        self.param = param
        low, high = param.schema.get("minimum"), param.schema.get("maximum")
        super().__init__(
            required=param.required and not param.nullable,
            initial=param.default,
            min_value=low,
            max_value=high,
            widget=UnfoldAdminIntegerFieldWidget,
        )


class NumberParam(_Param, forms.FloatField):
    def __init__(self, param: Param) -> None:
        self.param = param
        super().__init__(
            required=param.required and not param.nullable,
            initial=param.default,
            min_value=param.schema.get("minimum"),
            max_value=param.schema.get("maximum"),
            widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        )


class TextParam(_Param, forms.CharField):
    """Sent as it was typed. Emptied is an empty text, unless one has to be given."""

    def __init__(self, param: Param) -> None:
        self.param = param
        longest = param.schema.get("maxLength")
        long = longest is not None and longest > LONG_TEXT_CHARACTERS
        super().__init__(
            required=param.required and not param.nullable,
            initial=param.default,
            max_length=longest,
            min_length=param.schema.get("minLength"),
            strip=False,
            widget=UnfoldAdminTextareaWidget if long else UnfoldAdminTextInputWidget,
        )

    def emptied(self) -> Any:
        return "" if self.param.default else NOTHING


class UnseenInput(UnfoldAdminTextInputWidget):
    input_type = "password"

    def format_value(self, value: Any) -> None:
        return None


class SecretParam(TextParam):
    """Typed unseen, not shown again, and not offered by the browser."""

    def __init__(self, param: Param) -> None:
        # A default is masked: left empty it holds.
        schema = {name: value for name, value in param.schema.items() if name != "default"}
        required = param.required and "default" not in param.schema
        super().__init__(replace(param, schema=schema, required=required))
        self.widget = UnseenInput(attrs={"autocomplete": "new-password"})
        self.widget.is_required = self.required


class DateParam(_Param, forms.DateField):
    def __init__(self, param: Param) -> None:
        self.param = param
        super().__init__(
            required=param.required and not param.nullable,
            initial=parse_date(param.default) if param.default else None,
            widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        )

    def sent(self, value: date) -> str:
        return value.isoformat()

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class MomentParam(_Param, forms.DateTimeField):
    """In the zone of the site, which is sent along."""

    def __init__(self, param: Param) -> None:
        self.param = param
        default = parse_datetime(param.default) if param.default else None
        super().__init__(
            required=param.required and not param.nullable,
            initial=default,
            widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "1"}),
        )

    def sent(self, value: datetime) -> str:
        return value.isoformat()

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime(INPUT)


class JsonField(forms.JSONField):
    """Of what Python's parser will not read, however it says so, the reader is told."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise forms.ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class JsonParam(_Param, JsonField):
    def __init__(self, param: Param) -> None:
        self.param = param
        given = "default" in param.schema and param.default is not None
        super().__init__(
            required=False,
            initial=param.default if given else None,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        )

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)
