"""`voicedesk db`: the database itself."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from voicedesk.cli.asking import ask_service
from voicedesk.cli.common import ConfigOption, JsonOption, complain, path_of, say, say_json, settings_of, wait
from voicedesk.clock import now_us
from voicedesk.desk.asking import is_running
from voicedesk.errors import InputError, WrongUsage
from voicedesk.jobs.upkeep import forgetting, retention
from voicedesk.jobs.upkeep.forgetting import ForgetNumber, ReadAnew
from voicedesk.jobs.upkeep.retention import Deleted
from voicedesk.phone_numbers import normalise
from voicedesk.phone_traces import new_token
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store import schema
from voicedesk.store.backup import back_up
from voicedesk.store.copying import CopiedTable, copy_database
from voicedesk.store.engine import Database, database_file
from voicedesk.store.forgetting import Forgotten
from voicedesk.store.packing import reduce_event
from voicedesk.store.requests import LEADER
from voicedesk.store.spill import Spill, spill_file
from voicedesk.store.store import Store

COPIES = (
    "copies that Voicedesk does not reach may hold it still: backups of the database, the switch's own CDR, CEL and "
    "recordings, the log of the system, messages that were sent"
)

app = typer.Typer(help="The database: upgrade, backup, move, retention, forgetting a number.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the version of this program; a copy is made first.

    Example: `voicedesk db upgrade`
    """
    changed = wait(_upgrade(settings_of(config)))
    version = schema.newest_version()
    say(f"the database now has version {version}" if changed else f"the database already has version {version}")


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Database to copy: sqlite:///PATH or postgresql://…")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Empty database that takes the data.")],
    json: JsonOption = False,
) -> None:
    """Move a hall's data to another database, SQLite or PostgreSQL, and compare both sides.

    Stop the service first. An interrupted copy leaves the target empty: begin again.

    Example: `voicedesk db copy sqlite:///voicedesk.db postgresql://voicedesk@db.example/voicedesk`
    """
    copied = wait(_copy(source, target))
    if json:
        say_json([{"table": one.name, "rows": one.rows, "digest": one.digest} for one in copied])
    else:
        for one in copied:
            say(f"{one.name}: {one.rows} rows, the same on both sides ({one.digest[:12]})")
        say("now change store.url and start the service")


