"""`voicedesk calls` and `voicedesk rejudge`: what was judged, and judging it again."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from voicedesk.calls.export import as_json
from voicedesk.calls.model import Cause, Direction, JudgedCall, Verdict
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    moment,
    say,
    say_csv,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.decisions import histories_json, in_short, tell_history
from voicedesk.clock import to_seconds
from voicedesk.errors import InputError
from voicedesk.log import mask_numbers
from voicedesk.phone_numbers import mask, national_digits
from voicedesk.services.hall import hall_of
from voicedesk.services.rejudge import Rejudged, rejudge_calls
from voicedesk.services.words import CALL_WORDS
from voicedesk.settings import Settings
from voicedesk.store.calls import Filter, Order, StoredCall
from voicedesk.store.decisions import History, Kind
from voicedesk.store.store import Store

app = typer.Typer(help="The calls that were followed, with their verdicts.", no_args_is_help=True)

WORDS = CALL_WORDS
PIPE_WIDTH = 160
"""Columns where nobody looks at a screen: nothing is cut short for a program or a file."""
STYLES = {"on_time": "green", "late": "yellow", "missed": "red", "left_early": "cyan", "cannot_tell": "magenta"}
COLUMNS = [
    "id", "pbx", "line", "direction", "caller_number", "started_at", "ended_at", "disposition", "answered_by", "agent",
    "verdict", "cause", "reason", "ivr_ms", "queue_ms", "ring_ms", "caller_total_ms", "limit_ms", "rules_version",
    "doubtful", "human_verdict",
]  # fmt: skip

UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show callers' numbers in full.")]


@app.command("list")
def list_calls(
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="Only this verdict.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="Only this cause.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Only this direction.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only calls this person answered.")] = None,
    phone: Annotated[str | None, typer.Option(help="Only calls that rang this phone, e.g. PJSIP/agent1.")] = None,
    number: Annotated[str | None, typer.Option(help="Only calls of this caller.")] = None,
    to_review: Annotated[
        bool, typer.Option("--to-review", help="Only what a person must look at: cannot be told, or appealed against.")
    ] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV, for a spreadsheet.")] = False,
    unmask: UnmaskOption = False,
) -> None:
    """List calls, newest first.

    Example: `voicedesk calls list --verdict late --from 2026-11-01 --csv > late.csv`
    """
    settings = settings_of(config)
    zone = settings.hall.zone
    which = Filter(
        line=line,
        verdict=verdict.value if verdict else None,
        cause=cause.value if cause else None,
        direction=direction.value if direction else None,
        agent=agent,
        endpoint=phone,
        from_at=moment(since, zone),
        to_at=moment(until, zone),
        to_review=True if to_review else None,
    )
    stored = wait(_list(settings, which, limit, _digits(number, settings)))
    if json:
        say_json([_record(one, unmask) for one in stored])
    elif csv:
        say_csv((_record(one, unmask) for one in stored), COLUMNS)
    else:
        show_table((one.call for one in stored), zone, unmask=unmask, by_people=_by_people(stored))


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
    which = Filter(from_at=moment(since, zone), to_at=moment(until, zone))
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


async def _list(settings: Settings, which: Filter, limit: int, digits: str | None) -> list[StoredCall]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        if digits is not None:
            which = replace(which, caller_numbers=await store.calls.spellings(digits, settings.hall.area_code))
        return await store.calls.list(which, order=Order.NEWEST, limit=limit)


async def _get(settings: Settings, call_id: str) -> tuple[StoredCall | None, list[History]]:
    """A call, and what people decided of it and its legs."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        stored = await store.calls.get(call_id)
        histories = await store.decisions.of_calls([stored.call.facts.id]) if stored else []
        return stored, [one for one in histories if one.subject.kind is not Kind.GREETING]


