"""Make the fixtures: `python -m tools.audio_fixtures`, or a larger set with `--many COUNT FOLDER`."""

import argparse
from pathlib import Path

from tools.audio_fixtures.collection import kept, make_all, many

_FOLDER = Path(__file__).parents[2] / "audio_fixtures"


def main() -> None:
    """Make those of the repository, or as many as asked for elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, metavar="COUNT", help="so many instead, for an evaluation")
    parser.add_argument("folder", nargs="?", type=Path, default=_FOLDER, help="where they go; emptied first")
    options = parser.parse_args()
    made = make_all(many(options.many) if options.many else kept(), options.folder)
    print(f"{made} fixtures in {options.folder}")


if __name__ == "__main__":
    main()
