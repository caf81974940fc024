"""Lists find few rows by an index on both kinds of database; what a page reads is of one state."""

import json
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import event, select, text
from tests.contracts.store.conftest import call_of
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.store import schema
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.engine import Database
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store
from voicedesk.store.tables import calls, legs

LATE, MISSED = call_of("b_answer_17s"), call_of("c_no_answer_queue_timeout")
BEGUN = LATE.facts.started_at


def told(call: JudgedCall, name: str, at: int, agent: str) -> JudgedCall:
    """The same call, begun so much later, where this person sat."""
    theirs = tuple(replace(leg, agent=agent) for leg in call.facts.legs)
    facts = replace(call.facts, id=name, started_at=BEGUN + at, legs=theirs)
    return JudgedCall(facts=facts, judgement=judge(facts))


async def test_a_person_s_calls_are_those_that_rang_them_each_once_by_when_it_began(store):
    many = [told(MISSED, "m", 5, "li"), told(LATE, "a", 9, "zhang"), told(LATE, "b", 1, "zhang")]
    ringing = many[0].facts.legs[0]
    twice = replace(many[0].facts, legs=(ringing, ringing))
    many[0] = JudgedCall(facts=twice, judgement=judge(twice))
    await store.calls.save(many)

    async def found(**which) -> list[str]:
        return [one.call.facts.id for one in await store.calls.list(CallFilter(**which))]

    assert await found() == ["a", "m", "b"]
    assert await found(concerns="zhang") == ["a", "b"]
    assert await found(concerns="li") == ["m"], "it rang them twice and is one call"
    assert await found(concerns="zhang", agent="li") == []
    assert await found(agent="zhang", line=LATE.facts.line) == ["a", "b"]
    assert await found(concerns="zhang", line="no such line") == []
    phone = many[1].facts.legs[0].endpoint
    assert await found(concerns="zhang", endpoint=phone) == ["a", "b"]
    assert await found(concerns="zhang", endpoint="SIP/none") == []
    assert await store.calls.count(CallFilter(concerns="li")) == 1
    assert await store.calls.count(CallFilter(), most=2) == 2


async def test_how_far_the_newest_calls_reach_back_is_told_where_there_are_more(store):
    await store.calls.save([told(LATE, f"c{n}", n * 10, "zhang" if n % 2 else "li") for n in range(6)])
    assert await store.calls.reach(CallFilter(), 2) == BEGUN + 40
    assert await store.calls.reach(CallFilter(verdict="missed"), 2) == BEGUN + 40, "whatever else it asks"
    assert await store.calls.reach(CallFilter(concerns="zhang"), 2) == BEGUN + 30
    assert await store.calls.reach(CallFilter(agent="li"), 3, after=(BEGUN + 40, "c4")) is None
    assert await store.calls.reach(CallFilter(), 2, after=(BEGUN + 40, "c4")) == BEGUN + 20
    assert await store.calls.reach(CallFilter(to_at=BEGUN + 30), 3) == BEGUN
    assert await store.calls.reach(CallFilter(), 7) is None


async def test_known_names_are_those_that_some_row_has(store):
    assert await store.calls.known("line") == set()
    await store.calls.save([told(LATE, "a", 0, "zhang"), told(MISSED, "b", 1, "li"), told(LATE, "c", 2, "zhang")])
    assert await store.calls.known("agent") == {"zhang", "li"}
    assert await store.calls.is_known("agent", "li")
    assert not await store.calls.is_known("agent", "wang")


async def test_what_is_read_in_one_state_does_not_change_meanwhile(store):
    async with store.database.one_state():
        assert await store.calls.count(CallFilter()) == 0
        async with Store.open(_url(store), upgrade=False) as other:
            await other.calls.save([LATE])
        assert await store.calls.count(CallFilter()) == 0
    assert await store.calls.count(CallFilter()) == 1


def _url(store) -> str:
    return store.database.engine.url.set(drivername=store.database.engine.dialect.name).render_as_string()


@pytest.mark.parametrize(
    "which",
    [
        CallFilter(from_at=1, verdict="late"),
        CallFilter(from_at=1, concerns="zhang"),
        CallFilter(from_at=1, agent="zhang", line="hotline"),
        CallFilter(from_at=1, endpoint="SIP/1"),
        CallFilter(caller_numbers=("13800138000",)),
    ],
)
async def test_each_list_of_calls_has_an_index_that_leads_to_it(store, which):
    for asked in (store.calls.list, store.calls.count, lambda one: store.calls.tally(one, ("verdict", "line"))):
        for plan in await plans(store, asked(which)):
            assert_no_scan(plan, {"calls", "legs"})


