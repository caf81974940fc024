"""What the wire said of each call, from the phones' own logs: when it was dialled, rang, was answered or ended."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import TypedDict

from tests.testbed.user_agent import Logged, UserAgent


class SipTruth(TypedDict):
    """One INVITE as the phone saw it; epoch seconds, `ring_ms` from 180 to the final response."""

    role: str
    endpoint: str
    address: str
    invite: float
    ringing: float | None
    early_media: float | None
    answer: float | None
    failure: str | None
    end_of_ringing: float | None
    cancel: float | None
    ring_ms: float | None


def sip_truth(phones: Iterable[UserAgent]) -> list[SipTruth]:
    """Every call of the phones in the order of the INVITEs."""
    found = []
    for phone in phones:
        by_call = attrgetter("call_id")
        for _, messages in groupby(sorted(phone.log, key=by_call), by_call):
            ordered = sorted(messages, key=attrgetter("at"))
            if ordered[0].method == "INVITE":
                found.append(_truth(phone, ordered))
    return sorted(found, key=lambda truth: truth["invite"])


def _truth(phone: UserAgent, messages: list[Logged]) -> SipTruth:
    first, *rest = messages
    responses = [(one, _status(one)) for one in rest if one.method == "INVITE" and _status(one)]
    final = next(((one, status) for one, status in responses if status >= 200), None)
    ringing = _first(one for one, status in responses if status == 180)
    end = final[0].at if final else None
    return SipTruth(
        role="caller" if first.sent else "phone",
        endpoint=f"PJSIP/{phone.name}",
        address=phone.address,
        invite=_seconds(first.at),
        ringing=_seconds(ringing),
        early_media=_seconds(_first(one for one, status in responses if status == 183)),
        answer=_seconds(end) if final and final[1] < 300 else None,
        failure=final[0].first if final and final[1] >= 300 else None,
        end_of_ringing=_seconds(end),
        cancel=_seconds(_first(one for one in rest if one.first.startswith("CANCEL "))),
        ring_ms=round((end - ringing) * 1000, 1) if end and ringing else None,
    )


def _status(message: Logged) -> int:
    return int(message.first.split()[1]) if message.first.startswith("SIP/2.0 ") else 0


def _first(messages: Iterable[Logged]) -> float | None:
    return next((message.at for message in messages), None)


def _seconds(at: float | None) -> float | None:
    return None if at is None else round(at, 6)
