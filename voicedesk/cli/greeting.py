"""`voicedesk greeting`: what was said when the phone was answered."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from voicedesk.cli.common import (
    DAMAGED,
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    complain,
    local_time,
    moment,
    say,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.decisions import histories_json, in_short, tell_history
from voicedesk.cli.listing import (
    CsvOption,
    LimitOption,
    XlsxOption,
    check_forms,
    check_known,
    export,
    gathered,
    limit_of,
    people_of,
    person_id,
    say_zone,
    tell_whether_whole,
)
from voicedesk.clock import to_seconds
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import thresholds_of
from voicedesk.greeting.evidence import Evidence
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.rules import GreetingRules, rules_from_file
from voicedesk.greeting.words import GREETING_PARTS, GREETING_VERDICTS
from voicedesk.hall.greetings import rules_of, template_of
from voicedesk.jobs.hearing.check import CheckedGreeting, GreetingChecker, StaffChannel, as_json
from voicedesk.jobs.hearing.rejudge import GreetingChange, rejudge_greetings
from voicedesk.log import mask_numbers
from voicedesk.settings import Settings
from voicedesk.sheets.greetings import greeting_columns, greetings_sheet
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.speech.install import find_model
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import embedded_model, read_model
from voicedesk.speech.vosk_engine import VoskRecognizer
from voicedesk.store.decisions import History, Kind
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.store import Store
from voicedesk.words import both, word

VERDICTS = {code: both(GREETING_VERDICTS, code) for code in GREETING_VERDICTS}
R = TypeVar("R")

RulesOption = Annotated[
    Path | None, typer.Option(help="A rule set of the hall's own; else that of [greeting] rules, else the shipped one.")
]

app = typer.Typer(help="Greetings: 您好, then the department, then the matter (S2, S3).", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about greetings."""


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Recordings of the staff's side that begin at the answer.")],
    department: Annotated[str, typer.Option(help="The line's own department.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name of it; may be given several times.")] = None,
    other: Annotated[list[str] | None, typer.Option(help="Another department; may be given several times.")] = None,
    staff_channel: Annotated[
        StaffChannel | None, typer.Option(help="Of a recording with two channels, the staff's.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A speech model's folder; else the embedded one.")] = None,
    rules: RulesOption = None,
    greeting: Annotated[
        str, typer.Option(help="The template: its name, or its parts in order, e.g. hello,department,number,matter.")
    ] = "inbound",
    number: Annotated[str | None, typer.Option(help="The staff number of whoever speaks, to be compared.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Check the greeting of recordings: 您好, department, matter, in time, and no forbidden phrase.

    Example: `voicedesk greeting check answer.wav --department 社保中心 --alias 人社局 --other 医保局`
    """
    names = DepartmentNames(name=department, aliases=tuple(alias or ()), others=tuple(other or ()))
    rule_set = _rules(rules, settings_of(config))
    template = template_of(tuple(part.strip() for part in greeting.split(",")), rule_set)
    rule_set.parts_of(template)
    if number is not None and not (number.isascii() and number.isdecimal()):
        raise InputError(f"{number!r} is no staff number: write its digits, e.g. 1008")
    chosen = read_model(model) if model else embedded_model()
    if chosen.synthetic_only:
        complain(f"speech model {chosen.name!r}: {chosen.statement}")
    checker = GreetingChecker(
        Listener(VoskRecognizer(chosen)), names, rule_set, thresholds_of(chosen), template=template, number=number
    )
    checked = [checker.check_file(file, staff_channel) for file in files]
    if json:
        say_json([as_json(one) for one in checked])
    else:
        for one in checked:
            _tell(one)
    if any(one.error for one in checked):
        raise typer.Exit(DAMAGED)


@app.command("list")
def list_greetings(
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    verdict: Annotated[GreetingVerdict | None, typer.Option(help="Only this verdict.")] = None,
    review: Annotated[
        bool, typer.Option("--to-review", "--review", help="Only what a person must look at, appeals included.")
    ] = False,
    forbidden: Annotated[bool, typer.Option("--forbidden", help="Only with a forbidden phrase.")] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
) -> None:
    """List the greetings of recorded calls, newest first; with --csv or --xlsx all of them.

    Example: `voicedesk greeting list --verdict incomplete --from 2026-11-01 --xlsx greetings.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    which = GreetingFilter(
        line=line,
        agent=person_id(settings, agent),
        verdict=verdict.value if verdict else None,
        to_review=True if review else None,
        has_forbidden=True if forbidden else None,
        from_at=moment(since, settings.hall.zone),
        to_at=moment(until, settings.hall.zone),
    )
    zone, names, most = settings.hall.zone, people_of(settings), limit_of(limit, csv=csv, xlsx=xlsx)
    if csv or xlsx is not None:

        def rows(some: list[StoredGreeting]) -> Iterable[tuple[Cell, ...]]:
            return greetings_sheet(some, zone, names=names).rows

        made, there = wait(_list(settings, which, most, rows))
        export(Sheet(name="问候", columns=greeting_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, which, most, lambda some: some))
    if json:
        say_json([_plain(one) for one in found])
    elif not found:
        say("没有问候记录 no greetings")
    else:
        _say_list(found, settings)
    tell_whether_whole(len(found), there)


def _say_list(found: list[StoredGreeting], settings: Settings) -> None:
    say_zone(settings.hall.zone)
    for one in found:
        when = local_time(one.answered_at, settings.hall.zone)
        say(f"{when}  {one.call_id[:10]}  {one.line or '-'}  {one.agent or one.endpoint}  {_in_short(one)}")


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.", metavar="ID")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what was heard of the staff in one call, with times, and why the verdict is what it is.

    Example: `voicedesk greeting show 1f3a9c`
    """
    settings = settings_of(config)
    found, histories = wait(_of_call(settings, call_id))
    if not found:
        raise InputError(f"nothing was heard in a call whose id begins with {call_id!r}: was it recorded?")
    of_channel = {(one.subject.pbx, one.subject.uniqueid): one for one in histories}
    if json:
        of_each = [[history] if (history := of_channel.get((one.pbx, one.uniqueid))) else [] for one in found]
        pairs = zip(found, of_each, strict=True)
        say_json([{**_plain(one), "decisions": histories_json(history)} for one, history in pairs])
        return
    for one in found:
        told = one.evidence.told
        say(
            f"{local_time(one.answered_at, settings.hall.zone)}  {one.endpoint}  {VERDICTS.get(one.verdict or '', '-')}"
        )
        if one.reason:
            say(f"  理由 reason: {_reason(one)}")
        if (why := explained(one.reason)) is not None:
            say(f"  处理 to do: {why.to_do}")
        if one.rules_version:
            say(f"  规则 rule: {one.rules_version}")
        if history := of_channel.get((one.pbx, one.uniqueid)):
            tell_history(history, VERDICTS, settings.hall.zone)
        for part in told.parts:
            name = word(GREETING_PARTS, part.part)
            say(f"  {part.start_seconds:6.2f} s  {name}: {part.text} ({part.match.value})")
        for phrase in told.forbidden:
            say(f"  {phrase.start_seconds:6.2f} s  禁语 forbidden: {phrase.phrase}")
        for remark in told.remarks:
            say(f"  {remark}")
        say(f"  听到 heard: {told.transcript}")
        say(f"  录音 recording: {settings.recording.folder / one.recording if one.recording else '-'}")


@app.command()
def rejudge(
    since: FromOption = None,
    until: ToOption = None,
    rules: RulesOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Judge stored greetings again from what was heard, by today's rules.

    Example: `voicedesk greeting rejudge --from 2026-11-01 --dry-run`
    """
    settings = settings_of(config)
    which = GreetingFilter(from_at=moment(since, settings.hall.zone), to_at=moment(until, settings.hall.zone))
    rule_set = _rules(rules, settings)
    judged, changes = wait(_rejudge(settings, which, rule_set, dry_run=dry_run))
    if json:
        say_json({"judged": judged, "changes": [asdict(one) for one in changes]})
        return
    for one in changes:
        phrases = f"禁语 forbidden {one.forbidden_before} -> {one.forbidden_after}"
        say(f"{one.call_id[:10]}  {one.before} -> {one.after}  {phrases}")
    say(f"{judged} greetings judged again, {len(changes)} are others now")


def _rules(file: Path | None, settings: Settings) -> GreetingRules:
    """The rules of a file that was named, else those in force."""
    return rules_from_file(file) if file else rules_of(settings)


def _reason(one: StoredGreeting) -> str:
    why = explained(one.reason)
    return why.words if why else one.reason or ""


def _in_short(one: StoredGreeting) -> str:
    """The verdict and what goes with it."""
    told = [VERDICTS.get(one.verdict or "", "未听 not heard yet")]
    told[0] += f"（{_reason(one)}）" if one.reason else ""
    told += [f"禁语 forbidden {one.forbidden}"] if one.forbidden else []
    told += [] if one.is_final else ["通话中 so far"]
    told += ["待复核 to be reviewed"] if one.needs_review and one.human is None else []
    human = in_short(one.human.verdict if one.human else "", VERDICTS, appeal_open=one.appeal_open)
    told += [human] if human else []
    return "，".join(told)


async def _list(
    settings: Settings,
    which: GreetingFilter,
    limit: int | None,
    keep: Callable[[list[StoredGreeting]], Iterable[R]],
) -> tuple[list[R], int]:
    """What is kept of the greetings, and how many there are."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        lines, agents = {line.name for line in settings.lines}, set(people_of(settings))
        if which.line is not None and which.line not in lines and lines:
            check_known("line", which.line, lines, await store.greetings.known("line"))
        if which.agent is not None and which.agent not in agents and agents:
            check_known("person", which.agent, agents, await store.greetings.known("agent"))
        made = await gathered(
            lambda size, after: store.greetings.list(which, limit=size, after=after),
            lambda one: (one.answered_at, one.pbx, one.uniqueid),
            keep,
            limit,
        )
        return made, await store.greetings.count(which)


async def _of_call(settings: Settings, call_id: str) -> tuple[list[StoredGreeting], list[History]]:
    """The greetings of a call, and what people decided of them."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        call = await store.calls.get(call_id)
        if call is None:
            return [], []
        found = await store.greetings.list(GreetingFilter(call_id=call.call.facts.id))
        histories = await store.decisions.of_calls([call.call.facts.id])
        return found, [one for one in histories if one.subject.kind is Kind.GREETING]


async def _rejudge(
    settings: Settings, which: GreetingFilter, rules: GreetingRules, *, dry_run: bool
) -> tuple[int, list[GreetingChange]]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        thresholds = thresholds_of(find_model(settings.speech.model, settings.speech.models_folder))
        return await rejudge_greetings(store.greetings, which, rules, thresholds, dry_run=dry_run)


def _plain(one: StoredGreeting) -> dict[str, Any]:
    """A stored greeting as plain values: who and when, then the judgement as `greeting check` gives it."""
    values = asdict(replace(one, evidence=Evidence()))
    del values["evidence"]
    at = to_seconds(values.pop("answered_at"))
    human = values.pop("human")
    if human is not None:
        human = {**human, "reason": mask_numbers(human["reason"]), "at": to_seconds(human["at"])}
    why = explained(one.reason)
    told = {"reason_words": why.words if why else None, "to_do": why.to_do if why else None}
    people = {"human": human, "human_verdict": human and human["verdict"], "to_review": one.to_review}
    return {**values, "answered_at": at, **people, **told, **one.evidence.told.plain}


def _tell(checked: CheckedGreeting) -> None:
    judged, transcript = checked.judgement, checked.transcript
    if judged is None or transcript is None:
        complain(checked.error or "")
        return
    explanation = explained(judged.reason)
    why = f" ({judged.reason.value}: {explanation.words})" if judged.reason and explanation else ""
    review = "，待人工复核 to be reviewed" if judged.needs_review else ""
    say(f"{checked.file}: {VERDICTS[judged.verdict.value]}{why}{review}")
    if explanation is not None:
        say(f"  处理 to do: {explanation.to_do}")
    if judged.missing:
        say(f"  缺 missing: {'、'.join(word(GREETING_PARTS, part) for part in judged.missing)}")
    for part in judged.parts:
        say(f"  {part.start_seconds:6.2f} s  {word(GREETING_PARTS, part.part)}: {part.text} ({part.match.value})")
    for found in judged.phrases.forbidden:
        say(f"  {found.start_seconds:6.2f} s  禁语 forbidden: {found.phrase}")
    for found in judged.phrases.polite:
        say(f"  {found.start_seconds:6.2f} s  规范用语 polite: {found.phrase}")
    for remark in judged.remarks:
        say(f"  {remark}")
    say(f"  听到 heard: {transcript.text}")
