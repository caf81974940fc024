"""What is kept of a walk while it goes on (咨询台账): notices and how far they were heard, requests, keys."""

from voicedesk.ivr.model import (
    Consultation,
    DeskRequest,
    Entry,
    Exit,
    KeyPressed,
    MenuItem,
    NoticeHeard,
    PartHeard,
    RequestKind,
    State,
)


class Ledger:
    """Grows with a walk; `at` moves its clock (microseconds)."""

    def __init__(self, code: str, entry: Entry, started_at: int) -> None:
        self.code, self.entry, self.started_at = code, entry, started_at
        self._at = started_at
        self._notices: list[_Notice] = []
        self._requests: list[DeskRequest] = []
        self._keys: list[KeyPressed] = []
        self._exit: Exit | None = None
        self._sms_to: str | None = None

    @property
    def has_request(self) -> bool:
        """True if the caller asked something of the desk."""
        return bool(self._requests)

    def at(self, at: int) -> None:
        """It is now `at`."""
        self._at = max(self._at, at)

    def key(self, state: State, key: str) -> None:
        """A key was pressed; none of "" is kept."""
        if key:
            self._keys.append(KeyPressed(at=self._at, state=state, key=key))

    def open_notice(self, item: MenuItem, *, slow: bool) -> None:
        """The telling of an item begins; told again in the same call it goes on where it was."""
        again = next((one for one in self._notices if one.item is item), None)
        if again is not None:
            self._notices.remove(again)
        self._notices.append(again or _Notice(item, self._at))
        self.slowed(slow)

    def heard(self, part: int, finished: int) -> None:
        """`finished` sentences of a part were played to the end."""
        notice = self._notices[-1]
        notice.finished[part] = max(notice.finished[part], min(finished, len(notice.item.parts[part].sentences)))
        notice.ended_at = self._at

    def slowed(self, slow: bool) -> None:
        """The notice is told slowly."""
        self._notices[-1].slow |= slow

    def request(
        self,
        kind: RequestKind,
        number: str | None,
        *,
        file: str | None = None,
        seconds: float | None = None,
        earlier: str | None = None,
    ) -> None:
        """The caller asks something of the desk; the same thing twice is one request."""
        asked = DeskRequest(kind=kind, at=self._at, number=number, file=file, seconds=seconds, earlier=earlier)
        if not any((one.kind, one.number, one.file) == (kind, number, file) for one in self._requests):
            self._requests.append(asked)

    def send_sms(self, number: str | None) -> None:
        """The caller wants it in writing."""
        self._sms_to = number

    def leave(self, how: Exit) -> None:
        """The walk is over."""
        self._exit = how

    def consultation(self, state: State, language: str) -> Consultation:
        """What there is to keep."""
        return Consultation(
            code=self.code,
            entry=self.entry,
            started_at=self.started_at,
            ended_at=self._at,
            language=language,
            state=state,
            exit=self._exit,
            notices=tuple(notice.frozen() for notice in self._notices),
            requests=tuple(self._requests),
            keys=tuple(self._keys),
            sms_to=self._sms_to,
        )


class _Notice:
    """One item being told."""

    def __init__(self, item: MenuItem, at: int) -> None:
        self.item, self.started_at, self.ended_at = item, at, at
        self.finished = [0] * len(item.parts)
        self.slow = False

    def frozen(self) -> NoticeHeard:
        parts = zip(self.item.parts, self.finished, strict=True)
        return NoticeHeard(
            item_id=self.item.id,
            name=self.item.name,
            version=self.item.version,
            started_at=self.started_at,
            ended_at=self.ended_at,
            parts=tuple(
                PartHeard(part=part.part, finished=count, sentences=len(part.sentences)) for part, count in parts
            ),
            slow=self.slow,
        )
