"""`voicedesk greeting`: what was said when the phone was answered."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from voicedesk.cli.common import (
    DAMAGED,
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    complain,
    local_time,
    path_of,
    say,
    say_as_it_is,
    say_json,
    settings_of,
    span,
    wait,
)
from voicedesk.cli.decisions import appeal_greeting, decide_greeting, greeting_agreement, tell_history
from voicedesk.cli.listing import (
    CsvOption,
    LimitOption,
    XlsxOption,
    check_forms,
    export,
    limit_of,
    say_table,
    say_zone,
    tell_none,
    tell_whether_whole,
)
from voicedesk.desk import greetings as desk
from voicedesk.desk.greetings import GreetingRow, GreetingShown, greeting_json
from voicedesk.desk.names import people_of, person_id
from voicedesk.desk.verdicts import histories_json
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError, WrongUsage
from voicedesk.greeting.calibration import thresholds_of, weighing_limits_of
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.rules import GreetingRules, rules_from_file
from voicedesk.greeting.weighing.telling import remark_as_spoken
from voicedesk.greeting.words import DOUBTS, GREETING_PARTS, GREETING_VERDICTS, MATCHES
from voicedesk.hall.greetings import rules_of, template_of
from voicedesk.jobs.hearing.check import CheckedGreeting, GreetingChecker, StaffChannel, as_json
from voicedesk.jobs.hearing.rejudge import GreetingChange, rejudge_greetings
from voicedesk.language.translate import translated, worded
from voicedesk.settings import Settings
from voicedesk.sheets.greetings import greeting_columns, greetings_sheet
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.install import find_model
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import embedded_model, read_model
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store
from voicedesk.words import aside, both, colon, comma, in_both

R = TypeVar("R")

RulesOption = Annotated[
    Path | None,
    typer.Option(
        help="A rule set of the hall's own; else that of [greeting] rules, else the shipped one.",
        parser=path_of,
        metavar="PATH",
    ),
]

app = typer.Typer(help="Greetings: 您好, then the department, then the matter (S2, S3).", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about greetings."""


