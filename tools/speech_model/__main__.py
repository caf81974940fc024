"""Build a model: `python -m tools.speech_model [embedded|lookalike]`."""

import sys
from pathlib import Path

from tools.speech_model.build import build
from tools.speech_model.plans import EMBEDDED, LOOKALIKE

_ROOT = Path(__file__).parents[2]
_PLACES = {
    EMBEDDED.name: (EMBEDDED, _ROOT / "voicedesk/speech/embedded"),
    LOOKALIKE.name: (LOOKALIKE, _ROOT / "tests/models/lookalike"),
}


def main(names: list[str]) -> None:
    """Build the models named, or the embedded one."""
    for name in names or [EMBEDDED.name]:
        build(*_PLACES[name])


if __name__ == "__main__":
    main(sys.argv[1:])
