"""How long to wait before the next try, by what ended the last one."""

from collections.abc import Callable
from dataclasses import dataclass

from voicedesk.ami.protocol import ClosedBeforeLogin
from voicedesk.errors import AmiAuthenticationError, AmiError, AmiProtocolError


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimes:
    """The waits of a link, in seconds.

    A Ping is unanswered, and a list cut, when nothing at all came for so long; a list at the latest after its most.
    """

    connect_seconds: float = 5
    fully_booted_seconds: float = 5
    ping_every_seconds: float = 10
    ping_deadline_seconds: float = 5
    list_seconds: float = 10
    list_most_seconds: float = 60
    backoff_first_seconds: float = 0.5
    backoff_most_seconds: float = 30
    steady_seconds: float = 10
    refused_first_seconds: float = 60
    refused_again_seconds: float = 300
    wrong_peer_seconds: float = 60


class Reconnect:
    """Waits between tries: short and random for a lost link, long where a person has to mend something.

    `uniform(low, high)` is the source of randomness. A link must have been up for `steady_seconds` before the next
    loss counts as the first again, so that a link that breaks at once does not become a storm.
    """

    def __init__(self, times: LinkTimes, uniform: Callable[[float, float], float]) -> None:
        self._times = times
        self._uniform = uniform
        self._losses = 0
        self._refusals = 0
        self._closed_early = 0

    def held_for(self, seconds: float) -> None:
        """The login worked and the link stayed up this long."""
        self._refusals = self._closed_early = 0
        if seconds >= self._times.steady_seconds:
            self._losses = 0

    def next_wait_seconds(self, error: AmiError) -> float:
        """How long to wait after `error`."""
        if isinstance(error, AmiProtocolError):
            return self._times.wrong_peer_seconds
        if isinstance(error, ClosedBeforeLogin):
            self._closed_early += 1
            if self._closed_early == 1:  # a switch that is just stopping does this too
                return self._jitter()
        if isinstance(error, AmiAuthenticationError):
            self._refusals += 1
            return self._times.refused_first_seconds if self._refusals == 1 else self._times.refused_again_seconds
        return self._jitter()

    def _jitter(self) -> float:
        """Full jitter: anything between the least wait and a bound that doubles with every loss."""
        first = self._times.backoff_first_seconds
        most = min(self._times.backoff_most_seconds, first * 2 ** min(self._losses + 1, 16))
        self._losses += 1
        return self._uniform(first, most)
