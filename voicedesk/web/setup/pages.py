"""The pages of the guided start: who may, which step, and what became of it. Each step is a module beside this one."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from voicedesk.access.roles import Act, Thing
from voicedesk.errors import InputError, SettingsError
from voicedesk.web import pages
from voicedesk.web.changed_settings import ChangedSettings
from voicedesk.web.desk import Desk, Refused
from voicedesk.web.setup.draft import Drafts, Told
from voicedesk.web.setup.ear import EarStep
from voicedesk.web.setup.end import EndStep
from voicedesk.web.setup.line import LineStep
from voicedesk.web.setup.page import Asked, StepPage, in_words
from voicedesk.web.setup.progress import Step
from voicedesk.web.setup.staff import MOST_FIELDS, StaffStep
from voicedesk.web.setup.switch import SwitchStep, shown_fields
from voicedesk.web.setup.trials import Trials

_MOST_TOLD = 100


class OneStep(Protocol):
    """A step: what its page shows, and what its form does."""

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """The page with what this step shows."""

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """What a form does; with what became of a change where there was one. Raises InputError, SettingsError."""


class SetupPages:
    """The guided start, for administrators."""

    def __init__(self, desk: Desk, changed: ChangedSettings) -> None:
        self._desk, self._changed = desk, changed
        self._progress = desk.progress
        self._drafts = Drafts(desk, changed, self._progress)
        trials = Trials(desk.now)
        self._steps: Mapping[Step, OneStep] = {
            Step.SWITCH: SwitchStep(desk, self._drafts, trials),
            Step.LINE: LineStep(self._drafts, trials),
            Step.STAFF: StaffStep(desk, self._drafts, trials),
            Step.EAR: EarStep(self._drafts, trials),
            Step.END: EndStep(trials),
        }
        self._told: OrderedDict[str, Told] = OrderedDict()

    async def begin(self, request: Request) -> Response:
        """Leads to the first step that is not done."""
        visitor, _, _ = await self._desk.allowed(request, Act.CHANGE, Thing.SETTINGS)
        return self._desk.lead(visitor, f"/setup/{self._progress.read().next}")

    async def step(self, request: Request, step: str) -> Response:
        """One step: its page, or what its form does."""
        desk = self._desk
        visitor, person, _ = await desk.allowed(request, Act.CHANGE, Thing.SETTINGS)
        if step not in {one.value for one in Step}:
            raise Refused(pages.not_there())
        which = Step(step)
        is_sent = request.method == "POST"
        fields = await desk.form(request, visitor, most_fields=MOST_FIELDS) if is_sent else {}
        refused = in_words(visitor, self._changed.wrong)
        page = StepPage(
            step=which,
            done=self._progress.read(),
            draft=None,
            refused=refused,
            needs_restart=self._changed.needs_restart,
            told=self._told.pop(person.session.token_hash, None),
        )
        if page.told is not None:
            page = replace(page, told_words=in_words(visitor, page.told.said))
        try:
            draft = await asyncio.to_thread(self._drafts.read)
        except InputError as error:
            return desk.pages.page("setup.html", visitor, replace(page, no_file=in_words(visitor, str(error))))
        page = replace(page, draft=draft, wrong=in_words(visitor, draft.wrong), done=self._progress.read())
        asked = Asked(visitor=visitor, person=person, draft=draft, fields=fields, query=request.query_params)
        if not is_sent:
            return await self._shown(asked, page)
        if which is Step.END and asked.do == "end":
            self._progress.end()
            return desk.lead(visitor, "/")
        return await self._done(asked, page)

    async def _done(self, asked: Asked, page: StepPage) -> Response:
        if page.step is Step.SWITCH:
            page = replace(page, typed=shown_fields(asked.fields))
        try:
            page, told = await self._steps[page.step].act(asked, page)
        except (InputError, SettingsError) as error:
            return await self._shown(
                asked, replace(page, typed=_kept(asked, page), mistake=in_words(asked.visitor, str(error)))
            )
        if told is None:
            if page.step is Step.END and page.is_tested:
                page = replace(page, done=self._progress.read())
            return await self._shown(asked, page)
        self._progress.mark(page.step)
        self._told[asked.person.session.token_hash] = told
        while len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        onward = page.step.value if page.step is Step.LINE else page.after
        return self._desk.lead(asked.visitor, f"/setup/{onward}")

    async def _shown(self, asked: Asked, page: StepPage) -> Response:
        shown = await self._steps[page.step].show(asked, page)
        return self._desk.pages.page(
            f"setup_{page.step}.html", asked.visitor, shown, status=422 if page.mistake else 200
        )


def _kept(asked: Asked, page: StepPage) -> Mapping[str, str]:
    """What was typed, to be shown again; never a secret."""
    if page.typed or asked.do == "ask":
        return page.typed
    return {key: value[:4000] for key, value in asked.fields.items() if key not in {"form", "secret"}}
