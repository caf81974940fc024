"""`voicedesk tickets`: what the hall owes somebody an end of (工单): callbacks, referrals, complaints, home visits."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import tzinfo
from typing import Annotated, Any, TypeVar

import typer

from voicedesk.cli.asking import ask_step
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    complain,
    local_time,
    moment,
    say,
    say_json,
    settings_of,
    wait,
)
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
    say_zone,
    tell_whether_whole,
)
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us, to_seconds
from voicedesk.errors import InputError
from voicedesk.jobs.ringing_back.clerk import TITLES
from voicedesk.phone_numbers import mask, national_digits
from voicedesk.settings import Settings
from voicedesk.sheets import words
from voicedesk.sheets.model import Cell, Sheet
from voicedesk.sheets.tickets import ticket_columns, tickets_sheet
from voicedesk.sheets.words import both
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, TicketFilter
from voicedesk.tickets import steps
from voicedesk.tickets.figures import Share, callback_figures
from voicedesk.tickets.model import Kind, Outcome, State, Ticket
from voicedesk.tickets.steps import TicketStep

STATES = {state: both(words.TICKET_STATES, state) for state in State}
R = TypeVar("R")
RESULT_SECONDS = 900.0
LOOK_SECONDS = 0.5

app = typer.Typer(help="Callbacks, referrals, complaints and home visits (S1, S4, S8, S9).", no_args_is_help=True)

TicketArgument = Annotated[str, typer.Argument(help="The ticket's id, or how it begins.", metavar="TICKET")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it, by [[agents]] id; else your login.")]
NoteOption = Annotated[str, typer.Option("--note", help="What became of it, or why.")]
UnmaskOption = Annotated[bool, typer.Option("--unmask", help="Show whole numbers and names.")]
NumberOption = Annotated[str | None, typer.Option("--number", help="The citizen's number.")]
GroupOption = Annotated[str, typer.Option("--group", help="The line group whose hours count.")]


@app.command("list")
def list_tickets(  # each is an option of the command
    kind: Annotated[Kind | None, typer.Option(help="Only this kind.")] = None,
    group: Annotated[str | None, typer.Option(help="Only this line group.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this person holds.")] = None,
    number: Annotated[str | None, typer.Option(help="Only of this citizen, however the number is written.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    since: FromOption = None,
    until: ToOption = None,
    limit: LimitOption = None,
    unmask: UnmaskOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
    xlsx: XlsxOption = None,
) -> None:
    """List tickets without an end, what is due first in front; with --csv or --xlsx all of them.

    Example: `voicedesk tickets list --kind callback --all --xlsx callbacks.xlsx`
    """
    check_forms(json=json, csv=csv, xlsx=xlsx)
    settings = settings_of(config)
    zone = settings.hall.zone
    which = TicketFilter(
        kind=kind,
        group=group,
        owner=person_id(settings, owner),
        is_closed=None if everything else False,
        opened_from=moment(since, zone),
        opened_to=moment(until, zone),
    )
    now, names, most = now_us(), people_of(settings), limit_of(limit, csv=csv, xlsx=xlsx)
    if csv or xlsx is not None:

        def rows(some: list[Ticket]) -> Iterable[tuple[Cell, ...]]:
            return tickets_sheet(some, zone, names=names, now=now, unmask=unmask).rows

        made, there = wait(_list(settings, which, number, most, rows))
        export(Sheet(name="工单", columns=ticket_columns(zone), rows=made), xlsx)
        tell_whether_whole(len(made), there)
        return
    found, there = wait(_list(settings, which, number, most, lambda some: some))
    if json:
        say_json([as_plain(one, unmask=unmask) for one in found])
    elif not found:
        complain("没有工单 no tickets")
    else:
        _say_list(found, zone, now, unmask=unmask)
    tell_whether_whole(len(found), there)


def _say_list(found: list[Ticket], zone: tzinfo, now: int, *, unmask: bool) -> None:
    say_zone(zone)
    for one in found:
        late = "  超时 LATE" if not one.is_closed and one.due_at <= now else ""
        again = _next_try(one, zone)
        untold = "  待告知延期 tell the citizen" if one.is_to_be_told else ""
        number_shown = one.number or "隐藏号码 withheld"
        shown = number_shown if unmask or one.number is None else mask(one.number)
        due = local_time(one.due_at, zone, "%m-%d %H:%M")
        first = f"{one.id[:8]}  {due}  {TITLES[one.kind]}"
        say(f"{first}  {one.group}  {shown}  {STATES[one.state]}  {one.owner or '-'}{again}{late}{untold}")


@app.command()
def show(
    ticket: TicketArgument, unmask: UnmaskOption = False, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show a ticket: every step with its date, and every call placed for it.

    Example: `voicedesk tickets show 3f2a`
    """
    settings = settings_of(config)
    found, attempts = wait(_show(settings, ticket))
    if json:
        placed = [_attempt(one, unmask=unmask) for one in attempts]
        say_json({**as_plain(found, unmask=unmask), "attempts": placed})
        return
    _say_one(found, attempts, settings, unmask=unmask)


