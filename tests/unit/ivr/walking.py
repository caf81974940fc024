"""A small menu and a caller for tests of the walk: `Caller` presses, speaks and listens, and knows what was said."""

import tomllib
from pathlib import Path

from voicedesk.ivr.model import (
    AskDigits,
    Entry,
    Leave,
    LookedUp,
    LookUp,
    Menu,
    MenuGroup,
    MenuItem,
    Play,
    Played,
    Recorded,
    Said,
    SpokenPart,
    Standing,
    Step,
    TakeMessage,
    Typed,
)
from voicedesk.ivr.walk import Walk
from voicedesk.ivr.wording import Wording
from voicedesk.phone_numbers import normalise

PROMPTS = Path(__file__).parents[3] / "prompts"
T0 = 1_800_000_000_000_000
SECOND = 1_000_000
CODE = "12345671"
NUMBER = "13800138000"
PARTS = ("materials", "procedure", "basis", "time_limit")


def frame(language: str) -> dict[str, str]:
    return tomllib.loads((PROMPTS / language / "frame.toml").read_text(encoding="utf-8"))


WORDS = Wording({"zh_CN": frame("zh_CN"), "en": frame("en")})


def item(group: str, key: str, name: str, *aliases: str) -> MenuItem:
    parts = tuple(
        SpokenPart(part=part, sentences=tuple(f"{name}{part}{n}。" for n in range(1, count + 1)))
        for part, count in zip(PARTS, (2, 3, 1, 1), strict=True)
    )
    return MenuItem(id=f"{group}{key}", version="1", name=name, aliases=aliases, group=group, key=key, parts=parts)


MENU = Menu(
    groups=(
        MenuGroup(key="1", name="社会保障卡"),
        MenuGroup(key="2", name="养老保险"),
        MenuGroup(key="3", name="没有事项的组"),
    ),
    items=(
        item("1", "1", "社会保障卡申领", "社保卡", "办社保卡"),
        item("1", "2", "社会保障卡挂失", "社保卡挂失"),
        item("2", "1", "职工退休申请", "退休", "办退休"),
        item("2", "2", "失业保险金申领", "失业金", "领失业金"),
    ),
)


class Caller:
    """Walks. `step` is what Voicedesk does now, `heard` everything it has said so far."""

    def __init__(self, **options):
        self.now = T0
        given = {"entry": Entry.OVERFLOW, "number": NUMBER, "person_there": True, "can_hear": True, **options}
        self.walk = Walk(given.pop("menu", MENU), WORDS, code=CODE, at=T0, normalise=normalise, **given)
        self.heard: list[str] = []
        self.step: Step
        self._take(self.walk.start())

    def _take(self, step: Step) -> "Caller":
        self.step = step
        if not isinstance(step, LookUp):
            self.said = [text.text for text in step.texts]
            self.heard += self.said
        return self

    def _tell(self, outcome) -> "Caller":
        self.now += SECOND
        return self._take(self.walk.take(outcome, self.now))

    def press(self, *keys: str, after: int | None = None) -> "Caller":
        """Keys, each in the middle of what is said; `after` so many texts."""
        for key in keys:
            if isinstance(self.step, AskDigits):
                self._tell(Typed(digits=key))
            elif isinstance(self.step, TakeMessage):
                self._tell(Recorded(file="", seconds=0.0, key=key))
            else:
                self._tell(Played(finished=0 if after is None else after, key=key))
        return self

    def listen(self, times: int = 1) -> "Caller":
        """Hears all and does nothing."""
        for _ in range(times):
            if isinstance(self.step, AskDigits):
                self._tell(Typed(digits=""))
            elif isinstance(self.step, TakeMessage):
                self._tell(Recorded(file="", seconds=0.0))
            else:
                assert isinstance(self.step, Play)
                self._tell(Played(finished=len(self.step.texts)))
        return self

    def say(self, item_id: str | None) -> "Caller":
        assert isinstance(self.step, Play)
        assert self.step.names
        return self._tell(Said(item_id=item_id))

    def type(self, digits: str) -> "Caller":
        assert isinstance(self.step, AskDigits)
        return self._tell(Typed(digits=digits))

    def leave_message(self, seconds: float = 12.0, *, key: str | None = None) -> "Caller":
        assert isinstance(self.step, TakeMessage)
        return self._tell(Recorded(file="message.wav", seconds=seconds, key=key))

    def found(self, standing: Standing | None) -> "Caller":
        assert isinstance(self.step, LookUp)
        return self._tell(LookedUp(standing=standing))

    def to_the_end(self) -> "Caller":
        """Hears out the notice that is being told."""
        while self.walk.state.value == "notice":
            self.listen()
        return self

    @property
    def exit(self) -> str | None:
        return self.step.exit.value if isinstance(self.step, Leave) else None

    @property
    def state(self) -> str:
        return self.walk.state.value

    @property
    def kept(self):
        return self.walk.consultation()
