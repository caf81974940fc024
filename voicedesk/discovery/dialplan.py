"""The switch's dialplan as its list tells it: which number leads where, and which phone a number stands for. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.tickets.dialplan import CITIZEN_CONTEXT

MOST_STEPS = 2000
"""So many places of the dialplan are looked at behind one number; what is longer leads nowhere in particular."""
_DEVICE = re.compile(r"(?:PJSIP|SIP|IAX2|DAHDI|SCCP|Khomp|Local)/[^,&|]+", re.IGNORECASE)
_TARGETS = frozenset({"goto", "gosub", "gotoif", "gosubif", "macro", "macroif", "execif", "gotoiftime"})
_LETTERS = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_LABEL_AT = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension."""

    application: str
    data: str
    label: str = ""

    @property
    def arguments(self) -> list[str]:
        """What the application is given, cut at commas."""
        return self.data.split(",")


@dataclass(frozen=True, slots=True)
class Ringing:
    """A step that lets phones ring: `target` is a queue's name or what is dialled, `seconds` None: without an end."""

    is_queue: bool
    target: str
    seconds: int | None
    options: str = ""


@dataclass(slots=True)
class Context:
    """A context: its extensions with their steps, the contexts it includes, the phones its numbers stand for."""

    name: str
    extensions: dict[str, list[Step]] = field(default_factory=dict)
    includes: list[str] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)
    has_switch: bool = False


class Dialplan:
    """All contexts that were listed; `is_whole` is false where the list was cut short or looks numbers up elsewhere."""

    def __init__(self, items: Iterable[AmiEvent], *, is_whole: bool = True) -> None:
        self.contexts: dict[str, Context] = {}
        self._is_whole = is_whole
        for item in items:
            self._take(item)

    @property
    def is_whole(self) -> bool:
        """True if what is not in it is nowhere."""
        return self._is_whole and not any(context.has_switch for context in self.contexts.values())

    def _take(self, item: AmiEvent) -> None:
        name = item.get("Context")
        if item.name != "ListDialplan" or not name:
            return
        context = self.contexts.setdefault(name, Context(name))
        extension, application = item.get("Extension"), item.get("Application") or ""
        if included := item.get("IncludeContext"):
            context.includes.append(included)
        elif item.get("Switch"):
            context.has_switch = True
        elif extension and (item.get("Priority") or "").lower() == "hint":
            context.hints[extension] = application
        elif extension:
            step = Step(application.lower(), item.get("AppData") or "", item.get("ExtensionLabel") or "")
            context.extensions.setdefault(extension, []).append(step)

    def places_of(self, number: str) -> list[tuple[str, str]]:
        """Every (context, extension) that a number fits, written out or as a pattern; those that only pass it on to a
        trunk, as our own for callbacks do, are left out."""
        return [
            (context.name, extension)
            for context in self.contexts.values()
            if not context.name.startswith(CITIZEN_CONTEXT)
            for extension, steps in context.extensions.items()
            if extension == number or (matches(extension, number) and not _passes_on(steps))
        ]

    def owners(self, extension: str) -> list[str]:
        """The contexts in which a number is written out."""
        return [context.name for context in self.contexts.values() if extension in context.extensions]

    def including(self, name: str) -> list[str]:
        """The contexts that include another."""
        return [context.name for context in self.contexts.values() if name in context.includes]

    def ringing(self, context: str, extension: str) -> list[Ringing]:
        """What rings behind a number, as far as that can be read without running it, in the order it is found."""
        found: list[Ringing] = []
        for step in self.steps(context, extension):
            found += _ringing(step, extension)
        return found

    def steps(self, context: str, extension: str) -> Iterator[Step]:
        """Every step behind a number, through Goto, Gosub, Macro and their kin, each place once."""
        todo, seen, left = [(context, extension)], set(), MOST_STEPS
        while todo and left > 0:
            here = todo.pop(0)
            if here in seen:
                continue
            seen.add(here)
            for step in self._steps_at(*here):
                left -= 1
                yield step
                todo += list(self._next(step, *here, number=extension))

    def _steps_at(self, context: str, extension: str) -> list[Step]:
        for one in self._with_includes(context):
            if extension in one.extensions:
                return one.extensions[extension]
        fitting = (
            steps
            for one in self._with_includes(context)
            for pattern, steps in one.extensions.items()
            if matches(pattern, extension)
        )
        return next(fitting, [])

    def _with_includes(self, name: str) -> list[Context]:
        found: list[Context] = []
        todo = [name]
        while todo:
            context = self.contexts.get(todo.pop(0))
            if context is not None and context not in found:
                found.append(context)
                todo += context.includes
        return found

    def _next(self, step: Step, context: str, extension: str, *, number: str) -> Iterator[tuple[str, str]]:
        if step.application not in _TARGETS:
            return
        if step.application in ("macro", "macroif"):
            name = step.arguments[0].rpartition("?")[2]
            yield f"macro-{name}", "s"
            return
        for target in re.split(r"[?:]", step.data):
            parts = [part.replace("${EXTEN}", number) for part in target.partition("(")[0].split(",")]
            if len(parts) >= 3 and parts[0]:
                yield parts[0], parts[1] or extension
            elif len(parts) == 2 and _LABEL_AT.fullmatch(parts[0]):
                yield context, parts[0]

    def devices(self) -> dict[str, str]:
        """The number of each phone that has a hint, or that one number alone dials; a hint is surer."""
        found: dict[str, str] = {}
        for context in self.contexts.values():
            for extension, hint in context.hints.items():
                for device in devices_in(hint):
                    if extension.isdecimal():
                        found.setdefault(device, extension)
        for context in self.contexts.values():
            for extension, steps in context.extensions.items():
                dialled = {device for step in steps for one in _ringing(step, extension) for device in _dialled(one)}
                if extension.isdecimal() and len(dialled) == 1 and len(extension) <= 5:
                    found.setdefault(dialled.pop(), extension)
        return found

    def trunks(self) -> set[str]:
        """The endpoints that numbers are passed on to: a phone is dialled by its name, a trunk with a number."""
        found = set()
        for context in self.contexts.values():
            for steps in context.extensions.values():
                for step in steps:
                    if step.application == "dial":
                        found |= {trunk for part in step.arguments[0].split("&") if (trunk := trunk_of(part))}
        return found

    def open_places(self) -> dict[str, tuple[str, str]]:
        """Words between @ signs that were left in our own files: each with the context and the step it stands in."""
        found: dict[str, tuple[str, str]] = {}
        for context in self.contexts.values():
            for extension, steps in context.extensions.items():
                for step in steps if context.name.startswith("voicedesk") else ():
                    for word in re.findall(r"@[A-Z]{2,}(?:_[A-Z]+)*@", f"{extension},{step.data}"):
                        found.setdefault(word, (context.name, f"{step.application}({step.data})"))
        return found


