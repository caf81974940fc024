"""How a citizen's call goes through the switch, step by step; every `yield` waits until an instant."""

from collections.abc import Generator

from tests.histories.dialling import CITIZEN, DUE, Dialled, dial
from tests.histories.placed import callback, placed
from tests.histories.plan import MEMBERS, MOBILES, QUEUES, SECOND, STEP, CallPlan, Reaction
from tests.histories.ringing import Try
from tests.histories.switch import Switch
from tests.histories.talking import conversation, end
from tests.histories.truth import TrueCall

Steps = Generator[int, None, None]
EXTENSIONS = {"dial": "4002", "hint": "4003", "other_line": "4009"}
HOTLINE = "4001"


def script(switch: Switch, plan: CallPlan) -> Steps:
    """The script of a plan."""
    if plan.kind in ("internal", "outbound"):
        return placed(switch, plan)
    if plan.kind == "callback":
        return callback(switch, plan)
    return Inbound(switch, plan).steps()


class Inbound:
    """A citizen calls."""

    def __init__(self, switch: Switch, plan: CallPlan) -> None:
        self.switch, self.plan = switch, plan
        self.queue = QUEUES.get(plan.kind)
        self.gives_up: int | None = None
        self.leaves: int | None = None
        self.aborted = False
        self.taken = False

    def steps(self) -> Steps:
        """From the first ring of the line to the end."""
        switch, plan = self.switch, self.plan
        self._begins()
        call, caller = self.call, self.caller
        if plan.menu or plan.kind == "menu":
            switch.state(caller, "Up")
            asks = switch.now + (plan.menu or plan.talk)
            if plan.kind == "menu" or (self.gives_up is not None and self.gives_up <= asks):
                yield min(asks, self.gives_up or asks)
                end(switch, call, caller, [], plan)
                return
            yield asks
        self._asks()
        answered = yield from self._rounds(plan.rounds, plan.kind)
        if not answered and not self._gone() and self._goes_on():
            self._leaves_queue()
            self.leaves, self.taken = None, False
            yield switch.now + STEP
            answered = yield from self._rounds(plan.failover, "failover")
        if answered:
            yield from conversation(switch, plan, call, caller, answered)
        elif self._gone():
            self._gave_up()
        else:
            yield from self._turned_away()

    def _begins(self) -> None:
        """The line rings: an analogue line does not tell a hang-up, an R2 line says that the caller hears ringing."""
        switch, plan = self.switch, self.plan
        kind = {"unheard": "DAHDI/3", "rings": "DAHDI/31"}
        number = "anonymous" if plan.line == "withheld" else CITIZEN
        self.caller = switch.channel(
            kind.get(plan.line, "PJSIP/trunk"), exten=EXTENSIONS.get(plan.kind, HOTLINE), number=number
        )
        self.call = TrueCall(kind=plan.kind, linkedid=self.caller.linkedid, started_at=switch.now)
        self.call.unheard, self.call.analogue = plan.line == "unheard", plan.line in kind
        switch.calls.append(self.call)
        line = {"UserEvent": "VoicedeskCall", "Line": self.caller.exten, "Number": number}
        switch.say("UserEvent", self.caller, lag=0, **line)
        self.gives_up = switch.now + plan.patience if plan.patience is not None else None

    def _asks(self) -> None:
        switch, plan = self.switch, self.plan
        if self.queue:
            switch.say("QueueCallerJoin", self.caller, lag=0, Queue=self.queue)
            switch.ask(self.call, DUE[plan.kind])
        if plan.line == "rings" and not switch.is_up(self.caller):
            switch.state(self.caller, "Ringing")
        if plan.leaves is not None and (self.queue or plan.way == "redirect"):
            self.leaves = switch.now + plan.leaves

    def _gone(self) -> bool:
        return self.gives_up is not None and self.switch.now >= self.gives_up

    def _goes_on(self) -> bool:
        """The dialplan goes on to Dial."""
        return bool(self.plan.failover) and not self.aborted and (self.queue is not None or self.leaves is not None)

    def _rounds(self, rounds: tuple[tuple[Reaction, ...], ...], kind: str) -> Generator[int, None, Dialled | None]:
        """The phones are tried in turn, until one is taken or nobody waits any more."""
        switch, plan, queue = self.switch, self.plan, kind in QUEUES
        for n, reactions in enumerate(rounds):
            if n:
                until = [switch.now + (plan.pause if queue else STEP)]
                until += [max(at, switch.now) for at in (self.gives_up, self.leaves) if at is not None]
                yield min(until)
            self.taken = self.leaves is not None and switch.now >= self.leaves
            if self._gone() or self.taken:
                return None
            answered = yield from self._round(reactions, kind)
            if answered or self.call.gave_up_at or self.aborted:
                return answered
        return None

    def _round(self, reactions: tuple[Reaction, ...], kind: str) -> Generator[int, None, Dialled | None]:
        """One try: the phones are dialled together until one is taken, all refuse, or the time is over."""
        switch, call = self.switch, self.call
        if kind in QUEUES:
            reactions = tuple(reaction for reaction in reactions if self._is_offered(reaction.phone))
            if not reactions:
                until = switch.now + STEP
                yield until if self.gives_up is None else min(until, self.gives_up)
                return None
        dialled = [one for reaction in reactions for one in dial(switch, call, self.caller, reaction, kind)]
        tried = Try(
            switch=switch,
            call=call,
            caller=self.caller,
            kind=kind,
            open=dialled,
            until=switch.now + self.plan.ring_for,
            gives_up=self.gives_up,
            taken_at=self.leaves,
            announcement=self.plan.announcement if kind in QUEUES else None,
        )
        answered = yield from tried.run()
        self.aborted = self.aborted or tried.aborted
        self.taken = self.leaves is not None and self.switch.now >= self.leaves
        return answered

    def _is_offered(self, phone: str) -> bool:
        """The queue rings its free members, but none that still has something to note down."""
        if phone in MOBILES:
            return True
        is_free = phone in MEMBERS and self.switch.what(phone) == "free"
        return is_free and self.switch.wraps_up.get(phone, 0) <= self.switch.now

    # --- nobody came

    def _leaves_queue(self) -> None:
        if self.queue and self.call.waited_until is None:
            self.switch.say("QueueCallerAbandon", self.caller, lag=100, Queue=self.queue)
            self.switch.say("QueueCallerLeave", self.caller, lag=150, Queue=self.queue)
            self.call.waited_until = self.switch.now

    def _gave_up(self) -> None:
        call, switch = self.call, self.switch
        if call.gave_up_at is None:
            call.gave_up_at = switch.now
            call.gave_up_in_silence = call.unheard
            if not call.unheard:
                switch.say("HangupRequest", self.caller, lag=0, Cause="127")
        self._leaves_queue()
        switch.hangup(self.caller, 127)
        call.ended_at = switch.now

    def _turned_away(self) -> Steps:
        """The switch has nobody left to ring: it says so, or takes a message, and the call ends by either side."""
        switch, plan = self.switch, self.plan
        self._leaves_queue()
        if plan.lingers or self.taken:  # whoever pressed a key, or was sent elsewhere, hears something at least
            if plan.lingers > STEP * 100 and not switch.is_up(self.caller):
                switch.state(self.caller, "Up")
            yield switch.now + (max(plan.lingers, SECOND) if self.taken else plan.lingers)
            if plan.caller_ends and not self.call.unheard:
                switch.say("HangupRequest", self.caller, lag=0, Cause="16")
        switch.hangup(self.caller, 19)
        self.call.ended_at = switch.now
