"""The values of the settings: every table of voicedesk.toml, its keys, their defaults and their bounds.

A message of a validator says what is wrong and the cure; file and line are added where the file is read.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    field_validator,
)

from voicedesk.settings import names
from voicedesk.web_address import Allowance
from voicedesk.work_calendar import parse_duty

DEFAULT_LIMIT_SECONDS = 15.0
DEFAULT_LIMIT_SOURCE = "GB/T 33358-2016"
NO_LIMIT_SOURCE = "未注明出处 no source given"
ROBOT_HOSTS = {"wecom": ("qyapi.weixin.qq.com",), "dingtalk": ("oapi.dingtalk.com",)}
"""Where the robots of WeCom and DingTalk are; a hall with an installation of its own names it in `hosts`."""


class Table(BaseModel):
    """A table of the file: frozen, and no key is let in that it does not know."""

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
"""On which [[pbx]] something is, by name: one, or a list; none where there is but one PBX."""
Integer = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Switch = Annotated[bool, Strict()]


class HallTable(Table):
    """[hall]: the hall itself."""

    name: Name = "Service hall"
    timezone: str = "Asia/Shanghai"
    area_code: str = Field(default="", pattern=r"^(0\d{2,3})?$")
    departments: Names = ()

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
    """[speech]: how greetings are heard. `model` is "embedded", an installed model's name, or a Vosk model's folder."""

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
    """

    folder: Path = Path("prompts")
    asterisk_folder: Path | None = None
    texts: Path | None = None
    recordings: Path | None = None
    voice: Name = "sit/cmn-latn-pinyin"
    english_voice: Name = "gmw/en-us"
    rate: Integer = Field(default=160, ge=80, le=400)
    slow_rate: Integer = Field(default=120, ge=80, le=400)


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


class BreaksTable(Table):
    """[breaks]: how long a phone may be paused before the supervisor is told, and the reasons of *311, *312 … (S11)."""

    limit_minutes: Number = Field(default=30.0, gt=0, le=480)
    reasons: Names = Field(default=("午餐", "会议", "外出办事", "休息"), max_length=9)


class PhoneWatchTable(Table):
    """[phone_watch]: when something about a phone is a finding (S11, S15). Away is told within a minute, always."""

    away_seconds: Number = Field(default=20.0, gt=0, le=50)
    refused_calls: Integer = Field(default=3, ge=2, le=20)
    held_minutes: Number = Field(default=10.0, gt=0, le=480)


class PbxSettings(Table):
    """[[pbx]]: an Asterisk and the manager user that Voicedesk logs in as."""

    name: SwitchName
    host: Name
    port: Integer = Field(default=5038, ge=1, le=65535)
    username: Name
    secret: SecretStr | None = None
    secret_file: Path | None = None
    tls: Switch = False
    tls_ca_file: Path | None = None
    tls_server_name: Name | None = None
    cel_csv: Path | None = None
    cdr_csv: Path | None = None
    queue_log: Path | None = None
    recordings: Path | None = None
    dial_username: Name | None = None
    dial_secret: SecretStr | None = None
    dial_secret_file: Path | None = None
    pause_username: Name | None = None
    pause_secret: SecretStr | None = None
    pause_secret_file: Path | None = None

    def secret_value(self) -> str:
        """The secret in clear text; when settings were loaded, that of `secret_file` was read."""
        return self.secret.get_secret_value() if self.secret else ""

    def dial_secret_value(self) -> str:
        """The same for the user that places calls."""
        return self.dial_secret.get_secret_value() if self.dial_secret else ""

    def pause_secret_value(self) -> str:
        """The same for the user that pauses phones."""
        return self.pause_secret.get_secret_value() if self.pause_secret else ""


