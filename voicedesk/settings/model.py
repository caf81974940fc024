"""All of voicedesk.toml as one value: the tables that stand once, their keys, their defaults and their bounds.

A message of a validator says what is wrong and the cure; file and line are added where the file is read.
"""

from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from voicedesk.settings.listed import (
    AgentSettings,
    AssignmentSettings,
    LineSettings,
    PbxSettings,
    PhoneSettings,
    WebhookSettings,
)
from voicedesk.settings.values import Integer, Name, Names, Number, Switch, Table, Words
from voicedesk.settings.web import WebTable
from voicedesk.words import Language, Said, in_one


class HallTable(Table):
    """[hall]: the hall itself."""

    name: Name = "Service hall"
    timezone: str = "Asia/Shanghai"
    area_code: str = Field(default="", pattern=r"^(0\d{2,3})?$")
    departments: Names = ()
    language: Literal["zh", "en"] | None = None

    @property
    def spoken(self) -> Language | None:
        """The language that people are spoken to in; None: both, in lists."""
        return Language(self.language) if self.language else None

    @property
    def zone(self) -> ZoneInfo:
        """The hall's time zone."""
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone: use a name such as Asia/Shanghai") from error
        return name


class StoreTable(Table):
    """[store]: the database. A relative path is taken from the folder of the settings file.

    A password never stands in the URL: PostgreSQL's own file holds it (`~/.pgpass`, or `?passfile=PATH`).
    """

    url: str = Field(
        default="sqlite:///voicedesk.db",
        pattern=r"^(sqlite:///.+|postgresql://([^:@/?]+@)?([^:@/?\[]*|\[[0-9A-Fa-f:]+\])(:\d+)?/[^/?]+(\?.*)?)$",
    )
    spill_folder: Path | None = None
    spill_mib: Integer = Field(default=1024, ge=16, le=1024 * 1024)


class RetentionTable(Table):
    """[retention]: how many days each kind of data is kept."""

    journal_days: Integer = Field(default=90, ge=1, le=36500)
    calls_days: Integer = Field(default=1095, ge=1, le=36500)
    recordings_days: Integer = Field(default=90, ge=1, le=36500)


class LogTable(Table):
    """[log]: what is logged, and for whom."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class CalendarTable(Table):
    """[calendar]: the hall's own days, on top of the state's holidays."""

    file: Path | None = None


class SpeechTable(Table):
    """[speech]: how greetings are heard. `model` is "embedded", "whisper-base", an installed one's name or a folder."""

    model: Name = "embedded"
    models_folder: Path = Path("models")
    workers: Integer = Field(default=1, ge=1, le=64)


class RecordingTable(Table):
    """[recording]: where recordings are kept as evidence."""

    folder: Path = Path("recordings")


class GreetingTable(Table):
    """[greeting]: the hall's own rules of greetings and phrases; without them those that come with Voicedesk."""

    rules: Path | None = None


class NoticesTable(Table):
    """[notices]: the catalogue that callers are told from; without a folder the samples that came with Voicedesk."""

    folder: Path | None = None
    samples: Switch = False


class PromptsTable(Table):
    """[prompts]: what callers hear. `folder` has the sounds; `asterisk_folder` is the same folder as Asterisk sees it.

    `texts` are the hall's own frames (zh_CN/frame.toml), `recordings` what people recorded in place of the voice.
    `engine` speaks Chinese; `model` is its own model, and `command` the program of the engine `command`.
    """

    folder: Path = Path("prompts")
    asterisk_folder: Path | None = None
    texts: Path | None = None
    recordings: Path | None = None
    engine: Literal["auto", "kokoro", "pyttsx3", "piper", "command"] = "auto"
    voice: str = ""
    model: Path | None = None
    command: Words = ()
    english_voice: Name = "gmw/en-us"
    rate: Integer = Field(default=160, ge=80, le=400)
    slow_rate: Integer = Field(default=120, ge=80, le=400)

    @model_validator(mode="after")
    def _has_what_its_engine_needs(self) -> Self:
        if self.engine == "command" and not any("{file}" in word for word in self.command):
            raise ValueError(
                'engine = "command" needs command, with the place for the WAV file among its words: see docs/prompts.md'
            )
        if self.engine == "piper" and self.model is None:
            raise ValueError('engine = "piper" needs its voice: model = "zh_CN-….onnx"')
        return self


