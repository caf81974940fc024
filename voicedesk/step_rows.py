"""A step that one process asks of another, as a row says it: read strictly, nothing is taken for something else.

Null is no text, a number is no text, a key that nobody knows is refused, and every text has a greatest length.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from voicedesk.clock import from_datetime, to_datetime
from voicedesk.errors import InputError


class StepKind(StrEnum):
    """The kind of a row: by it the service finds what reads the row and carries it out (`run/at_work.py`)."""

    TICKET = "ticket"
    BREAK = "break"
    OUTAGE = "outage"
    NEWS = "news"
    VERDICT = "verdict"
    QUARANTINE = "quarantine"
    FORGET = "forget"
    RELOAD = "reload"


STRICT = ConfigDict(strict=True, extra="forbid")
"""What every step's class has as `__pydantic_config__`."""
MAX_ROW_BYTES = 64 * 1024
_TOLD = 3
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What no keyboard types and no screen shows; a tab and a new line are typed."""
_WRONG = {
    "string_type": "it must be a text",
    "string_too_long": "it is too long",
    "int_type": "it must be a whole number",
    "greater_than_equal": "it is too small",
    "less_than": "it is too large",
    "bool_type": "it must be true or false",
    "literal_error": "it is no word that is known here",
    "enum": "it is no word that is known here",
}
"""What pydantic finds, in our words: its own are no sentences for people, and have no Chinese."""
_LAST_US = from_datetime(to_datetime(0).replace(year=2200))


def _seen(text: str) -> str:
    if _UNSEEN.search(text):
        raise ValueError("it holds characters that cannot be shown: leave them out")
    return text


def _in_one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("it must be one line")
    return _seen(text)


def _told(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return _in_one_line(text)


Word = Annotated[str, StringConstraints(max_length=200), AfterValidator(_in_one_line)]
"""A name, a phone, a number: one line, may be empty."""
Given = Annotated[str, StringConstraints(max_length=200), AfterValidator(_told)]
"""A name that must be given: one line that is not empty."""
Note = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_seen)]
"""What a person writes, in as many lines as they like; whether it may be empty is for the step to say."""
Instant = Annotated[int, Field(ge=0, lt=_LAST_US)]
"""Microseconds since the epoch, within the years that calendars and lists can show."""

S = TypeVar("S")


class StepRows(Generic[S]):
    """The rows of one kind; `steps` is a step's class, or several that `do` tells apart."""

    def __init__(self, steps: Any) -> None:
        self._steps: TypeAdapter[S] = TypeAdapter(steps)

    def to_row(self, step: S) -> dict[str, Any]:
        """A step as it is put into a row. Raises InputError where it would not be read again."""
        row: dict[str, Any] = self._steps.dump_python(step, mode="json", warnings=False)
        self.from_row(row)
        return row

    def from_row(self, row: str | Mapping[str, Any]) -> S:
        """The step that a row asks for. Raises InputError that says what does not fit; nothing was carried out."""
        text = row if isinstance(row, str) else _text(row)
        if len(text) > MAX_ROW_BYTES:
            raise InputError(f"what is asked is too long: {MAX_ROW_BYTES // 1024} KiB are read")
        try:
            return self._steps.validate_json(text)
        except ValidationError as error:
            raise InputError(_what_does_not_fit(error)) from None  # the values stay out: they may be a citizen's
        except (ValueError, RecursionError) as error:
            raise InputError("what is asked cannot be read: it is no JSON object") from error


def _text(row: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(row))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError("what is asked cannot be written as JSON") from error


def _what_does_not_fit(error: ValidationError) -> str:
    """One sentence, without the values."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    if found[0]["type"] == "union_tag_invalid":
        name = re.search(r"tag '(\w{1,40})'", found[0]["msg"])
        what = repr(name[1]) if name else "that step"
        return f"this version does not know {what}: restart the service after an update"
    if found[0]["type"] == "union_tag_not_found":
        return "this version does not know that step: restart the service after an update"
    if not found[0]["loc"]:
        return "what is asked cannot be read: it is no JSON object"
    told = "; ".join(_one(one["loc"], one["type"], one["msg"]) for one in found[:_TOLD])
    return f"this step lacks something, or does not fit: {told}"


def _one(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(place[-1] if len(place) < 2 or not isinstance(place[-1], int) else place[-2])[:40]
    if kind == "unexpected_keyword_argument":
        return f"{name if name.isidentifier() else 'a key'} is not known here"
    if kind == "missing":
        return f"{name} is missing"
    if kind == "value_error":
        return f"{name}: {message.removeprefix('Value error, ')}"
    return f"{name}: {_WRONG.get(kind, 'it does not fit')}"
