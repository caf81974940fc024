"""Runs every check of the doctor in order: those of the modules beside it, and here those of files and the disk."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from voicedesk.ami.link import AmiAddress
from voicedesk.ami.message import AmiEvent
from voicedesk.clock import NowUs, to_datetime
from voicedesk.doctor.callbacks import check_callbacks
from voicedesk.doctor.clock import check_our_clock
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.doctor.house import check_house, look_around
from voicedesk.doctor.ivr import check_ivr
from voicedesk.doctor.notices import check_notices
from voicedesk.doctor.pbx import check_dialler, check_pauser, check_pbx
from voicedesk.doctor.quarantine import check_quarantine
from voicedesk.doctor.requests import check_requests
from voicedesk.doctor.speech import check_speech
from voicedesk.doctor.webhooks import check_webhooks
from voicedesk.errors import SpillRefused, StoreError, StoreUnavailable
from voicedesk.settings import Settings
from voicedesk.store import schema
from voicedesk.store.engine import Database, database_file
from voicedesk.store.spill import Spill, spill_file
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

LEAST_FREE_BYTES = 1024**3
LEAST_FREE_SHARE = 0.05
_LOOK_AHEAD_DAYS = 60
_LATEST_ENTRIES = 100
_SERVER_CURE = "check that the server runs, store.url, the role's rights, and its password in ~/.pgpass"


async def examine(
    settings: Settings,
    addresses: Sequence[AmiAddress],
    now: NowUs,
    *,
    pausers: Sequence[AmiAddress] = (),
    diallers: Sequence[AmiAddress] = (),
    file: Path | None = None,
    listen_seconds: float = 1.0,
) -> list[Finding]:
    """All findings: PBXs, house, database, what was set aside, disk, requests, speech, notices, IVR and the rest.

    `pausers` and `diallers`: how the users that pause phones, and those that place calls, log in.
    """
    database = database_file(settings.store.url)
    has_database = database is None or database.exists()
    heard = await heard_lately(settings) if has_database else {}
    house = await look_around(settings, addresses, now, has_database=has_database)
    checks = [
        check_pbx(
            address,
            now,
            listen_seconds=listen_seconds,
            earlier=heard.get(address.pbx, ()),
            heard=house.classes_heard(address.pbx),
            unneeded=house.classes_unneeded(address.pbx),
        )
        for address in addresses
    ]
    checks += [check_pauser(address, now) for address in pausers]
    checks.append(check_callbacks(settings, addresses, now))
    checks += [check_dialler(address, now) for address in diallers]
    findings = [finding for found in await asyncio.gather(*checks) for finding in found]
    findings += check_house(house, now)
    if not addresses:
        cure = "add a [[pbx]] table, or begin with: voicedesk init"
        findings.append(Finding.bad("settings", "pbx", "no PBX is named", "there is nothing to follow", cure))
    findings.append(await check_database(settings.store.url))
    if has_database:
        findings.extend(await check_our_clock(settings, now))
        findings.extend(await check_quarantine(settings))
    findings.extend(check_spill(spill_file(settings.store.url, settings.store.spill_folder)))
    if database is not None:
        findings.append(check_disk(database))
    if has_database:
        findings.extend(await check_requests(settings, now))
    findings.extend(await check_speech(settings))
    findings.extend(check_notices(settings, now))
    findings.extend(await check_ivr(settings, to_datetime(now()).astimezone(settings.hall.zone).date()))
    findings.extend(await check_webhooks(settings, has_database=has_database))
    findings.extend(check_calendar(settings, now))
    if file is not None:
        findings.extend(check_settings_file(settings, file))
    return findings


async def heard_lately(settings: Settings) -> dict[str, list[AmiEvent]]:
    """The newest events of each PBX's journal; none where there is no journal that can be read."""
    heard: dict[str, list[AmiEvent]] = {}
    with contextlib.suppress(StoreError):  # what is wrong with it is a finding of its own
        async with Store.open(settings.store.url, may_write=False) as store:
            for pbx in settings.pbx:
                position = await store.journal.position(pbx.name)
                if position is not None:
                    since = position.sequence - _LATEST_ENTRIES
                    heard[pbx.name] = [event async for _, event in store.journal.events(pbx.name, since=since)]
    return heard


async def check_database(url: str) -> Finding:
    """Whether the database can be used, and has this program's version; none yet is no fault."""
    path = database_file(url)
    absent = _absent(path) if path is not None else None
    if absent is not None:
        return absent
    name = str(path or url)
    try:
        version, broken = await _version_and_damage(url)
    except StoreUnavailable as error:
        cure = f"check owner and mode of {path}, and whether the disk is full" if path else _SERVER_CURE
        return Finding.bad("database", "reachable", f"{name}: {error}", "calls could not be kept", cure)
    except StoreError as error:
        version, broken = None, str(error)
    if broken is not None:
        what = f"{name} is damaged: {broken}" if path else f"{name}: {broken}"
        cure = f"stop voicedesk, move {path} away, restore a copy of it, or save what can be read: sqlite3 … .recover"
        return Finding.bad(
            "database", "integrity", what, "calls could be lost or wrong", cure if path else _SERVER_CURE
        )
    newest = schema.newest_version()
    if version == newest:
        return Finding.good("database", "version", f"{name} has version {version}")
    what = f"{name} has version {version or 'none'}, this program wants {newest}"
    cure = schema.how_to_mend(version) if schema.is_newer(version) else "voicedesk db upgrade"
    return Finding.bad("database", "version", what, "commands that read it refuse to", cure)


