"""The switches of the first page: breaks (S11) and outage announcements (S10), each a step that the service takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Reach, Thing, may, reach
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.asking import NOT_DONE, Step, is_running
from voicedesk.desk.breaks import BreakRow, breaks
from voicedesk.desk.outages import OutageRow, outages
from voicedesk.desk.seats import SeatRow, seats
from voicedesk.errors import InputError
from voicedesk.ivr.steps import StartOutage, StopOutage
from voicedesk.phones.steps import StartBreak, StopBreak
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.spoken import spoken
from voicedesk.web.texts import speaker, t
from voicedesk.web.visitor import Visitor

LAST_FREE = re.compile(r"(?P<phone>.+?) 是(?P<lines>.+?)最后一部空闲话机")
"""What the service says where callers would find nobody (`jobs/phones/steps.py`)."""
_MOST_BREAKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BreaksPage:
    """Who is on a break. `phones` may be chosen from; none: only one's own. `mine` are the ids that may be ended.

    `last_of`: the lines whose last free phone it is, where that must be confirmed.
    """

    rows: tuple[BreakRow, ...]
    mine: frozenset[str]
    phones: tuple[SeatRow, ...]
    reasons: tuple[str, ...]
    has_seat: bool
    may_change: bool
    is_running: bool
    is_done: bool = False
    mistake: str = ""
    last_phone: str = ""
    last_of: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagesPage:
    """What is announced now. `sure`: what was typed is shown once more with what follows from it."""

    rows: tuple[OutageRow, ...]
    lines: tuple[str, ...]
    may_change: bool
    is_running: bool
    is_done: bool = False
    mistake: str = ""
    sure: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)


class SwitchPages:
    """The pages of breaks and of outages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- breaks

    async def breaks(self, request: Request) -> Response:
        """Who is on a break, and the form that begins or ends one; staff change their own alone."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.BREAK)
        if request.method == "GET":
            return await self._breaks(visitor, person, is_done="done" in request.query_params)
        fields = await desk.form(request, visitor)
        step = await self._break_step(visitor, person, fields)
        told = await self._ask(visitor, person, step)
        if not told:
            return desk.lead(visitor, "/breaks?done")
        last = LAST_FREE.search(told[0]) if isinstance(step, StartBreak) and not step.anyway else None
        if last is not None:
            phone, lines = last["phone"], last["lines"]
            return await self._breaks(visitor, person, typed=fields, last_phone=phone, last_of=lines)
        return await self._breaks(visitor, person, typed=fields, mistake=told[1])

    async def _break_step(self, visitor: Visitor, person: Person, fields: Mapping[str, str]) -> StartBreak | StopBreak:
        """What a form asks. Raises Refused where it is not theirs to ask, InputError where it asks nothing."""
        desk, account = self._desk, person.account
        is_every = reach(account.role, Act.CHANGE, Thing.BREAK) is Reach.EVERY
        by = person.acts_as
        if not may(account.role, Act.CHANGE, Thing.BREAK, is_own=account.agent is not None):
            await desk.refuse(visitor, person, Thing.BREAK, "")
        if fields.get("do") == "start":
            pbx, _, phone = fields.get("phone", "").partition(" ") if is_every else ("", "", "")
            reason = fields.get("other", "").strip() or fields.get("reason", "").strip()
            is_sure = fields.get("sure") == "1"
            return StartBreak(by=by, phone=phone or None, pbx=pbx or None, reason=reason, anyway=is_sure)
        if fields.get("do") != "stop":
            raise InputError("say what is to be done: begin a break or end one")
        found = [one for one in await desk.keeper.store.phones.open_breaks() if one.id == fields.get("break")]
        if not found:
            raise InputError("this break is over already")
        if not is_every and found[0].agent != account.agent:
            await desk.refuse(visitor, person, Thing.BREAK, found[0].id)
        return StopBreak(by=by, phone=found[0].endpoint, pbx=found[0].pbx)

    async def _breaks(
        self,
        visitor: Visitor,
        person: Person,
        *,
        is_done: bool = False,
        mistake: str = "",
        last_phone: str = "",
        last_of: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        desk, account, now = self._desk, person.account, self._desk.now()
        viewer, how_far = viewer_of(account), reach(account.role, Act.CHANGE, Thing.BREAK)
        with spoken(visitor.look.language):
            async with desk.keeper.one_state():
                listing = breaks(desk.keeper.store, desk.settings, viewer, now=now)
                rows = tuple(listing.row(one) for one in await listing.read(_MOST_BREAKS, None))
                found = await seats(desk.keeper.store, desk.settings, viewer, now=now)
                paused = {(row.pause.pbx, row.pause.endpoint) for row in rows}
                there = [one for one in found.rows if one.endpoint and (one.pbx, one.endpoint) not in paused]
                page = BreaksPage(
                    rows=rows,
                    mine=frozenset(
                        one.id
                        for one in rows
                        if how_far is Reach.EVERY or (how_far is Reach.OWN and one.pause.agent == account.agent)
                    ),
                    phones=tuple(there) if how_far is Reach.EVERY else (),
                    reasons=desk.settings.break_reasons,
                    has_seat=account.agent is not None and any(one.agent == account.agent for one in there),
                    may_change=how_far is not Reach.NONE,
                    is_running=await is_running(desk.keeper.store),
                    is_done=is_done,
                    mistake=mistake,
                    last_phone=last_phone,
                    last_of=last_of,
                    typed=typed or {},
                )
            return desk.pages.page("breaks.html", visitor, page, status=409 if mistake or last_of else 200)

    # --- outages

    async def outages(self, request: Request) -> Response:
        """What callers are told first, and the form that begins or ends it: what reaches callers is confirmed."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.SEE, Thing.OUTAGE)
        if request.method == "GET":
            return await self._outages(visitor, person, is_done="done" in request.query_params)
        fields = await desk.form(request, visitor)
        if reach(person.account.role, Act.CHANGE, Thing.OUTAGE) is Reach.NONE:
            await desk.refuse(visitor, person, Thing.OUTAGE, "")
        by, line = person.acts_as, fields.get("line", "") or None
        text = fields.get("text", "").strip()
        match fields.get("do"):
            case "start" if not text:
                say = speaker(visitor.look.language)
                mistake = say(t("Write what callers are to hear."))
                return await self._outages(visitor, person, typed=fields, mistake=mistake)
            case "start" if fields.get("sure") != "1":
                return await self._outages(visitor, person, typed=fields, sure=True)
            case "start":
                told = await self._ask(visitor, person, StartOutage(by=by, line=line, text=text))
            case "stop":
                told = await self._ask(visitor, person, StopOutage(by=by, line=line))
            case _:
                raise InputError("say what is to be done: begin an announcement or end one")
        if told:
            return await self._outages(visitor, person, typed=fields, mistake=told[1])
        return desk.lead(visitor, "/outages?done")

    async def _outages(
        self,
        visitor: Visitor,
        person: Person,
        *,
        is_done: bool = False,
        mistake: str = "",
        sure: bool = False,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        desk = self._desk
        with spoken(visitor.look.language):
            page = OutagesPage(
                rows=(await outages(desk.keeper.store, viewer_of(person.account))).rows,
                lines=tuple(line.name for line in desk.settings.lines),
                may_change=reach(person.account.role, Act.CHANGE, Thing.OUTAGE) is not Reach.NONE,
                is_running=await is_running(desk.keeper.store),
                is_done=is_done,
                mistake=mistake,
                sure=sure,
                typed=typed or {},
            )
            return desk.pages.page("outages.html", visitor, page, status=409 if mistake else 200)

    # ---

    async def _ask(self, visitor: Visitor, person: Person, step: Step) -> tuple[str, str] | None:
        """None where the service did it; else what it said, and the same in the visitor's language."""
        try:
            await self._desk.ask(person, step)
        except NOT_DONE as error:
            return str(error), visitor.words(error)
        return None
