"""The page of what waits for a supervisor's verdict: the queue, one item of it, and the form that leads to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Thing
from voicedesk.calls.words import CAUSES
from voicedesk.desk import review
from voicedesk.desk.accounts import viewer_of
from voicedesk.desk.asking import NOT_DONE, is_running
from voicedesk.desk.call_page import CallPage, call_page
from voicedesk.desk.labels import Label, label
from voicedesk.desk.moments import day_of
from voicedesk.desk.review import AgreementShown, ReviewItem, ReviewQueue, Why
from voicedesk.desk.words import WHYS
from voicedesk.errors import InputError
from voicedesk.store.decisions import History, Kind
from voicedesk.web.call import Typed
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.heard import Heard, heard_of
from voicedesk.web.judging import LastDecided, Session, Sessions, decision, taking_back
from voicedesk.web.ruler import Ruler, ruler_of
from voicedesk.web.spoken import spoken
from voicedesk.web.texts import speaker
from voicedesk.web.visitor import Visitor

MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A verdict that can be given; `digit` is its key."""

    code: str
    name: Label
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastShown:
    """What was decided last, with the automatic verdict beside it: of a sample it is seen here for the first time."""

    item: ReviewItem
    given: Label
    automatic: Label
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCounts:
    """How many wait for each reason; `put_aside`: how many this session does not look at now."""

    of_each: tuple[tuple[str, Label, int], ...]
    total: int
    put_aside: int
    decided_today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShown:
    """The item in the middle. `call` is None where its call is not there any more, `heard` where it is no greeting.

    `history` is what people said of it before; `before` and `after` are the keys of the items beside it.
    """

    item: ReviewItem
    place: int
    call: CallPage | None
    ruler: Ruler | None
    heard: Heard | None
    history: History | None
    choices: tuple[Choice, ...]
    causes: tuple[tuple[str, Label], ...]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """The page. `why` is the reason that it is narrowed to, `items` are listed, `shown` is the one in the middle.

    `not_listed`: so many more wait before and behind those that are listed; `cut`: for these reasons still more wait.
    """

    why: str
    items: tuple[ReviewItem, ...]
    not_listed: int
    shown: ItemShown | None
    counts: ReviewCounts
    cut: frozenset[Why]
    agreement: AgreementShown
    last: LastShown | None
    typed: Typed | None
    is_running: bool
    days: int = review.REVIEW_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who looks at what: the person, their session, the queue, and what the address or the form names."""

    visitor: Visitor
    person: Person
    session: Session
    queue: ReviewQueue
    why: str
    key: str

    @property
    def by(self) -> str:
        """The name that stands beside what they do."""
        return self.person.acts_as

    @property
    def items(self) -> tuple[ReviewItem, ...]:
        """What is listed: what was put aside is not."""
        return tuple(one for one in self.queue.of(self.why) if one.key not in self.session.aside)

    def address(self, key: str | None = None, *, is_done: bool = False) -> str:
        """The page with an item on it."""
        named = {"why": self.why, "item": key or ""}
        query = urlencode({name: value for name, value in named.items() if value} | ({"done": "1"} if is_done else {}))
        return f"/review?{query}" if query else "/review"


class ReviewPages:
    """The page of the review."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sessions = Sessions()
        self._agreed: tuple[tuple[int, int], AgreementShown] | None = None

    async def review(self, request: Request) -> Response:
        """The queue; a form decides, puts aside, takes up again or takes back, and leads on."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.CHANGE, Thing.VERDICT)
        if request.method == "GET":
            named = _named(request)
            asked_for = await self._asked(visitor, person, named.get("why", ""), named.get("item", ""))
            return await self._shown(asked_for, is_done="done" in named)
        fields = await desk.form(request, visitor)
        asked_for = await self._asked(visitor, person, _why(fields.get("why", "")), fields.get("item", ""))
        try:
            return desk.lead(visitor, await self._carried_out(asked_for, fields))
        except NOT_DONE as error:
            mistake = visitor.words(error)
            return await self._shown(asked_for, typed=Typed(mistake=mistake, fields=fields))

    async def _asked(self, visitor: Visitor, person: Person, why: str, key: str) -> _Asked:
        desk, account = self._desk, person.account
        by = person.acts_as
        async with desk.keeper.one_state():
            viewer = viewer_of(account)
            queue = await review.review_queue(desk.keeper.store, desk.settings, viewer, by=by, now=desk.now())
        session = self._sessions.of(person.session.token_hash)
        return _Asked(visitor=visitor, person=person, session=session, queue=queue, why=why, key=key)

    async def _carried_out(self, asked_for: _Asked, fields: Mapping[str, str]) -> str:
        """Does what a form asks; where it leads. Raises InputError for what cannot be done."""
        session, person, say = asked_for.session, asked_for.person, speaker(asked_for.visitor.look.language)
        do = fields.get("do")
        if do == "again":
            session.aside.clear()
            return asked_for.address()
        if do == "undo":
            if session.last is None:
                raise InputError("there is nothing to take back here: open the call to see what was decided")
            item = session.last.item
            await self._desk.ask(person, taking_back(item, asked_for.by, say))
            session.last = None
            return f"/calls/{item.call_id}?done#verdicts" if item.is_blind else asked_for.address(item.key)
        one = next((one for one in asked_for.queue.items if one.key == asked_for.key), None)
        if one is None:
            raise InputError("this does not wait for you any more: somebody else decided it, or it is your own")
        following = _beside(asked_for.items, one.key)[1]
        if do == "aside":
            session.put_aside(one.key)
            return asked_for.address(following)
        if do != "decide":
            raise InputError("say what is to be done: decide, aside, again or undo")
        step = decision(one, fields, asked_for.by, say)
        await self._desk.ask(person, step)
        session.last = LastDecided(item=one, verdict=step.verdict)
        return asked_for.address(following, is_done=True)

    async def _shown(self, asked_for: _Asked, *, is_done: bool = False, typed: Typed | None = None) -> Response:
        with spoken(asked_for.visitor.look.language):
            return await self._made(asked_for, is_done=is_done, typed=typed)

    async def _made(self, asked_for: _Asked, *, is_done: bool, typed: Typed | None) -> Response:
        desk, session = self._desk, asked_for.session
        store, settings, now = desk.keeper.store, desk.settings, desk.now()
        async with desk.keeper.one_state():
            items = asked_for.items
            there = [one.key for one in asked_for.queue.items if one.key in session.aside]
            counts = ReviewCounts(
                of_each=tuple((why.value, label(WHYS, why), len(asked_for.queue.of(why))) for why in Why),
                total=len(asked_for.queue.items),
                put_aside=len(there),
                decided_today=await store.reviews.decided_by(asked_for.by, day_of(now, settings.hall.zone)),
            )
            value = ReviewPage(
                why=asked_for.why,
                items=_listed(items, asked_for.key),
                not_listed=max(0, len(items) - MOST_LISTED),
                shown=await self._item(asked_for, items),
                counts=counts,
                cut=asked_for.queue.cut,
                agreement=await self._agreement(now),
                last=_last(session.last) if is_done and session.last else None,
                typed=typed,
                is_running=await is_running(store),
            )
        return desk.pages.page("review.html", asked_for.visitor, value, status=409 if typed else 200)

    async def _agreement(self, now: int) -> AgreementShown:
        """The agreement, counted anew only after somebody decided something: it reads all verdicts of 30 days."""
        desk = self._desk
        last = await desk.keeper.store.decisions.newest(limit=1)
        key = (last[0][1].number if last else 0, day_of(now, desk.settings.hall.zone))
        if self._agreed is None or self._agreed[0] != key:
            self._agreed = key, await review.agreement(desk.keeper.store, desk.settings, now=now)
        return self._agreed[1]

    async def _item(self, asked_for: _Asked, items: Sequence[ReviewItem]) -> ItemShown | None:
        """The item that is asked for, else the first one."""
        item = next((one for one in asked_for.queue.items if one.key == asked_for.key), None)
        item = item or (items[0] if items else None)
        if item is None:
            return None
        desk, person = self._desk, asked_for.person
        call: CallPage | None = None
        try:
            call = await call_page(
                desk.keeper.store, desk.settings, viewer_of(person.account), item.call_id, now=desk.now()
            )
        except InputError:
            call = None  # it was deleted, or became part of another: the page says so
        parts = call.greetings if call and item.is_greeting else ()
        part = next((one for one in parts if one.shown.row.greeting.uniqueid == item.part), None)
        words = review.verdict_words(item.kind)
        codes = review.choices(item)
        before, after = _beside(items, item.key)
        return ItemShown(
            item=item,
            place=next((at for at, one in enumerate(items, 1) if one.key == item.key), 0),
            call=call,
            ruler=ruler_of(call) if call else None,
            heard=await heard_of(desk, person, part) if part else None,
            history=part.shown.history if part else _history(call, item),
            choices=tuple(
                Choice(code=code, name=label(words, code), digit=str(place if place < len(codes) else 0))
                for place, code in enumerate(codes, 1)
            ),
            causes=tuple((code, label(CAUSES, code)) for code in review.causes(item)),
            before=before,
            after=after,
        )


def _listed(items: Sequence[ReviewItem], key: str) -> tuple[ReviewItem, ...]:
    """Those around the one in the middle: a list of hundreds is read by nobody, and is most of a page."""
    place = next((at for at, one in enumerate(items) if one.key == key), 0)
    begin = max(0, min(place - MOST_LISTED // 5, len(items) - MOST_LISTED))
    return tuple(items[begin : begin + MOST_LISTED])


def _history(call: CallPage | None, item: ReviewItem) -> History | None:
    if call is None or item.is_greeting:
        return None
    if item.kind is Kind.CALL:
        return call.history
    return next((leg.history for leg in call.legs if str(leg.number) == item.part), None)


def _last(last: LastDecided) -> LastShown:
    words = review.verdict_words(last.item.kind)
    return LastShown(
        item=last.item,
        given=label(words, last.verdict),
        automatic=label(words, last.item.automatic),
        is_same=last.verdict == last.item.automatic,
    )


def _beside(items: Sequence[ReviewItem], key: str) -> tuple[str | None, str | None]:
    """The keys of the items before and behind one; behind the last one comes the first."""
    keys = [one.key for one in items]
    if key not in keys:
        return None, keys[0] if keys else None
    place = keys.index(key)
    rest = [one for one in (*keys[place + 1 :], *keys[:place]) if one != key]
    return keys[place - 1] if place else None, rest[0] if rest else None


def _named(request: Request) -> dict[str, str]:
    """What an address names. Raises InputError where it makes no sense."""
    query = dict(request.query_params)
    unknown = sorted(set(query) - {"why", "item", "done"})
    if unknown:
        raise InputError(f"{', '.join(unknown)[:40]!r}: the review has no such filter")
    _why(query.get("why", ""))
    return query


def _why(text: str) -> str:
    if text and text not in list(Why):
        raise InputError(f"{text[:40]!r} is no reason for a review: one of {', '.join(Why)}")
    return text
