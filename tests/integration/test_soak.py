"""A small part of an accelerated day; the whole of it: `python -m tests.soak`, measured in docs/reliability.md."""

from tests.soak.run import soak


async def test_fault_84_a_busy_stretch_leaves_no_ghosts_and_memory_and_descriptors_stay_flat(tmp_path):
    """Real process, real database, reports beside; how fast it is, is not asked here."""
    day = await soak(tmp_path, calls=1500, calls_per_second=80, beside=True)
    assert day.told == day.stored == 1500
    assert day.ghosts == 0
    assert day.reports >= 1
    assert day.drift("rss") < 0.1  # of so short a stretch the warm-up is a part
    descriptors = day.steady("fds")
    assert max(descriptors) - min(descriptors) <= 4  # a connection of the pool and its files may come and go
    assert {sample["dropped"] + sample["distrusted"] for sample in day.samples} == {0}
