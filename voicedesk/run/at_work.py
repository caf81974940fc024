"""Makes every job of the service from the settings, once for each time that the database was opened."""

from collections.abc import Callable, Mapping

from voicedesk.clock import NowUs
from voicedesk.doctor.watch import HouseWatch
from voicedesk.hall.switches import address_of
from voicedesk.jobs.deciding.steps import VerdictSteps
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.jobs.following.job import Following
from voicedesk.jobs.following.link_watch import LinkWatch
from voicedesk.jobs.following.rebuilder import Rebuilder
from voicedesk.jobs.following.repairing import Repairing
from voicedesk.jobs.following.settling import Settling, Sweeping
from voicedesk.jobs.guard import Guard, Part
from voicedesk.jobs.hearing.job import Hearing
from voicedesk.jobs.job import CallsNow, Job
from voicedesk.jobs.news.job import SendingNews
from voicedesk.jobs.news.steps import NewsSteps
from voicedesk.jobs.phones.job import WatchingPhones
from voicedesk.jobs.ringing_back.job import RingingBack
from voicedesk.jobs.telling.job import Telling
from voicedesk.jobs.telling.steps import OutageSteps
from voicedesk.jobs.unsaved import RowOf, saved_again
from voicedesk.jobs.upkeep.forgetting import ForgetSteps, Forgetting
from voicedesk.jobs.upkeep.our_clock import OurClock
from voicedesk.jobs.upkeep.pruning import Pruning
from voicedesk.jobs.upkeep.quarantine import QuarantineSteps, TryAgain
from voicedesk.run.requests import Steps
from voicedesk.settings import Settings
from voicedesk.step_rows import StepKind
from voicedesk.store.store import Store


class AtWork:
    """All jobs by their names, over call logs that were taken up.

    `in_force` gives the settings after the latest reload; `wall` is the machine's clock as it is.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        logs: Mapping[str, CallLog],
        *,
        in_force: Callable[[], Settings],
        wall: NowUs,
        clock: OurClock,
        guard: Guard,
    ) -> None:
        now = clock.now
        calls: CallsNow = {name: log.call_of for name, log in logs.items()}
        forgets = Forgetting(logs, now)
        news = SendingNews(store, settings, now, guard=guard)
        hearing = Hearing(store, settings, calls, now, tell=news.tell, guard=guard)
        phones = WatchingPhones(store, settings, logs, now, tell=news.tell, guard=guard)
        ivr = Telling(store, settings, calls, now, phones=phones.desk, as_kept=forgets.value, guard=guard)
        listeners = {"greetings": hearing.receive, "phones": phones.receive}
        following = {
            pbx.name: Following(
                address_of(pbx),
                logs[pbx.name],
                listeners,
                wall,
                as_kept=forgets.events,
                heard=clock.heard,
                guard=guard,
            )
            for pbx in settings.pbx
        }
        self._guard, self._phones = guard, phones
        self._settling = Settling(logs, guard)
        self._tickets = RingingBack(store, settings, calls, now, tell=news.tell, guard=guard)
        urgent: dict[str, Job] = {f"follow {name}": job for name, job in following.items()}
        urgent |= {"settle": self._settling, "calls anew": Rebuilder(logs, store)}
        self.urgent = frozenset(urgent)
        """The jobs by which calls are followed: one that fails is begun again soon, however often it fails."""
        self.jobs: Mapping[str, Job] = {
            **urgent,
            "sweep": Sweeping(logs, wall, guard, afterwards=forgets.let_go),
            "prune": Pruning(store, settings, now),
            "repair": Repairing(store, settings, now, guard),
            "greetings": hearing,
            "phones": phones,
            "ivr": ivr,
            "tickets": self._tickets,
            "news": news,
            "links": LinkWatch({name: job.status for name, job in following.items()}, now, news.tell),
            "house": HouseWatch(store, settings, now),
        }
        ways: dict[Part, TryAgain] = {
            Part.RECORDING: hearing.hear_again,
            Part.ROW: saved_again({RowOf.GREETING: hearing.save_again, RowOf.CONSULTATION: ivr.save_again}),
            Part.DELIVERY: news.send_again,
        }
        self._retry = QuarantineSteps(store, ways)
        self._stored_steps = _stored_steps(store, in_force, now)
        self._forget = ForgetSteps(forgets, self.may_hold_numbers, store.writer.flush, self._tickets.read_anew)

    def settle(self) -> None:
        """Hands on what was received, so that it is written."""
        self._settling.settle()

    def steps_by_kind(self) -> dict[str, Steps | None]:
        """What other processes may ask of the jobs, as the jobs are now."""
        return {
            StepKind.TICKET: self._tickets.steps,
            StepKind.BREAK: self._phones.steps,
            StepKind.QUARANTINE: self._retry,
            StepKind.FORGET: self._forget,
            **self._stored_steps,
        }

    def may_hold_numbers(self) -> list[object]:
        """Everything that may hold a caller's number in memory, after what waited to be handed on was handed on."""
        self.settle()
        return [*self.jobs.values(), self._guard]


def _stored_steps(store: Store, in_force: Callable[[], Settings], now: NowUs) -> dict[str, Steps]:
    """Steps that only write to the database: they need no job, and a command carries them out where no service runs."""
    return {
        StepKind.OUTAGE: OutageSteps(store, in_force, now),
        StepKind.NEWS: NewsSteps(store, in_force, now),
        StepKind.VERDICT: VerdictSteps(store, in_force, now),
    }
