"""Who looks: what is shown to them, and what of a number, a name or a channel is masked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from voicedesk.log import mask_endpoint, mask_numbers
from voicedesk.phone_numbers import mask

Name = TypeVar("Name", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person before a screen. `agent` is their id in [[agents]]; None: somebody at the machine itself.

    Without `is_supervisor` only the person's own calls and greetings are shown. `may_see_numbers`: nothing is masked.
    """

    agent: str | None = None
    is_supervisor: bool = False
    may_see_numbers: bool = False

    def sees_of(self, people: Collection[str]) -> bool:
        """Whether what concerns these people is shown to this one."""
        return self.is_supervisor or (self.agent is not None and self.agent in people)

    def number(self, number: str | None) -> str | None:
        """A caller's number as this viewer may see it; None stays None: it was withheld."""
        return number if self.may_see_numbers or number is None else mask(number)

    def endpoint(self, name: Name) -> Name:
        """A phone or channel: some lines of the telephone company name them after numbers. None stays None."""
        return name if self.may_see_numbers or name is None else mask_endpoint(name)

    def text(self, text: str) -> str:
        """What a person wrote, with the numbers in it masked."""
        return text if self.may_see_numbers else mask_numbers(text)

    def citizen(self, name: str) -> str:
        """A citizen's name: its first letter alone."""
        return name if self.may_see_numbers or not name else f"{name[:1]}**"
