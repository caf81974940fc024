"""Breaks, findings and states of phones, on every kind of database."""

from dataclasses import replace

from voicedesk.calls.model import PhoneState
from voicedesk.phones.model import Break, BreakSource, FindingKind, PhoneFinding, PhoneStanding
from voicedesk.store.phones import BEGUN, OVER, StoredFinding, StoredPhone

START = 1_800_000_000_000_000
HOUR = 3600 * 1_000_000
BREAK = Break(
    pbx="hall",
    endpoint="PJSIP/agent1",
    from_at=START,
    reason="午餐",
    agent="wang",
    source=BreakSource.COMMAND,
    by="li",
)
FOUND = PhoneFinding(
    kind=FindingKind.LINE_HELD,
    pbx="hall",
    endpoint="PJSIP/agent1",
    line=None,
    from_at=START,
    evidence="自10:00起",
    agent="wang",
    about="c1",
)
STANDING = PhoneStanding(
    pbx="hall", endpoint="PJSIP/agent1", state=PhoneState.PAUSED, since=START, is_current=True, on_break_since=START
)


async def test_a_break_comes_back_as_it_was_saved_and_its_end_replaces_it(store):
    await store.phones.save(breaks=[BREAK])
    assert await store.phones.open_breaks() == [BREAK]
    over = replace(BREAK, to_at=START + HOUR, end_seen=False)
    await store.phones.save(breaks=[over, replace(BREAK, from_at=START + 2 * HOUR)])
    assert [one.from_at for one in await store.phones.open_breaks()] == [START + 2 * HOUR]
    assert (await store.phones.breaks())[1] == over
    assert await store.phones.breaks(since=START + HOUR, until=START + 2 * HOUR) == []
    assert len(await store.phones.breaks(since=START + HOUR)) == 1
    assert len(await store.phones.breaks(limit=1)) == 1


async def test_a_finding_stays_listed_until_people_were_told_that_it_is_over(store):
    line = replace(FOUND, kind=FindingKind.NOBODY_FREE, pbx="", endpoint=None, line="社保", agent=None, about="")
    await store.phones.save(findings=[StoredFinding(finding=FOUND, told=BEGUN), StoredFinding(finding=line)])
    assert {one.finding for one in await store.phones.open_findings()} == {FOUND, line}
    over = replace(FOUND, to_at=START + HOUR)
    await store.phones.save(findings=[StoredFinding(finding=over, told=BEGUN)])
    assert StoredFinding(finding=over, told=BEGUN) in await store.phones.open_findings()
    await store.phones.save(findings=[StoredFinding(finding=over, told=OVER)])
    assert [one.finding for one in await store.phones.open_findings()] == [line]
    assert over in await store.phones.findings()
    assert await store.phones.findings(since=START + 1) == []


async def test_how_phones_stand_is_replaced_and_forgotten(store):
    here = StoredPhone(standing=STANDING, member="Agent One", refusals={"1.1": START}, alive_at=START - 1)
    await store.phones.save(phones=[here])
    there = replace(
        here, standing=replace(STANDING, state=PhoneState.FREE, on_break_since=None, dnd=False), refusals={}
    )
    await store.phones.save(phones=[there, replace(here, standing=replace(STANDING, endpoint="PJSIP/agent2"))])
    assert (await store.phones.phones())[0] == there
    assert (await store.phones.phones())[1].refusals == {"1.1": START}
    await store.phones.forget_phones([("hall", "PJSIP/agent1")])
    assert [one.standing.endpoint for one in await store.phones.phones()] == ["PJSIP/agent2"]


async def test_what_ended_long_ago_is_pruned_and_what_stands_is_kept(store):
    over = replace(BREAK, to_at=START + HOUR)
    standing = replace(BREAK, from_at=START + 1)
    found = StoredFinding(finding=replace(FOUND, to_at=START + HOUR), told=OVER)
    await store.phones.save(breaks=[over, standing], findings=[found])
    await store.retention.prune(calls_before=START + 2 * HOUR, journal_before=START)
    assert await store.phones.breaks() == [standing]
    assert await store.phones.findings() == []
