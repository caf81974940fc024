"""The step of the ear: which model hears what the staff say, and whether recordings arrive."""

import asyncio
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from voicedesk.data_packages import missing_packages
from voicedesk.errors import InputError
from voicedesk.settings.editing import Edit, SetKeys
from voicedesk.speech.install import list_models
from voicedesk.speech.models import EMBEDDED
from voicedesk.speech.packaged import DATA, WHISPER_BASE
from voicedesk.web.setup.draft import Drafts, Told
from voicedesk.web.setup.page import Asked, StepPage, rows_of
from voicedesk.web.setup.trials import Trials
from voicedesk.web.texts import speaker, t


class EarStep:
    """Which model hears, and where recordings lie."""

    def __init__(self, drafts: Drafts, trials: Trials) -> None:
        self._drafts, self._trials = drafts, trials

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """The models that are there, and how to get one that understands people."""
        settings = asked.draft.settings
        there = await asyncio.to_thread(list_models, settings.speech.models_folder)
        others = sorted({one.name for one in there} - {EMBEDDED, WHISPER_BASE})
        recordings = settings.pbx[0].recordings if settings.pbx else None
        typed = page.typed or {"model": settings.speech.model, "folder": str(recordings or "")}
        return page.with_more(
            typed=typed,
            in_use=settings.speech.model,
            has_whisper=find_spec("faster_whisper") is not None and not missing_packages(DATA),
            others=others,
            pip=Path(sys.executable).with_name("pip"),
            has_switch=bool(settings.pbx),
        )

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """Tries the ear; saves it where that was asked and the model loads."""
        model, folder = asked.text("model"), asked.text("folder")
        page = replace(page, typed={"model": model, "folder": folder})
        if not model:
            raise InputError("choose an ear")
        if folder and not Path(folder).is_absolute():
            raise InputError("write the whole path of the recordings' folder, from / on")
        found = await self._trials.run("ear", file=str(asked.draft.file), model=model, folder=folder)
        page = replace(page, findings=rows_of(asked.visitor, found["findings"]), is_tested=True)
        is_bad = any(one["check"] == "model" and one["grade"] == "bad" for one in found["findings"])
        if asked.do != "save":
            return page, None
        if is_bad:
            say = speaker(asked.visitor.look.language)
            return replace(page, mistake=say(t("It is saved only when the model can be loaded."))), None
        edits: list[Edit] = [SetKeys(table="speech", keys={"model": model})]
        if asked.draft.rows("pbx"):
            edits.append(SetKeys(table="pbx", index=0, keys={"recordings": folder or None}))
        told = await self._drafts.change(asked.draft, edits, asked.person, asked.visitor.address, f"[speech] {model}")
        return page, told