def check_spill(path: Path) -> Iterator[Finding]:
    """Whether the spill file can be written, and what waits in it or was set aside."""
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        cure = f"give {path} and its folder to the user Voicedesk runs as, or change [store] spill_folder"
        why = "what the database does not take in time would wait in memory alone, and be lost if the service is killed"
        yield Finding.bad("spill", "writable", f"{path} cannot be written", why, cure)
    try:
        waiting = Spill(path).look()
    except SpillRefused as error:
        yield Finding.bad(
            "spill", "readable", str(error), "what waits in it is not known", "look as the service's user"
        )
        return
    if waiting:
        what = f"{waiting} entries of the journal wait in {path}"
        why = "the database has not taken them yet: lists and figures lack them"
        cure = "make the database writable; the service, or its next start, commits them"
        yield Finding.note("spill", "waiting", what, why, cure)
    else:
        there = "nothing waits in it" if path.exists() else "not there yet, voicedesk run makes it"
        yield Finding.good("spill", "waiting", f"{path}: {there}")
    for aside in sorted(path.parent.glob(f"{path.name}.aside-*")):
        what = f"{aside} was set aside: it belongs to another journal than the database's"
        cure = "was an older copy of the database put in place? keep the file with the database it belongs to"
        why = "its events are in no database that is in use"
        yield Finding.note("spill", "aside", what, why, cure)


def check_disk(database: Path) -> Finding:
    """Whether the database has room to grow."""
    folder = next((place for place in database.absolute().parents if place.is_dir()), Path("/"))
    usage = shutil.disk_usage(folder)
    what = f"{usage.free / 1024**3:.1f} GiB of {usage.total / 1024**3:.1f} GiB are free at {folder}"
    if usage.free >= LEAST_FREE_BYTES and usage.free >= usage.total * LEAST_FREE_SHARE:
        return Finding.good("disk", "space", what)
    grade = Grade.NOTE if usage.free >= LEAST_FREE_BYTES else Grade.BAD
    cure = "make room, or shorten [retention] and run: voicedesk db prune"
    return Finding(
        subject="disk", check="space", grade=grade, what=what, why="on a full disk calls are lost", cure=cure
    )


def check_calendar(settings: Settings, now: NowUs) -> Iterator[Finding]:
    """Whether the holidays of this year, and of the next when it is near, are published."""
    calendar = WorkCalendar.of(settings)
    today = to_datetime(now()).date()
    for day in {today.year: today, (soon := today + timedelta(days=_LOOK_AHEAD_DAYS)).year: soon}.values():
        calendar.kind_of(day)
    for year in sorted(calendar.unconfirmed_years):
        cure = f"update the package chinesecalendar, or list the days of {year} in [calendar] file"
        what = f"the holidays of {year} are not known: the plain week is applied"
        why = "calls on holidays would be judged, those on made-up work days would not"
        yield Finding.note("calendar", "year", what, why, cure)
    if not calendar.unconfirmed_years:
        yield Finding.good("calendar", "year", "holidays are known")


def check_settings_file(settings: Settings, file: Path) -> Iterator[Finding]:
    """Whether a secret stands in a file that others can read."""
    has_secret = any(
        (pbx.secret and not pbx.secret_file)
        or (pbx.dial_secret and not pbx.dial_secret_file)
        or (pbx.pause_secret and not pbx.pause_secret_file)
        for pbx in settings.pbx
    )
    has_secret |= any(
        (one.url and not one.url_file) or (one.secret and not one.secret_file) for one in settings.webhooks
    )
    mode = file.stat().st_mode & 0o777
    if has_secret and mode & 0o077:
        what = f"{file} holds a secret and can be read by others (mode {mode:04o})"
        why = "whoever reads it can log in to the switch, or write to your staff in a robot's name"
        yield Finding.bad("settings", "secret", what, why, f"chmod 600 {file}, or move the secret into a secret_file")


def _absent(path: Path) -> Finding | None:
    if path.exists():
        return None
    if os.access(path.parent, os.W_OK):
        what = f"{path} is not there yet: voicedesk run makes it"
        return Finding.note("database", "version", what)
    cure = f"make the folder {path.parent} and give it to the user Voicedesk runs as, or change store.url"
    return Finding.bad("database", "reachable", f"{path} cannot be made", "calls could not be kept", cure)


async def _version_and_damage(url: str) -> tuple[str | None, str | None]:
    database = Database(url)
    try:
        return await schema.current_version(database), await database.damage()
    finally:
        await database.close()