async def _rejudge(settings: Settings, which: Filter, *, current: bool, dry_run: bool) -> Rejudged:
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
    if not unmask and record["caller_number"]:
        record["caller_number"] = mask(record["caller_number"])
    return record


def show_table(
    calls: Iterable[JudgedCall],
    zone: tzinfo | None = None,
    *,
    unmask: bool = False,
    by_people: Mapping[str, str] | None = None,
) -> None:
    """Calls as a table for people; instants in `zone`, else UTC. `by_people`: what people decided, by the call's id."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("编号\nid", "时间\nstart", "线路\nline", "来电\ncaller", "响铃\nring", "声\nrings"):
        table.add_column(name, no_wrap=True)
    for name in ("接听\nanswered by", "判定\nverdict"):
        table.add_column(name, overflow="fold")
    for call in calls:
        *cells, verdict = _cells(call, zone or UTC, unmask)
        human = (by_people or {}).get(call.facts.id)
        told = f"{verdict}；{human}" if human else verdict
        table.add_row(*cells, told, style=STYLES.get(call.judgement.verdict.value))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
    else:
        say("没有来电记录 no calls")


def _cells(call: JudgedCall, zone: tzinfo, unmask: bool) -> list[str]:
    facts, judged = call.facts, call.judgement
    number = facts.caller_number or ""
    why = judged.cause or judged.reason
    ring_us = judged.ring_us
    return [
        facts.id[:8],
        local_time(facts.started_at, zone),
        facts.line or facts.direction.value,
        number if unmask else mask(number),
        "" if ring_us is None else f"{ring_us / 1_000_000:.3f} s",
        "" if ring_us is None else str(ring_us // facts.ring_period_us + 1),
        judged.agent or judged.answered_by or "",
        WORDS[judged.verdict.value] + (f" ({why.value})" if why else ""),
    ]


def _by_people(stored: Iterable[StoredCall]) -> dict[str, str]:
    """What people decided of calls, and which appeals are open, in a few words."""
    told = {}
    for one in stored:
        human = one.human
        short = in_short(human.verdict.value if human else "", WORDS, appeal_open=one.appeal_open)
        if human and human.cause:
            short = short.replace(WORDS[human.verdict.value], f"{WORDS[human.verdict.value]} ({human.cause.value})")
        told[one.call.facts.id] = short
    return {call_id: short for call_id, short in told.items() if short}


def _show_one(
    stored: StoredCall, record: dict[str, Any], zone: tzinfo, unmask: bool, histories: Iterable[History]
) -> None:
    show_table([stored.call], zone, unmask=unmask, by_people=_by_people([stored]))
    facts = stored.call.facts
    say(f"规则 rule: {record['rules_version']}, {facts.limit_us / 1_000_000:g} s ({facts.limit_source or '-'})")
    say(f"四段时间 clocks: ivr {record['ivr_ms']} ms, queue {record['queue_ms']} ms, ring {record['ring_ms']} ms, "
        f"total {record['caller_total_ms']} ms")  # fmt: skip
    for number, leg in enumerate(record["legs"], 1):
        ring = "-" if leg["ring_ms"] is None else f"{leg['ring_ms']:.1f} ms, {leg['rings_heard']} 声"
        why = f" ({leg['reason']})" if leg["reason"] else ""
        phone = f"{number}. {leg['endpoint']}"
        say(f"  {phone}: {leg['outcome']}, {ring} [{leg['ring_source'] or '-'}] → {leg['verdict']}{why}")
    for gap in facts.gaps:
        say(f"  缺失 gap: {gap.reason.value} {local_time(gap.from_at, zone)} … {local_time(gap.to_at, zone)}")
    if facts.repaired:
        say("  补录 repaired: something of it was taken from the switch's logs")
    for history in sorted(histories, key=lambda one: one.subject.kind.value):
        say(f"人工 by hand: {history.subject.endpoint or '来电 call'}")
        tell_history(history, WORDS, zone, unmask=unmask)
