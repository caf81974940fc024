"""What was asked of the running service, by which login, and what came of it (S16); its content is not shown."""

from dataclasses import dataclass
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.lists import Listing
from voicedesk.desk.viewer import Viewer
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request without its content, which may name a citizen; numbers in its outcome as the viewer may see them."""

    id: str
    kind: str
    asked_by: str
    asked_at: int
    state: RequestState
    outcome: str


def requests(store: Store, viewer: Viewer) -> Listing[Request, RequestRow]:
    """All requests that are kept, the newest first."""
    viewer.reach(Thing.REQUEST)
    return Listing(
        of=Thing.REQUEST,
        read=lambda limit, after: store.requests.newest(limit=limit, after=after),
        key=lambda one: (one.asked_at, one.id),
        row=lambda one: row_of(one, viewer),
        count=store.requests.count,
    )


def row_of(one: Request, viewer: Viewer) -> RequestRow:
    """What is shown of one request."""
    return RequestRow(
        id=one.id,
        kind=one.kind,
        asked_by=one.asked_by,
        asked_at=one.asked_at,
        state=one.state,
        outcome=viewer.text(one.outcome or ""),
    )


def request_json(row: RequestRow) -> dict[str, Any]:
    """One request as other programs read it; instants in seconds."""
    return {
        "id": row.id,
        "kind": row.kind,
        "asked_by": row.asked_by,
        "asked_at": to_seconds(row.asked_at),
        "state": row.state.value,
        "outcome": row.outcome,
    }
