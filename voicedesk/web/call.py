"""The page of one call: clocks and legs, what was said and heard, why this verdict, and what people decide."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.audit import Deed
from voicedesk.access.roles import Act, Thing, may
from voicedesk.calls.model import Cause, Verdict
from voicedesk.calls.steps import Appeal, Decide, TakeBack, VerdictStep
from voicedesk.calls.words import CAUSES, VERDICTS
from voicedesk.desk.asking import NOT_DONE
from voicedesk.desk.call_page import CallPage, call_page
from voicedesk.desk.labels import Label, label
from voicedesk.errors import InputError
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.heard import Heard, heard_of, may_hear
from voicedesk.web.ruler import Ruler, ruler_of
from voicedesk.web.sound import KeptSound, kept_file
from voicedesk.web.spoken import spoken
from voicedesk.web.visitor import Visitor

HEARD_SECONDS = 600
"""A player asks for a recording in many pieces: within this time they are one listening, and one entry of the log."""
_MOST_HEARD = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form that did not do: what was wrong with it, and what was typed."""

    mistake: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCall:
    """The page. `number` is the caller's number as it is shown now; `is_whole`: it was asked for, and logged."""

    call: CallPage
    ruler: Ruler
    heard: tuple[Heard, ...]
    number: str | None
    is_whole: bool
    may_see_number: bool
    may_appeal: bool
    may_decide: bool
    own_leg: int | None
    is_done: bool
    typed: Typed | None
    verdicts: tuple[tuple[str, Label], ...] = tuple((one.value, label(VERDICTS, one)) for one in Verdict)
    causes: tuple[tuple[str, Label], ...] = tuple((one.value, label(CAUSES, one)) for one in Cause)
    greeting_verdicts: tuple[tuple[str, Label], ...] = tuple(
        (one.value, label(GREETING_VERDICTS, one)) for one in GreetingVerdict
    )


@dataclass(slots=True)
class _Listenings:
    """Who listens to what since when, so that one listening is written down once."""

    _since: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)

    def is_new(self, who: str, what: str, now: int) -> bool:
        """Whether this begins a listening; it is remembered."""
        begun = self._since.get((who, what))
        if begun is not None and 0 <= now - begun < HEARD_SECONDS * 1_000_000:
            return False
        self._since[(who, what)] = now
        self._since.move_to_end((who, what))
        while len(self._since) > _MOST_HEARD:
            self._since.popitem(last=False)
        return True


