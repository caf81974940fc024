"""`voicedesk audit`: who did what on the desk, and whether anybody changed the log of it (S16)."""

from typing import Annotated

import typer

from voicedesk.access.words import FLAWS
from voicedesk.cli.common import (
    ERROR,
    ConfigOption,
    JsonOption,
    complain,
    local_time,
    say,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.listing import SCREENFUL, say_zone, tell_none
from voicedesk.desk import accounts as desk
from voicedesk.desk.accounts import AuditRow, audit_json
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.audit import Checked
from voicedesk.store.store import Store
from voicedesk.words import both, in_both

app = typer.Typer(help="The audit log: who did what, and whether it is whole (S16).", no_args_is_help=True)


@app.command("list")
def list_entries(
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, the newest first.")] = SCREENFUL,
    before: Annotated[
        int | None, typer.Option("--before", min=1, max=2**62, help="Only entries before this number.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what was done: who, from where, what, which object, when; the newest first.

    Example: `voicedesk audit list --limit 200`
    """
    settings = settings_of(config)
    found = wait(_list(settings, limit, before))
    if json:
        say_json([audit_json(row) for row in found])
        return
    if not found:
        fits = ("此前没有审计记录", "no entry fits: none is before that")
        tell_none(("审计日志是空的", "the audit log is empty"), fits, is_filtered=before is not None)
        return
    say_zone(settings.hall.zone)
    for row in found:
        one = row.entry
        at = local_time(one.at, settings.hall.zone, "%Y-%m-%d %H:%M:%S")
        told = [
            str(one.number),
            at,
            one.who,
            one.address or "-",
            str(row.deed),
            f"{row.thing} {one.object}",
            str(row.note),
        ]
        say_as_it_is("  ".join(told).rstrip())


@app.command()
def check(
    known: Annotated[
        str | None, typer.Option("--known", metavar="NUMBER:HASH", help="What an earlier check printed and you noted.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Follow the chain of the audit log, and say where it breaks first; the exit code is 1 then.

    Example: `voicedesk audit check`

    Note the number and hash that it prints elsewhere: with --known it also finds an end that was cut off or rewritten.
    """
    noted = None if known is None else _noted(known)
    checked = wait(_check(settings_of(config), noted))
    if json:
        say_json(
            {
                "entries": checked.entries,
                "last": checked.last.number if checked.last else None,
                "hash": checked.last.hash if checked.last else None,
                "broken": checked.broken.number if checked.broken else None,
                "flaw": checked.broken.flaw.value if checked.broken else None,
            }
        )
    elif checked.broken is None:
        say(f"审计日志完好 the audit log is whole: {checked.entries}")
        if checked.last is not None:
            say(f"请另行记下 note elsewhere: {checked.last.number}:{checked.last.hash}")
    else:
        where, flaw = checked.broken.number, both(FLAWS, checked.broken.flaw)
        said = in_both(f"审计日志在第 {where} 条断开", f"the audit log breaks at entry {where}")
        complain(f"{said}: {flaw}")
    if checked.broken is not None:
        raise typer.Exit(ERROR)


def _noted(known: str) -> tuple[int, str]:
    number, _, digest = known.strip().partition(":")
    if not (number.isascii() and number.isdigit()) or not digest:
        raise InputError(
            f"{known[:80]!r} is no number and hash: give what an earlier check printed, such as 1207:9f2c…"
        )
    return int(number[:18]), digest


async def _list(settings: Settings, limit: int, before: int | None) -> list[AuditRow]:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.audit(store, AT_THE_MACHINE, limit=limit, before=before)


async def _check(settings: Settings, known: tuple[int, str] | None) -> Checked:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await store.audit.check(known=known)
