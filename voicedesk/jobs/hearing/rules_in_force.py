"""The rules that greetings are judged by at present, read from the settings and read again at a reload."""

import asyncio
from collections.abc import Callable

import structlog

from voicedesk.errors import InputError
from voicedesk.greeting.rules import GreetingRules
from voicedesk.hall.greetings import rules_of
from voicedesk.jobs.trouble import Troubles
from voicedesk.settings import Settings

RULES_SECONDS = 10.0

_log = structlog.get_logger()


class RulesInForce:
    """Keeps the rules that were read last without a fault; None before the first time."""

    def __init__(self) -> None:
        self.rules: GreetingRules | None = None

    async def wait(self, settings: Callable[[], Settings]) -> GreetingRules:
        """The rules, once they can be read: until then recordings wait, and nobody is judged by other rules."""
        troubles = Troubles()
        while True:
            try:
                self.rules = await asyncio.to_thread(rules_of, settings())
            except InputError as error:
                troubles.say("greeting_rules_unread", error)
                await asyncio.sleep(RULES_SECONDS)
            else:
                _log.info("greeting_rules", version=self.rules.version)
                return self.rules

    def read_again(self, settings: Settings) -> tuple[GreetingRules | None, str]:
        """The rules as written now, and what people are told of them. None: they are broken, nothing changes."""
        before = self.rules
        try:
            rules = rules_of(settings)
        except InputError as error:
            _log.error("greeting_rules_refused", reason=str(error))
            return None, f"greetings are judged by the rules and lines as before: {error}"
        self.rules = rules
        if before == rules:
            return rules, ""
        _log.info("greeting_rules", version=rules.version)
        if before is not None and before.version == rules.version:
            _log.warning("greeting_rules_same_version", version=rules.version)
            return (
                rules,
                f"the greeting rules changed and still call themselves {rules.version!r}: give them a new version",
            )
        return rules, f"greetings are judged by {rules.version} now"
