"""The step of staff and phones: who sits where, with the names that the switch has to begin with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from voicedesk.clock import to_datetime
from voicedesk.errors import InputError
from voicedesk.hall.first_settings import example_phones
from voicedesk.settings import AgentSettings, Settings
from voicedesk.settings.editing import AddTable, DropTable, Edit, SetKeys
from voicedesk.web.desk import Desk
from voicedesk.web.setup.draft import Draft, Drafts, Told
from voicedesk.web.setup.page import Asked, StepPage, plain
from voicedesk.web.setup.trials import Trials

MOST_FIELDS = 2000
_MOST_ROWS, _EMPTY_ROWS = 300, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """A phone and who sits there; `is_new`: the switch shows it, and the settings do not have it yet."""

    endpoint: str = ""
    extension: str = ""
    name: str = ""
    number: str = ""
    is_used: bool = True
    is_new: bool = False


class StaffStep:
    """Which phones there are, and whose they are."""

    def __init__(self, desk: Desk, drafts: Drafts, trials: Trials) -> None:
        self._desk, self._drafts, self._trials = desk, drafts, trials

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """A row for each phone, and the department of each line."""
        settings = asked.draft.settings
        rows = _typed_rows(page.typed) if page.typed else list(self._rows(settings))
        lines = [(line.name, page.typed.get(f"d{n}", line.department or "")) for n, line in enumerate(settings.lines)]
        return page.with_more(
            rows=[*rows, *(SeatRow() for _ in range(_EMPTY_ROWS))] if not page.typed else rows,
            lines=lines,
            many=len(settings.pbx) > 1,
            has_switch=bool(settings.pbx),
        )

    def _rows(self, settings: Settings) -> Iterator[SeatRow]:
        now = to_datetime(self._desk.now())
        people = {agent.id: agent for agent in settings.agents}
        seats = {one.endpoint: people.get(one.agent) for one in settings.assignments if one.holds_at(now)}
        found = self._trials.found(settings, "phones")
        guessed = {one["endpoint"]: one["name"] for one in self._trials.found(settings, "people")}
        examples = example_phones()
        for phone in settings.phones:
            agent = seats.get(phone.endpoint)
            is_wrong = phone.endpoint in examples and bool(found)
            yield SeatRow(
                endpoint=phone.endpoint,
                extension=phone.extension or "",
                name=agent.name if agent else plain(guessed.get(phone.endpoint, "")),
                number=(agent.number or "") if agent else "",
                is_used=not is_wrong or phone.endpoint in {one["endpoint"] for one in found},
            )
        there = {phone.endpoint for phone in settings.phones}
        for one in found:
            if one["endpoint"] not in there:
                yield SeatRow(
                    endpoint=plain(one["endpoint"]),
                    extension=plain(one["extension"] or ""),
                    name=plain(guessed.get(one["endpoint"], "")),
                    is_new=True,
                )

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """Asks the switch, or saves all rows at once."""
        if asked.do == "ask":
            await self._trials.ask_house(asked.draft.settings)
            return page, None
        page = replace(page, typed={key: value[:200] for key, value in asked.fields.items() if key != "form"})
        if len(asked.draft.settings.pbx) > 1:
            raise InputError("there are several switches: write the phones of each into the settings file")
        zone = asked.draft.settings.hall.zone
        now = to_datetime(self._desk.now()).astimezone(zone).replace(microsecond=0)
        rows = [row for row in _typed_rows(page.typed) if row.endpoint]
        edits = list(_Seating(asked.draft, now).edits(rows, page.typed))
        told = await self._drafts.change(
            asked.draft, edits, asked.person, asked.visitor.address, "[[phones]] [[agents]] [[assignments]]"
        )
        return page, told


def _typed_rows(typed: Mapping[str, str]) -> list[SeatRow]:
    """The rows of a form: their fields are numbered."""
    rows = []
    for n in range(_MOST_ROWS):
        if f"p{n}" in typed:
            endpoint, extension, name, number = (plain(typed.get(f"{key}{n}", "")) for key in "pxnw")
            is_used = f"u{n}" in typed or bool(not typed.get(f"k{n}") and endpoint)
            rows.append(SeatRow(endpoint=endpoint, extension=extension, name=name, number=number, is_used=is_used))
    return rows


class _Seating:
    """Makes of rows what is to be changed in the settings; who sat somewhere until now stays written down."""

    def __init__(self, draft: Draft, now: datetime) -> None:
        self._draft, self._now = draft, now
        self._settings = draft.settings
        self._agents = list(self._settings.agents)
        self._phones = [str(row.get("endpoint", "")) for row in draft.rows("phones")]

    def edits(self, rows: list[SeatRow], typed: Mapping[str, str]) -> Iterator[Edit]:
        """First what is set and added, then, from below, what goes."""
        for n, line in enumerate(self._settings.lines):
            department = plain(typed.get(f"d{n}", line.department or ""))
            if f"d{n}" in typed and department != (line.department or ""):
                yield SetKeys(table="lines", index=n, keys={"department": department or None})
        for row in rows:
            if row.is_used:
                yield from self._phone(row)
            yield from self._seat(row if row.is_used else replace(row, name=""))
        gone = {row.endpoint for row in rows if not row.is_used}
        for n in reversed(range(len(self._phones))):
            if self._phones[n] in gone:
                yield DropTable(table="phones", index=n)

    def _phone(self, row: SeatRow) -> Iterator[Edit]:
        keys = {"endpoint": row.endpoint, "extension": row.extension or None}
        if row.endpoint in self._phones:
            yield SetKeys(table="phones", index=self._phones.index(row.endpoint), keys=keys)
        else:
            yield AddTable(table="phones", keys=keys)

    def _seat(self, row: SeatRow) -> Iterator[Edit]:
        sits = [
            n
            for n, one in enumerate(self._settings.assignments)
            if one.endpoint == row.endpoint and one.holds_at(self._now)
        ]
        agent: AgentSettings | None = None
        if row.name:
            agent, made = self._agent(row)
            yield from made
        is_there = False
        for n in sits:
            if agent is not None and self._settings.assignments[n].agent == agent.id:
                is_there = True
            else:
                yield SetKeys(table="assignments", index=n, keys={"to": self._now})
        if agent is not None and not is_there:
            begins = {"from": self._now} if sits else {}
            yield AddTable(table="assignments", keys={"agent": agent.id, "endpoint": row.endpoint, **begins})

    def _agent(self, row: SeatRow) -> tuple[AgentSettings, list[Edit]]:
        """The person of a row: by their staff number, else by their name; else somebody new."""
        number = row.number or None
        known = [one for one in self._agents if number is not None and one.number == number and one.name == row.name]
        known = known or [one for one in self._agents if one.name == row.name and (one.number is None or not number)]
        if known:
            agent = known[0]
            if number is None or agent.number == number:
                return agent, []
            changed = agent.model_copy(update={"number": number})
            index = self._agents.index(agent)
            self._agents[index] = changed
            return changed, [SetKeys(table="agents", index=index, keys={"number": number})]
        ids = {one.id for one in self._agents}
        wanted = base = number or f"agent-{row.extension or row.endpoint.rpartition('/')[2]}"
        count = 2
        while wanted in ids:
            wanted, count = f"{base}-{count}", count + 1
        agent = AgentSettings.model_construct(id=wanted, name=row.name, number=number)
        self._agents.append(agent)
        return agent, [AddTable(table="agents", keys={"id": wanted, "name": row.name, "number": number})]
