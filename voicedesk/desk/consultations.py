"""The telephone-enquiry ledger (咨询台账) as staff see it: what each caller was told, with proof, and asked."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from voicedesk.access.roles import Thing
from voicedesk.clock import to_seconds
from voicedesk.desk.labels import Label, label
from voicedesk.desk.lists import Listing
from voicedesk.desk.names import check_known, check_name
from voicedesk.desk.viewer import Viewer
from voicedesk.errors import InputError
from voicedesk.hall.prompts import catalogue_of
from voicedesk.ivr.model import DeskRequest, NoticeHeard
from voicedesk.ivr.words import IVR_ENTRIES, IVR_EXITS, IVR_STATES
from voicedesk.settings import Settings
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation, StoredRequest
from voicedesk.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationRow:
    """One caller's walk through the IVR, with numbers as the viewer may see them; `told` names what was heard."""

    stored: StoredConsultation
    entry: Label
    exit: Label
    state: Label
    told: tuple[str, ...]


async def consultations(
    store: Store, settings: Settings, viewer: Viewer, which: ConsultationFilter
) -> Listing[StoredConsultation, ConsultationRow]:
    """The ledger, newest first. Raises InputError for a line or an item that nobody knows."""
    viewer.reach(Thing.LEDGER)
    lines = {line.name for line in settings.lines}
    await check_name("line", which.line, lines, lambda: store.consultations.known("line"))
    if which.item is not None:
        kept = catalogue_of(settings)
        written = {item.id for item in (*kept.items, *kept.versions)}
        check_known("item", which.item, written, await store.consultations.items())
    return Listing(
        of=Thing.LEDGER,
        read=lambda limit, after: store.consultations.list(which, limit=limit, after=after),
        key=lambda one: (one.consultation.started_at, one.consultation.code),
        row=partial(row_of, viewer=viewer),
        count=lambda: store.consultations.count(which),
    )


async def consultation(store: Store, viewer: Viewer, code: str) -> ConsultationRow:
    """The one of a code; whoever is told a code may see it. Raises InputError where nobody was given it."""
    viewer.reach(Thing.SHEET)
    found = await store.consultations.get(code)
    if found is None:
        raise InputError(f"nobody was given the code {code!r}: it has eight digits, see voicedesk notices list")
    return row_of(found, viewer=viewer)


def row_of(stored: StoredConsultation, *, viewer: Viewer) -> ConsultationRow:
    """What is shown of one walk."""
    walk = stored.consultation
    seen = replace(
        stored,
        caller_number=viewer.number(stored.caller_number),
        consultation=replace(
            walk,
            sms_to=viewer.number(walk.sms_to),
            requests=tuple(_seen(one, viewer) for one in walk.requests),
        ),
        requests=tuple(replace(one, asked=_seen(one.asked, viewer)) for one in stored.requests),
    )
    return ConsultationRow(
        stored=seen,
        entry=label(IVR_ENTRIES, walk.entry),
        exit=label(IVR_EXITS, walk.exit or ""),
        state=label(IVR_STATES, walk.state),
        told=tuple(_in_short(notice) for notice in walk.notices),
    )


def consultation_json(row: ConsultationRow) -> dict[str, Any]:
    """A walk as other programs read it; instants in epoch seconds."""
    one = row.stored
    walk = asdict(one.consultation)
    for name in ("started_at", "ended_at"):
        walk[name] = to_seconds(walk[name])
    for told, plain in zip(one.consultation.notices, walk["notices"], strict=True):
        plain.update(started_at=to_seconds(told.started_at), ended_at=to_seconds(told.ended_at))
        plain["is_complete"] = told.is_complete
    walk["keys"] = [{"at": to_seconds(key.at), "state": key.state, "key": key.key} for key in one.consultation.keys]
    walk["requests"] = [_request_json(request) for request in one.requests]
    about = {"pbx": one.pbx, "uniqueid": one.uniqueid, "call_id": one.call_id, "line": one.line}
    return {**walk, **about, "caller_number": one.caller_number, "sms_outcome": one.sms_outcome}


def _request_json(request: StoredRequest) -> dict[str, Any]:
    asked = request.asked
    return {
        "kind": asked.kind,
        "at": to_seconds(asked.at),
        "number": asked.number,
        "file": asked.file,
        "seconds": asked.seconds,
        "earlier": asked.earlier,
        "settled_at": to_seconds(request.settled_at),
        "outcome": request.outcome,
    }


def _seen(asked: DeskRequest, viewer: Viewer) -> DeskRequest:
    return replace(asked, number=viewer.number(asked.number))


def _in_short(notice: NoticeHeard) -> str:
    done = sum(part.is_complete for part in notice.parts)
    return notice.name if notice.is_complete else f"{notice.name} {done}/{len(notice.parts)}"
