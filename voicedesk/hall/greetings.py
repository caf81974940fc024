"""Which greeting is asked of whom: the hall's rules, each line's template, the staff number of whoever sits there."""

from voicedesk.errors import InputError
from voicedesk.greeting.live import GreetingTask
from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import (
    DEPARTMENT,
    GreetingRules,
    Limits,
    Template,
    rules_from_file,
    shipped_rules,
)
from voicedesk.settings import LineSettings, Settings

CALLBACK = ("callback",)
LONGEST_NUMBER = 8


def rules_of(settings: Settings) -> GreetingRules:
    """The rules in force: the hall's own (`[greeting] rules`), else those that come with Voicedesk.

    Raises InputError where they cannot be read, or where a line's greeting does not go with them.
    """
    file = settings.greeting.rules
    rules = rules_from_file(file) if file else shipped_rules()
    for line in settings.lines:
        for key, written in (("greeting", line.greeting), ("callback_greeting", line.callback_greeting)):
            if written == CALLBACK and CALLBACK[0] not in rules.templates:
                continue  # rules without one: the greetings of callbacks are not judged
            try:
                rules.parts_of(template_of(written, rules))
            except InputError as error:
                raise InputError(f"line {line.name!r}: {key} = {list(written)}: {error}") from error
    return rules


def template_of(written: tuple[str, ...], rules: GreetingRules) -> Template:
    """What a line's `greeting` means: one word is a template's name, or a part alone; several are parts in order."""
    if len(written) == 1 and (written[0] in rules.templates or written[0] not in {DEPARTMENT, *rules.parts}):
        return written[0]
    return written


def greeting_task(
    line_name: str | None,
    settings: Settings,
    rules: GreetingRules,
    *,
    agent: str | None = None,
    callback: bool = False,
) -> GreetingTask:
    """The greeting that a line asks for of an agent; none, where it must name a department and the line has none."""
    line = settings.line(line_name)
    limits = rules.limits
    nothing = GreetingTask(names=None, template="", limits=limits)
    if line is None:
        return nothing
    template = template_of(line.callback_greeting if callback else line.greeting, rules)
    if template == CALLBACK[0] and template not in rules.templates:
        return nothing
    if not line.department and DEPARTMENT in rules.parts_of(template):
        return nothing
    return GreetingTask(
        names=names_of(line, settings),
        template=template,
        limits=Limits(
            first_word_seconds=line.first_word_seconds or limits.first_word_seconds,
            all_parts_seconds=line.all_parts_seconds or limits.all_parts_seconds,
        ),
        number=number_of(agent, settings),
    )


def number_of(agent: str | None, settings: Settings) -> str | None:
    """A person's staff number: `number`, else an id that is one; None where nobody is known."""
    known = next((one for one in settings.agents if one.id == agent), None)
    if known is None:
        return None
    is_number = known.id.isascii() and known.id.isdecimal() and len(known.id) <= LONGEST_NUMBER
    return known.number or (known.id if is_number else None)


def names_of(line: LineSettings, settings: Settings) -> DepartmentNames:
    """How a line's department may be called, and what all others of the hall are called."""
    own = {line.department, *line.department_aliases}
    others = [name for one in settings.lines if one is not line for name in (one.department, *one.department_aliases)]
    names = dict.fromkeys(name for name in (*others, *settings.hall.departments) if name and name not in own)
    return DepartmentNames(name=line.department or "", aliases=line.department_aliases, others=tuple(names))
