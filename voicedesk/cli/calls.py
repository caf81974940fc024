"""`voicedesk calls` and `voicedesk rejudge`: what was judged, and judging it again."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voicedesk.calls.model import Cause, Direction, LegFacts, Reason, Verdict
from voicedesk.calls.words import DIRECTIONS, GAP_REASONS, IN_PROGRESS, OUTCOMES, RING_SOURCES, VERDICTS
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_span,
    local_time,
    say,
    say_as_it_is,
    say_json,
    settings_of,
    span,
    wait,
)
from voicedesk.cli.decisions import appeal_call, call_agreement, decide_call, tell_history
from voicedesk.cli.listing import (
    CsvOption,
    LimitOption,
    XlsxOption,
    check_forms,
    export,
    limit_of,
    tell_none,
    tell_whether_whole,
)
from voicedesk.clock import now_us
from voicedesk.desk import calls as desk
from voicedesk.desk.calls import CallRow, CallShown, call_json, reason_label
from voicedesk.desk.names import people_of, person_id, phone_endpoint
from voicedesk.desk.verdicts import histories_json
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.english_counts import counted
from voicedesk.hall.lines import hall_of
from voicedesk.jobs.following.rejudge import Rejudged, rejudge_calls
from voicedesk.language.translate import worded
from voicedesk.log import printable
from voicedesk.settings import Settings
from voicedesk.sheets.calls import call_columns, calls_sheet
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.progress import leg_progress
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store
from voicedesk.words import Language, aside, both, comma, in_both

app = typer.Typer(help="The calls that were followed, with their verdicts.", no_args_is_help=True)

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
    from_at, to_at = span(since, until, zone)
    which = CallFilter(
        line=line,
        verdict=verdict.value if verdict else None,
        cause=cause.value if cause else None,
        direction=direction.value if direction else None,
        agent=person_id(settings, agent),
        endpoint=phone_endpoint(settings, phone),
        from_at=from_at,
        to_at=to_at,
        to_review=True if to_review else None,
    )
    most, now, viewer = limit_of(limit, csv=csv, xlsx=xlsx), now_us(), _viewer(unmask)
    if csv or xlsx is not None:
        names = people_of(settings)

        def cells(rows: list[CallRow]) -> Iterable[tuple[Cell, ...]]:
            return calls_sheet((row.stored for row in rows), zone, names=names, now=now, unmask=True).rows

        made, there = wait(_list(settings, viewer, which, number, most, cells, now))
        export(Sheet(name=worded("Calls"), columns=call_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, viewer, which, number, most, lambda rows: rows, now))
    if json:
        say_json([call_json(row) for row in found])
    else:
        show_table(found, zone, is_filtered=number is not None or which != CallFilter())
    tell_whether_whole(len(found), there)


def _viewer(unmask: bool) -> Viewer:
    return replace(AT_THE_MACHINE, may_see_numbers=unmask)


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
    shown = wait(_get(settings, _viewer(unmask), call_id))
    if json:
        say_json({**call_json(shown.row), "decisions": histories_json(shown.histories)})
    else:
        _show_one(shown, settings.hall.zone)


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
    from_at, to_at = span(since, until, settings.hall.zone)
    which = CallFilter(from_at=from_at, to_at=to_at)
    done = wait(_rejudge(settings, which, current=current, dry_run=dry_run))
    if json:
        changes = [{"id": one.call_id, "before": one.before, "after": one.after} for one in done.changes]
        say_json({"judged": done.judged, "changed": len(done.changes), "changes": changes})
        return
    for change in done.changes:
        say_as_it_is(f"{change.call_id}  {both(VERDICTS, change.before)} → {both(VERDICTS, change.after)}")
    if dry_run:
        say(f"{done.judged} calls judged again, {len(done.changes)} would change")
    else:
        say(f"{done.judged} calls judged again, {len(done.changes)} changed")


app.command("decide")(decide_call)
app.command("appeal")(appeal_call)
app.command("agreement")(call_agreement)


async def _list(  # what a list is made of
    settings: Settings,
    viewer: Viewer,
    which: CallFilter,
    number: str | None,
    limit: int | None,
    keep: Callable[[list[CallRow]], Iterable[R]],
    now: int,
) -> tuple[list[R], int]:
    """What is kept of the calls, and how many there are."""
    async with Store.open(settings.store.url, may_write=False) as store:
        listing = await desk.calls(store, settings, viewer, which, now=now, number=number)
        return await listing.kept(limit, keep)


async def _get(settings: Settings, viewer: Viewer, call_id: str) -> CallShown:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.call(store, settings, viewer, call_id, now=now_us())


async def _rejudge(settings: Settings, which: CallFilter, *, current: bool, dry_run: bool) -> Rejudged:
    async with Store.open(settings.store.url, upgrade=False) as store:
        hall = partial(hall_of, settings) if current else None
        return await rejudge_calls(store.calls, which, hall=hall, dry_run=dry_run)


def show_table(rows: Iterable[CallRow], zone: tzinfo | None = None, *, is_filtered: bool = False) -> None:
    """Calls as a table for people; instants in `zone`, else UTC."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(in_both("编号", "id", "\n"), no_wrap=True)
    table.add_column(f"{in_both('时间', 'start')}\n{zone or UTC}", no_wrap=True)
    for words in (("线路", "line"), ("来电", "caller"), ("响铃", "ring"), ("声", "rings")):
        table.add_column(in_both(*words, "\n"), no_wrap=True)
    for words in (("接听", "answered by"), ("判定", "verdict")):
        table.add_column(in_both(*words, "\n"), overflow="fold")
    for row in rows:
        style = None if row.is_going_on else STYLES.get(row.call.judgement.verdict.value)
        cells = (Text(printable(cell)) for cell in _cells(row, zone or UTC))  # a str would be read as markup
        table.add_row(*cells, style=style)
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
    else:
        tell_none(("没有来电记录", "no calls"), ("没有符合条件的来电", "no call fits"), is_filtered=is_filtered)


