"""The desk as a process of its own: `python -m benchmarks.desk_serve SETTINGS`, as JSON, until SIGTERM.

It imports what `voicedesk web` does and nothing else: its memory is measured.
"""

import json
import sys

from voicedesk.desk import ringing
from voicedesk.settings import Settings
from voicedesk.web.serve import serve

if __name__ == "__main__":
    ringing.MOST_SHOWN = 60  # of 50 calls at a time more ring than the page has places for: each must be seen
    serve(Settings.model_validate(json.loads(sys.argv[1])))
