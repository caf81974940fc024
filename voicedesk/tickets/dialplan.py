"""What the callback dialplan and the code agree on: contexts, and how a call of ours is named."""

import secrets

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


def new_channel_id() -> str:
    """An id that no other call has; Asterisk takes it over, so that our call is found in every event."""
    return f"{CALLBACK_PREFIX}{secrets.token_hex(12)}"