@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="Recordings of the staff's side that begin at the answer.", parser=path_of, metavar="PATH"),
    ],
    department: Annotated[str, typer.Option(help="The line's own department.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name of it; may be given several times.")] = None,
    other: Annotated[list[str] | None, typer.Option(help="Another department; may be given several times.")] = None,
    staff_channel: Annotated[
        StaffChannel | None, typer.Option(help="Of a recording with two channels, the staff's.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A speech model's folder; else the embedded one.", parser=path_of, metavar="PATH"),
    ] = None,
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
    for name in (department, *(alias or ()), *(other or ())):
        if not name.strip() or not name.isprintable():
            raise WrongUsage(f"{name!r} is no name of a department: write what the greeting may call it")
    names = DepartmentNames(name=department, aliases=tuple(alias or ()), others=tuple(other or ()))
    rule_set = _rules(rules, settings_of(config))
    template = template_of(tuple(part.strip() for part in greeting.split(",")), rule_set)
    rule_set.parts_of(template)
    if number is not None and not (number.isascii() and number.isdecimal()):
        raise WrongUsage(f"{number!r} is no staff number: write its digits, e.g. 1008")
    chosen = read_model(model) if model else embedded_model()
    if chosen.synthetic_only:
        complain(f"speech model {chosen.name!r}: {chosen.statement}")
    checker = GreetingChecker(
        Listener(recognizer_of(chosen)),
        names,
        rule_set,
        thresholds_of(chosen),
        weighing=weighing_limits_of(chosen),
        template=template,
        number=number,
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
    from_at, to_at = span(since, until, settings.hall.zone)
    which = GreetingFilter(
        line=line,
        agent=person_id(settings, agent),
        verdict=verdict.value if verdict else None,
        to_review=True if review else None,
        has_forbidden=True if forbidden else None,
        from_at=from_at,
        to_at=to_at,
    )
    zone, most = settings.hall.zone, limit_of(limit, csv=csv, xlsx=xlsx)
    if csv or xlsx is not None:
        names = people_of(settings)

        def cells(rows: list[GreetingRow]) -> Iterable[tuple[Cell, ...]]:
            return greetings_sheet((row.greeting for row in rows), zone, names=names).rows

        made, there = wait(_list(settings, which, most, cells))
        export(Sheet(name=worded("Greetings"), columns=greeting_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, which, most, lambda rows: rows))
    if json:
        say_json([greeting_json(row) for row in found])
    elif not found:
        fits = ("没有符合条件的问候", "no greeting fits")
        tell_none(("没有问候记录", "no greetings"), fits, is_filtered=which != GreetingFilter())
    else:
        _say_list(found, settings)
    tell_whether_whole(len(found), there)


def _say_list(found: list[GreetingRow], settings: Settings) -> None:
    say_zone(settings.hall.zone)
    names = people_of(settings)
    titles = (("接听时间", "answered"), ("编号", "call"), ("线路", "line"), ("人员", "who"), ("判定", "verdict"))
    say_table(titles, (_row_cells(row, settings.hall.zone, names) for row in found))


def _row_cells(row: GreetingRow, zone: tzinfo, names: dict[str, str]) -> tuple[str, ...]:
    one = row.greeting
    who = names.get(one.agent, one.agent) if one.agent else one.endpoint
    return local_time(one.answered_at, zone), one.call_id[:10], one.line or "-", who, _in_short(row)


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
    found = wait(_of_call(settings, call_id))
    if not found:
        raise InputError(f"nothing was heard in a call whose id begins with {call_id!r}: was it recorded?")
    if json:
        of_each = [[one.history] if one.history else [] for one in found]
        pairs = zip(found, of_each, strict=True)
        say_json([{**greeting_json(one.row), "decisions": histories_json(history)} for one, history in pairs])
        return
    for one in found:
        _say_one(one, settings)


def _say_one(shown: GreetingShown, settings: Settings) -> None:
    row, one, told = shown.row, shown.row.greeting, shown.row.told
    when = local_time(one.answered_at, settings.hall.zone)
    say_as_it_is(f"{when}  {one.endpoint}  {row.verdict if one.verdict else '-'}")
    if row.why:
        say(f"  理由 reason: {translated(str(row.why))}")
    if row.to_do is not None:
        say(f"  处理 to do: {translated(str(row.to_do))}")
    if one.rules_version:
        say(f"  规则 rule: {one.rules_version}")
    if shown.history:
        tell_history(shown.history, GREETING_VERDICTS, settings.hall.zone)
    for part in told.parts:
        name = both(GREETING_PARTS, part.part)
        say_as_it_is(f"  {part.start_seconds:6.2f} s  {name}: {part.text}{aside(both(MATCHES, part.match))}")
    for phrase in told.forbidden:
        say(f"  {phrase.start_seconds:6.2f} s  禁语 forbidden: {phrase.phrase}")
    for remark in told.remarks:
        say_as_it_is(f"  {remark_as_spoken(remark)}")
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
    from_at, to_at = span(since, until, settings.hall.zone)
    which = GreetingFilter(from_at=from_at, to_at=to_at)
    rule_set = _rules(rules, settings)
    judged, changes = wait(_rejudge(settings, which, rule_set, dry_run=dry_run))
    if json:
        say_json({"judged": judged, "changes": [asdict(one) for one in changes]})
        return
    for one in changes:
        phrases = f"{in_both('禁语', 'forbidden')} {one.forbidden_before} -> {one.forbidden_after}"
        before, after = both(GREETING_VERDICTS, one.before) or "-", both(GREETING_VERDICTS, one.after)
        say_as_it_is(f"{one.call_id[:10]}  {before} -> {after}  {phrases}")
    say(f"{judged} greetings judged again, {len(changes)} changed")


app.command("decide")(decide_greeting)
app.command("appeal")(appeal_greeting)
app.command("agreement")(greeting_agreement)


def _rules(file: Path | None, settings: Settings) -> GreetingRules:
    """The rules of a file that was named, else those in force."""
    return rules_from_file(file) if file else rules_of(settings)


def _in_short(row: GreetingRow) -> str:
    """The verdict and what goes with it."""
    one = row.greeting
    told = [str(row.verdict)]
    told[0] += aside(str(row.why)) if row.why else ""
    told += [f"{in_both('禁语', 'forbidden')} {one.forbidden}"] if one.forbidden else []
    told += [] if one.is_final else [in_both("通话中", "so far")]
    told += [in_both("待复核", "to be reviewed")] if row.is_doubted else []
    told += [row.by_people] if row.by_people else []
    return comma().join(told)


async def _list(
    settings: Settings, which: GreetingFilter, limit: int | None, keep: Callable[[list[GreetingRow]], Iterable[R]]
) -> tuple[list[R], int]:
    """What is kept of the greetings, and how many there are."""
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = await desk.greetings(store, settings, AT_THE_MACHINE, which)
        return await listing.kept(limit, keep)


async def _of_call(settings: Settings, call_id: str) -> list[GreetingShown]:
    """The greetings of a call, and what people decided of them."""
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.of_call(store, settings, AT_THE_MACHINE, call_id)


async def _rejudge(
    settings: Settings, which: GreetingFilter, rules: GreetingRules, *, dry_run: bool
) -> tuple[int, list[GreetingChange]]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        thresholds = thresholds_of(find_model(settings.speech.model, settings.speech.models_folder))
        return await rejudge_greetings(store.greetings, which, rules, thresholds, dry_run=dry_run)


def _tell(checked: CheckedGreeting) -> None:
    judged, transcript = checked.judgement, checked.transcript
    if judged is None or transcript is None:
        complain(checked.error or "")
        return
    explanation = explained(judged.reason)
    why = aside(f"{both(DOUBTS, judged.reason)}{colon()}{explanation.words}") if explanation else ""
    review = f"{comma()}{in_both('待人工复核', 'to be reviewed')}" if judged.needs_review else ""
    say(f"{checked.file}: {both(GREETING_VERDICTS, judged.verdict)}{why}{review}")
    if explanation is not None:
        say(f"  处理 to do: {translated(str(explanation.to_do))}")
    if judged.missing:
        say(f"  缺 missing: {comma().join(both(GREETING_PARTS, part) for part in judged.missing)}")
    for part in judged.parts:
        name = both(GREETING_PARTS, part.part)
        say_as_it_is(f"  {part.start_seconds:6.2f} s  {name}: {part.text}{aside(both(MATCHES, part.match))}")
    for found in judged.phrases.forbidden:
        say(f"  {found.start_seconds:6.2f} s  禁语 forbidden: {found.phrase}")
    for found in judged.phrases.polite:
        say(f"  {found.start_seconds:6.2f} s  规范用语 polite: {found.phrase}")
    for remark in judged.remarks:
        say_as_it_is(f"  {remark_as_spoken(remark)}")
    say(f"  听到 heard: {transcript.text}")
