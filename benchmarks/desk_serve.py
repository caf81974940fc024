"""The desk as a process of its own: `python -m benchmarks.desk_serve SETTINGS`, as JSON, until SIGTERM.

It imports what `voicedesk web` does and nothing else: its memory is measured.
"""

import json
import sys

from voicedesk.settings import Settings
from voicedesk.web.serve import serve

if __name__ == "__main__":
    serve(Settings.model_validate(json.loads(sys.argv[1])))
