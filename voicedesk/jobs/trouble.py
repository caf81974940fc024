"""Logs a failure that is tried again once, not at each try, until its reason changes or it is over."""

import contextlib
from collections.abc import Iterator

import structlog

from voicedesk.errors import StoreError

_log = structlog.get_logger()


class Troubles:
    """The troubles of one part of the service. `about` tells those apart that may exist at the same time."""

    def __init__(self, *, level: str = "error") -> None:
        self._level = level
        self._said: dict[str | None, str] = {}

    def say(self, event: str, reason: object, *, about: str | None = None, **more: object) -> None:
        """Logs a trouble, if this reason was not what was logged last about the same thing."""
        if self._said.get(about) == str(reason):
            return
        self._said[about] = str(reason)
        named = {} if about is None else {"about": about}
        getattr(_log, self._level)(event, **named, **more, reason=str(reason))

    def over(self, about: str | None = None) -> None:
        """The trouble has ended: if it comes again, it is logged again."""
        self._said.pop(about, None)

    @contextlib.contextmanager
    def waiting(
        self, event: str, *, about: str | None = None, on: tuple[type[Exception], ...] = (StoreError,)
    ) -> Iterator[None]:
        """The body is one round of a loop that waits for the database, or for what `on` names, and tries again.

        These errors are said and go no further; a body that ends well ends the trouble.
        """
        try:
            yield
        except on as error:
            self.say(event, error, about=about)
        else:
            self.over(about)
