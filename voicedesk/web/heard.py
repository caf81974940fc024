"""A greeting as a page shows it to one person: what they may read, hear, appeal against and decide of it."""

import asyncio
from dataclasses import dataclass

from voicedesk.access.roles import Act, Thing, may
from voicedesk.desk.call_page import GreetingPart
from voicedesk.store.greetings import StoredGreeting
from voicedesk.web.desk import Desk
from voicedesk.web.doorkeeper import Person
from voicedesk.web.sound import Shape, kept_file, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A greeting with what this person may know of it. `has_sound`: they may hear it, and it is kept.

    `may_read`: they may read the words; `may_appeal`: it is theirs; `may_decide`: it is not.
    """

    part: GreetingPart
    may_read: bool
    has_sound: bool
    shape: Shape | None
    may_appeal: bool
    may_decide: bool


def may_hear(person: Person, one: StoredGreeting) -> bool:
    """Whether a person may hear a greeting and read its words."""
    return may(person.account.role, Act.SEE, Thing.RECORDING, is_own=person.is_agent(one.agent))


async def heard_of(desk: Desk, person: Person, part: GreetingPart) -> Heard:
    """A greeting for a person; its recording is looked for where they may hear it."""
    one, role = part.shown.row.greeting, person.account.role
    may_read, file = may_hear(person, one), None
    if may_read and one.recording:
        file = await asyncio.to_thread(kept_file, desk.settings.recording.folder, one.recording)
    is_own = person.is_agent(one.agent)
    return Heard(
        part=part,
        may_read=may_read,
        has_sound=file is not None,
        shape=await asyncio.to_thread(shape_of, file) if file is not None else None,
        may_appeal=one.is_final and is_own and may(role, Act.CHANGE, Thing.APPEAL, is_own=True),
        may_decide=one.is_final and may(role, Act.CHANGE, Thing.VERDICT, is_own=False) and not is_own,
    )
