"""What people are told by webhooks, in every kind of store."""

from dataclasses import replace

from sqlalchemy import select
from voicedesk.store.deliveries import THE_LOG, DeliveryState, delivery_id
from voicedesk.store.tables import deliveries
from voicedesk.webhooks.message import Message

DAY = 24 * 3600 * 1_000_000
NEWS = Message(
    id="n1", kind="ticket_opened", group="新工单", at=1, title="新工单：回拨", fields=(("号码", "138****8000"),)
)


def news(count: int) -> list[Message]:
    return [replace(NEWS, id=f"n{n}") for n in range(count)]


async def ids(store, webhook="a", limit=100):
    return [one.message.id for one in await store.deliveries.waiting(webhook, limit)]


async def test_the_same_news_queued_again_meets_its_own_row_even_after_it_was_told(store, clock):
    assert await store.deliveries.queue([("a", NEWS), ("b", NEWS), ("a", NEWS)], clock.us) == 2
    (first,) = await store.deliveries.waiting("a", 10)
    assert (first.message, first.state, first.tries, first.id) == (
        NEWS,
        DeliveryState.QUEUED,
        0,
        delivery_id("a", "n1"),
    )
    await store.deliveries.sent([first.id], at=clock.us)
    assert await store.deliveries.queue([("a", NEWS), ("b", NEWS)], clock.us + DAY) == 0
    assert (await ids(store, "a"), await ids(store, "b")) == ([], ["n1"])


async def test_each_webhook_is_told_in_the_order_of_queueing_even_if_the_clock_is_set_back(store, clock):
    await store.deliveries.queue([("a", one) for one in news(3)], clock.us)
    await store.deliveries.queue([("a", replace(NEWS, id="later"))], clock.us - DAY)
    assert await ids(store) == ["n0", "n1", "n2", "later"]
    assert await ids(store, limit=2) == ["n0", "n1"]


async def test_what_was_sent_together_counts_as_one_post(store, clock):
    await store.deliveries.queue([("a", one) for one in news(3)], clock.us)
    rows = await store.deliveries.waiting("a", 10)
    await store.deliveries.sent([rows[0].id], at=clock.us + 1)
    await store.deliveries.sent([one.id for one in rows[1:]], at=clock.us + 2, in_digest=True)
    assert await store.deliveries.sent_since("a", clock.us + 1) == [clock.us + 1, clock.us + 2]
    assert [one.in_digest for one in await store.deliveries.newest()] == [True, True, False]
    assert await store.deliveries.sent_since("b", 0) == []


async def test_a_failed_one_waits_for_its_next_try_or_is_a_dead_letter_until_somebody_revives_it(store, clock):
    await store.deliveries.queue([("a", one) for one in news(2)], clock.us)
    first, second = await store.deliveries.waiting("a", 10)
    await store.deliveries.failed([(first, clock.us + 5), (second, None)], at=clock.us, error="HTTP 500", counts=True)
    (waiting,) = await store.deliveries.waiting("a", 10)
    assert (waiting.tries, waiting.next_at, waiting.error) == (1, clock.us + 5, "HTTP 500")
    (dead,) = await store.deliveries.newest(DeliveryState.DEAD)
    assert (dead.id, dead.tries, dead.ended_at) == (second.id, 1, clock.us)
    assert await store.deliveries.count(DeliveryState.DEAD) == 1
    await store.deliveries.failed([(waiting, clock.us + 9)], at=clock.us, error="wait", counts=False)
    assert (await store.deliveries.waiting("a", 1))[0].tries == 1
    assert await store.deliveries.revive([first.id], clock.us) == 0
    assert await store.deliveries.revive(None, clock.us + 7) == 1
    assert await ids(store) == ["n0", "n1"]
    assert (await store.deliveries.waiting("a", 2))[1].tries == 0


async def test_what_waits_for_a_webhook_that_is_gone_is_given_up_in_time(store, clock):
    await store.deliveries.queue([("a", NEWS), ("gone", NEWS), (THE_LOG, NEWS)], clock.us)
    assert await store.deliveries.give_up_others(["a"], queued_before=clock.us, at=clock.us) == 0
    assert await store.deliveries.give_up_others(["a"], queued_before=clock.us + DAY, at=clock.us) == 1
    assert await store.deliveries.give_up_others([], queued_before=0, at=clock.us) == 0
    (dead,) = await store.deliveries.newest(DeliveryState.DEAD)
    assert (dead.webhook, dead.error) == ("gone", "no webhook of this name is in the settings")


async def test_one_is_found_by_the_beginning_of_its_id(store, clock):
    await store.deliveries.queue([("a", one) for one in news(40)], clock.us)
    some = (await store.deliveries.newest())[0]
    assert await store.deliveries.starting_with(some.id) == [some]
    assert len(await store.deliveries.starting_with("")) == 2
    assert await store.deliveries.starting_with("%") == []


async def test_what_was_told_goes_with_the_journal_of_its_time_and_what_waits_stays(store, clock):
    await store.deliveries.queue([("a", one) for one in news(3)], clock.us)
    first, second, _ = await store.deliveries.waiting("a", 10)
    await store.deliveries.sent([first.id], at=clock.us)
    await store.deliveries.failed([(second, None)], at=clock.us + 1, error="x", counts=True)
    await store.retention.prune(calls_before=0, journal_before=clock.us + 1)
    assert [one.message.id for one in await store.deliveries.newest()] == ["n2", "n1"]


async def test_a_forgotten_number_leaves_not_even_its_masked_form(store, clock):
    other = replace(NEWS, id="n2", fields=(("号码", "138****9999"),))
    await store.deliveries.queue([("a", NEWS), ("a", other)], clock.us)
    forgotten = await store.retention.forget_number("13800138000", at=clock.us)
    assert forgotten.news == 1
    kept = [one.message.fields for one in await store.deliveries.waiting("a", 10)]
    assert kept == [(("号码", "已删除"),), (("号码", "138****9999"),)]
    async with store.database.read() as connection:
        rows = (await connection.execute(select(deliveries))).all()
    assert not any("138****8000" in str(row) for row in rows)


async def test_a_short_number_is_nobody_s_alone_and_its_masked_form_stays(store, clock):
    await store.deliveries.queue([("a", replace(NEWS, fields=(("话机", "60**"),)))], clock.us)
    assert (await store.retention.forget_number("6001", at=clock.us)).news == 0
