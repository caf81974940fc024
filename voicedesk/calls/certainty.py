"""How sure the facts of a call are: gaps, forged data, and phones of which nobody heard whether they rang.

Nobody is accused on doubtful data (S1): a finding that these make unsure becomes `cannot_tell`.
"""

from voicedesk.calls.model import CallFacts, LegFacts, Reason, RingSource, StartSource, Verdict

Finding = tuple[Verdict, Reason | None]

UNCERTAIN_US = 2_000_000
"""A ring start taken from dialling is too early: late or missed by less than this cannot be told (S1). Chosen: from
dialling to ringing it is less than 5 ms within a house, and up to seconds over a trunk."""
_WHOLE_SECOND_US = 999_999
"""A log that tells whole seconds may leave out this much."""
NO_180 = frozenset({RingSource.DIALBEGIN, RingSource.AGENTCALLED})
"""Sources of a ring start that are no ringing: the switch dialled, and no phone said that it rings (SIP 180)."""
PAST = frozenset({Verdict.LATE, Verdict.MISSED})
"""The verdicts that accuse somebody."""
_UNSEEN_STARTS = frozenset({StartSource.FIRST_EVENT, StartSource.SNAPSHOT})


def fair(facts: CallFacts, finding: Finding) -> Finding:
    """An adverse finding on data that may have been forged becomes `cannot_tell`."""
    if facts.doubtful and finding[0] in PAST:
        return Verdict.CANNOT_TELL, Reason.DOUBTFUL
    return finding


def begun_at(facts: CallFacts) -> int | None:
    """When the call began, if that was seen: from then on a gap may hide that a phone rang."""
    return None if facts.started_at_source in _UNSEEN_STARTS else facts.started_at


def in_gap(facts: CallFacts, start: int | None, decided_at: int | None) -> bool:
    """True if events may be missing between these instants; an unknown instant reaches without end."""
    return bool(facts.gaps) and any(gap.touches(start, decided_at) for gap in facts.gaps)


def unseen_us(leg: LegFacts) -> int:
    """By how much a ringing told in whole seconds may have been longer."""
    return _WHOLE_SECOND_US if leg.in_whole_seconds else 0


def may_not_have_rung(leg: LegFacts) -> bool:
    """Only a log tells of this leg, and nobody answered it: whether the phone rang is unknown."""
    return leg.from_log and leg.answered_at is None