@app.command()
def backup(
    file: Annotated[
        Path,
        typer.Argument(help="Where the copy goes; an earlier one there is replaced.", parser=path_of, metavar="PATH"),
    ],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the database file, also while the service runs: one state of it, checked, in place whole or not at all.

    Example: `voicedesk db backup /var/backups/voicedesk-$(date +%F).db`

    A database on a server is copied with its own tools: `pg_dump`.
    """
    store = settings_of(config).store
    database = database_file(store.url)
    if database is None:
        raise InputError("the database is on a server: copy it with pg_dump, e.g. `pg_dump --format=custom voicedesk`")
    waiting = Spill(spill_file(store.url, store.spill_folder)).look()
    size = back_up(database, file)
    if json:
        say_json({"file": str(file), "bytes": size, "waiting_in_spill": waiting})
        return
    say(f"{database} is copied to {file}: {size / 1024**2:.1f} MiB, sound")
    if waiting:
        complain(f"{waiting} entries of the journal wait in the spill file, outside the copy: see voicedesk doctor")


@app.command()
def prune(
    now_is_right: Annotated[
        bool, typer.Option("--now-is-right", help="I have looked at a watch: this machine's clock is right.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Delete what has been kept as long as [retention] says; the service does it every hour.

    Example: `voicedesk db prune`

    Where this machine's clock may be wrong (no switch was heard for days, or its clock says another day) nothing is
    deleted, and the exit code is 1.
    """
    gone = wait(_prune(settings_of(config), is_right=now_is_right))
    if json:
        say_json({**asdict(gone.rows), "recordings": gone.recordings})
        return
    rows = gone.rows
    say(
        f"deleted: {rows.calls} calls, {rows.tickets} tickets, {rows.journal} journal entries, {rows.gaps} gaps, "
        f"{gone.recordings} recordings"
    )


@app.command()
def forget(
    number: Annotated[str, typer.Argument(help="The caller's number, with or without prefixes.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Remove every trace of a caller's number; the calls stay in the figures without it.

    Example: `voicedesk db forget 13800138000`

    A running service forgets it too, also of a call that goes on. Copies that are not Voicedesk's are told at the end.
    """
    settings = settings_of(config)
    wanted = normalise(number, settings.hall.area_code)
    if wanted is None:
        raise WrongUsage(f"{number!r} is no phone number: write it with its digits, e.g. 13800138000")
    forgotten = wait(_forget(settings, wanted))
    if json:
        say_json(asdict(forgotten))
        return
    say(
        f"removed from {forgotten.calls} calls, {forgotten.journal} journal entries, {forgotten.consultations} "
        f"consultations, {forgotten.tickets} tickets, {forgotten.news} news, {forgotten.requests} requests and "
        f"{forgotten.elsewhere} other rows"
    )
    say(COPIES)
    if forgotten.not_looked_into:
        files = ", ".join(forgotten.not_looked_into)
        complain(f"读不出、可能仍含该号码 nobody can read these; they may hold it: {files}: delete them if in doubt")


@app.command()
def journal(
    pbx: Annotated[str, typer.Argument(help="The PBX's name in the settings.")],
    config: ConfigOption = None,
) -> None:
    """Write the journal of a PBX as AMI text, which `voicedesk replay` reads.

    Example: `voicedesk db journal main > main.raw && voicedesk replay main.raw`
    """
    wait(_export(settings_of(config), pbx))


async def _export(settings: Settings, pbx: str) -> None:
    async with Store.open(settings.store.url, may_write=False) as store:
        names = await store.journal.names()
        if pbx not in names:
            if not names:
                raise InputError("there is no journal yet: `voicedesk run` keeps one of each [[pbx]] that it follows")
            raise InputError(f"there is no journal of {pbx!r}: known are {', '.join(names)}")
        async for _, event in store.journal.events(pbx):
            sys.stdout.buffer.write(reduce_event(event) + b"\r\n\r\n")


async def _copy(source: str, target: str) -> list[CopiedTable]:
    file = database_file(source)
    if file is not None and not await asyncio.to_thread(file.exists):
        raise InputError(f"{file}: there is no such database to copy")
    with Progress(*Progress.get_default_columns(), console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def told(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = shown.add_task(table, total=total)
            shown.update(tasks[table], completed=done)

        async with Store.open(source, upgrade=False) as here:
            leader = await here.requests.holder(LEADER)
            if leader is not None:
                raise InputError(f"the service still runs on {here.database.name} ({leader}): stop it first")
            there = Database(target)
            try:
                return await copy_database(here.database, there, told)
            finally:
                await there.close()


async def _upgrade(settings: Settings) -> bool:
    database = Database(settings.store.url)
    try:
        return await schema.upgrade(database)
    finally:
        await database.close()


async def _prune(settings: Settings, *, is_right: bool) -> Deleted:
    async with Store.open(settings.store.url, upgrade=False) as store:
        return await retention.prune(store, settings, now_us(), is_right=is_right)


async def _forget(settings: Settings, number: str) -> Forgotten:
    """The service hears of it before, so that it writes nothing of the number any more, and after, for what it reads.

    What was asked of it holds the number as well, so that this goes last.
    """
    token = new_token()
    asked = forgetting.to_row(ForgetNumber(number=number, area_code=settings.hall.area_code, token=token))
    async with Store.open(settings.store.url, may_write=False) as store:
        running = await is_running(store)
    if running:
        await ask_service(settings, StepKind.FORGET, asked, look="voicedesk doctor")
    async with Store.open(settings.store.url, upgrade=False) as store:
        done = await retention.forget(store, settings, number, now_us(), token=token, is_running=running)
    if running:
        await ask_service(settings, StepKind.FORGET, forgetting.to_row(ReadAnew()), look="voicedesk doctor")
        async with Store.open(settings.store.url, upgrade=False) as store:
            area_code = settings.hall.area_code
            await store.retention.forget_number(number, area_code, at=now_us(), token=token, is_again=True)
    return done
