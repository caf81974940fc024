"""The long run: `python -m tests.kills --kills 10000 [--seed N] [--at-once N]`; ends with 1 where something was found.

Halls of some hundred lives each: every life is killed at a step of its own by chance, before or after a statement, a
commit or a write of the spill file, of those that set aside too. After its last life each hall's file is looked into.
"""

import argparse
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.kills.lives import AT_ONCE, CALM, Lives
from tests.testbed.forks import loaded
from tests.testbed.killing import STREAM

BATCHES = 4
CALM_EVERY = 12
HALL_KILLS = 100
"""So many kills happen to one database before it is looked into."""
_ROOM = CALM * AT_ONCE


def hall(folder: Path, kills: int, chance: Random) -> Lives:
    """One database and so many kills, or as many as there are events for; then its file is looked into."""
    lives = Lives(loaded(), folder, poison=True)
    lives.live(1)  # makes the database, in more steps than any other life has
    refused = frozenset({1, 2})
    steps = {frozenset[int](): len(lives.live(BATCHES)), refused: len(lives.live(BATCHES, refused=refused))}
    while lives.kills < kills and lives.next + 3 * _ROOM < STREAM:
        if lives.number % CALM_EVERY == 0:
            lives.live(CALM)
        if lives.number % 5 == 0:
            lives.ask()
        refusing = chance.choice(list(steps))
        lives.live(BATCHES, kill_at=chance.randint(1, steps[refusing]), refused=refusing)
    lives.live(CALM)
    lives.check()
    return lives


def main() -> int:
    asked = _asked()
    begun, told = time.monotonic(), threading.Lock()
    done = {"kills": 0, "lives": 0, "set aside": 0, "found": 0}

    def one(number: int) -> None:
        kills = min(HALL_KILLS, asked.kills - number * HALL_KILLS)
        with TemporaryDirectory(prefix="kills-") as folder:
            try:
                lives = hall(Path(folder), kills, Random(f"{asked.seed} {number}"))
            except Exception:  # noqa: BLE001  # whatever it is, the others go on
                with told:
                    done["found"] += 1
                    _tell(f"hall {number} of seed {asked.seed}:\n{traceback.format_exc()}")
                return
        with told:
            done["kills"] += lives.kills
            done["lives"] += lives.number
            done["set aside"] += lives.set_aside
            figures = ", ".join(f"{name} {count}" for name, count in done.items())
            _tell(f"{figures}; {done['kills'] / (time.monotonic() - begun):.1f} kills a second")

    with ThreadPoolExecutor(asked.at_once) as pool:
        list(pool.map(one, range(-(-asked.kills // HALL_KILLS))))
    return 1 if done["found"] else 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2, help="databases at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
