"""`voicedesk init --discover`: settings proposed from what the switches tell, for a person to confirm."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from voicedesk.ami.link import AmiAddress
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import Credentials
from voicedesk.cli.common import say, wait
from voicedesk.clock import now_us
from voicedesk.discovery.day import DAY_US, HouseDay, day_of
from voicedesk.discovery.lists import HouseSeen, ask_house
from voicedesk.discovery.proposal import Proposal, propose
from voicedesk.discovery.settings_file import without_wrong, write_tables
from voicedesk.errors import AmiError, InputError, SettingsError, StoreError, WrongUsage, reason_of
from voicedesk.hall.switches import address_of, logs_of
from voicedesk.jobs.following.logged_calls import read_logs
from voicedesk.log import printable
from voicedesk.settings import FILE_NAME, Settings, load_settings
from voicedesk.settings.source import read_file
from voicedesk.store.engine import database_file
from voicedesk.store.store import Store
from voicedesk.switch_logs.files import LogPaths

PROPOSED_NAME = "voicedesk.discovered.toml"
LOG_DAYS = 7


def read_secret(file: Path) -> str:
    """The first line of a secret's file. Raises InputError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        cure = "write the manager user's secret into it (chmod 600), or name another with --secret-file"
        raise InputError(f"{file} cannot be read ({reason_of(error)}): {cure}") from error
    if not lines or not lines[0].strip():
        raise InputError(f"{file} is empty: put the manager user's secret into its first line")
    return lines[0].strip()


def address_at(host: str, port: int, username: str, secret: str) -> AmiAddress:
    """Where a switch is that no settings name yet."""
    credentials = Credentials(username=username, secret=secret)
    return AmiAddress(pbx="main", host=host, port=port, credentials=credentials)


def discover(
    head: str,
    folder: Path,
    *,
    addresses: list[AmiAddress] | None = None,
    more_logs: LogPaths | None = None,
    listen_seconds: float = 0,
) -> tuple[str, Proposal]:
    """The text of a settings file: `head`, what of it is true, and what the switches add. Raises VoicedeskError.

    `addresses`: the switches, where `head` is new and names none that could be asked before.
    """
    scratch = folder / f".{FILE_NAME}.asked"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.touch(mode=0o600)
        scratch.write_text(head, encoding="utf-8")
        settings = load_settings(scratch, {})
        asked = addresses or [address_of(pbx) for pbx in settings.pbx]
        if not asked:
            raise WrongUsage(
                "no switch to ask: give --host, --username and --secret-file, or a [[pbx]] in the settings"
            )
        logs = {pbx.name: logs_of(pbx) for pbx in settings.pbx}
        if more_logs is not None and more_logs.all:
            logs[asked[0].pbx] = more_logs
        houses, days = wait(_ask(settings, asked, logs, listen_seconds))
        proposal = propose(houses, days)
        kept, dropped = without_wrong(head, settings, houses, proposal)
        many = len(settings.pbx) > 1
        text = f"{kept}\n{write_tables(proposal, settings, dropped=dropped, many=many)}"
        scratch.write_text(text, encoding="utf-8")
        try:
            load_settings(scratch, {})
        except SettingsError as error:
            raise InputError(f"what was found does not fit together, nothing is written: {error}") from error
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be written: {reason_of(error)}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return text, proposal


async def _ask(
    settings: Settings, addresses: Iterable[AmiAddress], logs: dict[str, LogPaths], listen_seconds: float
) -> tuple[list[HouseSeen], dict[str, HouseDay]]:
    houses: list[HouseSeen] = []
    days: dict[str, HouseDay] = {}
    for address in addresses:
        heard: list[AmiEvent] = []
        try:
            house = await ask_house(address, now_us, heard.extend, listen_seconds=listen_seconds)
        except AmiError as error:
            raise InputError(f"{address.pbx} ({address.host}:{address.port}) cannot be asked: {error}") from error
        houses.append(house)
        day = await _stored(settings, address.pbx)
        for event in (*_logged(settings, logs.get(address.pbx)), *(house.channels or ()), *heard):
            day.receive(event)
        days[address.pbx] = day
    return houses, days


async def _stored(settings: Settings, pbx: str) -> HouseDay:
    database = database_file(settings.store.url)
    if database is not None and not database.exists():
        return HouseDay()
    try:
        async with Store.open(settings.store.url, may_write=False) as store:
            return await day_of(store, pbx, now_us() - DAY_US)
    except StoreError:
        return HouseDay()


def _logged(settings: Settings, logs: LogPaths | None) -> list[AmiEvent]:
    """The calls of the last days as the switch's own logs tell them; of a log that is not there, none."""
    if logs is None:
        return []
    there = replace(
        logs,
        cel=tuple(path for path in logs.cel if path.exists()),
        cdr=tuple(path for path in logs.cdr if path.exists()),
        queue_log=tuple(path for path in logs.queue_log if path.exists()),
    )
    until = now_us()
    found = read_logs(there, [(until - LOG_DAYS * DAY_US, until)], settings.hall.zone)
    return [one.event for one in found.events]


def target_of(folder: Path, *, force: bool) -> Path:
    """Where the proposal goes: a first settings file, beside one that is there, or over it if that was asked for.

    Raises InputError where an earlier proposal lies there.
    """
    file, proposed = folder / FILE_NAME, folder / PROPOSED_NAME
    if force or not file.exists():
        return file
    if proposed.exists():
        raise InputError(f"{proposed} exists and stays as it is: move it away, or write over {file} with --force")
    return proposed


def head_of(file: Path) -> str:
    """The text of the settings that are there. Raises SettingsError where they cannot be read."""
    read_file(file)
    return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def tell(file: Path, proposal: Proposal) -> None:
    """What was found, in a few lines, and what to do now."""
    likely = [line for line in proposal.lines if line.is_likely]
    groups = len(proposal.lines) - len(likely)
    lines, phones, people = len(likely), len(proposal.phones), len(proposal.people)
    if groups:
        say(
            f"{file} is written: {lines} lines, {phones} phones, {people} people (as comments), "
            f"{groups} groups that may be lines (as comments)"
        )
    else:
        say(f"{file} is written: {lines} lines, {phones} phones, {people} people (as comments)")
    for line in likely:
        numbers = ", ".join((*line.extensions, *(f"queue {queue}" for queue in line.queues)))
        say(printable(f"  {line.name}: {numbers} → {', '.join(line.phones) or 'no phone'}"))
    for note in proposal.notes:
        say(printable(f"  note: {note}"))
    say("逐条核对后再使用 / these are guesses: look at each, then:")
    if file.name != FILE_NAME:
        say(f"  diff {file.with_name(FILE_NAME)} {file}")
        say(f"  mv {file} {file.with_name(FILE_NAME)}")
    say(f"  voicedesk config check --config {file.with_name(FILE_NAME)}")
    say(f"  voicedesk doctor --config {file.with_name(FILE_NAME)}")
