"""The long run: `python -m tests.fuzz --inputs 100000 [--seed N] [--target NAME …]`; or one input of before again.

Ends with 1 where something was found. Each finding's input is saved, to be tried again with `--again FILE`.
"""

import argparse
import logging
import sys
import warnings
from hashlib import blake2b
from pathlib import Path

import structlog
from tests.fuzz.run import Report, failure, fuzzed
from tests.fuzz.targets import TARGETS


def main() -> int:
    asked = _asked()
    warnings.simplefilter("error")
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    targets = [one for one in TARGETS if not asked.target or one.name in asked.target]
    if asked.again is not None:
        name = asked.again.name.partition("-")[0]
        error = failure(next(one for one in TARGETS if one.name == name), asked.again.read_bytes())
        if error is None:
            _tell("nothing comes out of it any more")
            return 0
        raise error
    report = fuzzed(targets, asked.inputs, asked.seed, _tell)
    _saved(report, asked.save)
    _tell(f"{sum(report.inputs.values())} inputs, {len(report.findings)} kinds found, +{report.megabytes} MiB")
    return 1 if report.findings else 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", nargs="*", choices=[one.name for one in TARGETS])
    parser.add_argument("--save", type=Path, default=Path(".fuzz"), help="where inputs that find something are kept")
    parser.add_argument("--again", type=Path, help="an input of before, by its file")
    return parser.parse_args()


def _saved(report: Report, folder: Path) -> None:
    for found in report.findings.values():
        folder.mkdir(exist_ok=True)
        file = folder / f"{found.target}-{blake2b(found.data, digest_size=6).hexdigest()}"
        file.write_bytes(found.data)
        _tell(f"{found.kind} ({found.count} times), input: {file}\n{found.trace}\n")


if __name__ == "__main__":
    sys.exit(main())