@app.command()
def claim(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Take a ticket for ten minutes: nobody else can dial it meanwhile.

    Example: `voicedesk tickets claim 3f2a --by zhang`
    """
    _ask(config, steps.Claim(ticket=ticket, by=by or typed_by()), json=json)


@app.command()
def release(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Give a claimed ticket back.

    Example: `voicedesk tickets release 3f2a --by zhang`
    """
    _ask(config, steps.Release(ticket=ticket, by=by or typed_by()), json=json)


@app.command()
def dial(  # each is an option of the command
    ticket: TicketArgument,
    phone: Annotated[str | None, typer.Option(help="Your phone, by endpoint or extension; else where you sit.")] = None,
    wait_for_it: Annotated[
        bool, typer.Option("--wait", help="Wait for the call's end, and say what became of it.")
    ] = False,
    pbx: Annotated[
        str | None, typer.Option("--pbx", help="On which [[pbx]] your phone is, where several have it.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Ring back: your own phone first, then the citizen's.

    Example: `voicedesk tickets dial 3f2a --by zhang`
    """
    settings = settings_of(config)
    step = steps.Dial(ticket=ticket, by=by or typed_by(), phone=phone, pbx=pbx)
    attempt_id = wait(ask_step(settings, step))
    if not wait_for_it:
        say_json({"attempt": attempt_id}) if json else say("your phone rings now")
        return
    attempt = wait(_result(settings, attempt_id))
    if attempt is None or attempt.result is None:
        raise InputError(f"the call {attempt_id} is not over yet: see voicedesk tickets show {ticket}")
    say_json(_attempt(attempt, unmask=False)) if json else say(f"{attempt.result} {attempt.cause or ''}".rstrip())


@app.command()
def refer(  # what S4 asks to be registered
    matter: Annotated[str, typer.Argument(help="The matter.")],
    group: GroupOption,
    to: Annotated[str | None, typer.Option("--to", help="Who shall take it over, by [[agents]] id.")] = None,
    number: NumberOption = None,
    citizen: Annotated[str, typer.Option("--name", help="The citizen's name.")] = "",
    unit: Annotated[str, typer.Option("--unit", help="The citizen's unit (单位).")] = "",
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Register a referral (首问转办): whoever was asked first hands a matter over, and nobody can drop it.

    Example: `voicedesk tickets refer "咨询工伤认定材料" --group hotline --to li --number 13800138000 --by zhang`
    """
    step = steps.Register(
        by=by or typed_by(),
        kind=Kind.REFERRAL,
        group=group,
        note=matter,
        to=to,
        number=number,
        citizen=citizen,
        unit=unit,
    )
    _ask(config, step, json=json)


@app.command()
def register(  # each is an option of the command
    kind: Annotated[Kind, typer.Argument(help="complaint or home_visit.")],
    matter: Annotated[str, typer.Argument(help="The matter.")],
    group: GroupOption,
    number: NumberOption = None,
    citizen: Annotated[str, typer.Option("--name", help="The citizen's name.")] = "",
    to: Annotated[str | None, typer.Option("--to", help="Who answers for it; else as [tickets] says.")] = None,
    code: Annotated[list[str] | None, typer.Option("--code", help="Code of a notice heard before (S8).")] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Register a complaint (S9) or a home visit (S8) that did not come through the IVR.

    Example: `voicedesk tickets register home_visit "第二次仍未办成" --group hotline --code 12345678`
    """
    if kind is not Kind.COMPLAINT and kind is not Kind.HOME_VISIT:
        raise InputError("register takes complaint or home_visit: callbacks open by themselves, referrals by `refer`")
    step = steps.Register(
        by=by or typed_by(),
        kind=kind,
        group=group,
        note=matter,
        to=to,
        number=number,
        citizen=citizen,
        codes=tuple(code or ()),
    )
    _ask(config, step, json=json)


@app.command()
def confirm(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Confirm having read a referral: from now on you are responsible (S4).

    Example: `voicedesk tickets confirm 3f2a --by li`
    """
    _ask(config, steps.Confirm(ticket=ticket, by=by or typed_by()), json=json)


@app.command()
def report(  # each is an option of the command
    ticket: TicketArgument,
    note: NoteOption,
    to: Annotated[str | None, typer.Option("--to", help="To whom; else [tickets] supervisor.")] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Report a ticket to the superior, who answers for it: the receiver is away, or it is unclear (S4).

    Example: `voicedesk tickets report 3f2a --note "李老师休假" --by zhang`
    """
    _ask(config, steps.Report(ticket=ticket, by=by or typed_by(), note=note, to=to), json=json)


@app.command()
def postpone(  # each is an option of the command
    ticket: TicketArgument,
    due: Annotated[str, typer.Option("--due", help="The new date or time.")],
    note: NoteOption,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Give a late ticket its reason and a new date; the citizen is to be told both (限时办结, S6).

    Example: `voicedesk tickets postpone 3f2a --due 2026-11-26T17:00 --note "等待核实" --by zhang`
    """
    due_at = moment(due, settings_of(config).hall.zone)
    if due_at is None:
        raise InputError("give the new date or time: --due")
    _ask(config, steps.Postpone(ticket=ticket, by=by or typed_by(), due_at=due_at, note=note), json=json)


@app.command()
def told(
    ticket: TicketArgument, note: NoteOption, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Note that the citizen was told why it takes longer and until when, and how (S6); a talk with them counts too.

    Example: `voicedesk tickets told 3f2a --note "电话告知" --by zhang`
    """
    _ask(config, steps.Told(ticket=ticket, by=by or typed_by(), note=note), json=json)


@app.command()
def settle(
    ticket: TicketArgument, note: NoteOption, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Say of a try whose result is unknown that nobody spoke; it is planned again.

    Example: `voicedesk tickets settle 3f2a --note "张老师未接通" --by zhang`
    """
    _ask(config, steps.Settle(ticket=ticket, by=by or typed_by(), note=note), json=json)


@app.command()
def close(  # each is an option of the command
    ticket: TicketArgument,
    note: NoteOption,
    outcome: Annotated[Outcome, typer.Option(help="How it ended.")] = Outcome.SETTLED,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Close a ticket with what came of it. A callback closes by itself when the citizen was reached.

    Example: `voicedesk tickets close 3f2a --note "当面答复，市民满意" --by zhang`
    """
    _ask(config, steps.Close(ticket=ticket, by=by or typed_by(), note=note, outcome=outcome), json=json)


@app.command()
def figures(
    since: FromOption = None, until: ToOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show how soon, how often in time and how often at all citizens were reached; docs/tickets.md has the formulas.

    Example: `voicedesk tickets figures --from 2026-11-01`
    """
    settings = settings_of(config)
    zone = settings.hall.zone
    which = TicketFilter(kind=Kind.CALLBACK, opened_from=moment(since, zone), opened_to=moment(until, zone))
    found = wait(_figures(settings, which))
    shares = {"within_deadline": found.within_deadline, "reached": found.reached}
    if json:
        plain = {key: value for key, value in asdict(found).items() if key not in (*shares, "time_to_call_back_us")}
        time = found.time_to_call_back_us
        plain["time_to_call_back_seconds"] = None if time is None else time / 1e6
        say_json({**plain, **{key: asdict(share) | {"value": share.value} for key, share in shares.items()}})
        return
    minutes = "-" if found.time_to_call_back_us is None else f"{found.time_to_call_back_us / 60e6:.0f}"
    say(f"回拨用时（中位数，分钟） time to call back, median minutes: {minutes}")
    say(f"期限内 within the deadline: {_share(found.within_deadline)}")
    say(f"已接通 reached: {_share(found.reached)}")
    say(f"未办结 still open: {found.still_open}   无法回拨 uncallable: {found.uncallable}")
    say(f"随后即接通，不计 answered moments later, not counted: {found.answered_moments_later}")


def _next_try(ticket: Ticket, zone: tzinfo) -> str:
    if ticket.state is not State.WAITING or ticket.next_try_at is None:
        return ""
    return f"  再拨 again {local_time(ticket.next_try_at, zone, '%m-%d %H:%M')}"


def _share(share: Share) -> str:
    value = share.value
    return "-" if value is None else f"{value:.1%} ({share.part}/{share.whole})"


# --- what is asked of the service


def _ask(config: Any, step: TicketStep, *, json: bool) -> None:
    answer = wait(ask_step(settings_of(config), step))
    say_json({"answer": answer}) if json else say(answer)


async def _result(settings: Settings, attempt_id: str) -> Attempt | None:
    """The attempt when it is over, or as it stands after a quarter of an hour."""
    async with Store.open(settings.store.url, upgrade=False) as store:
        attempt = await store.tickets.attempt(attempt_id)
        for _ in range(int(RESULT_SECONDS / LOOK_SECONDS)):
            if attempt is None or attempt.result is not None:
                break
            await asyncio.sleep(LOOK_SECONDS)
            attempt = await store.tickets.attempt(attempt_id)
        return attempt


# --- what is read


async def _list(
    settings: Settings,
    which: TicketFilter,
    number: str | None,
    limit: int | None,
    keep: Callable[[list[Ticket]], Iterable[R]],
) -> tuple[list[R], int]:
    """What is kept of the tickets, and how many there are."""
    area = settings.hall.area_code
    async with Store.open(settings.store.url, upgrade=False) as store:
        groups, people = {line.group or line.name for line in settings.lines}, set(people_of(settings))
        if which.group is not None and which.group not in groups and groups:
            check_known("line group", which.group, groups, await store.tickets.known("line_group"))
        if which.owner is not None and which.owner not in people and people:
            check_known("person", which.owner, people, await store.tickets.known("owner"))
        if number is not None:
            digits = national_digits(number, area)
            if digits is None:
                raise InputError(f"{number!r} is no phone number: write it with its digits, e.g. 13800138000")
            which = TicketFilter(**{**asdict(which), "numbers": await store.tickets.spellings(digits, area)})
        made = await gathered(
            lambda size, after: store.tickets.list(which, limit=size, after=after),
            lambda one: (one.due_at, one.id),
            keep,
            limit,
        )
        return made, await store.tickets.count(which)


async def _show(settings: Settings, ticket_id: str) -> tuple[Ticket, list[Attempt]]:
    async with Store.open(settings.store.url, upgrade=False) as store:
        stored = await store.tickets.get(ticket_id)
        if stored is None:
            raise InputError(f"there is no ticket {ticket_id!r}: see voicedesk tickets list --all")
        return stored.ticket, await store.tickets.attempts(stored.ticket.id)


async def _figures(settings: Settings, which: TicketFilter) -> Any:
    async with Store.open(settings.store.url, upgrade=False) as store:
        return callback_figures([one async for one in store.tickets.each(which)], now_us())


def as_plain(ticket: Ticket, *, unmask: bool) -> dict[str, Any]:
    """A ticket as other programs read it: instants in epoch seconds; number and names masked unless `unmask`."""
    plain = asdict(ticket)
    for key in ("opened_at", "due_at", "promised_at", "waiting_since", "lease_until", "next_try_at", "closed_at"):
        plain[key] = to_seconds(plain[key])
    for key in ("reminded_at", "escalated_at", "told_at"):
        plain[key] = to_seconds(plain[key])
    plain["history"] = [{**entry, "at": to_seconds(entry["at"])} for entry in plain["history"]]
    if not unmask:
        plain["number"] = mask(ticket.number) if ticket.number else None
        plain["citizen"] = f"{ticket.citizen[:1]}**" if ticket.citizen else ""
    return plain


def _attempt(attempt: Attempt, *, unmask: bool) -> dict[str, Any]:
    number = attempt.number if unmask or attempt.number is None else mask(attempt.number)
    times = {"placed_at": to_seconds(attempt.placed_at), "ended_at": to_seconds(attempt.ended_at)}
    return {**asdict(attempt), "number": number, **times}


def _say_one(ticket: Ticket, attempts: list[Attempt], settings: Settings, *, unmask: bool) -> None:
    zone, plain = settings.hall.zone, as_plain(ticket, unmask=unmask)
    say(f"{TITLES[ticket.kind]}  {ticket.id}  {STATES[ticket.state]}")
    number = plain["number"] or "隐藏 withheld"
    say(f"线路 group {ticket.group}   号码 number {number}   办理人 owner {ticket.owner or '-'}")
    if ticket.responsible and ticket.responsible != ticket.owner:
        say(f"负责人 responsible {ticket.responsible}")
    if ticket.matter:
        say(f"事由 matter: {ticket.matter}   {plain['citizen']} {ticket.unit}".rstrip())
    due = local_time(ticket.due_at, zone, "%Y-%m-%d %H:%M")
    promised = local_time(ticket.promised_at, zone, "%Y-%m-%d %H:%M")
    say(f"期限 due {due}   原期限 promised {promised}   {ticket.late_reason}".rstrip())
    if ticket.late_reason:
        say(f"告知市民 citizen told {local_time(ticket.told_at, zone, '%Y-%m-%d %H:%M') or '尚未 not yet'}")
    for key, value in (("录音 message", ticket.recording), ("告知编号 notices", " ".join(ticket.codes))):
        if value:
            say(f"{key}: {value}")
    for entry in ticket.history:
        rests_on = f"  call {entry.call_id}" if entry.call_id else ""
        say(f"  {local_time(entry.at, zone)}  {entry.move}  {entry.by}  {entry.note}{rests_on}".rstrip())
    for one in attempts:
        result = f"{one.result or '…'} {one.cause or ''}".rstrip()
        say(f"  {local_time(one.placed_at, zone)}  拨打 {one.extension}  {one.placed_by}  {result}")
