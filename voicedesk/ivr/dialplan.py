"""What the dialplans and the IVR agree on: the paths that AGI asks for, and the channel variables."""

from enum import StrEnum

RESULT = "VOICEDESK_IVR"
"""Channel variable: how the caller leaves the IVR, "person" or "goodbye"; empty: Voicedesk did not come to an end."""
ROUND = "VOICEDESK_ROUND"
"""Channel variable: how often nobody answered this caller in the queue."""
BREAK = "VOICEDESK_BREAK"
"""Channel variable: "stay" keeps the phone from being paused by its feature code; else it is."""
STAY = "stay"
NOTICE_EVENT = "VoicedeskNotice"
"""User event: a notice was heard, `Complete: 1` to its end."""


class Path(StrEnum):
    """What AGI asks for (`agi://host:port/PATH`)."""

    GATE = "gate"
    OVERFLOW = "overflow"
    NOTICES = "notices"
    STAFF = "staff"
    BREAK = "break"
