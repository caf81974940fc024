"""The kinds of values that settings have: a name, a number, a switch; each says what is wrong with it and the cure."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from voicedesk.settings import names


class Table(BaseModel):
    """A table of the file: frozen; a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


def _plain(text: str) -> str:
    """A name may not hold what could start a new line in a log, on a screen or on the wire."""
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text and not be empty: correct it")
    return text


def _one_or_several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = tuple[Annotated[str, AfterValidator(_plain)], ...]
"""A program and what it is given."""
Name = Annotated[str, AfterValidator(_plain), AfterValidator(str.strip)]
Names = tuple[Name, ...]
SwitchName = Annotated[Name, AfterValidator(names.as_the_switch_writes)]
Endpoint = Annotated[Name, AfterValidator(names.endpoint)]
Extension = Annotated[Name, AfterValidator(names.extension)]
OutsideNumber = Annotated[Name, AfterValidator(names.outside_number)]
ShownNumber = Annotated[Name, AfterValidator(names.shown_number)]
Pbxs = Annotated[tuple[SwitchName, ...], BeforeValidator(_one_or_several)]
"""The [[pbx]] that something belongs to, by name: one name, or a list; empty where there is only one PBX."""
Integer = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Switch = Annotated[bool, Strict()]
