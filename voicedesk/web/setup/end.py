"""The last step: what the doctor still says, and that all is set up."""

from dataclasses import replace

from voicedesk.errors import InputError
from voicedesk.web.setup.draft import Told
from voicedesk.web.setup.page import Asked, StepPage, rows_of
from voicedesk.web.setup.trials import Trials


class EndStep:
    """The whole installation, looked over."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    async def show(self, asked: Asked, page: StepPage) -> StepPage:
        """What stands in the settings, in a few numbers."""
        settings = asked.draft.settings
        counts = {key: len(getattr(settings, key)) for key in ("pbx", "lines", "phones", "agents")}
        return page.with_more(counts=counts)

    async def act(self, asked: Asked, page: StepPage) -> tuple[StepPage, Told | None]:
        """Runs the doctor."""
        if asked.draft.is_waiting:
            raise InputError("changes wait that are not in force yet: type the command above first")
        found = await self._trials.run("whole", file=str(asked.draft.file))
        return replace(page, findings=rows_of(asked.visitor, found["findings"]), is_tested=True), None
