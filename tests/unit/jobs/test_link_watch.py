"""A switch out of reach for more than a minute is told of once, and so is its return."""

from dataclasses import dataclass

from voicedesk.jobs.following.link_watch import LinkWatch


@dataclass
class Status:
    state: str
    last_error: str | None = "connection refused"


async def test_a_long_loss_is_told_once_with_its_return_and_a_short_one_not_at_all():
    told, ticks, link = [], [0.0], Status("up")

    async def tell(news):
        told.append((news.kind, dict(news.fields)))

    watch = LinkWatch({"main": lambda: link}, lambda: 1_800_000_000_000_000, tell, ticks=lambda: ticks[0])

    async def after(seconds: float, state: str):
        ticks[0] += seconds
        link.state = state
        await watch.look()

    for state in ("up", "lost", "connecting", "up", "lost"):
        await after(30, state)
    assert told == []
    await after(60, "lost")
    assert told == []
    for _ in range(3):
        await after(100, "connecting")
    assert told == [("link_lost", {"交换机": "main", "原因": "connection refused"})]
    await after(10, "up")
    await after(10, "up")
    assert told[1:] == [("link_back", {"交换机": "main", "中断": "约 6 分钟"})]
