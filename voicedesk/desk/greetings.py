"""Greetings as staff see them: the verdict, why, what to do, what was heard, and what people decided."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, Listing, as_it_is, facet
from voicedesk.desk.names import check_name, people_of
from voicedesk.desk.verdicts import in_short, seen_history
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.greeting.evidence import Evidence, ToldJudgement
from voicedesk.greeting.reasons import explained
from voicedesk.greeting.words import GREETING_VERDICTS
from voicedesk.settings import Settings
from voicedesk.store.decisions import History, Kind
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.store import Store

NOT_HEARD_YET = Label("未听", "not heard yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingRow:
    """One greeting. `why` says in words why nothing could be told, `to_do` what helps; None where it was told.

    `is_doubted`: a person must look and nobody decided; `by_people` in few words what people decided.
    """

    greeting: StoredGreeting
    verdict: Label
    why: str | None
    to_do: str | None
    agent_name: str
    is_doubted: bool
    by_people: str

    @property
    def told(self) -> ToldJudgement:
        """What the rules said when it was judged; an empty one where nothing was."""
        return self.greeting.evidence.told


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingShown:
    """One greeting with what people decided of it."""

    row: GreetingRow
    history: History | None


async def greetings(
    store: Store, settings: Settings, viewer: Viewer, which: GreetingFilter
) -> Listing[StoredGreeting, GreetingRow]:
    """Greetings, newest first. Staff see their own, and none of somebody else.

    Raises InputError for a line or a person whom nobody knows.
    """
    which = await _checked(store, settings, viewer, which)
    return Listing(
        of=Thing.GREETING,
        kinds=(int, str, str),
        read=lambda limit, after: store.greetings.list(which, limit=limit, after=after),
        key=lambda one: (one.answered_at, one.pbx, one.uniqueid),
        row=partial(row_of, viewer=viewer, names=people_of(settings)),
        count=lambda: store.greetings.count(which),
    )


async def facets(store: Store, settings: Settings, viewer: Viewer, which: GreetingFilter) -> list[Facet]:
    """How many greetings have each verdict and line, each under the other filters."""
    which = await _checked(store, settings, viewer, which)
    tally = store.greetings.tally
    verdicts = await tally(replace(which, verdict=None), "verdict")
    return [
        facet("verdict", verdicts, lambda code: label(GREETING_VERDICTS, code) if code else NOT_HEARD_YET),
        facet("line", await tally(replace(which, line=None), "line"), as_it_is),
    ]


async def of_call(
    store: Store, settings: Settings, viewer: Viewer, call_id: str, *, is_whole: bool = False
) -> list[GreetingShown]:
    """The greetings of a call by its id, or (unless it `is_whole`) by how that begins, that this viewer sees; others'
    are as if not there.

    Raises InputError where greetings of more than one such call are seen.
    """
    only = viewer.only(Thing.GREETING)
    whole_id = call_id if is_whole else await store.greetings.call_of(call_id, agent=only)
    if whole_id is None:
        return []
    found = await store.greetings.list(GreetingFilter(call_id=whole_id, agent=only))
    histories = await store.decisions.of_calls([whole_id])
    of_channel = {
        (one.subject.pbx, one.subject.uniqueid): seen_history(one, viewer)
        for one in histories
        if one.subject.kind is Kind.GREETING
    }
    names = people_of(settings)
    return [
        GreetingShown(
            row=row_of(one, viewer=viewer, names=names),
            history=of_channel.get((one.pbx, one.uniqueid)),
        )
        for one in found
    ]


async def the_one(store: Store, settings: Settings, viewer: Viewer, pbx: str, uniqueid: str) -> GreetingShown:
    """The greeting on a channel. Raises InputError where there is none, or none that this viewer sees."""
    one = await store.greetings.get(pbx, uniqueid)
    if one is not None:
        for shown in await of_call(store, settings, viewer, one.call_id, is_whole=True):
            if (shown.row.greeting.pbx, shown.row.greeting.uniqueid) == (pbx, uniqueid):
                return shown
    raise InputError(f"nothing was heard on {uniqueid!r}: see voicedesk greeting list")


def row_of(one: StoredGreeting, *, viewer: Viewer, names: Mapping[str, str]) -> GreetingRow:
    """What is shown of a greeting; `names` are people's by their ids. Its words are for those who may hear it."""
    if not viewer.sees_of(Thing.RECORDING, {one.agent}):
        one = replace(one, recording=None, evidence=Evidence())
    human = one.human and replace(one.human, reason=viewer.text(one.human.reason))
    why = explained(one.reason)
    return GreetingRow(
        greeting=replace(one, human=human, endpoint=viewer.endpoint(one.endpoint)),
        verdict=label(GREETING_VERDICTS, one.verdict) if one.verdict else NOT_HEARD_YET,
        why=why.words if why else one.reason or None,
        to_do=why.to_do if why else None,
        agent_name=names.get(one.agent or "", one.agent or ""),
        is_doubted=one.needs_review and one.human is None,
        by_people=in_short(human.verdict if human else "", GREETING_VERDICTS, appeal_open=one.appeal_open),
    )


def greeting_json(row: GreetingRow) -> dict[str, Any]:
    """A greeting as other programs read it: who and when, then the judgement as `greeting check` gives it.

    `compared` is there where sentences were compared for it.
    """
    one = row.greeting
    values = asdict(replace(one, evidence=Evidence()))
    del values["evidence"]
    at = to_seconds(values.pop("answered_at"))
    human = values.pop("human")
    if human is not None:
        human = {**human, "at": to_seconds(human["at"])}
    why = explained(one.reason)
    told = {"reason_words": why.words if why else None, "to_do": row.to_do}
    people = {"human": human, "human_verdict": human and human["verdict"], "to_review": one.to_review}
    compared = {"compared": dict(one.evidence.compared)} if one.evidence.compared is not None else {}
    return {**values, "answered_at": at, **people, **told, **row.told.plain, **compared}


async def _checked(store: Store, settings: Settings, viewer: Viewer, which: GreetingFilter) -> GreetingFilter:
    lines, agents = {line.name for line in settings.lines}, set(people_of(settings))
    await check_name("line", which.line, lines, lambda: store.greetings.known("line"))
    await check_name("person", which.agent, agents, lambda: store.greetings.known("agent"))
    only = viewer.only(Thing.GREETING)
    if only is None:
        return which
    return replace(which, agent=only if which.agent in (None, only) else "")
