"""The rule set of greetings and phrases: data that a supervisor can read, checked when it is read."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from voicedesk.errors import InputError, reason_of
from voicedesk.greeting.phrases import read_phrase
from voicedesk.plain_files import read_plain


def _readable(text: str) -> str:
    try:
        read_phrase(text)
    except InputError as error:
        raise ValueError(str(error)) from error
    return text


PhraseText = Annotated[str, AfterValidator(_readable)]
PhraseTexts = tuple[PhraseText, ...]
Template = str | tuple[str, ...]
"""A template by its name in the rules, or a line's own: parts in their order."""
DEPARTMENT = "department"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Table):
    """Seconds after the answer: by when the first word must be said, and by when all parts (S2)."""

    first_word_seconds: float = Field(gt=0, le=60)
    all_parts_seconds: float = Field(gt=0, le=120)


class PartRule(_Table):
    """One part of a greeting: how it is said, how it may also be said with a remark, and what hints at it.

    A number that stands in one of `not_compared` ("3号窗口") need not be the staff member's.
    """

    phrases: PhraseTexts = Field(min_length=1)
    with_remark: PhraseTexts = ()
    hints: tuple[str, ...] = ()
    not_compared: PhraseTexts = ()


class Department(_Table):
    """Words that go with a department's name."""

    around: PhraseTexts = ()


class Caller(_Table):
    """What only callers say: surely heard on the staff's side, it leaked there and is no part of a greeting."""

    hints: tuple[str, ...] = ()


class Forbidden(_Table):
    """What must not be said (S3), in which contexts it may be said, and what introduces the words of somebody else."""

    phrases: PhraseTexts = Field(min_length=1)
    unless: PhraseTexts = ()
    quoted_after: PhraseTexts = ()


class Phrases(_Table):
    """A plain list of phrases."""

    phrases: PhraseTexts = ()


class GreetingRules(_Table):
    """One version of the rules; the parts of a template are said in its order."""

    version: str = Field(min_length=1, max_length=60)
    limits: Limits
    templates: dict[str, tuple[str, ...]]
    parts: dict[str, PartRule]
    department: Department
    caller: Caller = Caller()
    forbidden: Forbidden
    polite: Phrases
    courtesy: Phrases

    @model_validator(mode="after")
    def _templates_name_parts(self) -> "GreetingRules":
        for name, parts in self.templates.items():
            unknown = self._unknown(parts)
            if unknown is not None:
                raise ValueError(f"template {name!r} names {unknown!r}, but [parts.{unknown}] is missing: add it")
            if not parts or len(set(parts)) < len(parts):
                raise ValueError(f"template {name!r} is empty or names a part twice: correct it")
        return self

    def parts_of(self, template: Template) -> tuple[str, ...]:
        """The parts of a template in their order: of one that the rules name, or of a line's own parts.

        Raises InputError for a name that the rules do not have, a part they do not know, or a part named twice.
        """
        if isinstance(template, str):
            if template not in self.templates:
                known = ", ".join(self.templates)
                raise InputError(f"the rules {self.version} have no template {template!r}: they have {known}")
            return self.templates[template]
        unknown = self._unknown(template)
        if unknown is not None:
            known = ", ".join((DEPARTMENT, *self.parts))
            raise InputError(f"{unknown!r} is no part of a greeting: use {known}, or add [parts.{unknown}]")
        if not template or len(set(template)) < len(template):
            raise InputError(f"the template {list(template)} is empty or names a part twice: correct it")
        return template

    def _unknown(self, parts: tuple[str, ...]) -> str | None:
        """A part that nobody wrote down how to say."""
        return next((part for part in parts if part not in self.parts and part != DEPARTMENT), None)


def read_rules(text: str, source: str) -> GreetingRules:
    """The rule set in a TOML text; raises InputError that names `source`, the place and the cure."""
    try:
        return GreetingRules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: this is no TOML: {error}") from error
    except RecursionError as error:
        raise InputError(f"{source}: a value in it is nested without end: remove it") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        told = first["msg"].removeprefix("Value error, ")
        reason, cure = told[0].lower() + told[1:], "correct the value"
        raise InputError(f"{source}: {place}: {reason}: {cure}") from error
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"{source}: it cannot be read: {error}") from error


def rules_from_file(path: Path) -> GreetingRules:
    """A hall's own rule set; raises InputError where it cannot be read."""
    try:
        return read_rules(read_plain(path).decode("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the greeting rules cannot be read: {reason_of(error)}") from error


@lru_cache(maxsize=1)
def shipped_rules() -> GreetingRules:
    """The rule set that comes with Voicedesk: S2 and S3 as the standard words them."""
    return read_rules((files("voicedesk.greeting") / "rules.toml").read_text(encoding="utf-8"), "rules.toml")
