"""The ledger in every kind of database: entered under a code, saved as it grows, forgotten in time."""

from dataclasses import replace

from tests.contracts.store.conftest import call_of
from voicedesk.ivr.model import (
    Consultation,
    DeskRequest,
    Entry,
    Exit,
    KeyPressed,
    NoticeHeard,
    PartHeard,
    RequestKind,
    State,
)
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation

NUMBER = "13800138000"
ASKED = DeskRequest(kind=RequestKind.COMPLAINT, at=7, number=NUMBER, file="a.wav", seconds=3.5, earlier="12345671")


def notice(item: str = "card", at: int = 2) -> NoticeHeard:
    parts = (PartHeard(part="materials", finished=2, sentences=2), PartHeard(part="basis", finished=0, sentences=1))
    return NoticeHeard(
        item_id=item, name="社会保障卡", version="2", started_at=at, ended_at=at + 1, parts=parts, slow=True
    )


def consultation(code: str = "12345671", at: int = 1, **values) -> StoredConsultation:
    known = {"notices": (), "requests": (), "keys": (KeyPressed(at=3, state=State.MENU, key="1"),), "exit": None}
    walk = Consultation(
        **{
            "code": code,
            "entry": Entry.OVERFLOW,
            "started_at": at,
            "ended_at": at,
            "language": "zh_CN",
            "state": State.MENU,
            **known,
            **{key: values.pop(key) for key in list(values) if key in Consultation.__slots__},
        }
    )
    given = {"pbx": "main", "uniqueid": f"1.{code}", "line": "hotline", "caller_number": NUMBER, **values}
    return StoredConsultation(consultation=walk, **given)


async def codes(store, **which):
    found = await store.consultations.list(ConsultationFilter(**which))
    return [one.consultation.code for one in found]


async def test_a_code_belongs_to_one_consultation(store):
    assert await store.consultations.begin(consultation())
    assert not await store.consultations.begin(consultation(at=9))
    assert await store.consultations.get("12345671") == consultation()
    assert await store.consultations.get("00000000") is None


async def test_a_consultation_comes_back_as_it_was_saved_last(store):
    await store.consultations.begin(consultation())
    await store.consultations.save(consultation(notices=(notice(),), call_id="call1"))
    last = consultation(
        notices=(notice(), notice("pension", 5)), requests=(ASKED,), exit=Exit.PERSON, state=State.LEFT, sms_to=NUMBER
    )
    await store.consultations.save(last)
    found = await store.consultations.get("12345671")
    (request,) = found.requests
    assert (request.code, request.number, request.asked, request.outcome) == ("12345671", 0, ASKED, None)
    assert replace(found, requests=()) == replace(last, call_id="call1")


async def test_what_came_of_a_request_stays_when_the_walk_goes_on(store):
    await store.consultations.save(consultation(requests=(ASKED,)))
    (request,) = await store.consultations.open_requests()
    await store.consultations.settle(request.code, request.number, 99, "called back")
    await store.consultations.note_sms("12345671", "sent")
    callback = replace(ASKED, kind=RequestKind.CALLBACK)
    await store.consultations.save(consultation(requests=(ASKED, callback)))
    found = await store.consultations.get("12345671")
    assert [(one.settled_at, one.outcome) for one in found.requests] == [(99, "called back"), (None, None)]
    assert found.sms_outcome == "sent"
    assert [one.asked.kind for one in await store.consultations.open_requests()] == [RequestKind.CALLBACK]


async def test_consultations_are_listed_newest_first_and_by_what_is_asked(store):
    await store.consultations.save(consultation("1", 1, notices=(notice("card"),), call_id="call1"))
    await store.consultations.save(consultation("2", 2, notices=(notice("pension"),), line="other"))
    await store.consultations.save(consultation("3", 3, caller_number=None))
    assert await codes(store) == ["3", "2", "1"]
    assert await codes(store, item="card") == ["1"]
    assert await codes(store, line="other") == ["2"]
    assert await codes(store, call_id="call1") == ["1"]
    assert await codes(store, caller_numbers=(NUMBER,), from_at=2, to_at=3) == ["2"]
    found = await store.consultations.list(ConsultationFilter(), limit=2, after=(3, "3"))
    assert [one.consultation.code for one in found] == ["2", "1"]


async def test_a_call_that_became_part_of_another_takes_its_consultation_along(store):
    gone, kept = call_of("a_answer_2rings"), call_of("b_answer_17s")
    await store.consultations.save(consultation(call_id=gone.facts.id))
    store.writer.add("capture", resume_from=1, calls=[kept], merged=[(gone.facts.id, kept.facts.id)])
    await store.writer.flush()
    assert (await store.consultations.get("12345671")).call_id == kept.facts.id


async def test_what_is_old_and_settled_goes_and_what_is_open_stays(store):
    await store.consultations.save(consultation("1", 1, notices=(notice(),)))
    await store.consultations.save(consultation("2", 2, requests=(ASKED,)))
    await store.consultations.save(consultation("3", 300))
    assert await store.consultations.prune(100) == 1
    assert await codes(store) == ["3", "2"]
    assert await store.consultations.forget_recordings(100) == ["a.wav"]
    assert await store.consultations.forget_recordings(100) == []
    await store.consultations.settle("2", 0, 50, "done")
    assert await store.consultations.prune(100) == 1
    assert await store.consultations.open_requests() == []


async def test_a_forgotten_number_is_gone_from_the_ledger_and_its_figures_stay(store):
    await store.consultations.save(
        consultation("1", 1, notices=(notice(),), requests=(ASKED,), sms_to=NUMBER, caller_number="+86138 0013 8000")
    )
    await store.consultations.save(consultation("2", 2, caller_number="13900138000"))
    forgotten = await store.retention.forget_number(NUMBER, at=1)
    assert forgotten.consultations == 1
    found = await store.consultations.get("1")
    assert (found.caller_number, found.consultation.sms_to, found.requests[0].asked.number) == (None, None, None)
    assert found.consultation.notices == (notice(),)
    assert (await store.consultations.get("2")).caller_number == "13900138000"


async def test_the_messages_of_a_caller_are_forgotten_with_the_caller(store):
    await store.consultations.save(consultation("1", 1, requests=(ASKED,)))
    await store.consultations.save(consultation("2", 2, requests=(ASKED,), caller_number="13900138000"))
    assert await store.consultations.forget_messages(NUMBER.__eq__) == ["a.wav"]
    assert await store.consultations.forget_messages(NUMBER.__eq__) == []
    assert [one.asked.file for one in await store.consultations.open_requests()].count(None) == 1


async def test_outages_begin_and_end_by_line_or_all_at_once(store):
    every = await store.outages.start("全部系统故障", line=None, at=1, by="王")
    one = await store.outages.start("一条线路", line="hotline", at=2, by="李")
    assert await store.outages.current() == [every, one]
    assert await store.outages.stop(line="hotline", at=3, by="李") == [one]
    assert await store.outages.current() == [every]
    assert await store.outages.stop(line=None, at=4, by="王") == [every]
    assert await store.outages.stop(line=None, at=5, by="王") == []
    assert await store.outages.current() == []
