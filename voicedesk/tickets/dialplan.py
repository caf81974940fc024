"""What the callback dialplan and the code agree on: contexts, and how a call of ours is named."""

import hashlib

from voicedesk.calls.records import CALLBACK_PREFIX

STAFF_CONTEXT = "voicedesk-staff"
"""Rings a staff phone by its extension, and nothing else."""
CITIZEN_CONTEXT = "voicedesk-callback"
"""Rings a citizen by a number that its patterns allow, and nothing else."""


def citizen_context(shown_number: str | None) -> str:
    """Where a citizen is rung from; a number to be shown has a context of its own, so that the dialplan decides on it.

    Such a context allows the same numbers to be rung, and shows that one.
    """
    return f"{CITIZEN_CONTEXT}-{shown_number}" if shown_number else CITIZEN_CONTEXT


def channel_id_of(request_id: str) -> str:
    """The id of the call that a request asks for: the same request never names another call.

    Asterisk takes it over, so that our call is found in every event.
    """
    return f"{CALLBACK_PREFIX}{hashlib.sha256(request_id.encode()).hexdigest()[:24]}"
