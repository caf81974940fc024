"""One try of the switch: phones ring together until one is taken, all have refused, or the caller is gone."""

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from tests.histories.bridging import join, meets
from tests.histories.dialling import Dialled, dial
from tests.histories.plan import GUEST, PHONES, QUEUES
from tests.histories.switch import Bridge, Switch
from tests.histories.truth import TrueCall, TrueLeg
from tests.histories.wire import Channel

Rung = Generator[int, None, Dialled | None]
FOREVER = 1 << 60
DIAL_STATUS = {17: "BUSY", 34: "CONGESTION", 20: "CHANUNAVAIL", 3: "CHANUNAVAIL"}
"""What Dial makes of a phone's cause; of every other one it says NOANSWER."""


@dataclass(slots=True, kw_only=True)
class Try:
    """Rings `open` phones; `run` returns the one that talks with the caller, if any.

    `taken_at`: the caller is taken elsewhere, by key or redirection. `announcement`: the queue tells the phone's owner
    something before it connects them. `aborted`: who was asked to accept the call had it hung up.
    """

    switch: Switch
    call: TrueCall
    caller: Channel
    kind: str
    open: list[Dialled]
    until: int
    gives_up: int | None = None
    taken_at: int | None = None
    announcement: int | None = None
    aborted: bool = False
    held: Bridge | None = field(default=None)

    @property
    def queue(self) -> str | None:
        return QUEUES.get(self.kind)

    def _is_announced(self) -> bool:
        """The queue tells the phone's owner something first; not before it was known that the switch tells bridges."""
        return bool(self.queue and self.announcement and self.switch.tells_bridges)

    def run(self) -> Rung:
        while self.open:
            agenda = sorted((at, n) for n, one in enumerate(self.open) for at, _ in one.steps[:1])
            decided = any((one.lifted and not one.locals) or one.answered for one in self.open)
            until = FOREVER if decided else self.until
            taken_at = FOREVER if self.taken_at is None or decided else max(self.taken_at, self.switch.now)
            gives_up = FOREVER if self.gives_up is None else self.gives_up
            next_at = min(until, taken_at, gives_up, *(at for at, _ in agenda[:1]))
            yield next_at
            if next_at >= gives_up:
                self._caller_gives_up()
                return None
            if next_at >= min(until, taken_at):
                for one in self.open:
                    self._no_longer(one, over=next_at < taken_at)
                return None
            one = self.open[agenda[0][1]]
            _, what = one.steps.pop(0)
            talks = self._act(one, what)
            if talks:
                return talks
            if one.leg.how not in ("rings", "lifted"):
                self.open.remove(one)
        return None

    # --- what a phone does

    def _act(self, one: Dialled, what: str) -> Dialled | None:
        refusals = {"busy": 17, "unreachable": one.reaction.cause or 20, "declines": 21, "refuses": 17}
        if what in ("180", "183"):
            self._rings(one, what)
        elif what in refusals:
            self._refuses(one, "declined" if what in ("declines", "refuses") else what, refusals[what])
        elif what == "dnd":
            self._refuses(one, "dnd", one.reaction.cause)
        elif what == "forwards":
            self._forwards(one)
        elif what == "answers" and self.switch.talks.get(one.leg.phone) is None:
            return self._lifted(one)
        elif what == "accepts":
            return self._accepts(one)
        elif what == "turns_down":
            self._turns_down(one)
        elif what == "connects":
            return self._connects(one)
        elif what == "picked_up" and self.kind == "dial" and not one.locals:
            return self._picked_up(one)
        return None

    def _rings(self, one: Dialled, says: str) -> None:
        leg, switch = one.leg, self.switch
        if says == "180":
            leg.rang_at, leg.told = switch.now, True
            switch.state(one.channel, "Ringing")
            switch.device(leg.phone)
            for first, _ in one.locals:
                switch.state(first, "Ringing")
        else:
            leg.rang_at = switch.now
        for dialler, dialled in reversed(one.dials(self.caller)):
            switch.say("DialState", dialler, dialled, DialStatus="RINGING" if says == "180" else "PROGRESS")

    def _refuses(self, one: Dialled, how: str, cause: int) -> None:
        """The phone, or the road to it, says no."""
        one.leg.cause = cause
        if cause:
            self.switch.say("HangupRequest", one.channel, Cause=str(cause))
        inner = DIAL_STATUS.get(cause, "NOANSWER")
        self._falls_silent(one, how, inner, "NOANSWER" if self.queue else inner, cause)

    def _no_longer(self, one: Dialled, *, over: bool) -> None:
        """The switch takes the ringing away: the time is `over`, or the caller goes elsewhere."""
        how = "not_accepted" if one.lifted else "no_answer"
        self._falls_silent(one, how, "CANCEL", "NOANSWER" if over else "CANCEL", 16 if one.lifted else 0, taken=True)

    def _falls_silent(
        self, one: Dialled, how: str, inner: str, status: str, cause: int, *, taken: bool = False
    ) -> None:
        switch, caller = self.switch, self.caller
        self._put_down(one, how)
        if one.locals:
            for dialler, dialled in reversed(one.dials(caller)[1:]):
                switch.say("DialEnd", dialler, dialled, DialStatus=inner)
            first = one.locals[0][0]
            if self.queue:
                switch.say("AgentRingNoAnswer", caller, first, MemberName=one.member)
            switch.say("DialEnd", caller, first, DialStatus=status)
            self._hang_up_locals(one, cause)
        elif self.queue:
            if status != "CANCEL":
                switch.say("AgentRingNoAnswer", caller, one.channel, MemberName=one.member)
            switch.say("DialEnd", one.dialler, one.channel, DialStatus=status)
            if taken:
                switch.say("DialEnd", one.dialler, one.channel, DialStatus="CANCEL", lag=290)
        else:
            switch.say("DialEnd", one.dialler, one.channel, DialStatus=status)
        switch.hangup(one.channel, cause)

    def _put_down(self, one: Dialled, how: str) -> None:
        self.switch.end_ring(one.leg, how)
        if one.lifted:
            self.switch.talks[one.leg.phone] = None
            self.switch.device(one.leg.phone)

    def _forwards(self, one: Dialled) -> None:
        """302: the switch dials another number instead, over a Local channel of its own."""
        to = one.reaction.to
        if to is None or to.phone == one.leg.phone or any(to.phone == leg.phone for leg in self.call.legs):
            self._refuses(one, "declined" if one.leg.rang_at else "dnd", 21)
            return
        self.switch.say("HangupRequest", one.channel, lag=0, Cause="23")
        self._put_down(one, "forwarded")
        self.switch.say("DialEnd", one.dialler, one.channel, lag=100, DialStatus="CANCEL")
        further = dial(self.switch, self.call, one.dialler, to, "forward")[0]
        further.member = one.member
        further.kept = further.kept or bool(one.locals)
        further.locals = (*one.locals, *further.locals)
        self.open.append(further)
        self.switch.hangup(one.channel, 23)

    def _hang_up_locals(self, one: Dialled, cause: int) -> None:
        for pair in one.locals:
            for half in pair:
                self.switch.hangup(half, cause)

    # --- somebody takes the handset up

    def _lifted(self, one: Dialled) -> Dialled | None:
        switch, leg = self.switch, one.leg
        switch.state(one.channel, "Up")
        leg.up_at = switch.now
        # without bridges told an answer is what the dial says, and a call that is not accepted yet looks like one
        asked = one.reaction.decides is not None and (bool(one.locals) or not self.queue) and switch.tells_bridges
        if leg.staff:
            switch.talks[leg.phone] = "deciding" if asked or self._is_announced() else self.call.kind
        switch.end_ring(leg, "lifted")
        if not asked:
            return self._accepts(one)
        one.lifted = True
        takes = "accepts" if one.reaction.result == "ANSWER" else "turns_down"
        one.steps = [(switch.now + (one.reaction.decides or 0), takes)]
        if not one.locals:
            self._cancel_others(one)
            if one.reaction.holds:
                self._both_held(one)
            elif one.reaction.told_early:
                switch.say("DialEnd", one.dialler, one.channel, DialStatus="ANSWER")
        return None

    def _both_held(self, one: Dialled) -> None:
        """The dialplan sends both to a holding bridge until the phone's owner accepts: nobody hears anybody there."""
        switch = self.switch
        switch.say("DialEnd", one.dialler, one.channel, DialStatus="GOTO")
        if not switch.is_up(self.caller):
            switch.state(self.caller, "Up")
        self.held = switch.bridge("holding_bridge")
        switch.enter(self.held, one.channel, 420)
        switch.enter(self.held, self.caller, 440)

    def _let_go(self) -> None:
        if self.held is not None:
            for channel in list(self.held.channels):
                self.switch.leave(channel, 0)
            self.held = None

    def _accepts(self, one: Dialled) -> Dialled | None:
        switch = self.switch
        self._let_go()
        switch.say("DialEnd", one.dialler, one.channel, DialStatus="ANSWER")
        within = one.channel
        for first, second in reversed(one.locals):
            for half in (second, first):
                switch.state(half, "Up")
            inner = switch.bridge(lag=440)
            switch.enter(inner, within, 450)
            switch.enter(inner, second, 500)
            within = first
        for dialler, dialled in reversed(one.dials(self.caller)[:-1]):
            switch.say("DialEnd", dialler, dialled, DialStatus="ANSWER")
        self._cancel_others(one)
        if self._is_announced():
            one.lifted = one.answered = True
            one.leg.how = "lifted"
            one.steps = [(switch.now + self.announcement, "connects")]
            return None
        return self._connects(one)

    def _connects(self, one: Dialled) -> Dialled:
        """Caller and phone hear each other."""
        switch, leg, caller = self.switch, one.leg, self.caller
        leg.how, one.lifted = "answered", False
        if leg.staff:
            switch.talks[leg.phone] = self.call.kind
        if self.queue:
            connected = one.locals[0][0] if one.locals else one.channel
            switch.say("QueueCallerLeave", caller, Queue=self.queue, lag=300)
            switch.say("AgentConnect", caller, connected, MemberName=one.member, lag=500)
        if not switch.is_up(caller):
            switch.state(caller, "Up")
        leg.joined_at = join(switch, caller, one)
        if leg.staff:
            meets(switch, self.call, leg)
            switch.device(leg.phone)
        else:
            self.call.reached = True
        return one

    def _turns_down(self, one: Dialled) -> None:
        """The handset was up, the call not accepted."""
        self._let_go()
        self.aborted = self.aborted or (one.reaction.result == "ABORT" and not one.locals)
        status = one.reaction.result
        self._falls_silent(one, "not_accepted", status, "NOANSWER" if self.queue else status, 16)

    # --- the others, and the caller

    def _caller_gives_up(self) -> None:
        call, switch = self.call, self.switch
        call.gave_up_at = switch.now
        if not call.unheard:
            switch.say("HangupRequest", self.caller, lag=0, Cause="127")
        for one in self.open:
            self._put_down(one, "not_accepted" if one.lifted else "cancelled")
            if not one.lifted or (one.locals and not one.answered):
                switch.say("DialEnd", one.dialler, one.channel, lag=10, DialStatus="CANCEL")
                switch.say("DialEnd", one.dialler, one.channel, lag=20, DialStatus="CANCEL")
            if not one.answered:
                for dialler, dialled in one.dials(self.caller)[:-1]:
                    switch.say("DialEnd", dialler, dialled, DialStatus="CANCEL")
            self._hang_up_locals(one, 0)
            switch.hangup(one.channel, 0)

    def _cancel_others(self, one: Dialled) -> None:
        for other in [other for other in self.open if other is not one]:
            how = "not_accepted" if other.lifted else "elsewhere"
            self._put_down(other, how)
            for dialler, dialled in reversed(other.dials(self.caller)):
                self.switch.say("DialEnd", dialler, dialled, DialStatus="CANCEL")
            self._hang_up_locals(other, 26)
            self.switch.hangup(other.channel, 26 if self.switch.now % 20_000 else 0)
        self.open = [one]

    def _picked_up(self, one: Dialled) -> Dialled | None:
        """A colleague whose phone is free takes the call; the phone that rang did not answer it."""
        switch, call = self.switch, self.call
        busy = {other.leg.phone for other in self.open}
        free = [phone for phone in (*PHONES, GUEST) if phone not in busy and switch.what(phone) == "free"]
        if not free:
            return None
        endpoint = f"PJSIP/{free[0]}"
        picker = switch.channel(endpoint, exten="**6001")
        leg = TrueLeg(
            phone=free[0],
            endpoint=endpoint,
            uniqueid=picker.uniqueid,
            dialled_at=switch.now,
            was="free",
            how="picks_up",
        )
        leg.silent_at = leg.up_at = switch.now
        call.legs.append(leg)
        switch.state(picker, "Up")
        switch.talks[free[0]] = call.kind
        switch.device(free[0])
        switch.say("Pickup", picker, lag=10, TargetUniqueid=one.channel.uniqueid)
        switch.end_ring(one.leg, "elsewhere")
        switch.say("DialEnd", one.dialler, picker, lag=100, DialStatus="ANSWER")
        self._cancel_others(one)
        if not switch.is_up(self.caller):
            switch.state(self.caller, "Up")
        switch.hangup(one.channel, 26)
        taken = Dialled(reaction=one.reaction, channel=picker, leg=leg, dialler=one.dialler)
        leg.joined_at = join(switch, self.caller, taken)
        meets(switch, call, leg)
        taken.channel = replace(picker, linkedid=call.linkedid)
        switch.moved(taken.channel)
        return taken
