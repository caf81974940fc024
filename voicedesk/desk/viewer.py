"""Who looks: which things are shown to them, and what of a number, a name or a channel is masked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from voicedesk.access.roles import Act, Reach, Role, Thing, widest
from voicedesk.errors import InputError
from voicedesk.log import mask_endpoint
from voicedesk.number_masking import mask_numbers
from voicedesk.phone_numbers import mask

Name = TypeVar("Name", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person before a screen. `agent` is their id in [[agents]]; None: they are nobody of the settings.

    `roles` say what is shown (`RIGHTS`): whoever has none sees nothing. `may_see_numbers`: nothing is masked; whoever
    makes such a viewer has asked for the right to whole numbers of what is shown, and logged it.
    """

    agent: str | None = None
    roles: frozenset[Role] = frozenset()
    may_see_numbers: bool = False

    def __post_init__(self) -> None:
        if self.may_see_numbers and self._reach(Thing.NUMBER) is Reach.NONE:
            raise InputError("whole numbers are not shown to your role: ask a supervisor of the hall")

    def reach(self, thing: Thing) -> Reach:
        """How much of a list of things is shown. Raises InputError where nothing is, whatever stands in the list."""
        found = self._reach(thing)
        if found is Reach.NONE:
            raise InputError("this list is not shown to your role: ask a supervisor of the hall")
        return found

    def sees_of(self, thing: Thing, people: Collection[str | None]) -> bool:
        """Whether what concerns these people in a list is shown."""
        found = self._reach(thing)
        return found is Reach.EVERY or (found is Reach.OWN and self.agent is not None and self.agent in people)

    def only(self, thing: Thing) -> str | None:
        """The id of the person whose part of a list is shown; None: all of it is. Raises InputError as `reach` does.

        The empty id is nobody's: to a viewer who is nobody of the settings nothing is their own.
        """
        return None if self.reach(thing) is Reach.EVERY else self.agent or ""

    def _reach(self, thing: Thing) -> Reach:
        return widest(self.roles, Act.SEE, thing)

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


AT_THE_MACHINE = Viewer(roles=frozenset(Role))
"""Whoever gives commands at the machine itself may read the database as a whole; numbers are masked all the same."""