class LineSettings(Table):
    """[[lines]]: a published number, the phones behind it, and the rule it answers by (S1).

    `limit_source` belongs to the limit: only the default limit has a default source.
    """

    name: Name
    pbx: Pbxs = ()
    group: Name | None = None
    extensions: tuple[Extension, ...] = ()
    queues: tuple[SwitchName, ...] = ()
    phones: tuple[Endpoint, ...] = ()
    shown_number: ShownNumber | None = None
    limit_seconds: Number = Field(default=DEFAULT_LIMIT_SECONDS, ge=1, le=600)
    limit_source: str | None = None
    ring_on_seconds: Number = Field(default=1.0, gt=0, le=60)
    ring_off_seconds: Number = Field(default=4.0, ge=0, le=60)
    duty: tuple[str, ...] = ()
    department: Name | None = None
    department_aliases: Names = ()
    greeting: Names = ("inbound",)
    callback_greeting: Names = ("callback",)
    first_word_seconds: Number | None = Field(default=None, gt=0, le=60)
    all_parts_seconds: Number | None = Field(default=None, gt=0, le=120)

    @field_validator("greeting", "callback_greeting", mode="before")
    @classmethod
    def _one_or_several(cls, written: object) -> object:
        """A template's name, or parts in their order, in one text as well as in a list."""
        return re.split(r"[\s,，、→]+", written.strip()) if isinstance(written, str) else written

    @field_validator("duty")
    @classmethod
    def _readable(cls, duty: tuple[str, ...]) -> tuple[str, ...]:
        for entry in duty:
            parse_duty(entry)
        return duty

    @property
    def group_name(self) -> str:
        """The line group that this line is in; a line without a group is one of its own, under its own name."""
        return self.group or self.name

    @property
    def source_of_limit(self) -> str:
        """The document that the limit is from, or that none is given."""
        if self.limit_source and self.limit_source.strip():
            return self.limit_source.strip()
        return DEFAULT_LIMIT_SOURCE if self.limit_seconds == DEFAULT_LIMIT_SECONDS else NO_LIMIT_SOURCE


class PhoneSettings(Table):
    """[[phones]]: a staff phone and the number it is reached by inside."""

    endpoint: Endpoint
    pbx: Pbxs = ()
    extension: Extension | None = None


class AgentSettings(Table):
    """[[agents]]: a person of the staff; `number` is the staff number (工号) that they say, where the id is none."""

    id: Name
    name: Name
    number: str | None = None

    @field_validator("number")
    @classmethod
    def _spoken_digits(cls, number: str | None) -> str | None:
        if number is not None and not re.fullmatch(r"[0-9]{1,8}", number):
            raise ValueError(f'{number!r} is no staff number: write one to eight digits in quotes, as in "008"')
        return number


class AssignmentSettings(Table):
    """[[assignments]]: who sat where, from when until (not including) when; an absent bound is open.

    `number` is a phone outside (a mobile that callers are passed on to): the same one whichever PBX dials it.
    """

    agent: Name
    pbx: Pbxs = ()
    endpoint: Endpoint | None = None
    member: Name | None = None
    number: OutsideNumber | None = None
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None

    def holds_at(self, at: datetime) -> bool:
        """True at an instant between its bounds."""
        return (self.from_ is None or self.from_ <= at) and (self.to is None or at < self.to)


class WebhookSettings(Table):
    """[[webhooks]]: who is told what. The URL of a robot holds its key: it is a secret, as is what signs.

    `hosts` are names it may have (none: a robot's own, else the URL's); `allow_private` and `allow_loopback` let a
    gateway in the hall's own network, or on this machine, be told; without one of them only https is.
    """

    name: Name
    form: Literal["wecom", "dingtalk", "json"]
    url: SecretStr | None = None
    url_file: Path | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None
    kinds: Names = ()
    a_minute: Integer = Field(default=20, ge=1, le=600)
    hosts: Names = ()
    allow_private: Switch = False
    allow_loopback: Switch = False
    ca_file: Path | None = None

    def url_value(self) -> str:
        """The URL in clear text; when settings were loaded, that of `url_file` was read."""
        return self.url.get_secret_value() if self.url else ""

    def secret_value(self) -> str:
        """The same for what signs."""
        return self.secret.get_secret_value() if self.secret else ""

    @property
    def allowance(self) -> Allowance:
        """Where it may be."""
        own = ROBOT_HOSTS.get(self.form, ())
        return Allowance(hosts=self.hosts or own, private=self.allow_private, loopback=self.allow_loopback)


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
    pbx: tuple[PbxSettings, ...] = ()
    lines: tuple[LineSettings, ...] = ()
    phones: tuple[PhoneSettings, ...] = ()
    agents: tuple[AgentSettings, ...] = ()
    assignments: tuple[AssignmentSettings, ...] = ()
    webhooks: tuple[WebhookSettings, ...] = ()

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