class OneCallPages:
    """The pages of single calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listenings = _Listenings()

    async def call(self, request: Request) -> Response:
        """One call; a form on it decides, takes back or appeals, and leads back here."""
        desk, call_id = self._desk, request.path_params["call_id"]
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.CALL, call_id)
        page = await self._of(visitor, person, call_id)
        if request.method == "GET":
            return await self._shown(visitor, person, page, is_done="done" in request.query_params)
        fields = await desk.form(request, visitor)
        try:
            step = _step(call_id, fields, person)
            await self._must_be_allowed(visitor, person, page, step)
            await desk.ask(person, step)
        except NOT_DONE as error:
            mistake = visitor.words(error)
            return await self._shown(visitor, person, page, typed=Typed(mistake=mistake, fields=fields))
        return desk.lead(visitor, f"/calls/{call_id}?done#verdicts")

    async def number(self, request: Request) -> Response:
        """The call with the caller's whole number, which the audit log holds then."""
        desk, call_id = self._desk, request.path_params["call_id"]
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.NUMBER, call_id)
        await desk.form(request, visitor)
        page = await self._of(visitor, person, call_id)
        await desk.doorkeeper.note(person, Deed.NUMBER_SHOWN, Thing.NUMBER, call_id, visitor.address)
        stored = await desk.keeper.store.calls.get(call_id, is_whole=True)
        whole = stored.call.facts.caller_number if stored else None
        return await self._shown(visitor, person, page, whole=whole)

    async def sound(self, request: Request) -> Response:
        """A recording of the staff's side, in the pieces that a player asks for."""
        desk, call_id = self._desk, request.path_params["call_id"]
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.RECORDING, call_id)
        page = await self._of(visitor, person, call_id)
        which = (request.query_params.get("pbx", ""), request.query_params.get("leg", ""))
        for part in page.greetings:
            one = part.shown.row.greeting
            if (one.pbx, one.uniqueid) == which and may_hear(person, one):
                file = await asyncio.to_thread(kept_file, desk.settings.recording.folder, one.recording or "?")
                if file is not None:
                    await self._note_listening(visitor, person, call_id)
                    return KeptSound(file, media_type="audio/wav", headers={"Cache-Control": "no-store"})
        return await desk.refuse(visitor, person, Thing.RECORDING, call_id)

    async def _note_listening(self, visitor: Visitor, person: Person, call_id: str) -> None:
        desk = self._desk
        if self._listenings.is_new(person.session.token_hash, call_id, desk.now()):
            await desk.doorkeeper.note(person, Deed.HEARD, Thing.RECORDING, call_id, visitor.address)

    async def _of(self, visitor: Visitor, person: Person, call_id: str) -> CallPage:
        return await self._desk.one(visitor, person, Thing.CALL, call_id, call_page)

    async def _must_be_allowed(self, visitor: Visitor, person: Person, page: CallPage, step: VerdictStep) -> None:
        is_own = _is_own(person, page)
        thing = Thing.APPEAL if isinstance(step, Appeal) else Thing.VERDICT
        if not may(person.account.role, Act.CHANGE, thing, is_own=is_own):
            await self._desk.refuse(visitor, person, thing, page.facts.id)

    async def _shown(
        self,
        visitor: Visitor,
        person: Person,
        page: CallPage,
        *,
        whole: str | None = None,
        is_done: bool = False,
        typed: Typed | None = None,
    ) -> Response:
        desk, role = self._desk, person.account.role
        decides = may(role, Act.CHANGE, Thing.VERDICT, is_own=False)
        agent = person.account.agent
        value = OneCall(
            call=page,
            ruler=ruler_of(page),
            heard=tuple([await heard_of(desk, person, part) for part in page.greetings]),
            number=whole or page.facts.caller_number,
            is_whole=whole is not None,
            may_see_number=may(role, Act.SEE, Thing.NUMBER, is_own=True),
            may_appeal=agent in page.concerned and may(role, Act.CHANGE, Thing.APPEAL, is_own=True),
            may_decide=decides and agent not in page.concerned,
            own_leg=next((leg.number for leg in page.legs if person.is_agent(leg.facts.agent)), None),
            is_done=is_done,
            typed=typed,
        )
        with spoken(visitor.look.language):
            return desk.pages.page("call.html", visitor, value, status=409 if typed else 200)


def _is_own(person: Person, page: CallPage) -> bool:
    """Whether a call concerns a person: it rang them, or they answered it."""
    return any(person.is_agent(leg.facts.agent) for leg in page.legs)


def _step(call_id: str, fields: Mapping[str, str], person: Person) -> VerdictStep:
    """What a form asks. Raises InputError where it asks nothing that there is."""
    by = person.acts_as
    about: Literal["call", "greeting"] = "greeting" if fields.get("about") == "greeting" else "call"
    part, reason = fields.get("part") or None, fields.get("reason", "").strip()
    if not reason:
        raise InputError("say why, in a few words: whoever it concerns reads it")
    match fields.get("do"):
        case "appeal":
            return Appeal(call=call_id, about=about, part=part, by=by, reason=reason)
        case "undo":
            return TakeBack(call=call_id, about=about, part=part, by=by, reason=reason)
        case "decide":
            return Decide(
                call=call_id,
                about=about,
                part=part,
                by=by,
                reason=reason,
                verdict=fields.get("verdict", ""),
                cause=fields.get("cause") or None,
                forbidden={"yes": True, "no": False}.get(fields.get("forbidden", "")),
            )
        case _:
            raise InputError("say what is to be done: decide, undo or appeal")