async def test_what_waits_and_what_is_one_s_own_has_an_index_that_leads_to_it(store):
    for asked in (
        store.reviews.appealed(),
        store.reviews.calls_untold(1, but="zhang", limit=9),
        store.reviews.greetings_in_doubt(1, but="zhang", limit=9),
        store.own.newest_legs("zhang", 1, 9),
        store.own.leg_verdicts("zhang", 1),
        store.own.decided_calls("zhang", 1),
        store.own.greeting_states("zhang", 1),
        store.own.greetings_of("zhang", ["a", "b"]),
        store.greetings.list(GreetingFilter(call_id="a", agent="zhang")),
        store.greetings.decided(GreetingFilter(from_at=1)),
        store.calls.tally(CallFilter(from_at=1, decided=True), ("verdict", "human_verdict")),
        store.calls.reach(CallFilter(concerns="zhang"), 9),
        store.calls.known("line"),
        store.phones.findings_now(),
    ):
        for plan in await plans(store, asked):
            assert_no_scan(plan, {"calls", "legs", "greetings", "decisions", "phone_findings"})


def assert_no_scan(plan: list[str], tables: set[str]) -> None:
    """A scan of an index that holds only what waits is none; nor is one that is read in order, and left."""
    for step in plan:
        scanned = step.split()[1].rstrip("_0123456789") if step.startswith("SCAN") else ""
        assert scanned not in tables or "_appealed" in step or "_decided" in step, plan


async def plans(store, asked) -> list[list[str]]:
    """How the database would find what is asked; a server is told to scan nothing if it can help it."""
    statements: list[tuple[str, object]] = []
    engine = store.database.engine.sync_engine
    is_file = engine.dialect.name == "sqlite"

    def note(_connection, _cursor, statement, values, *_) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "pg_" not in statement:
            statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    await asked
    event.remove(engine, "before_cursor_execute", note)
    found = []
    async with store.database.read() as connection:
        if not is_file:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in statements:
            how = "EXPLAIN QUERY PLAN" if is_file else "EXPLAIN (FORMAT JSON)"
            rows = (await connection.exec_driver_sql(f"{how} {statement}", values)).all()
            found.append([row[3] for row in rows] if is_file else list(_steps(rows[0][0])))
    assert found
    return found


def _steps(told):
    """The steps of a server's plan in the words of the other database: SCAN where it reads a table from end to end."""
    plan = json.loads(told) if isinstance(told, str) else told
    for node in plan:
        inner = node.get("Plan", node)
        if "Relation Name" in inner:
            how = "SCAN" if inner["Node Type"] == "Seq Scan" else "SEARCH"
            yield f"{how} {inner['Relation Name']} {inner.get('Index Name', '')}"
        yield from _steps(inner.get("Plans", []))


async def test_the_ringings_of_an_older_database_learn_when_their_call_began(store_url, monkeypatch):
    database = Database(store_url)
    monkeypatch.setattr(schema, "newest_version", lambda: "0012")
    async with database.write() as connection:
        await connection.run_sync(_to_0012)
        row = "INSERT INTO legs (call_id, number, endpoint, at, verdict) VALUES ('{}', 0, 'SIP/1', 77, 'late')"
        known = "'a', 'p', 55, 'inbound', 'late', :no, :no, 'three_rings/2', :facts"
        columns = "id, pbx, started_at, direction, verdict, doubtful, has_gap, rules_version, facts"
        await connection.execute(text(f"INSERT INTO calls ({columns}) VALUES ({known})"), {"no": False, "facts": b"x"})
        await connection.execute(text(row.format("a")))
        await connection.execute(text(row.format("gone")))
    monkeypatch.undo()
    await schema.upgrade(database)
    async with database.read() as connection:
        rows = await connection.execute(select(legs.c.call_id, legs.c.started_at))
        found = {row.call_id: row.started_at for row in rows}
        assert (await connection.execute(select(calls.c.id))).scalars().all() == ["a"]
    await database.close()
    assert found == {"a": 55, "gone": 77}


def _to_0012(connection) -> None:
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0012")
