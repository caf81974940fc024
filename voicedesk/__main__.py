"""`python -m voicedesk` is the command `voicedesk`."""

from voicedesk.cli import main

main()
