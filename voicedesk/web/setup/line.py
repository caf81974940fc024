"""The step of the lines: one after another, by hand or as the switch shows them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from voicedesk.errors import InputError
from voicedesk.hall.first_settings import example_phones, is_example
from voicedesk.settings import LineSettings
from voicedesk.settings.editing import AddTable, DropTable, Edit, SetKeys
from voicedesk.settings.listed import DEFAULT_LIMIT_SECONDS, DEFAULT_LIMIT_SOURCE
from voicedesk.web.setup.draft import Drafts, Told
from voicedesk.web.setup.page import Asked, StepPage, entries_in, in_words, names_in, plain
from voicedesk.web.setup.trials import Trials

FIELDS = (
    *("was", "name", "extensions", "queues", "phones", "limit_seconds", "limit_source"),
    *("ring_on_seconds", "ring_off_seconds", "department", "duty"),
)
_MOST_SHOWN = 4000


class LineStep:
    """Which published numbers there are, and by which limit they are answered."""

    def __init__(self, drafts: Drafts, trials: Trials) -> None:
        self._drafts, self._trials = drafts, trials

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """The lines that stand, what the switch shows, and the form of one line."""
        lines = asked.draft.settings.lines
        found = self._trials.found(asked.draft.settings, "lines")
        typed = {key: page.typed.get(key, "") for key in FIELDS} if page.typed else self._to_begin(asked, lines, found)
        return page.with_more(
            typed=typed,
            lines=lines,
            examples=frozenset(line.name for line in lines if is_example(line)),
            found=[(number, one) for number, one in enumerate(found)],
            notes=[in_words(asked.visitor, str(note)) for note in self._trials.found(asked.draft.settings, "notes")],
            many=len(asked.draft.settings.pbx) > 1,
            has_switch=bool(asked.draft.settings.pbx),
        )

    def _to_begin(
        self, asked: Asked, lines: tuple[LineSettings, ...], found: list[dict[str, Any]]
    ) -> Mapping[str, str]:
        """The form before anything was typed: a line that was chosen, a proposal, or an empty one."""
        line = asked.draft.settings.line(asked.query.get("line"))
        if line is not None:
            return _typed_of(line)
        empty = _typed_of(LineSettings(name="?")) | {"was": "", "name": ""}
        example = next((one.name for one in lines if is_example(one)), "")
        take = asked.query.get("take", "")
        if take.isascii() and take.isdigit() and int(take[:6]) < len(found):
            one = found[int(take[:6])]
            lists = {key: ", ".join(one[key]) for key in ("extensions", "queues", "phones")}
            return {**empty, **lists, "was": example, "name": plain(one["name"])}
        return {**empty, "was": example}

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """Asks the switch, saves a line, or takes one out."""
        page = replace(page, typed={key: asked.fields.get(key, "")[:_MOST_SHOWN] for key in FIELDS})
        if asked.do == "ask":
            await self._trials.ask_house(asked.draft.settings)
            return replace(page, typed={}), None
        if len(asked.draft.settings.pbx) > 1:
            raise InputError("there are several switches: write the lines of each into the settings file")
        names = [str(row.get("name", "")).strip() for row in asked.draft.rows("lines")]
        was = asked.text("was") if asked.do == "save" else asked.text("line")
        index = names.index(was) if was in names else None
        if asked.do == "drop":
            if index is None:
                raise InputError("this line is not in the settings any more")
            edits: list[Edit] = [DropTable(table="lines", index=index)]
            what = was
        else:
            edits, what = self._edits(asked, index), asked.text("name")
        told = await self._drafts.change(asked.draft, edits, asked.person, asked.visitor.address, f"[[lines]] {what}")
        return page, told

    def _edits(self, asked: Asked, index: int | None) -> list[Edit]:
        """The line, and those of its phones that the settings do not have yet."""
        phones = names_in(asked.fields.get("phones", ""))
        limit = _number(asked, "limit_seconds", DEFAULT_LIMIT_SECONDS)
        source = asked.text("limit_source")
        keys: dict[str, Any] = {
            "name": asked.text("name"),
            "extensions": names_in(asked.fields.get("extensions", "")),
            "queues": names_in(asked.fields.get("queues", "")),
            "phones": phones,
            "limit_seconds": limit,
            "limit_source": source or (DEFAULT_LIMIT_SOURCE if limit == DEFAULT_LIMIT_SECONDS else None),
            "ring_on_seconds": _number(asked, "ring_on_seconds", 1.0),
            "ring_off_seconds": _number(asked, "ring_off_seconds", 4.0),
            "department": asked.text("department") or None,
            "duty": entries_in(asked.fields.get("duty", "")) or None,
        }
        if not keys["name"]:
            raise InputError("give the line a name, such as that of its window")
        if not keys["extensions"] and not keys["queues"]:
            raise InputError("give the line its number, as the trunk delivers it, or its queue")
        line: Edit = AddTable(table="lines", keys=keys)
        if index is not None:
            line = SetKeys(table="lines", index=index, keys=keys)
        there = [str(row.get("endpoint", "")) for row in asked.draft.rows("phones")]
        gone = _examples_of(asked, index) - set(phones)
        drops = [DropTable(table="phones", index=n) for n in reversed(range(len(there))) if there[n] in gone]
        numbers = {one["endpoint"]: one["extension"] for one in self._trials.found(asked.draft.settings, "phones")}
        new = [one for one in phones if one not in there]
        adds = [AddTable(table="phones", keys={"endpoint": one, "extension": numbers.get(one)}) for one in new]
        return [line, *drops, *adds]


def _examples_of(asked: Asked, index: int | None) -> frozenset[str]:
    """The phones that go with the example of a first settings file: their numbers may be a real phone's."""
    lines = asked.draft.settings.lines
    is_replaced = index is not None and index < len(lines) and is_example(lines[index])
    return example_phones() if is_replaced else frozenset()


def _typed_of(line: LineSettings) -> dict[str, str]:
    lists = {key: ", ".join(getattr(line, key)) for key in ("extensions", "queues", "phones", "duty")}
    numbers = {key: f"{getattr(line, key):g}" for key in ("limit_seconds", "ring_on_seconds", "ring_off_seconds")}
    texts = {"department": line.department or "", "limit_source": line.limit_source or ""}
    return {"was": line.name, "name": line.name, **lists, **numbers, **texts}


def _number(asked: Asked, key: str, usual: float) -> float:
    typed = asked.text(key)
    if not typed:
        return usual
    try:
        value = float(typed) if typed.isascii() and len(typed) < 12 else float("nan")
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 600:
        raise InputError(f"{typed!r} is no number of seconds")
    return int(value) if value == int(value) else value
