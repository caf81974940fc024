"""What to put into Asterisk's own files, with this hall's values filled in from the settings.

The files are those of `dialplans/`; a word between @ signs is a place to fill. A value that the dialplan would read
as more than a name is refused. Nothing is written: the text is handed back.
"""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voicedesk.errors import InputError
from voicedesk.hall.switches import no_pbx
from voicedesk.ivr.wording import CHINESE, RECORDING_NOTICE
from voicedesk.prompts.named import named_path
from voicedesk.settings import LineSettings, PbxSettings, Settings

QUEUE_SECONDS = 120
FEWEST_PUBLISHED = 5
"""Digits of a number that a citizen may dial (12333); inside numbers are shorter."""
RING_ON_SECONDS = 5
"""How much longer than the limit a phone rings, so that a late answer can be seen."""


class Part(StrEnum):
    """What may be asked for."""

    MANAGER = "manager"
    EXTENSIONS = "extensions"
    QUEUES = "queues"
    RECORDS = "records"
    RECORDING = "recording"
    IVR = "ivr"
    CALLBACK = "callback"
    BREAKS = "breaks"
    ALL = "all"


_FILES = {
    Part.MANAGER: ("manager",),
    Part.EXTENSIONS: ("hotline",),
    Part.QUEUES: ("queues",),
    Part.RECORDS: ("cdr_custom", "cel", "cel_custom"),
    Part.RECORDING: ("recording",),
    Part.IVR: ("ivr", "notices"),
    Part.CALLBACK: ("callback", "callback-shown", "dialler"),
    Part.BREAKS: ("breaks", "pauser"),
}
_EXTENSIONS = ("hotline", "recording", "ivr", "notices", "callback", "callback-shown", "breaks")
_TARGETS = dict.fromkeys(_EXTENSIONS, "extensions") | dict.fromkeys(("dialler", "pauser"), "manager")
MEMBER = "${CHANNEL:0:-9}"
"""The phone that dials, as a queue calls it: its channel's name without the eight digits behind the last dash."""
FREEPBX_MEMBER = "Local/${CHANNEL(endpoint)}@from-queue/n"
NOBODY_LISTENS = "agi://127.0.0.1:4573"
_BY_WEB_PAGE = frozenset({"queues"})
_FREEPBX_CUSTOM = frozenset({"manager", *_TARGETS})
_AS_THEY_ARE = frozenset({"cdr_custom", "cel", "cel_custom"})
_BREAK = """\
; ==================================================================================================
; {}: only what stands from here to the next line of = signs
; =================================================================================================="""
_PLACE = re.compile(r"@([A-Z_]+)@")
_EXPLAINED = re.compile(r";   ([A-Z_]+) +\S")
_MEANS_MORE = re.compile(r"[,;$\[\]{}\"|&@\\<>=^]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A text for one of Asterisk's files, or for a page of FreePBX (`file` empty)."""

    file: str
    title: str
    text: str


def render(
    part: Part, settings: Settings, *, pbx: str | None = None, freepbx: bool = False, file: str | None = None
) -> str:
    """The text of one part, or of all, file by file; of one file alone, if it is named. Without settings the places
    stay open.

    Raises InputError for a PBX or file nobody knows and for a name that cannot stand in a dialplan.
    """
    pieces = pieces_of(part, settings, pbx=pbx, freepbx=freepbx)
    if file is not None:
        pieces = _only(pieces, file)
    several = len({one.file for one in pieces}) > 1
    told, texts = None, list[str]()
    for one in pieces:
        if several and one.file != told:
            texts.append(_BREAK.format(one.title.upper() if not one.file else f"/etc/asterisk/{one.file}"))
        told = one.file
        texts.append(f"; ---- {one.title}\n{one.text}")
    return "\n".join(texts)


def pieces_of(part: Part, settings: Settings, *, pbx: str | None = None, freepbx: bool = False) -> list[Piece]:
    """What is to be put where, all of one file together. Raises InputError as `render`."""
    switch = _switch(settings, pbx)
    own = settings.on(switch.name if switch is not None else None)
    parts = list(_of_all(own, switch)) if part is Part.ALL else [part]
    of = f" of {switch.name}" if switch is not None and len(settings.pbx) > 1 else ""
    pieces = [
        _piece(name, text, freepbx, of)
        for one in parts
        for name in _FILES[one]
        for text in _filled(name, own, switch, freepbx=freepbx)
    ]
    order = list(dict.fromkeys(one.file for one in pieces))
    return sorted(pieces, key=lambda one: order.index(one.file))


def _only(pieces: list[Piece], file: str) -> list[Piece]:
    known = sorted({one.file for one in pieces if one.file})
    wanted = file.rpartition("/")[2]
    found = [one for one in pieces if one.file and wanted in (one.file, one.file.removesuffix(".conf"))]
    if not found:
        raise InputError(f"nothing of this goes into {file!r}: it goes into {', '.join(known)}")
    return found


def _of_all(settings: Settings, switch: PbxSettings | None) -> Iterator[Part]:
    """What this hall uses; all there is where nothing is set yet."""
    unused = {Part.ALL}
    if switch is not None:
        unused |= set() if switch.recordings else {Part.RECORDING}
        unused |= set() if settings.ivr.listen else {Part.IVR}
        unused |= set() if switch.dial_username else {Part.CALLBACK}
        unused |= set() if switch.pause_username else {Part.BREAKS}
    return (one for one in Part if one not in unused)


def folder() -> Path:
    """Where the files of `dialplans/` are: in the installed package, or in the checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_dialplans"
    return installed if installed.is_dir() else package.parent / "dialplans"


def permit_for(host: str) -> str | None:
    """This machine's address as the PBX at `host` sees it, for `permit`; None if that cannot be told. Sends nothing."""
    try:
        family, kind, _, _, target = socket.getaddrinfo(host, 5038, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as trial:
            trial.connect(target)
            address = str(trial.getsockname()[0])
    except OSError:
        return None
    return f"{address}/{'128' if ':' in address else '255.255.255.255'}"


def _switch(settings: Settings, name: str | None) -> PbxSettings | None:
    if name is None:
        return settings.pbx[0] if settings.pbx else None
    for pbx in settings.pbx:
        if pbx.name == name:
            return pbx
    raise no_pbx(name, settings)


def _piece(name: str, text: str, freepbx: bool, of: str) -> Piece:
    """`of`: which PBX's file it is, where there are several."""
    if freepbx and name in _BY_WEB_PAGE:
        return Piece("", f"FreePBX{of}: make this in the web page Queues, with the same values", text)
    ending = "_custom" if freepbx and name in _FREEPBX_CUSTOM else ""
    file = f"{_TARGETS.get(name, name)}{ending}.conf"
    return Piece(file, f"for /etc/asterisk/{file}{of}", text)


def _filled(name: str, settings: Settings, switch: PbxSettings | None, *, freepbx: bool) -> Iterator[str]:
    """The file once per PBX user, line or queue, as it is meant."""
    text = (folder() / f"voicedesk-{name}.conf").read_text(encoding="utf-8")
    values = _values(name, settings, switch, freepbx=freepbx)
    if name in _AS_THEY_ARE:
        yield text
    elif values is not None:
        yield _fill(text, values)
    elif name == "callback-shown":
        for shown in dict.fromkeys(line.shown_number for line in settings.lines if line.shown_number):
            yield _fill(text, {"SHOWN": shown})
    elif not settings.lines:
        yield text
    elif name == "notices":
        yield _fill(text, {"LINE": _safe(settings.lines[0].name), "EXTENSION": _first_number(settings.lines[0])})
    for line in settings.lines if name in ("hotline", "queues") else ():
        numbers = line.extensions if name == "hotline" else ("",)
        for extension in numbers:
            yield _fill(text, _line_values(line, extension))


def _values(name: str, settings: Settings, switch: PbxSettings | None, *, freepbx: bool) -> dict[str, str] | None:
    """The values of a file that there is once for a PBX; None: there is one for each line, queue or number."""
    make = {
        "manager": lambda: _manager_values(switch),
        "dialler": lambda: _dialler_values(switch),
        "pauser": lambda: _pauser_values(switch),
        "breaks": lambda: _break_values(settings, switch, freepbx=freepbx),
        "callback": lambda: _callback_values(settings, switch),
        "recording": lambda: _recording_values(settings, switch),
        "ivr": lambda: _ivr_values(settings, switch),
    }.get(name)
    return make() if make is not None else None


def _fill(text: str, values: dict[str, str]) -> str:
    """Fills the places; of the head comment stays what explains those that are left open."""
    start = text.index("\n[") + 1 if "\n[" in text else 0
    filled = _PLACE.sub(lambda place: values.get(place[1], place[0]), text[start:])
    left = set(_PLACE.findall(filled))
    told, goes_on = list[str](), False
    for line in text[:start].splitlines():
        of = _EXPLAINED.match(line)
        goes_on = of[1] in left if of else goes_on and line.startswith(";      ")
        told += [line] * goes_on
    return "\n".join(["; left to fill in, each word with its @ signs:", *told, filled]) if told else filled


def _manager_values(switch: PbxSettings | None) -> dict[str, str]:
    if switch is None:
        return {}
    values = {"AMI_USER": _safe(switch.username), "AMI_SECRET": _safe(switch.secret_value())}
    permit = permit_for(switch.host)
    return values | ({"AMI_PERMIT": permit} if permit else {})


def _dialler_values(switch: PbxSettings | None) -> dict[str, str]:
    if switch is None or switch.dial_username is None:
        return {}
    permit = {key: value for key, value in _manager_values(switch).items() if key == "AMI_PERMIT"}
    return {"DIAL_USER": _safe(switch.dial_username), "DIAL_SECRET": _safe(switch.dial_secret_value()), **permit}


def _pauser_values(switch: PbxSettings | None) -> dict[str, str]:
    if switch is None or switch.pause_username is None:
        return {}
    permit = {key: value for key, value in _manager_values(switch).items() if key == "AMI_PERMIT"}
    return {"PAUSE_USER": _safe(switch.pause_username), "PAUSE_SECRET": _safe(switch.pause_secret_value()), **permit}


def _break_values(settings: Settings, switch: PbxSettings | None, *, freepbx: bool) -> dict[str, str]:
    """Without an IVR nobody listens at the address, and the switch goes on at once."""
    reasons = (
        f"exten => *31{digit},1,Gosub(voicedesk-break,start,1({_safe(reason)}))"
        for digit, reason in enumerate(settings.break_reasons, 1)
    )
    return {
        "AGI": NOBODY_LISTENS,
        "MEMBER": FREEPBX_MEMBER if freepbx else MEMBER,
        "REASONS": "\n".join(reasons),
        **_ivr_values(settings, switch),
    }


def _callback_values(settings: Settings, switch: PbxSettings | None) -> dict[str, str]:
    """Without an IVR nobody listens at the address: the number is not said, and the switch rings it at once."""
    hotline = {"HOTLINE": _published_number(settings.lines[0])} if settings.lines else {}
    return {"AGI": NOBODY_LISTENS, **_ivr_values(settings, switch), **_recording_values(settings, switch), **hotline}


def _recording_values(settings: Settings, switch: PbxSettings | None) -> dict[str, str]:
    if switch is None:
        return {}
    values = {"RECORDINGS": _safe(str(switch.recordings))} if switch.recordings else {}
    return values | {"NOTICE": _safe(str(notice_of(settings)))}


def notice_of(settings: Settings) -> Path:
    """The notice of recording as the dialplan names it: a file that every build of the prompts puts there."""
    prompts = settings.prompts
    return named_path((prompts.asterisk_folder or prompts.folder).absolute(), CHINESE, RECORDING_NOTICE)


def _ivr_values(settings: Settings, switch: PbxSettings | None) -> dict[str, str]:
    values = {"AGI": f"agi://{settings.ivr.listen}"} if settings.ivr.listen else {}
    return values | ({"PBX": _safe(switch.name)} if switch is not None else {})


def _first_number(line: LineSettings) -> str:
    return _safe(line.extensions[0]) if line.extensions else "@EXTENSION@"


def _published_number(line: LineSettings) -> str:
    """What citizens know the line by; a number as short as its queue's would tell them nothing."""
    published = (number for number in line.extensions if len(number) >= FEWEST_PUBLISHED)
    return _safe(next(published, "")) or _first_number(line)


def _line_values(line: LineSettings, extension: str) -> dict[str, str]:
    members = (f"member => {_safe(phone)},0,{_safe(phone.rpartition('/')[2])},{_safe(phone)}" for phone in line.phones)
    return {
        "EXTENSION": _safe(extension),
        "LINE": _safe(line.name),
        "QUEUE": _safe(line.queues[0] if line.queues else line.name),
        "QUEUE_SECONDS": str(QUEUE_SECONDS),
        "STRATEGY": "ringall",
        "RING_SECONDS": str(int(line.limit_seconds) + RING_ON_SECONDS),
        "MEMBERS": "\n".join(members),
    }


def _safe(value: str) -> str:
    found = _MEANS_MORE.search(value)
    if found is not None:
        raise InputError(f"{found[0]!r} in one of the names or secrets means more than itself to Asterisk: rename it")
    return value