def matches(pattern: str, number: str) -> bool:
    """Whether a number fits an extension of the dialplan that begins with an underscore."""
    if not pattern.startswith("_"):
        return False
    rest = pattern[1:].replace("-", "") if "[" not in pattern else pattern[1:]
    at = 0
    while rest:
        head = rest[0]
        if head in ".!":
            return head == "!" or at < len(number)
        if head == "[":
            inside, _, rest = rest[1:].partition("]")
            allowed = _expanded(inside)
        else:
            allowed, rest = _LETTERS.get(head.upper(), head), rest[1:]
        if at >= len(number) or number[at] not in allowed:
            return False
        at += 1
    return at == len(number)


def _expanded(inside: str) -> str:
    found = ""
    for first, last in re.findall(r"(.)(?:-(.))?", inside):
        found += "".join(chr(code) for code in range(ord(first), ord(last or first) + 1))
    return found


def devices_in(hint: str) -> list[str]:
    """The phones of a hint ("PJSIP/101&Custom:DND101")."""
    return [part for part in re.split(r"[&,]", hint) if _DEVICE.fullmatch(part)]


def trunk_of(dialled: str) -> str | None:
    """The trunk that a number is dialled through ("PJSIP/${EXTEN}@trunk", "SIP/trunk/${EXTEN}"); None for a phone."""
    technology, _, rest = dialled.strip().partition("/")
    if not rest or technology.lower() == "local" or technology.startswith("$"):
        return None
    number, at, host = rest.partition("@")
    trunk = host if at else rest.partition("/")[0] if "/" in rest else ""
    behind = number if at else rest.partition("/")[2]
    is_number = "${" in behind or sum(one.isdecimal() for one in behind) >= 3
    return f"{technology.upper()}/{trunk}" if trunk and is_number and "$" not in trunk else None


def _passes_on(steps: list[Step]) -> bool:
    return any("${EXTEN" in step.data and step.application == "dial" for step in steps) or not any(
        step.application not in ("noop", "hangup", "congestion", "return", "macro", "set") for step in steps
    )


def _ringing(step: Step, extension: str) -> Iterator[Ringing]:
    application, arguments = step.application, step.arguments
    if application in ("execif", "tryexec", "exec"):
        inner = re.search(r"(Queue|Dial)\((.*?)\)(?::|$)", step.data, re.IGNORECASE)
        if inner:
            yield from _ringing(Step(inner[1].lower(), inner[2]), extension)
        return
    if application == "queue" and arguments[0]:
        seconds = _seconds(arguments[4]) if len(arguments) > 4 else None
        yield Ringing(True, arguments[0].replace("${EXTEN}", extension), seconds, arguments[1] if arguments[1:] else "")
    elif application == "dial" and arguments[0]:
        seconds = _seconds(arguments[1]) if len(arguments) > 1 else None
        options = arguments[2] if len(arguments) > 2 else ""
        yield Ringing(False, arguments[0].replace("${EXTEN}", extension), seconds, options)


def _seconds(text: str) -> int | None:
    return whole_number(text.strip()) or None


def _dialled(one: Ringing) -> list[str]:
    """The phones that a Dial names, trunks and variables left out."""
    if one.is_queue:
        return []
    return [part for part in one.target.split("&") if _DEVICE.fullmatch(part) and "$" not in part and "@" not in part]
