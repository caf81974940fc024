"""Wrong passwords and codes: how many are free, how the pause grows, and when only an administrator opens again."""

from voicedesk.clock import MICROSECONDS

FREE_TRIES = 5
"""So many may be wrong before the first pause: people mistype."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60, 3600
"""Each further wrong one doubles the pause: at most about 30 tries in the first day, 24 in each one after."""
MOST_FAILURES = 100
"""NIST SP 800-63B, 5.2.2: no more than 100 wrong ones in a row; after them an administrator opens the account."""


def tries_left(failures: int) -> int:
    """How many may still be wrong before the account is closed for a while."""
    return max(FREE_TRIES - failures, 0)


def pause_seconds(failures: int) -> int:
    """For how long an account is closed after so many wrong ones in a row."""
    over = failures - FREE_TRIES
    if over < 0:
        return 0
    return min(FIRST_PAUSE_SECONDS << min(over, 10), LONGEST_PAUSE_SECONDS)


def closed_until(failures: int, failed_at: int, now: int) -> int | None:
    """The instant at which an account opens again by itself; None where it is open.

    A clock that was set back does not make the pause longer than it is.
    """
    pause = pause_seconds(failures) * MICROSECONDS
    until = min(failed_at, now) + pause
    return until if until > now else None


def is_used_up(failures: int) -> bool:
    """Whether an account stays closed until an administrator opens it."""
    return failures >= MOST_FAILURES
