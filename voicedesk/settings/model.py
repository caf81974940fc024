"""The values of the settings: every table of voicedesk.toml, its keys, their defaults and their bounds.

A message of a validator says what is wrong and the cure; file and line are added where the file is read.
"""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    field_validator,
)

from voicedesk.work_calendar import parse_duty


class Table(BaseModel):
    """A table of the file: frozen, and no key is let in that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


def _plain(text: str) -> str:
    """A name may not hold what could start a new line in a log, on a screen or on the wire."""
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text and not be empty: correct it")
    return text


Name = Annotated[str, AfterValidator(_plain)]
Names = tuple[Name, ...]
Integer = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Switch = Annotated[bool, Strict()]


class HallTable(Table):
    """[hall]: the hall itself."""

    name: Name = "Service hall"
    timezone: str = "Asia/Shanghai"
    area_code: str = Field(default="", pattern=r"^(0\d{2,3})?$")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone: use a name such as Asia/Shanghai") from error
        return name


class StoreTable(Table):
    """[store]: the database. A relative path is taken from the folder of the settings file."""

    url: str = Field(default="sqlite:///voicedesk.db", pattern=r"^sqlite:///.+")


class RetentionTable(Table):
    """[retention]: how many days each kind of data is kept."""

    journal_days: Integer = Field(default=90, ge=1, le=36500)
    calls_days: Integer = Field(default=1095, ge=1, le=36500)


class LogTable(Table):
    """[log]: what is logged, and for whom."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class CalendarTable(Table):
    """[calendar]: the hall's own days, on top of the state's holidays."""

    file: Path | None = None


class PbxSettings(Table):
    """[[pbx]]: an Asterisk and the manager user that Voicedesk logs in as."""

    name: Name
    host: Name
    port: Integer = Field(default=5038, ge=1, le=65535)
    username: Name
    secret: SecretStr | None = None
    secret_file: Path | None = None
    tls: Switch = False
    tls_ca_file: Path | None = None
    tls_server_name: Name | None = None

    def secret_value(self) -> str:
        """The secret in clear text; when settings were loaded, that of `secret_file` was read."""
        return self.secret.get_secret_value() if self.secret else ""


class LineSettings(Table):
    """[[lines]]: a published number, the phones behind it, and the rule it answers by (S1)."""

    name: Name
    group: Name | None = None
    extensions: Names = ()
    queues: Names = ()
    phones: Names = ()
    limit_seconds: Number = Field(default=15.0, ge=1, le=600)
    limit_source: str = "GB/T 33358-2016"
    ring_on_seconds: Number = Field(default=1.0, gt=0, le=60)
    ring_off_seconds: Number = Field(default=4.0, ge=0, le=60)
    duty: tuple[str, ...] = ()

    @field_validator("duty")
    @classmethod
    def _readable(cls, duty: tuple[str, ...]) -> tuple[str, ...]:
        for entry in duty:
            parse_duty(entry)
        return duty


class PhoneSettings(Table):
    """[[phones]]: a staff phone and the number it is reached by inside."""

    endpoint: Name
    extension: Name | None = None


class AgentSettings(Table):
    """[[agents]]: a person of the staff."""

    id: Name
    name: Name


class AssignmentSettings(Table):
    """[[assignments]]: who sat where, from when until (not including) when; an absent bound is open."""

    agent: Name
    endpoint: Name | None = None
    member: Name | None = None
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None


class Settings(Table):
    """All of voicedesk.toml. `load_settings` makes it."""

    hall: HallTable = HallTable()
    store: StoreTable = StoreTable()
    retention: RetentionTable = RetentionTable()
    log: LogTable = LogTable()
    calendar: CalendarTable = CalendarTable()
    pbx: tuple[PbxSettings, ...] = ()
    lines: tuple[LineSettings, ...] = ()
    phones: tuple[PhoneSettings, ...] = ()
    agents: tuple[AgentSettings, ...] = ()
    assignments: tuple[AssignmentSettings, ...] = ()
