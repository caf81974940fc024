"""`voicedesk repair`: gaps filled from the switch's own logs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.calls.words import GAP_REASONS
from voicedesk.cli.common import (
    DAMAGED,
    ConfigOption,
    JsonOption,
    complain,
    local_span,
    local_time,
    path_of,
    say,
    say_json,
    settings_of,
    wait,
)
from voicedesk.clock import now_us, to_seconds
from voicedesk.english_counts import counted
from voicedesk.errors import InputError, WrongUsage
from voicedesk.hall.lines import hall_of
from voicedesk.hall.switches import NO_PBX, logs_of
from voicedesk.jobs.following.repair import Repair, Repairer, why_open
from voicedesk.language.translate import translated
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.journal import StoredGap
from voicedesk.store.store import Store
from voicedesk.switch_logs.files import LogPaths, check_readable
from voicedesk.words import Words, both, comma, in_both

_BY: Words = {"service": ("由服务补录", "by the service"), "command": ("由命令补录", "by the command")}
Files = Annotated[
    list[Path] | None,
    typer.Option(help="A log of the switch; may be given several times.", parser=path_of, metavar="PATH"),
]
PbxOption = Annotated[str | None, typer.Option(help="The PBX's name, where the settings have several.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def repair(
    cel: Files = None,
    cdr: Files = None,
    queue_log: Files = None,
    pbx: PbxOption = None,
    dry_run: DryRun = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Fill gaps from the switch's own logs, and list where they differ from what was seen live.

    Lists every gap with who repaired it, or why it is open. Without files those of the settings are read. May be run
    again at any time; calls so made are marked as repaired.

    Example: `voicedesk repair --cel /var/log/asterisk/cel-custom/voicedesk.csv --queue-log /var/log/asterisk/queue_log`
    """
    settings = settings_of(config)
    chosen = _chosen(settings, pbx)
    given = LogPaths(cel=tuple(cel or ()), cdr=tuple(cdr or ()), queue_log=tuple(queue_log or ()))
    for path in given.all:
        check_readable(path)
    paths = given if given.all else logs_of(chosen)
    if not paths.all:
        raise InputError(f"no log of {chosen.name!r} is known: give --cel, --cdr, --queue-log, or name them in [[pbx]]")
    done, listed = wait(_repair(settings, chosen.name, paths, dry_run))
    if json:
        say_json(_plain(done, listed))
    else:
        _tell(done, listed, settings)
    for problem in done.problems:
        complain(problem)
    if done.bad_lines:
        complain(f"{done.bad_lines} lines of the logs could not be read and were left out")
        raise typer.Exit(DAMAGED)


def _chosen(settings: Settings, name: str | None) -> PbxSettings:
    named = [pbx for pbx in settings.pbx if name in (None, pbx.name)]
    if len(named) != 1:
        known = ", ".join(pbx.name for pbx in settings.pbx)
        if not known:
            raise WrongUsage(NO_PBX)
        raise WrongUsage(f"which PBX? give --pbx with one of: {known}")
    return named[0]


async def _repair(settings: Settings, pbx: str, paths: LogPaths, dry_run: bool) -> tuple[Repair, list[StoredGap]]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        repairer = Repairer(store, pbx, hall_of(settings, pbx))
        done = await repairer.repair(paths, zone=settings.hall.zone, now=now_us(), dry_run=dry_run)
        return done, await store.journal.gaps(pbx)


def _plain(done: Repair, listed: list[StoredGap]) -> dict[str, Any]:
    return {
        "gaps": [
            {
                "from": to_seconds(one.gap.from_at),
                "to": to_seconds(one.gap.to_at),
                "reason": one.gap.reason.value,
                "repaired_at": to_seconds(one.repaired_at),
                "repaired_calls": one.repaired_calls,
                "repaired_by": one.repaired_by,
                "open_because": why_open(one),
            }
            for one in listed
        ],
        "calls": [
            {
                "id": one.facts.id,
                "linkedids": list(one.facts.linkedids),
                "verdict": one.judgement.verdict.value,
                "answered_by": one.judgement.answered_by,
            }
            for one in done.changed
        ],
        "differences": [
            {"call": one.call_id, "what": one.what, "live": one.live, "logged": one.logged} for one in done.differences
        ],
        "waiting": done.waiting,
        "bad_lines": done.bad_lines,
        "problems": list(done.problems),
    }


def calls_of(stored: StoredGap) -> str:
    """How many calls of a gap were made from the logs, and by whom."""
    count = stored.repaired_calls or 0
    told = in_both(f"来电 {count} 通", counted(count, "calls"))
    return f"{told}{comma()}{both(_BY, stored.repaired_by)}" if stored.repaired_by else told


def _tell(done: Repair, listed: list[StoredGap], settings: Settings) -> None:
    zone = settings.hall.zone
    for one in done.gaps:
        span = local_span(one.gap.from_at, one.gap.to_at, zone)
        what = f"{span} ({both(GAP_REASONS, one.gap.reason)})"
        if one.is_covered:
            say(f"gap {what}: covered; {one.repaired} calls repaired, {one.added} added")
        else:
            say(f"gap {what}: not covered by the logs: it stays open; {one.repaired} calls repaired, {one.added} added")
    for difference in done.differences:
        say(f"call {difference.call_id}: {difference.what}: live {difference.live}, logged {difference.logged}")
    if done.waiting:
        say(f"{done.waiting} gaps wait until the calls over them have ended")
    for stored in listed:
        span = local_span(stored.gap.from_at, stored.gap.to_at, zone)
        calls = calls_of(stored)
        why = why_open(stored)
        if why is None:
            reason = both(GAP_REASONS, stored.gap.reason)
            say(f"repaired {local_time(stored.repaired_at, zone)}: gap {span} ({reason}), {calls}")
        else:
            what = f"{span} ({both(GAP_REASONS, stored.gap.reason)})"
            if stored.repaired_calls:
                say(f"open: gap {what}, {calls} told from the logs: {translated(why, of_parts=True)}")
            else:
                say(f"open: gap {what}: {translated(why, of_parts=True)}")
    still_open = sum(one.repaired_at is None for one in listed)
    say(f"{len(listed)} gaps in all, {len(listed) - still_open} repaired, {still_open} open")
