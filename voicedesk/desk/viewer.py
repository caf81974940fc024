"""Who looks: which lists are shown to them, and what of a number, a name or a channel is masked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from voicedesk.desk.access import SEES, List, Role, Scope
from voicedesk.errors import InputError
from voicedesk.log import mask_endpoint, mask_numbers
from voicedesk.phone_numbers import mask

Name = TypeVar("Name", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person before a screen. `agent` is their id in [[agents]]; None: they are nobody of the settings.

    `roles` say which lists are shown (`SEES`): whoever has no role sees none. `may_see_numbers`: nothing is masked.
    """

    agent: str | None = None
    roles: frozenset[Role] = frozenset()
    may_see_numbers: bool = False

    def scope(self, of: List) -> Scope:
        """How much of a list is shown. Raises InputError where nothing is, whatever stands in the list."""
        widest = self._widest(of)
        if widest is Scope.NONE:
            raise InputError("this list is not shown to your role: ask a supervisor of the hall")
        return widest

    def sees_of(self, of: List, people: Collection[str]) -> bool:
        """Whether what concerns these people in a list is shown."""
        widest = self._widest(of)
        return widest is Scope.ALL or (widest is Scope.OWN and self.agent is not None and self.agent in people)

    def only(self, of: List) -> str | None:
        """The id of the person whose part of a list is shown; None: all of it is. Raises InputError as `scope` does.

        The empty id is nobody's: to a viewer who is nobody of the settings nothing is their own.
        """
        return None if self.scope(of) is Scope.ALL else self.agent or ""

    def _widest(self, of: List) -> Scope:
        return max((SEES[of][role] for role in self.roles), default=Scope.NONE)

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
