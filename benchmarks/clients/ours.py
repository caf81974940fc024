"""Voicedesk itself: the real client, tracker and rule; changes are taken as often as the service takes them."""

import asyncio
import gc
import time

from benchmarks import corpus
from probe import MODE, PORT, Probe, peak_kib, ring_log
from voicedesk.ami.client import AmiClient
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.calls.model import Hall, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.calls.tracker import WANTED_EVENTS, Tracker
from voicedesk.clock import now_us, steady_us
from voicedesk.jobs.following.settling import SETTLE_SECONDS

probe = Probe()
tracker = Tracker("bench", Hall(every_extension_is_a_line=True))
rings: dict[str, int] = {}
keep = rings.__setitem__ if MODE != "soak" else ring_log()
WARM_EVENTS = 50_000
FASTER = 200
begun: float | None = None
warm_kib = 0


def stream_time() -> int:
    """The clock of a switch whose day passes as fast as it is read, and a little faster: what was sent lies behind.

    It stands a second before the stream's first call until the stream begins, however long the link took to come up.
    """
    passed = 0.0 if begun is None else (time.monotonic() - begun) * FASTER
    return corpus.START_US + round((passed - 1) * 1e6)


def settle() -> None:
    for facts in tracker.take_changes().calls:
        judged = judge(facts)
        if facts.ended_at is not None and judged.verdict is Verdict.ON_TIME:
            keep(facts.linkedids[0], judged.ring_us)


async def settle_often() -> None:
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        settle()


async def main() -> None:
    global begun, warm_kib
    address = AmiAddress(
        pbx="bench", host="127.0.0.1", port=PORT, credentials=Credentials(username="u", secret="s", plain=True)
    )
    wanted = WANTED_EVENTS if MODE != "deliver" else None
    settling = asyncio.create_task(settle_often())
    now, steady = (now_us, steady_us) if MODE == "paced" else (stream_time, stream_time)  # nobody sets that day's clock
    async with AmiClient(address, wanted=wanted, now=now, steady=steady) as client:
        async for events in client.batches():
            for event in events:
                if event.name.startswith("Voicedesk") or event.name == "FullyBooted":
                    tracker.receive(event)
                elif event.name == "UserEvent" and event.get("UserEvent") == "BenchEnd":
                    settle()
                    probe.finish(rings, grown_warm_kib=peak_kib() - warm_kib)
                elif MODE == "deliver":
                    probe.event(event.name, event.get, lambda event=event: event.headers)
                else:
                    if not probe.seen:
                        begun = time.monotonic()
                        probe.start()
                    probe.seen += 1
                    tracker.receive(event)
                    if MODE == "paced":
                        probe.note_delay(event.get("Timestamp"))
                    if probe.seen == WARM_EVENTS:
                        warm_kib = peak_kib()
    settling.cancel()


gc.freeze()  # as the service does
asyncio.run(main())
