"""`voicedesk tickets claim`, `dial`, `close` …: the steps on tickets that the running service is asked to take."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.cli.asking import ask_step
from voicedesk.cli.common import ConfigOption, JsonOption, moment, say, say_answer, say_json, settings_of, wait
from voicedesk.cli.who import typed_by
from voicedesk.desk.names import check_known, people_of, person_id
from voicedesk.desk.tickets import attempt_json, seen_attempt
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError, WrongUsage
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt
from voicedesk.tickets import steps
from voicedesk.tickets.model import Kind, Outcome
from voicedesk.tickets.steps import TicketStep
from voicedesk.tickets.words import TRY_CAUSES, TRY_RESULTS
from voicedesk.words import aside, both

RESULT_SECONDS = 900.0
LOOK_SECONDS = 0.5

TicketArgument = Annotated[str, typer.Argument(help="The ticket's id, or how it begins.", metavar="TICKET")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it, by [[agents]] id; else your login.")]
NoteOption = Annotated[str, typer.Option("--note", help="What became of it, or why.")]
NumberOption = Annotated[str | None, typer.Option("--number", help="The citizen's number.")]
GroupOption = Annotated[str, typer.Option("--group", help="The line group whose hours count.")]


def claim(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Take a ticket for ten minutes: nobody else can dial it meanwhile.

    Example: `voicedesk tickets claim 3f2a --by zhang`
    """
    _ask(config, steps.Claim(ticket=ticket, by=by or typed_by()), json=json)


def release(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Give a claimed ticket back.

    Example: `voicedesk tickets release 3f2a --by zhang`
    """
    _ask(config, steps.Release(ticket=ticket, by=by or typed_by()), json=json)


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
    if json:
        say_json(attempt_json(seen_attempt(attempt, AT_THE_MACHINE)))
    else:
        say(try_words(attempt))


def _person(config: Path | None, typed: str | None) -> str | None:
    """The id of whom a ticket goes to, typed as id or name. Raises InputError for nobody, whose ticket is lost."""
    settings = settings_of(config)
    found = person_id(settings, typed)
    check_known("person", found, people_of(settings))
    return found


def refer(  # what S4 asks to be registered
    matter: Annotated[str, typer.Argument(help="The matter.")],
    group: GroupOption,
    to: Annotated[str | None, typer.Option("--to", help="Who shall take it over: an id or name of [[agents]].")] = None,
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
        to=_person(config, to),
        number=number,
        citizen=citizen,
        unit=unit,
    )
    _ask(config, step, json=json)


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
        raise WrongUsage("register takes complaint or home_visit: callbacks open by themselves, referrals by `refer`")
    step = steps.Register(
        by=by or typed_by(),
        kind=kind,
        group=group,
        note=matter,
        to=_person(config, to),
        number=number,
        citizen=citizen,
        codes=tuple(code or ()),
    )
    _ask(config, step, json=json)


def confirm(ticket: TicketArgument, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Confirm having read a referral: from now on you are responsible (S4).

    Example: `voicedesk tickets confirm 3f2a --by li`
    """
    _ask(config, steps.Confirm(ticket=ticket, by=by or typed_by()), json=json)


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
    _ask(config, steps.Report(ticket=ticket, by=by or typed_by(), note=note, to=_person(config, to)), json=json)


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
        raise WrongUsage("give the new date or time: --due")
    _ask(config, steps.Postpone(ticket=ticket, by=by or typed_by(), due_at=due_at, note=note), json=json)


def told(
    ticket: TicketArgument, note: NoteOption, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Note that the citizen was told why it takes longer and until when, and how (S6); a talk with them counts too.

    Example: `voicedesk tickets told 3f2a --note "电话告知" --by zhang`
    """
    _ask(config, steps.Told(ticket=ticket, by=by or typed_by(), note=note), json=json)


def settle(
    ticket: TicketArgument, note: NoteOption, by: ByOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Say of a try whose result is unknown that nobody spoke; it is planned again.

    Example: `voicedesk tickets settle 3f2a --note "张老师未接通" --by zhang`
    """
    _ask(config, steps.Settle(ticket=ticket, by=by or typed_by(), note=note), json=json)


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


def _ask(config: Any, step: TicketStep, *, json: bool) -> None:
    answer = wait(ask_step(settings_of(config), step))
    say_json({"answer": answer}) if json else say_answer(answer)


def try_words(attempt: Attempt) -> str:
    """What became of a call that was placed, and why; "" while it is not over."""
    if attempt.result is None:
        return ""
    why = aside(both(TRY_CAUSES, attempt.cause)) if attempt.cause else ""
    return f"{both(TRY_RESULTS, attempt.result)}{why}"


async def _result(settings: Settings, attempt_id: str) -> Attempt | None:
    """The attempt when it is over, or as it stands after a quarter of an hour."""
    async with Store.open(settings.store.url, may_write=False) as store:
        attempt = await store.tickets.attempt(attempt_id)
        for _ in range(int(RESULT_SECONDS / LOOK_SECONDS)):
            if attempt is None or attempt.result is not None:
                break
            await asyncio.sleep(LOOK_SECONDS)
            attempt = await store.tickets.attempt(attempt_id)
        return attempt
