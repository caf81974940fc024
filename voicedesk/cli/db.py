"""`voicedesk db`: the database itself."""

import sys
from typing import Annotated

import typer

from voicedesk.app import DAY_US
from voicedesk.cli.common import ConfigOption, JsonOption, say, say_json, settings_of, wait
from voicedesk.clock import now_us
from voicedesk.errors import InputError
from voicedesk.phone_numbers import national_digits
from voicedesk.settings import Settings
from voicedesk.store import schema
from voicedesk.store.engine import Database
from voicedesk.store.packing import reduce_event
from voicedesk.store.retention import Forgotten, Pruned
from voicedesk.store.store import Store

app = typer.Typer(help="The database: upgrade, retention, forgetting a number.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the version of this program; a copy is made first.

    Example: `voicedesk db upgrade`
    """
    changed = wait(_upgrade(settings_of(config)))
    say(f"the database {'now has' if changed else 'already has'} version {schema.newest_version()}")


@app.command()
def prune(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Delete what has been kept as long as [retention] says; the service does it every hour.

    Example: `voicedesk db prune`
    """
    pruned = wait(_prune(settings_of(config)))
    if json:
        say_json({"calls": pruned.calls, "journal": pruned.journal, "gaps": pruned.gaps, "requests": pruned.requests})
    else:
        say(f"deleted: {pruned.calls} calls, {pruned.journal} journal entries, {pruned.gaps} gaps")


@app.command()
def forget(
    number: Annotated[str, typer.Argument(help="The caller's number, with or without prefixes.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Remove every trace of a caller's number; the calls stay in the figures without it.

    Example: `voicedesk db forget 13800138000`
    """
    settings = settings_of(config)
    digits = national_digits(number, settings.hall.area_code)
    if digits is None:
        raise InputError(f"{number!r} is no phone number: write it with its digits, e.g. 13800138000")
    forgotten = wait(_forget(settings, digits))
    if json:
        say_json({"calls": forgotten.calls, "journal": forgotten.journal})
    else:
        say(f"removed from {forgotten.calls} calls and {forgotten.journal} journal entries")


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
    async with Store.open(settings.store.url, upgrade=False) as store:
        names = await store.journal.names()
        if pbx not in names:
            raise InputError(f"there is no journal of {pbx!r}: known are {', '.join(names) or 'none'}")
        async for _, event in store.journal.events(pbx):
            sys.stdout.buffer.write(reduce_event(event) + b"\r\n\r\n")


async def _upgrade(settings: Settings) -> bool:
    database = Database(settings.store.url)
    try:
        return await schema.upgrade(database)
    finally:
        await database.close()


async def _prune(settings: Settings) -> Pruned:
    keep, now = settings.retention, now_us()
    async with Store.open(settings.store.url, upgrade=False) as store:
        return await store.retention.prune(
            calls_before=now - keep.calls_days * DAY_US, journal_before=now - keep.journal_days * DAY_US
        )


async def _forget(settings: Settings, digits: str) -> Forgotten:
    async with Store.open(settings.store.url, upgrade=False) as store:
        return await store.retention.forget_number(digits, settings.hall.area_code)
