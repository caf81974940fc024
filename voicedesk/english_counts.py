"""One and many in English: texts are written for many ("{} calls"), and told right where one is meant ("1 call")."""

import re
from collections.abc import Sequence

_ONE = {
    "agents": "agent",
    "bits": "bit",
    "bytes": "byte",
    "calls": "call",
    "channels": "channel",
    "characters": "character",
    "columns": "column",
    "consultations": "consultation",
    "days": "day",
    "entries": "entry",
    "files": "file",
    "gaps": "gap",
    "greetings": "greeting",
    "groups": "group",
    "items": "item",
    "legs": "leg",
    "letters": "letter",
    "lines": "line",
    "messages": "message",
    "minutes": "minute",
    "others": "other",
    "people": "person",
    "phones": "phone",
    "pieces": "piece",
    "prompts": "prompt",
    "recordings": "recording",
    "requests": "request",
    "ringings": "ringing",
    "rings": "ring",
    "rows": "row",
    "samples": "sample",
    "seconds": "second",
    "sentences": "sentence",
    "sounds": "sound",
    "switches": "switch",
    "syllables": "syllable",
    "texts": "text",
    "things": "thing",
    "tickets": "ticket",
    "times": "time",
    "tries": "try",
}
"""What is counted: of many, and of one."""
_DOES = {"are": "is", "were": "was", "have": "has", "wait": "waits", "lie": "lies", "did": "did"}
"""What they do, where it stands right behind."""
_PLACE = re.compile(r"\{\d*\}")
_COUNTED = re.compile(
    rf"(?P<kind> (?:[a-z]+ )?)(?P<many>{'|'.join(_ONE)})\b(?:(?P<of> of (?:the )?[a-z]+)? (?P<do>{'|'.join(_DOES)})\b)?"
)


def counted(number: int, many: str) -> str:
    """A number of things: "1 call", "2 calls"."""
    return f"{number} {_ONE[many] if number == 1 else many}"


def filled(template: str, values: Sequence[object]) -> str:
    """An English text with its values in its places (`{}`, `{0}`); of one thing it speaks as of one."""
    if any(str(value) == "1" for value in values):
        template = _of_one(template, values)
    return template.format(*values)


def _of_one(template: str, values: Sequence[object]) -> str:
    told, end = [], 0
    for number, place in enumerate(_PLACE.finditer(template)):
        told.append(template[end : place.end()])
        end = place.end()
        which = int(place[0][1:-1] or number)
        behind = _COUNTED.match(template, end) if which < len(values) and str(values[which]) == "1" else None
        if behind is not None:
            told.append(f"{behind['kind']}{_ONE[behind['many']]}{behind['of'] or ''}")
            told.append(f" {_DOES[behind['do']]}" if behind["do"] else "")
            end = behind.end()
    return "".join([*told, template[end:]])
