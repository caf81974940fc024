"""What to put into Asterisk's own files, with this hall's values filled in from the settings.

The files are those of `dialplans/`; a word between @ signs is a place to fill. A value that the dialplan would read
as more than a name is refused. Nothing is written: the text is handed back.
"""

import re
import socket
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from voicedesk.errors import InputError
from voicedesk.settings import LineSettings, PbxSettings, Settings

QUEUE_SECONDS = 120
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
    Part.CALLBACK: ("callback", "dialler"),
    Part.BREAKS: ("breaks", "pauser"),
}
_EXTENSIONS = ("hotline", "recording", "ivr", "notices", "callback", "breaks")
_TARGETS = dict.fromkeys(_EXTENSIONS, "extensions") | dict.fromkeys(("dialler", "pauser"), "manager")
MEMBER = "${CHANNEL:0:-9}"
"""The phone that dials, as a queue calls it: its channel's name without the eight digits behind the last dash."""
FREEPBX_MEMBER = "Local/${CHANNEL(endpoint)}@from-queue/n"
NOBODY_LISTENS = "agi://127.0.0.1:4573"
_BY_WEB_PAGE = frozenset({"queues"})
_FREEPBX_CUSTOM = frozenset({"manager", *_TARGETS})
_AS_THEY_ARE = frozenset({"cdr_custom", "cel", "cel_custom"})
_PLACE = re.compile(r"@([A-Z_]+)@")
_MEANS_MORE = re.compile(r"[,;$\[\]{}\"|&@\\<>=^]")


def render(part: Part, settings: Settings, *, pbx: str | None = None, freepbx: bool = False) -> str:
    """The text of one part, or of all. Without settings the places stay open.

    Raises InputError for a PBX nobody knows and for a name that cannot stand in a dialplan.
    """
    switch = _switch(settings, pbx)
    parts = list(_of_all(settings, switch)) if part is Part.ALL else [part]
    texts = [
        _titled(name, text, freepbx)
        for one in parts
        for name in _FILES[one]
        for text in _filled(name, settings, switch, freepbx=freepbx)
    ]
    return "\n".join(texts)


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
    raise InputError(f"no [[pbx]] is called {name!r}: it has {', '.join(one.name for one in settings.pbx) or 'none'}")


def _titled(name: str, text: str, freepbx: bool) -> str:
    target = _TARGETS.get(name, name)
    if freepbx and name in _BY_WEB_PAGE:
        return f"; ---- FreePBX: make this in the web page Queues, with the same values\n{text}"
    ending = "_custom" if freepbx and name in _FREEPBX_CUSTOM else ""
    return f"; ---- for /etc/asterisk/{target}{ending}.conf\n{text}"


def _filled(name: str, settings: Settings, switch: PbxSettings | None, *, freepbx: bool) -> Iterator[str]:
    """The file once per PBX user, line or queue, as it is meant."""
    text = (folder() / f"voicedesk-{name}.conf").read_text(encoding="utf-8")
    if name in _AS_THEY_ARE:
        yield text
    elif name == "manager":
        yield _fill(text, _manager_values(switch))
    elif name == "dialler":
        yield _fill(text, _dialler_values(switch))
    elif name == "pauser":
        yield _fill(text, _pauser_values(switch))
    elif name == "breaks":
        yield _fill(text, _break_values(settings, switch, freepbx=freepbx))
    elif name == "callback":
        yield _fill(text, _callback_values(settings, switch))
    elif name == "recording":
        yield _fill(text, _recording_values(switch))
    elif name == "ivr":
        yield _fill(text, _ivr_values(settings, switch))
    elif not settings.lines:
        yield text
    elif name == "notices":
        yield _fill(text, {"LINE": _safe(settings.lines[0].name), "EXTENSION": _first_number(settings.lines[0])})
    for line in settings.lines if name in ("hotline", "queues") else ():
        numbers = line.extensions if name == "hotline" else ("",)
        for extension in numbers:
            yield _fill(text, _line_values(line, extension))


def _fill(text: str, values: dict[str, str]) -> str:
    """Fills the places; the head comment that explains them goes."""
    body = text[text.index("\n[") + 1 :] if "\n[" in text else text
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), body)


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
        for digit, reason in enumerate(settings.breaks.reasons, 1)
    )
    return {
        "AGI": NOBODY_LISTENS,
        "MEMBER": FREEPBX_MEMBER if freepbx else MEMBER,
        "REASONS": "\n".join(reasons),
        **_ivr_values(settings, switch),
    }


def _callback_values(settings: Settings, switch: PbxSettings | None) -> dict[str, str]:
    hotline = {"HOTLINE": _first_number(settings.lines[0])} if settings.lines else {}
    return {**_ivr_values(settings, switch), **_recording_values(switch), **hotline}


def _recording_values(switch: PbxSettings | None) -> dict[str, str]:
    return {"RECORDINGS": _safe(str(switch.recordings))} if switch is not None and switch.recordings else {}


def _ivr_values(settings: Settings, switch: PbxSettings | None) -> dict[str, str]:
    values = {"AGI": f"agi://{settings.ivr.listen}"} if settings.ivr.listen else {}
    return values | ({"PBX": _safe(switch.name)} if switch is not None else {})


def _first_number(line: LineSettings) -> str:
    return _safe(line.extensions[0]) if line.extensions else "@EXTENSION@"


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
