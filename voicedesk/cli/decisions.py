"""`decide`, `appeal`, `agreement` of `voicedesk calls` and `voicedesk greeting`: what people say beside the rules."""

from dataclasses import asdict
from datetime import tzinfo
from typing import Annotated, Any

import typer

from voicedesk.calls.model import Cause, Verdict
from voicedesk.calls.steps import Appeal, Decide, TakeBack, VerdictStep
from voicedesk.calls.words import VERDICTS
from voicedesk.cli.asking import ask_or_carry_out
from voicedesk.cli.common import (
    ConfigOption,
    FromOption,
    JsonOption,
    ToOption,
    local_time,
    say,
    say_answer,
    say_as_it_is,
    say_json,
    settings_of,
    span,
    wait,
)
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk import agreement as agreeing
from voicedesk.desk.labels import label
from voicedesk.desk.names import check_name
from voicedesk.desk.verdicts import histories_json, seen_history, step_words
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import WrongUsage
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.jobs.deciding.steps import VerdictSteps, found
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.decisions import History, Kind
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store
from voicedesk.store.words import APPEAL_STATES, DECISION_MOVES
from voicedesk.words import Words, in_both

RULE_WORDS: Words = {
    **VERDICTS,
    **GREETING_VERDICTS,
    agreeing.FORBIDDEN: ("禁语", "forbidden phrase"),
}