class IvrTable(Table):
    """[ivr]: the IVR. `listen` is where Asterisk's AGI finds it ("" for none), `folder` where Asterisk records callers.

    `sms_command` and [outage] `notify_command` are run with what there is to tell as JSON on their input.
    """

    listen: str = Field(default="", pattern=r"^([^:\s]+:\d{1,5})?$")
    sessions: Integer = Field(default=200, ge=1, le=2000)
    folder: Path | None = None
    speech: Switch = True
    sms_command: Words = ()

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; None where there is no IVR."""
        host, _, port = self.listen.rpartition(":")
        return (host, int(port)) if host else None


class OutageTable(Table):
    """[outage]: who is told when an outage begins and ends (S10)."""

    notify_command: Words = ()


class TicketsTable(Table):
    """[tickets]: when things are due, in working hours of the line, and who answers for what is late (S4, S6, S9)."""

    within_hours: Number = Field(default=4.0, gt=0, le=400)
    referral_hours: Number = Field(default=8.0, gt=0, le=400)
    complaint_hours: Number = Field(default=40.0, gt=0, le=2000)
    home_visit_hours: Number = Field(default=24.0, gt=0, le=2000)
    remind_hours: Number = Field(default=1.0, ge=0, le=400)
    supervisor: Name | None = None
    complaints_to: Name | None = None
    flood_a_minute: Integer = Field(default=30, ge=1, le=100_000)


class CallbacksTable(Table):
    """[callbacks]: whom the hall may ring, how often, and whether at all (`enabled`)."""

    enabled: Switch = True
    tries_a_day: Integer = Field(default=2, ge=1, le=20)
    calls_an_hour: Integer = Field(default=30, ge=1, le=10_000)
    retry_minutes: tuple[Integer, ...] = Field(default=(30, 120, 240), min_length=1, max_length=20)
    own_numbers: Names = ()
    switchboards: Names = ()


_REASONS = (Said("午餐", "lunch"), Said("会议", "meeting"), Said("外出办事", "errand"), Said("休息", "rest"))


class BreaksTable(Table):
    """[breaks]: how long a phone may be paused before the supervisor is told, and the reasons of *311, *312 … (S11)."""

    limit_minutes: Number = Field(default=30.0, gt=0, le=480)
    reasons: Names = Field(default=_REASONS, max_length=9)


class PhoneWatchTable(Table):
    """[phone_watch]: when something about a phone is a finding (S11, S15). Away is told within a minute, always."""

    away_seconds: Number = Field(default=20.0, gt=0, le=50)
    refused_calls: Integer = Field(default=3, ge=2, le=20)
    held_minutes: Number = Field(default=10.0, gt=0, le=480)


class Settings(Table):
    """All of voicedesk.toml. `load_settings` makes it."""

    hall: HallTable = HallTable()
    store: StoreTable = StoreTable()
    retention: RetentionTable = RetentionTable()
    log: LogTable = LogTable()
    calendar: CalendarTable = CalendarTable()
    speech: SpeechTable = SpeechTable()
    recording: RecordingTable = RecordingTable()
    greeting: GreetingTable = GreetingTable()
    notices: NoticesTable = NoticesTable()
    prompts: PromptsTable = PromptsTable()
    ivr: IvrTable = IvrTable()
    outage: OutageTable = OutageTable()
    tickets: TicketsTable = TicketsTable()
    callbacks: CallbacksTable = CallbacksTable()
    breaks: BreaksTable = BreaksTable()
    phone_watch: PhoneWatchTable = PhoneWatchTable()
    web: WebTable = WebTable()
    pbx: tuple[PbxSettings, ...] = ()
    lines: tuple[LineSettings, ...] = ()
    phones: tuple[PhoneSettings, ...] = ()
    agents: tuple[AgentSettings, ...] = ()
    assignments: tuple[AssignmentSettings, ...] = ()
    webhooks: tuple[WebhookSettings, ...] = ()

    @property
    def break_reasons(self) -> tuple[str, ...]:
        """The reasons of *311, *312 …; where the settings name none, in the hall's language."""
        language = self.hall.spoken or Language.CHINESE
        return tuple(in_one(reason, language) for reason in self.breaks.reasons)

    def line(self, name: str | None) -> LineSettings | None:
        """The line of a name; None where no line is called so (any more)."""
        return next((one for one in self.lines if one.name == name), None)

    def on(self, pbx: str | None) -> "Settings":
        """The settings as one PBX sees them: its own lines, phones and assignments; None, or one PBX: all there are."""
        if pbx is None or len(self.pbx) < 2:
            return self
        tables = ("lines", "phones", "assignments")
        own = {name: tuple(row for row in getattr(self, name) if not row.pbx or pbx in row.pbx) for name in tables}
        return self.model_copy(update=own)
