"""News as staff see them: what people are told by webhooks, and what could not be told; numbers are always masked."""

from dataclasses import dataclass
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Facet, Listing, facet
from voicedesk.desk.viewer import Viewer
from voicedesk.store.deliveries import THE_LOG, Delivery, DeliveryState
from voicedesk.store.store import Store
from voicedesk.store.words import DELIVERY_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsRow:
    """One message to one webhook (None: it only goes into the log)."""

    delivery: Delivery
    state: Label
    webhook: str | None


def news(store: Store, viewer: Viewer, *, state: DeliveryState | None = None) -> Listing[Delivery, NewsRow]:
    """News, the newest first; None: in any state."""
    viewer.reach(Thing.NEWS)
    return Listing(
        of=Thing.NEWS,
        read=lambda limit, after: store.deliveries.newest(state, limit, after=after),
        key=lambda one: (one.queued_at, one.id),
        row=row_of,
        count=lambda: store.deliveries.count(state),
    )


async def facets(store: Store, viewer: Viewer) -> list[Facet]:
    """How many news stand in each state."""
    viewer.reach(Thing.NEWS)
    counts: dict[str | None, int] = {state.value: await store.deliveries.count(state) for state in DeliveryState}
    return [facet("state", counts, lambda code: label(DELIVERY_STATES, code))]


def row_of(one: Delivery) -> NewsRow:
    """What is shown of one message."""
    webhook = None if one.webhook == THE_LOG else one.webhook
    return NewsRow(delivery=one, state=label(DELIVERY_STATES, one.state), webhook=webhook)


def news_json(row: NewsRow) -> dict[str, Any]:
    """One message as other programs read it; instants in seconds."""
    one = row.delivery
    return {
        "id": one.id,
        "webhook": row.webhook or "log",
        "news": one.message.id,
        "kind": one.message.kind,
        "title": one.message.title,
        "fields": dict(one.message.fields),
        "state": one.state.value,
        "in_digest": one.in_digest,
        "queued_at": to_seconds(one.queued_at),
        "ended_at": to_seconds(one.ended_at),
        "tries": one.tries,
        "next_at": to_seconds(one.next_at or None) if one.state is DeliveryState.QUEUED else None,
        "error": one.error,
    }
