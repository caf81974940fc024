"""`voicedesk calls` and `voicedesk rejudge`: what was judged, and judging it again."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voicedesk.calls.export import as_json
from voicedesk.calls.model import Cause, Direction, JudgedCall, LegFacts, Reason, Verdict
from voicedesk.calls.words import CAUSES, DIRECTIONS, IN_PROGRESS, OUTCOMES, REASONS, VERDICTS
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_span,
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
    phone_endpoint,
    tell_whether_whole,
)
from voicedesk.clock import now_us, to_seconds
from voicedesk.errors import InputError
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following.rejudge import Rejudged, rejudge_calls
from voicedesk.log import mask_endpoint, mask_numbers, printable
from voicedesk.phone_numbers import mask, national_digits
from voicedesk.settings import Settings
from voicedesk.sheets.calls import call_columns, calls_sheet, rings_heard
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.progress import leg_progress, progress
from voicedesk.store.calls import CallFilter, CallOrder, StoredCall
from voicedesk.store.decisions import History, Kind
from voicedesk.store.store import Store
from voicedesk.words import Language, both

app = typer.Typer(help="The calls that were followed, with their verdicts.", no_args_is_help=True)

WORDS = {code: both(VERDICTS, code) for code in VERDICTS}
PIPE_WIDTH = 160
"""Columns where nobody looks at a screen: nothing is cut short for a program or a file."""
STYLES = {"on_time": "green", "late": "yellow", "missed": "red", "left_early": "cyan", "cannot_tell": "magenta"}

R = TypeVar("R")

UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show callers' numbers in full.")]


@app.command("list")
def list_calls(
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="Only this verdict.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="Only this cause.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Only this direction.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only calls this person answered, by id or name.")] = None,
    phone: Annotated[
        str | None, typer.Option(help="Only calls that rang this phone, by endpoint or extension.")
    ] = None,
    number: Annotated[str | None, typer.Option(help="Only calls of this caller.")] = None,
    to_review: Annotated[
        bool, typer.Option("--to-review", help="Only what a person must look at: cannot be told, or appealed against.")
    ] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
    unmask: UnmaskOption = False,
) -> None:
    """List calls, newest first; with --csv or --xlsx all of them, in words and local time.

    Example: `voicedesk calls list --verdict late --from 2026-11-01 --xlsx late.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    zone = settings.hall.zone
    which = CallFilter(
        line=line,
        verdict=verdict.value if verdict else None,
        cause=cause.value if cause else None,
        direction=direction.value if direction else None,
        agent=person_id(settings, agent),
        endpoint=phone_endpoint(settings, phone),
        from_at=moment(since, zone),
        to_at=moment(until, zone),
        to_review=True if to_review else None,
    )
    most, now, names = limit_of(limit, csv=csv, xlsx=xlsx), now_us(), people_of(settings)
    if csv or xlsx is not None:

        def rows(found: list[StoredCall]) -> Iterable[tuple[Cell, ...]]:
            return calls_sheet(found, zone, names=names, now=now, unmask=unmask).rows

        made, there = wait(_list(settings, which, most, _digits(number, settings), rows))
        export(Sheet(name="通话", columns=call_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    stored, there = wait(_list(settings, which, most, _digits(number, settings), lambda found: found))
    if json:
        say_json([_record(one, unmask) for one in stored])
    else:
        show_table((one.call for one in stored), zone, unmask=unmask, now=now, by_people=_by_people(stored))
    tell_whether_whole(len(stored), there)


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.", metavar="ID")],
    config: ConfigOption = None,
    json: JsonOption = False,
    unmask: UnmaskOption = False,
) -> None:
    """Show one call with every leg: who was rung, how long, and why the verdict is what it is.

    Example: `voicedesk calls show 1f3a9c`
    """
    settings = settings_of(config)
    stored, histories = wait(_get(settings, call_id))
    if stored is None:
        raise InputError(f"no call has an id that begins with {call_id!r}")
    record = _record(stored, unmask)
    if json:
        say_json({**record, "decisions": histories_json(histories, unmask=unmask)})
    else:
        _show_one(stored, record, settings.hall.zone, unmask, histories)


def rejudge(
    since: FromOption = None,
    until: ToOption = None,
    current: Annotated[
        bool, typer.Option("--current", help="By today's rule and limits, not those in force at the time of the call.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Judge stored calls again from their facts; a person's decision is never overwritten.

    Example: `voicedesk rejudge --from 2026-11-01 --current --dry-run`
    """
    settings = settings_of(config)
    zone = settings.hall.zone
    which = CallFilter(from_at=moment(since, zone), to_at=moment(until, zone))
    done = wait(_rejudge(settings, which, current=current, dry_run=dry_run))
    if json:
        changes = [{"id": one.call_id, "before": one.before, "after": one.after} for one in done.changes]
        say_json({"judged": done.judged, "changed": len(done.changes), "changes": changes})
        return
    for change in done.changes:
        say(f"{change.call_id}  {change.before} → {change.after}")
    say(f"{done.judged} calls judged again, {len(done.changes)} {'would change' if dry_run else 'changed'}")


def _digits(number: str | None, settings: Settings) -> str | None:
    """What is compared of a number that was typed, whatever its prefixes."""
    digits = national_digits(number, settings.hall.area_code)
    if number is not None and digits is None:
        raise InputError(f"{number!r} is no phone number: write it with its digits, e.g. 13800138000")
    return digits


async def _list(
    settings: Settings,
    which: CallFilter,
    limit: int | None,
    digits: str | None,
    keep: Callable[[list[StoredCall]], Iterable[R]],
) -> tuple[list[R], int]:
    """What is kept of the calls, and how many there are."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        await _check_names(settings, which, store)
        if digits is not None:
            which = replace(which, caller_numbers=await store.calls.spellings(digits, settings.hall.area_code))
        made = await gathered(
            lambda size, after: store.calls.list(which, order=CallOrder.NEWEST, limit=size, after=after),
            lambda one: (one.call.facts.started_at, one.call.facts.id),
            keep,
            limit,
        )
        return made, await store.calls.count(which)


async def _check_names(settings: Settings, which: CallFilter, store: Store) -> None:
    """A misspelt line, person or phone is an error, not an empty list; what was once known is known."""
    lines, agents = {line.name for line in settings.lines}, set(people_of(settings))
    if which.line is not None and which.line not in lines and lines:
        check_known("line", which.line, lines, await store.calls.known("line"))
    if which.agent is not None and which.agent not in agents and agents:
        check_known("person", which.agent, agents, await store.calls.known("agent"))
    phones = {phone.endpoint for phone in settings.phones} | {one for line in settings.lines for one in line.phones}
    if which.endpoint is not None and which.endpoint not in phones and phones:
        check_known("phone", which.endpoint, phones, await store.calls.phones())


async def _get(settings: Settings, call_id: str) -> tuple[StoredCall | None, list[History]]:
    """A call, and what people decided of it and its legs."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        stored = await store.calls.get(call_id)
        histories = await store.decisions.of_calls([stored.call.facts.id]) if stored else []
        return stored, [one for one in histories if one.subject.kind is not Kind.GREETING]


async def _rejudge(settings: Settings, which: CallFilter, *, current: bool, dry_run: bool) -> Rejudged:
    async with Store.open(settings.store.url, upgrade=False) as store:
        hall = partial(hall_of, settings) if current else None
        return await rejudge_calls(store.calls, which, hall=hall, dry_run=dry_run)


def _record(stored: StoredCall, unmask: bool) -> dict[str, Any]:
    record = as_json(stored.call)
    record["repaired"] = stored.call.facts.repaired
    human = stored.human
    record["human_verdict"] = human.verdict.value if human else None
    record["human_cause"] = human.cause.value if human and human.cause else None
    record["human_by"] = human.by if human else None
    record["human_reason"] = (human.reason if unmask else mask_numbers(human.reason)) if human else None
    record["human_at"] = to_seconds(human.at) if human else None
    record["appeal_open"] = stored.appeal_open
    return record if unmask else _masked(record)


def _masked(record: dict[str, Any]) -> dict[str, Any]:
    """Without callers' numbers; a line of the telephone company's names its channels after them."""
    record["caller_number"] = mask(record["caller_number"]) if record["caller_number"] else None
    for one in (record, *record["legs"]):
        for name in ("answered_by", "endpoint", "channel"):
            if one.get(name):
                one[name] = mask_endpoint(one[name])
    return record


def show_table(
    calls: Iterable[JudgedCall],
    zone: tzinfo | None = None,
    *,
    unmask: bool = False,
    now: int | None = None,
    by_people: Mapping[str, str] | None = None,
) -> None:
    """Calls as a table for people; instants in `zone`, else UTC. `now`: how long a call that goes on takes so far.

    `by_people`: what people decided, by the call's id.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("编号\nid", f"时间 start\n{zone or UTC}", "线路\nline", "来电\ncaller", "响铃\nring", "声\nrings"):
        table.add_column(name, no_wrap=True)
    for name in ("接听\nanswered by", "判定\nverdict"):
        table.add_column(name, overflow="fold")
    for call in calls:
        style = None if _is_going_on(call) else STYLES.get(call.judgement.verdict.value)
        *cells, verdict = _cells(call, zone or UTC, unmask, now)
        human = (by_people or {}).get(call.facts.id)
        row = (*cells, f"{verdict}；{human}" if human else verdict)
        table.add_row(*(Text(printable(cell)) for cell in row), style=style)  # a str would be read as markup
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
    else:
        say("没有来电记录 no calls")


def _is_going_on(call: JudgedCall) -> bool:
    """Whether nothing is decided because it is not over."""
    return call.judgement.reason is Reason.STILL_OPEN


def _why(code: str) -> str:
    """A cause or a reason in words."""
    return both(CAUSES if code in CAUSES else REASONS, code)


def _verdict(call: JudgedCall, now: int | None) -> str:
    """The verdict with its reason; of a call that goes on, what it does."""
    judged = call.judgement
    why = judged.cause or judged.reason
    told = both(VERDICTS, judged.verdict) + (f"（{_why(why)}）" if why else "")
    chinese = progress(call.facts, now)
    if chinese is None:
        return told
    english = progress(call.facts, now, Language.ENGLISH)
    so_far = f"{IN_PROGRESS[0]} {IN_PROGRESS[1]}: {chinese} {english}"
    return so_far if _is_going_on(call) else f"{told}; {so_far}"


def _cells(call: JudgedCall, zone: tzinfo, unmask: bool, now: int | None) -> list[str]:
    facts, judged = call.facts, call.judgement
    number = facts.caller_number or ""
    ring_us = judged.ring_us
    return [
        facts.id[:8],
        local_time(facts.started_at, zone),
        facts.line or both(DIRECTIONS, facts.direction),
        number if unmask else mask(number),
        "" if ring_us is None else f"{ring_us / 1_000_000:.3f} s",
        "" if ring_us is None else str(rings_heard(facts, ring_us)),
        _shown(judged.agent or judged.answered_by or "", unmask),
        _verdict(call, now),
    ]


def _shown(endpoint: str, unmask: bool) -> str:
    return endpoint if unmask else mask_endpoint(endpoint)


def _by_people(stored: Iterable[StoredCall]) -> dict[str, str]:
    """What people decided of calls, and which appeals are open, in a few words."""
    told = {}
    for one in stored:
        human = one.human
        short = in_short(human.verdict.value if human else "", WORDS, appeal_open=one.appeal_open)
        if human and human.cause:
            short = short.replace(WORDS[human.verdict.value], f"{WORDS[human.verdict.value]}（{_why(human.cause)}）")
        told[one.call.facts.id] = short
    return {call_id: short for call_id, short in told.items() if short}


def _seconds(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.3f} s"


def _leg(leg: dict[str, Any], seen: LegFacts) -> str:
    """What one phone did and what is said of it; of one that still rings or talks, what it does."""
    source = f"[{leg['ring_source'] or '-'}]"
    so_far = leg_progress(seen)
    if so_far is not None and leg["reason"] == Reason.STILL_OPEN:
        english = leg_progress(seen, Language.ENGLISH)
        return f"{IN_PROGRESS[0]} {IN_PROGRESS[1]}: {so_far} {english} {source}"
    ring = f"响铃 ring {_seconds(leg['ring_ms'])}"  # "-": none, or none that was seen
    rings = "" if leg["ring_ms"] is None else f"，{leg['rings_heard']} 声"
    why = f"（{_why(leg['reason'])}）" if leg["reason"] else ""
    outcome, verdict = both(OUTCOMES, leg["outcome"]), both(VERDICTS, leg["verdict"])
    return f"{outcome}，{ring}{rings} {source} → {verdict}{why}"


def _show_one(
    stored: StoredCall, record: dict[str, Any], zone: tzinfo, unmask: bool, histories: Iterable[History]
) -> None:
    show_table([stored.call], zone, unmask=unmask, now=now_us(), by_people=_by_people([stored]))
    facts = stored.call.facts
    say(f"规则 rule: {record['rules_version']}, {facts.limit_us / 1_000_000:g} s ({facts.limit_source or '-'})")
    spans = {key: _seconds(record[f"{key}_ms"]) for key in ("ivr", "queue", "ring", "caller_total")}
    say(f"四段时间 clocks: 自助 ivr {spans['ivr']}，排队 queue {spans['queue']}，响铃 ring {spans['ring']}，"
        f"全程 total {spans['caller_total']}")  # fmt: skip
    for number, (leg, seen) in enumerate(zip(record["legs"], facts.legs, strict=True), 1):
        say(f"  {number}. {leg['endpoint']}: {_leg(leg, seen)}")
    for gap in facts.gaps:
        say(f"  缺失 gap: {gap.reason.value} {local_span(gap.from_at, gap.to_at, zone)}")
    if facts.repaired:
        say("  补录 repaired: something of it was taken from the switch's logs")
    for history in sorted(histories, key=lambda one: one.subject.kind.value):
        say(f"人工 by hand: {_shown(history.subject.endpoint, unmask) or '来电 call'}")
        tell_history(history, WORDS, zone, unmask=unmask)