def _verdict(row: CallRow) -> str:
    """The verdict with its reason; of a call that goes on, what it does; and what people decided."""
    told = f"{row.verdict}{aside(str(row.why))}" if row.why else str(row.verdict)
    if row.so_far is not None:
        doing = f"{in_both(*IN_PROGRESS)}: {row.so_far}"
        told = doing if row.is_going_on else f"{told}; {doing}"
    return f"{told}; {row.by_people}" if row.by_people else told


def _cells(row: CallRow, zone: tzinfo) -> list[str]:
    facts, ring_us = row.call.facts, row.call.judgement.ring_us
    return [
        facts.id[:8],
        local_time(facts.started_at, zone),
        facts.line or both(DIRECTIONS, facts.direction),
        facts.caller_number or "",
        "" if ring_us is None else f"{ring_us / 1_000_000:.3f} s",
        "" if row.rings is None else str(row.rings),
        row.answered_by,
        _verdict(row),
    ]


def _seconds(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.3f} s"


def _rings(heard: int) -> str:
    return in_both(f"{heard} 声", counted(heard, "rings"))


def _leg(leg: dict[str, Any], seen: LegFacts) -> str:
    """What one phone did and what is said of it; of one that still rings or talks, what it does."""
    source = f"[{both(RING_SOURCES, leg['ring_source']) or '-'}]"
    so_far = leg_progress(seen, Language.CHINESE)
    if so_far is not None and leg["reason"] == Reason.STILL_OPEN:
        doing = in_both(so_far, leg_progress(seen, Language.ENGLISH) or "")
        return f"{in_both(*IN_PROGRESS)}: {doing} {source}"
    ring = f"{in_both('响铃', 'ring')} {_seconds(leg['ring_ms'])}"  # "-": none, or none that was seen
    rings = "" if leg["ring_ms"] is None else f"{comma()}{_rings(leg['rings_heard'])}"
    why = aside(str(reason_label(leg["reason"]))) if leg["reason"] else ""
    outcome, verdict = both(OUTCOMES, leg["outcome"]), both(VERDICTS, leg["verdict"])
    return f"{outcome}{comma()}{ring}{rings} {source} → {verdict}{why}"


def _show_one(shown: CallShown, zone: tzinfo) -> None:
    show_table([shown.row], zone)
    facts, record = shown.row.call.facts, call_json(shown.row)
    say(f"规则 rule: {record['rules_version']}, {facts.limit_us / 1_000_000:g} s ({facts.limit_source or '-'})")
    spans = {key: _seconds(record[f"{key}_ms"]) for key in ("ivr", "queue", "ring", "caller_total")}
    say(f"四段时间 clocks: 自助 ivr {spans['ivr']}，排队 queue {spans['queue']}，响铃 ring {spans['ring']}，"
        f"全程 total {spans['caller_total']}")  # fmt: skip
    for number, (leg, seen) in enumerate(zip(record["legs"], facts.legs, strict=True), 1):
        say_as_it_is(f"  {number}. {leg['endpoint']}: {_leg(leg, seen)}")
    for gap in facts.gaps:
        say(f"  缺失 gap: {both(GAP_REASONS, gap.reason)} {local_span(gap.from_at, gap.to_at, zone)}")
    if facts.repaired:
        say("  补录 repaired: something of it was taken from the switch's logs")
    for history in sorted(shown.histories, key=lambda one: one.subject.kind.value):
        say(f"人工 by hand: {history.subject.endpoint or in_both('来电', 'call')}")
        tell_history(history, VERDICTS, zone)
