"""The tables of voicedesk.toml that may stand several times: switches, lines, phones, staff, seats and webhooks.

A message of a validator says what is wrong and the cure; file and line are added where the file is read.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr, field_validator

from voicedesk.settings.values import (
    Endpoint,
    Extension,
    Integer,
    Name,
    Names,
    Number,
    OutsideNumber,
    Pbxs,
    ShownNumber,
    Switch,
    SwitchName,
    Table,
)
from voicedesk.web_address import Allowance
from voicedesk.work_calendar import parse_duty

DEFAULT_LIMIT_SECONDS = 15.0
DEFAULT_LIMIT_SOURCE = "GB/T 33358-2016"
NO_LIMIT_SOURCE = "未注明出处 no source given"
ROBOT_HOSTS = {"wecom": ("qyapi.weixin.qq.com",), "dingtalk": ("oapi.dingtalk.com",)}
"""Where the robots of WeCom and DingTalk are; a hall with an installation of its own names it in `hosts`."""


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
    spoken_name: Name | None = None
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
