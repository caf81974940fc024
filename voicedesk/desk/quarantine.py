"""What was set aside, as staff see it: the one event, call, file or row that did not fit, and why."""

from dataclasses import dataclass, replace
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, Listing, facet
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.store.quarantine import Part, SetAside, SetAsideState
from voicedesk.store.store import Store
from voicedesk.store.words import SET_ASIDE_PARTS, SET_ASIDE_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideRow:
    """One thing, with the numbers in its texts as the viewer may see them; `content` as far as it can be read."""

    item: SetAside
    part: Label
    state: Label
    content: str


def set_aside(
    store: Store,
    viewer: Viewer,
    *,
    part: Part | None = None,
    state: SetAsideState | None = SetAsideState.WAITING,
) -> Listing[SetAside, SetAsideRow]:
    """What was set aside, the newest first; `state` None: also what was tried again."""
    viewer.reach(Thing.SET_ASIDE)
    return Listing(
        of=Thing.SET_ASIDE,
        read=lambda limit, after: store.quarantine.list(part=part, state=state, limit=limit, after=after),
        key=lambda one: (one.at_us, one.id),
        row=lambda one: row_of(one, viewer),
        count=lambda: store.quarantine.count(part=part, state=state),
    )


async def the_one(store: Store, viewer: Viewer, item_id: str) -> SetAsideRow:
    """One thing by its id, or how that begins. Raises InputError where there is none, or more than one."""
    viewer.reach(Thing.SET_ASIDE)
    one = await store.quarantine.get(item_id)
    if one is None:
        raise InputError(f"nothing set aside has the id {item_id!r}: see `voicedesk quarantine list --all`")
    return row_of(one, viewer)


async def facets(store: Store, viewer: Viewer) -> list[Facet]:
    """How many wait for somebody to decide, by what they are."""
    viewer.reach(Thing.SET_ASIDE)
    waiting: dict[str | None, int] = {part.value: count for part, count in (await store.quarantine.waiting()).items()}
    return [facet("part", waiting, lambda code: label(SET_ASIDE_PARTS, code))]


def row_of(one: SetAside, viewer: Viewer) -> SetAsideRow:
    """What is shown of one thing. Bytes that are no UTF-8 are written out."""
    text = one.content.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return SetAsideRow(
        item=replace(one, about=viewer.text(one.about), reason=viewer.text(one.reason)),
        part=label(SET_ASIDE_PARTS, one.part),
        state=label(SET_ASIDE_STATES, one.state),
        content=viewer.text(text),
    )


def set_aside_json(row: SetAsideRow) -> dict[str, Any]:
    """One thing as other programs read it."""
    one = row.item
    return {
        "id": one.id,
        "part": one.part.value,
        "pbx": one.pbx or None,
        "about": one.about,
        "reason": one.reason,
        "seen": one.seen,
        "seen_at": to_seconds(one.at_us),
        "state": one.state.value,
        "bytes": len(one.content),
    }
