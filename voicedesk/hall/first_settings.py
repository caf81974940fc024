"""The first settings file: every table, with a word on each key."""

import tomllib
from functools import cache
from pathlib import Path

from voicedesk.settings import LineSettings, Settings

SECRET_NAME = "ami-secret"  # noqa: S105  # a file's name

_HEAD = """\
# Voicedesk's settings. Every key is described in docs/settings.md; check this file with: voicedesk config check
# A key may be set by the environment instead: VOICEDESK_LOG__LEVEL=debug, VOICEDESK_PBX__0__HOST=10.0.0.5

[hall]
name = "Service hall"
timezone = "Asia/Shanghai"
language = "zh"                     # help, errors, lists and the log in Chinese; "en": in English
# area_code = "0371"              # put before local numbers, so that they can be called back

[store]
url = "sqlite:///{data}voicedesk.db"    # a name alone: beside this file

[retention]
journal_days = 90                 # what the switch said, to judge calls anew
calls_days = 1095
recordings_days = 90

[log]
level = "info"                    # debug, info, warning, error
format = "console"                # or json

# [calendar]
# file = "calendar.csv"           # the hall's own days: 2027-01-01,rest,New Year

{own}[speech]
# model = "embedded"              # it hears synthetic voices only; people: voicedesk model use whisper-base
{own}models_folder = "{data}models"
# workers = 1                     # processes that hear greetings

{own}[recording]
{own}folder = "{data}recordings"           # what the staff said, as evidence

# [greeting]
# rules = "rules.toml"            # the hall's own greeting rules in place of those that came with Voicedesk

# [notices]
# folder = "notices"              # what callers are told of each item: voicedesk catalogue init notices
# samples = false                 # true: tell also the samples that no hall approved, for a demonstration

{own}[prompts]
{own}folder = "{data}prompts"              # the sounds: the service builds them, or voicedesk prompts build
# engine = "auto"                 # the natural voice where it is installed: pip install 'voicedesk[voice]'
# recordings = "recorded-prompts" # what people recorded in place of the synthetic voice

# [ivr]
# listen = "127.0.0.1:4573"       # where Asterisk's AGI finds the IVR
# folder = "/var/spool/asterisk/voicedesk-ivr"    # where Asterisk records what callers say

# [outage]
# notify_command = ["/usr/local/bin/tell-the-information-centre"]

# [tickets]
# within_hours = 4                # a missed call is rung back within so many working hours
# supervisor = "li"               # who answers for what is late or unclear
# complaints_to = "zhao"          # the unit's head, to whom complaints go

# [callbacks]
# enabled = true                  # false: nobody is rung back from here
# tries_a_day = 2
# calls_an_hour = 30

# [breaks]
# limit_minutes = 30              # a longer break is told to the supervisor
# reasons = ["午餐", "会议"]       # *311, *312 …

# [phone_watch]
# away_seconds = 20               # a phone that is away longer in duty hours is told of
# refused_calls = 3               # so many refused at once, one after another: do-not-disturb is suspected
# held_minutes = 10               # a longer call that is no caller's is told of

{own}[web]
# listen = "127.0.0.1:8443"       # the desk on a screen: voicedesk web; "0.0.0.0:8443": for the whole house
# names = ["desk.example.cn"]     # the names that it is reached by, for its certificate
# certificate = "desk.pem"        # the hall's own, with tls = "own"; else it makes one itself
# certificate_key = "desk.key"
{own}folder = "{data}web"               # its own certificate

[[pbx]]
name = "main"
host = "{host}"
port = {port}
username = "{username}"
secret_file = "{secret}"
# tls = true
# tls_ca_file = "ca.pem"
# dial_username = "voicedesk-dialler"             # to ring back: voicedesk asterisk snippet callback
# dial_secret_file = "dialler.secret"
# pause_username = "voicedesk-pauser"             # breaks by command: voicedesk asterisk snippet breaks
# pause_secret_file = "pauser.secret"
# recordings = "/var/spool/asterisk/voicedesk"    # where it records what the staff say: greetings are judged

"""

_EXAMPLE = """\
[[lines]]
name = "hotline"
extensions = ["4001"]             # the number as the trunk delivers it
queues = ["hotline"]
phones = ["PJSIP/agent1", "PJSIP/agent2"]
limit_seconds = 15                # three rings: before this an answer is on time
limit_source = "GB/T 33358-2016"
ring_on_seconds = 1.0
ring_off_seconds = 4.0
duty = ["Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00"]   # none: always
# department = "社会保险事业管理中心"                       # what the greeting must name
# department_aliases = ["社保中心"]
# shown_number = "037112333"       # what citizens see when they are rung back
# spoken_name = "社保中心咨询热线"                         # what callers are welcomed by; else [hall] name
# greeting = ["hello", "department", "number", "matter"]   # 您好，社保中心 8 号为您服务，请问……
# pbx = "main"                    # with several [[pbx]]: on which; so too in [[phones]] and [[assignments]]

[[phones]]
endpoint = "PJSIP/agent1"
extension = "6001"

[[phones]]
endpoint = "PJSIP/agent2"
extension = "6002"

# [[agents]]
# id = "zhang"
# name = "张三"
# number = "008"                  # the staff number (工号) they say

# [[assignments]]
# agent = "zhang"
# endpoint = "PJSIP/agent1"       # or: member = "Agent One"; or number = "13900000000", a mobile
# from = 2026-01-01T00:00:00+08:00

"""

TAIL = """\
# [[webhooks]]
# name = "supervisors"            # who is told of new tickets, deadlines, faults: docs/news.md
# form = "wecom"                  # or dingtalk, or json
# url_file = "robot-url"          # its first line is the robot's address; chmod 600
"""


def first_settings(host: str, port: int, username: str, *, data_folder: Path | None = None) -> str:
    """The first settings file, every table explained; what grows lies in `data_folder`, else beside it."""
    return f"{settings_head(host, port, username, SECRET_NAME, data_folder)}\n{_EXAMPLE}\n{TAIL}"


def settings_head(host: str, port: int, username: str, secret: str, data_folder: Path | None = None) -> str:
    """What stands before the lines: all tables that hold for the whole hall, and its switch."""
    data, own = (f"{data_folder}/", "") if data_folder else ("", "# ")
    return _HEAD.format(host=host, port=port, username=username, secret=secret, data=data, own=own)


@cache
def _example() -> Settings:
    return Settings.model_validate(tomllib.loads(_EXAMPLE))


def is_example(line: LineSettings) -> bool:
    """Whether a line is the one that a first settings file has to show how lines are written."""
    (example,) = _example().lines
    return (line.name, line.extensions, line.queues, line.phones) == (
        example.name,
        example.extensions,
        example.queues,
        example.phones,
    )


def example_phones() -> frozenset[str]:
    """The phones of that file, which no switch has."""
    return frozenset(phone.endpoint for phone in _example().phones)
