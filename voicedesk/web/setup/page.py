"""What every page of the guided start shows, and what its steps share."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from voicedesk.language.translate import translated
from voicedesk.web.doorkeeper import Person
from voicedesk.web.setup.draft import Draft, Told
from voicedesk.web.setup.progress import Done, Step
from voicedesk.web.texts import t
from voicedesk.web.visitor import Visitor

TITLES: Mapping[Step, str] = {
    Step.SWITCH: t("Connect the switch"),
    Step.LINE: t("The first line"),
    Step.STAFF: t("Staff and phones"),
    Step.EAR: t("Which ear hears"),
    Step.END: t("Look it all over"),
}
_ORDER = {"bad": 0, "note": 1, "unseen": 2, "good": 3}
_BETWEEN = re.compile(r"[\s,，、;；]+")
_ENTRIES = re.compile(r"\s*[,，;；\n]+\s*")
MOST_SIGNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One thing that a test found, in words."""

    grade: str
    what: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage:
    """One step. `draft` None: the desk has no settings file. `told` became of the last change.

    `typed` are the fields as they were sent, without any secret; `more` is what this step alone shows.
    """

    step: Step
    done: Done
    draft: Draft | None
    no_file: str = ""
    wrong: str = ""
    refused: str = ""
    needs_restart: tuple[str, ...] = ()
    mistake: str = ""
    told: Told | None = None
    told_words: str = ""
    is_tested: bool = False
    findings: tuple[FindingRow, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[tuple[Step, str, bool], ...]:
        """Each step with its title, and whether it was done."""
        return tuple((one, TITLES[one], one.value in self.done.steps) for one in Step)

    @property
    def title(self) -> str:
        """What is set up here."""
        return TITLES[self.step]

    @property
    def after(self) -> str:
        """The step behind this one; the last leads to itself."""
        steps = list(Step)
        return steps[min(steps.index(self.step) + 1, len(steps) - 1)].value

    def with_more(self, **more: Any) -> "StepPage":
        """The same page with more to show."""
        return replace(self, more={**self.more, **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks at which step, with the settings as they are to be; `fields` of a form that was sent, else none."""

    visitor: Visitor
    person: Person
    draft: Draft
    fields: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def do(self) -> str:
        """The button that was pressed."""
        return self.fields.get("do", "")

    def text(self, name: str) -> str:
        """What was typed into a field, as one line that can be printed."""
        return plain(self.fields.get(name, ""))


def plain(typed: str) -> str:
    """What was typed, as one line that can be printed."""
    return "".join(one if one.isprintable() else " " for one in typed).strip()[:MOST_SIGNS]


def names_in(typed: str) -> list[str]:
    """Names that were typed one after another, each once."""
    return list(dict.fromkeys(one for one in _BETWEEN.split(typed) if one.isprintable() and one))


def entries_in(typed: str) -> list[str]:
    """Entries that have blanks within, parted by commas or lines."""
    return [plain(one) for one in _ENTRIES.split(typed) if plain(one)]


def in_words(visitor: Visitor, text: str) -> str:
    """A text of commands in this reader's language; who sets up has a command line too."""
    return translated(text, visitor.look.language, of_parts=True)


def rows_of(visitor: Visitor, findings: Iterable[Mapping[str, str]]) -> tuple[FindingRow, ...]:
    """Findings in words, the worst first."""
    rows = [
        FindingRow(
            grade=one["grade"],
            what=in_words(visitor, one["what"]),
            why="" if one["grade"] == "good" else in_words(visitor, one["why"]),
            cure=in_words(visitor, one["cure"]),
        )
        for one in findings
    ]
    return tuple(sorted(rows, key=lambda row: _ORDER.get(row.grade, 9)))