CallArgument = Annotated[str, typer.Argument(help="The call's id, or its beginning.", metavar="ID")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why: kept with it, and shown.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it, by [[agents]] id or name; else your login.")]
UndoOption = Annotated[bool, typer.Option("--undo", help="Take the last decision back: what stood before holds.")]
LegOption = Annotated[
    str | None, typer.Option(help="Only this leg: its number in `calls show`, or its phone, e.g. PJSIP/agent1.")
]
PhoneOption = Annotated[str | None, typer.Option(help="Which phone, where several were heard in the call.")]


def decide_call(
    call_id: CallArgument,
    reason: ReasonOption,
    verdict: Annotated[Verdict | None, typer.Argument(help="What a person says of it.", metavar="VERDICT")] = None,
    leg: LegOption = None,
    cause: Annotated[Cause | None, typer.Option(help="Why it was late or missed.")] = None,
    undo: UndoOption = False,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Decide a call, or one of its legs, beside the automatic verdict; an open appeal is answered by it.

    Example: `voicedesk calls decide 1f3a9c missed --cause empty_seat --reason "话机断线，见报修单" --by wang`
    """

    who, why = _who(by), cause.value if cause else None
    given = _chosen(verdict.value if verdict else None, undo)
    _do(
        config,
        TakeBack(call=call_id, part=leg, by=who, reason=reason)
        if given is None
        else Decide(call=call_id, part=leg, by=who, reason=reason, verdict=given, cause=why),
        json=json,
    )


def decide_greeting(
    call_id: CallArgument,
    reason: ReasonOption,
    verdict: Annotated[
        GreetingVerdict | None, typer.Argument(help="What a person says of it.", metavar="VERDICT")
    ] = None,
    forbidden: Annotated[
        bool | None, typer.Option("--forbidden/--no-forbidden", help="Whether a forbidden phrase was truly said.")
    ] = None,
    phone: PhoneOption = None,
    undo: UndoOption = False,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Decide a greeting beside the automatic verdict; an open appeal is answered by it.

    Example: `voicedesk greeting decide 1f3a9c compliant --no-forbidden --reason "听录音，三项齐全" --by wang`
    """

    who, given = _who(by), _chosen(verdict.value if verdict else None, undo)
    _do(
        config,
        TakeBack(call=call_id, about="greeting", part=phone, by=who, reason=reason)
        if given is None
        else Decide(
            call=call_id, about="greeting", part=phone, by=who, reason=reason, verdict=given, forbidden=forbidden
        ),
        json=json,
    )


def appeal_call(
    call_id: CallArgument,
    reason: ReasonOption,
    leg: LegOption = None,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Appeal against the verdict of a call or a leg: by whom it concerns, once; a supervisor decides it.

    Example: `voicedesk calls appeal 1f3a9c --leg PJSIP/agent1 --reason "当时话机无声" --by zhang`
    """
    _do(config, Appeal(call=call_id, part=leg, by=_who(by), reason=reason), json=json)


def appeal_greeting(
    call_id: CallArgument,
    reason: ReasonOption,
    phone: PhoneOption = None,
    by: ByOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Appeal against the verdict of a greeting: by whom it concerns, once; a supervisor decides it.

    Example: `voicedesk greeting appeal 1f3a9c --reason "已报部门，录音不清" --by zhang`
    """
    _do(config, Appeal(call=call_id, about="greeting", part=phone, by=_who(by), reason=reason), json=json)


def call_agreement(
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    since: FromOption = None,
    until: ToOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """How far people agree with the automatic verdicts of calls and legs: precision and recall, with both numbers.

    Example: `voicedesk calls agreement --from 2026-11-01`
    """
    settings = settings_of(config)
    from_at, to_at = span(since, until, settings.hall.zone)
    which = CallFilter(line=line, from_at=from_at, to_at=to_at)

    async def work() -> tuple[agreeing.Agreement, agreeing.Agreement]:
        async with Store.open(settings.store.url, may_write=False) as store:
            await check_name("line", line, {one.name for one in settings.lines}, lambda: store.calls.known("line"))
            return await agreeing.call_agreement(store, which)

    calls, legs = wait(work())
    if json:
        say_json({"calls": _agreement_json(calls), "legs": _agreement_json(legs)})
        return
    _tell_agreement(in_both("来电", "calls"), calls)
    if legs.compared or legs.untold or legs.undecided:
        _tell_agreement(in_both("振铃", "legs"), legs)


def greeting_agreement(
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    since: FromOption = None,
    until: ToOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """How far people agree with the automatic verdicts of greetings: precision and recall per rule, with both numbers.

    Example: `voicedesk greeting agreement --from 2026-11-01`
    """
    settings = settings_of(config)
    from_at, to_at = span(since, until, settings.hall.zone)
    which = GreetingFilter(line=line, from_at=from_at, to_at=to_at)

    async def work() -> agreeing.Agreement:
        async with Store.open(settings.store.url, may_write=False) as store:
            await check_name("line", line, {one.name for one in settings.lines}, lambda: store.greetings.known("line"))
            return await agreeing.greeting_agreement(store, which)

    found = wait(work())
    if json:
        say_json(_agreement_json(found))
    else:
        _tell_agreement(in_both("问候", "greetings"), found)


def tell_history(history: History, table: Words, zone: tzinfo) -> None:
    """What people did about one subject, step by step."""
    standing = history.standing
    for step in history.steps:
        say_as_it_is(
            f"  {local_time(step.at, zone)}  {label(DECISION_MOVES, step.move)} {step.by}: {step_words(step, table)}"
        )
    if standing.appeal_state is not None:
        say(f"  {label(APPEAL_STATES, standing.appeal_state)}")


def _who(by: str | None) -> str:
    """Whom a command names, else the login."""
    return typed_by() if by is None else by.strip()


def _chosen(verdict: str | None, undo: bool) -> str | None:
    """The verdict; None to take one back. Raises InputError for neither and for both."""
    if (verdict is None) != undo:
        raise WrongUsage("say either a VERDICT or --undo, and not both")
    return verdict


def _do(config: ConfigOption, step: VerdictStep, *, json: bool) -> None:
    """Has a step carried out by the service, or here where none runs, and shows what stands now."""
    settings = settings_of(config)

    async def in_store() -> tuple[str, History]:
        async with Store.open(settings.store.url, upgrade=False) as store:
            about = await found(store, step)  # what is meant by it is refused in its own words, before it is asked
            told = await ask_or_carry_out(store, step, lambda: VerdictSteps(store, lambda: settings, now_us))
            return told, await store.decisions.of(about.subject)

    told, history = wait(in_store())
    if history.steps:
        _answer(seen_history(history, AT_THE_MACHINE), settings, json=json)
    else:  # the call became part of another meanwhile
        say_json({"answer": told}) if json else say_answer(told)


def _answer(history: History, settings: Settings, *, json: bool) -> None:
    if json:
        say_json(histories_json([history])[0])
        return
    table = GREETING_VERDICTS if history.subject.kind is Kind.GREETING else VERDICTS
    decision = history.standing.decision
    say_as_it_is(f"{history.subject.call_id[:10]}  {history.subject.endpoint}".rstrip())
    say(f"自动 automatic: {label(table, history.steps[-1].automatic or '')}")
    say(f"人工 by hand: {step_words(decision, table) if decision else '—'}")
    tell_history(history, table, settings.hall.zone)


def _agreement_json(found: agreeing.Agreement) -> dict[str, Any]:
    rules = [{**asdict(one), "precision": one.precision, "recall": one.recall} for one in found.rules]
    return {**asdict(found), "rules": rules}


def _tell_agreement(title: str, found: agreeing.Agreement) -> None:
    if not found.compared and not found.untold and not found.undecided:
        say(f"{title}: 还没有人工判定 nobody decided any yet")
        return
    say(
        f"{title}: 一致 agree {_share(found.same, found.compared)}；自动无法判定 the rules cannot tell {found.untold}；"
        f"人工无法判定 people cannot tell {found.undecided}"
    )
    for one in found.rules:
        name = label(RULE_WORDS, one.rule)
        precision, recall = _share(one.both, one.automatic), _share(one.both, one.human)
        say(f"  {name}: 准确率 precision {precision}，召回率 recall {recall}")


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole}" + (f" ({part / whole:.1%})" if whole else "")
