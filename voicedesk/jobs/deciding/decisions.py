"""What a person decides of a call, a leg or a greeting, and how staff appeal (S2): one path for commands and pages.

The automatic verdict stays as it is beside the human one. Nobody decides about themselves; who is concerned may appeal
once, and somebody else decides with a reason.
"""

from dataclasses import dataclass
from typing import Any

from voicedesk.calls.model import Cause, Verdict
from voicedesk.calls.words import VERDICTS
from voicedesk.clock import NowUs
from voicedesk.errors import InputError
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.jobs.news.news import CALL, News
from voicedesk.jobs.news.receivers import leave_news
from voicedesk.language.translate import said
from voicedesk.log import mask_endpoint
from voicedesk.settings import Settings
from voicedesk.store.calls import StoredCall
from voicedesk.store.decisions import Kind, Move, Step, Subject, key_of
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.store import Store
from voicedesk.words import Said, list_comma, said_of

LONGEST_REASON = 2000
LONGEST_NAME = 60
_ABOUT = {
    Kind.CALL: Said("来电", "a call"),
    Kind.LEG: Said("振铃", "a phone that rang"),
    Kind.GREETING: Said("问候", "a greeting"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision is made about: the subject, the automatic verdict, and the persons it concerns."""

    subject: Subject
    automatic: str
    concerned: frozenset[str]
    automatic_cause: str | None = None
    rules_version: str | None = None


async def find_call(store: Store, call_id: str, leg: str | None = None) -> Decided:
    """A call that is over, by its id or the beginning of it, or one of its legs: by its number in `calls show`, or its
    phone. Raises InputError where it is none, more than one, or still going on.
    """
    stored = await _call(store, call_id)
    facts, judged = stored.call.facts, stored.call.judgement
    if facts.ended_at is None:
        raise InputError(f"call {facts.id} is still going on: decide when it is over")
    if leg is None:
        agents = {judged.agent} if judged.agent else {one.agent for one in facts.legs}
        return Decided(
            subject=Subject(kind=Kind.CALL, call_id=facts.id, pbx=facts.pbx),
            automatic=stored.verdict,
            automatic_cause=judged.cause.value if judged.cause else None,
            rules_version=judged.rules_version,
            concerned=frozenset(agent for agent in agents if agent),
        )
    place = _leg_place(stored, leg)
    one = facts.legs[place]
    return Decided(
        subject=Subject(kind=Kind.LEG, call_id=facts.id, pbx=facts.pbx, uniqueid=key_of(one), endpoint=one.endpoint),
        automatic=judged.legs[place].verdict.value,
        rules_version=judged.rules_version,
        concerned=frozenset({one.agent} if one.agent else ()),
    )


async def find_greeting(store: Store, call_id: str, phone: str | None = None) -> Decided:
    """The greeting of a call, by the call's id or the beginning of it; `phone` names one where there are several.

    Raises InputError where there is none, more than one, or its verdict is not final.
    """
    call = await _call(store, call_id)
    greeting = _greeting_of(await store.greetings.list(GreetingFilter(call_id=call.call.facts.id)), call_id, phone)
    if not greeting.is_final or greeting.verdict is None:
        raise InputError("the call is still being heard: decide when its verdict is final")
    return Decided(
        subject=Subject(
            kind=Kind.GREETING,
            call_id=greeting.call_id,
            pbx=greeting.pbx,
            uniqueid=greeting.uniqueid,
            endpoint=greeting.endpoint,
        ),
        automatic=greeting.verdict,
        rules_version=greeting.rules_version,
        concerned=frozenset({greeting.agent} if greeting.agent else ()),
    )


async def decide(
    store: Store,
    about: Decided,
    verdict: str,
    *,
    reason: str,
    by: str,
    now: NowUs,
    cause: str | None = None,
    forbidden: bool | None = None,
) -> Step:
    """Keeps a person's verdict; an open appeal is answered by it. Raises InputError for what cannot be decided."""
    _read_verdict(about, verdict)
    _read_cause(about, verdict, cause)
    if forbidden is not None and about.subject.kind is not Kind.GREETING:
        raise InputError("whether a forbidden phrase was said is decided of a greeting: voicedesk greeting decide")
    if _name(by) in about.concerned:
        raise InputError(f"{by} is concerned: nobody decides about themselves, somebody else must (--by)")
    return await store.decisions.add(
        about.subject,
        _step(Move.DECIDE, about, reason, by, now, verdict=verdict, cause=cause, forbidden=forbidden),
    )


async def undo(store: Store, about: Decided, *, reason: str, by: str, now: NowUs) -> Step:
    """Takes the decision that holds back: what stood before it holds again. Raises InputError where there is none."""
    if _name(by) in about.concerned:
        raise InputError(f"{by} is concerned: nobody decides about themselves, somebody else must (--by)")
    return await store.decisions.add(about.subject, _step(Move.UNDO, about, reason, by, now))


async def appeal(store: Store, settings: Settings, about: Decided, *, reason: str, by: str, now: NowUs) -> Step:
    """The person concerned asks for another look, once, and supervisors are told that somebody must decide.

    Where no person is named, anybody may ask for the phone.
    """
    if about.concerned and _name(by) not in about.concerned:
        people = list_comma().join(sorted(about.concerned))
        raise InputError(f"this concerns {people}, not {by}: only they may appeal (--by)")
    step = await store.decisions.add(about.subject, _step(Move.APPEAL, about, reason, by, now))
    await leave_news(store, settings, _news(about, step), step.at)
    return step


def _news(about: Decided, step: Step) -> News:
    words = GREETING_VERDICTS if about.subject.kind is Kind.GREETING else VERDICTS
    fields: dict[str, str] = {said("What about"): _ABOUT[about.subject.kind]}
    fields |= {said("Automatic verdict"): said_of(words, about.automatic), said("Phone"): about.subject.endpoint}
    fields |= {said("Reason"): step.reason, CALL: about.subject.call_id[:8]}
    return News(
        id=f"appeal_opened {step.number}",
        kind="appeal_opened",
        at=step.at,
        title=said("Staff appeal: somebody must decide"),
        fields={label: text for label, text in fields.items() if text},
        personal={said("Who appeals"): step.by},
    )


def _step(move: Move, about: Decided, reason: str, by: str, now: NowUs, **what: Any) -> Step:
    return Step(
        move=move,
        reason=_reason(reason),
        by=_name(by),
        at=now(),
        automatic=about.automatic,
        automatic_cause=about.automatic_cause,
        rules_version=about.rules_version,
        **what,
    )


def _read_verdict(about: Decided, verdict: str) -> None:
    kinds = GreetingVerdict if about.subject.kind is Kind.GREETING else Verdict
    known = [one.value for one in kinds]
    if verdict not in known:
        raise InputError(f"{verdict!r} is no verdict: one of {', '.join(known)}")


def _read_cause(about: Decided, verdict: str, cause: str | None) -> None:
    if cause is None:
        return
    if about.subject.kind is not Kind.CALL or verdict not in (Verdict.LATE, Verdict.MISSED):
        raise InputError("a cause goes with a call that is late or missed: leave --cause out")
    if cause not in [one.value for one in Cause]:
        raise InputError(f"{cause!r} is no cause: one of {', '.join(one.value for one in Cause)}")


def _reason(text: str) -> str:
    told = " ".join(text.split())
    if not told or not told.isprintable():
        raise InputError("say why in words that can be printed: a decision without a reason is none (--reason)")
    if len(told) > LONGEST_REASON:
        raise InputError(f"the reason is longer than {LONGEST_REASON} characters: shorten it")
    return told


def _name(by: str) -> str:
    name = by.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise InputError(f"say who does it, in at most {LONGEST_NAME} printable characters (--by)")
    return name


async def _call(store: Store, call_id: str) -> StoredCall:
    if not call_id.strip():
        raise InputError("say which call: its id, or the beginning of it (voicedesk calls list)")
    stored = await store.calls.get(call_id.strip()) if call_id.isprintable() else None
    if stored is None:
        raise InputError(f"no call has an id that begins with {call_id!r}")
    return stored


def _leg_place(stored: StoredCall, leg: str) -> int:
    """Which leg is meant: its number as `calls show` counts them, or the only one of a phone."""
    legs = stored.call.facts.legs
    if leg.isdecimal():
        if not 1 <= int(leg) <= len(legs):
            raise InputError(f"the call has {len(legs)} legs: give a number from 1 on, as in voicedesk calls show")
        return int(leg) - 1
    places = [place for place, one in enumerate(legs) if leg in (one.endpoint, mask_endpoint(one.endpoint))]
    if not places:
        there = list_comma().join(dict.fromkeys(mask_endpoint(one.endpoint) for one in legs))
        if not there:
            raise InputError("no phone rang for this call: leave --leg out, and decide of the whole call")
        raise InputError(f"{leg!r} did not ring for this call: its phones are {there}")
    if len(places) > 1:
        numbers = ", ".join(str(place + 1) for place in places)
        raise InputError(f"{leg} rang more than once for this call: give the leg's number ({numbers})")
    return places[0]


def _greeting_of(found: list[StoredGreeting], call_id: str, phone: str | None) -> StoredGreeting:
    if not found:
        raise InputError(f"nothing was heard in a call whose id begins with {call_id!r}: was it recorded?")
    names = [(one.endpoint, mask_endpoint(one.endpoint), one.uniqueid) for one in found]
    chosen = [one for one, own in zip(found, names, strict=True) if phone is None or phone in own]
    if not chosen:
        there = list_comma().join(mask_endpoint(one.endpoint) for one in found)
        raise InputError(f"{phone!r} was not heard in this call: {there} were")
    if len(chosen) > 1 and phone is None:
        chosen = [one for one in chosen if one.verdict != GreetingVerdict.NOT_JUDGED] or chosen
    if len(chosen) > 1:
        channels = list_comma().join(f"{mask_endpoint(one.endpoint)} ({one.uniqueid})" for one in chosen)
        raise InputError(f"several were heard in this call: name one by --phone: {channels}")
    return chosen[0]
