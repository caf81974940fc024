"""`python -m tools.mutation [ROOM …]`: how many wrong lines the tests notice, and which they do not."""

import argparse
import json
import os
import random
import subprocess
import sys
import tomllib
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from tools.mutation.rooms import HOUSE, ROOMS, WORK, Room

_MAKER = HOUSE / ".venv-mutation" / "bin" / "python"
_HARMLESS = Path(__file__).with_name("harmless.toml")
_KILLED = ("killed", "hung", "broken")
_NOT_COUNTED = ("same",)


def main() -> int:
    """Tries the mutants of the rooms named and prints the figures; ends with 1 below 90 % or with an unlisted one."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"one of {', '.join(ROOMS)}; none: all")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each room, drawn evenly; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="for the draw")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--longest-seconds", type=float, default=3.0, help="leave out tests that take longer")
    parser.add_argument("--survivors", action="store_true", help="try only those again that survived the last time")
    asked = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    fine = [_try(ROOMS[name], asked) for name in asked.rooms or ROOMS]
    return 0 if all(fine) else 1


def _try(room: Room, asked: argparse.Namespace) -> bool:
    made = _mutants(room)
    drawn = sorted(made)
    if asked.sample and asked.sample < len(drawn):
        drawn = sorted(random.Random(asked.seed).sample(drawn, asked.sample))
    kept = WORK / f"{room.name}.json"
    known: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    known = {key: value for key, value in known.items() if key in made}
    if asked.survivors:
        todo = [key for key in drawn if key in known and known[key][0] in ("survived", "unreached", "unclear")]
    else:
        todo = [key for key in drawn if key not in known]
    print(f"{room.name}: {len(made)} mutants, {len(drawn)} drawn, {len(todo)} to try", flush=True)
    if todo:
        _run(room, {key: made[key] for key in todo}, asked, known, kept)
    return _report(room, made, {key: known[key] for key in drawn if key in known}, len(made))


def _mutants(room: Room) -> dict[str, dict[str, Any]]:
    """The room's mutants by keys that stay while the line, its function and the change stay."""
    files = room.files()
    made = subprocess.run(
        [str(_MAKER), str(Path(__file__).with_name("mutants.py")), *files],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    digests = {name: sha256((HOUSE / name).read_bytes()).hexdigest() for name in files}
    for line in made.stdout.splitlines():
        mutant = json.loads(line)
        name = json.dumps([digests[mutant["path"]], mutant["first"], mutant["after"]])
        found[f"{mutant['path']}:{mutant['line']:04}:{sha256(name.encode()).hexdigest()[:10]}"] = mutant
    return found


def _run(
    room: Room, mutants: dict[str, dict[str, Any]], asked: argparse.Namespace, known: dict[str, list[str]], kept: Path
) -> None:
    ours, theirs = os.pipe()
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    wanted = {
        "mutants": mutants, "files": room.files(), "tests": room.tests,
        "jobs": asked.jobs, "longest_seconds": asked.longest_seconds,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "tools.mutation.trial", str(theirs)],
        cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, pass_fds=(theirs,), text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        assert process.stdin is not None
        process.stdin.write(json.dumps(wanted))
        process.stdin.close()
        with os.fdopen(ours, encoding="utf-8") as told:
            for at, line in enumerate(told, start=1):
                key, *known[key] = json.loads(line)
                if at % 10 == 0 or at == len(mutants):
                    kept.write_text(json.dumps(known), encoding="utf-8")
                    print(
                        f"  {at} of {len(mutants)}: {dict(Counter(known[one][0] for one in mutants if one in known))}",
                        flush=True,
                    )
    kept.write_text(json.dumps(known), encoding="utf-8")
    if process.returncode not in (0, 5):
        raise SystemExit(f"the tests of {room.name} ended with {process.returncode}: run them by themselves")


def _report(room: Room, made: dict[str, dict[str, Any]], known: dict[str, list[str]], all_of_them: int) -> bool:
    counted = {key: value for key, value in known.items() if value[0] not in _NOT_COUNTED}
    killed = [key for key, value in counted.items() if value[0] in _KILLED]
    listed = _harmless()
    alive = sorted(set(counted) - set(killed))
    told = [key for key in alive if _name(made[key]) in listed]
    share = 100 * len(killed) / max(1, len(counted))
    print(
        f"{room.name}: {len(counted)} of {all_of_them} tried, {len(killed)} killed ({share:.1f} %), "
        f"{len(alive)} survived, {len(told)} of them listed as harmless"
    )
    for key in alive:
        if key not in told:
            print(f"  # line {made[key]['line']}, {made[key]['kind']}, {known[key][0]}\n  '{_name(made[key])}',")
    return share >= 90 and len(told) == len(alive)


def _name(mutant: dict[str, Any]) -> str:
    return f"{mutant['path']}: {_one_line(mutant['before'])} → {_one_line(mutant['after'])}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _harmless() -> set[str]:
    if not _HARMLESS.exists():
        return set()
    groups = tomllib.loads(_HARMLESS.read_text(encoding="utf-8"))["harmless"]
    return {_one_line(one) for group in groups for one in group["mutants"]}


if __name__ == "__main__":
    sys.exit(main())
