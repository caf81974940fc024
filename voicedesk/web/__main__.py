"""The process of the desk: `python -m voicedesk.web [FILE]`. `voicedesk web` turns into it, and is a third smaller."""

import os
import sys
from pathlib import Path

from voicedesk.errors import VoicedeskError
from voicedesk.language.translate import translated
from voicedesk.log import configure_logging, printable_lines
from voicedesk.settings import load_settings
from voicedesk.settings.source import find_file
from voicedesk.web.serve import serve

_USAGE = 2


def main() -> None:
    """Serves by the settings of a file, else of where settings are looked for; ends with 2 where they do not do."""
    language = None
    try:
        file = find_file(Path(sys.argv[1]) if len(sys.argv) > 1 else None, os.environ)
        settings = load_settings(file)
        language = settings.hall.spoken
        configure_logging(
            level=settings.log.level, format=settings.log.format, zone=settings.hall.zone, language=language
        )
        serve(settings, file=file)
    except VoicedeskError as error:
        sys.stderr.write(f"voicedesk: {printable_lines(translated(str(error), language, of_parts=True))}\n")
        sys.exit(_USAGE)


if __name__ == "__main__":
    main()
