"""A kiosk for probes: a line with a sequence number, logged in where the inputs say how, and requests to ask with.

Whoever gets no answer is told by `NoAnswer`; `asks` makes an observation of it, as of a subject that hangs up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import wraps

from library_conformance.model import Behaviour, Safety, Seen, SetupFailed, unsafe
from library_conformance.probes import Look, probe
from library_conformance.probes.sip2.wire import ANSWERS, Answer, moment, sealed, take_apart, whole
from library_conformance.run import Line, Run

READY = "sip2.status.answer/first"
"""The probe without which nothing else makes sense: a link, the login where there is one, and 98 to 99."""
UNKNOWN_PATRON, UNKNOWN_ITEM = "ZZZ0000000", "ZZZ9999999"


class NoAnswer(Exception):
    """The text is the observation, `command` what got no answer."""

    def __init__(self, observation: str, command: str = "") -> None:
        super().__init__(observation)
        self.command = command


ANSWERED = {
    "99": "sip2.status.answer", "23": "sip2.patron-status.answer", "63": "sip2.patron-information.answer",
    "35": "sip2.end-session.answer", "17": "sip2.item.answer", "19": "sip2.item-update.answer",
    "11": "sip2.checkout.lend", "09": "sip2.checkin.return", "29": "sip2.renew.answer", "65": "sip2.renew-all.answer",
    "15": "sip2.hold.answer", "37": "sip2.fee.answer", "01": "sip2.block.answer", "25": "sip2.enable.answer",
}  # fmt: skip
"""Which requirement is broken where a command gets no answer, or none of its kind."""


class NotUndone(Exception):
    """What a probe did could not be taken back; the text is the observation."""


def is_so(condition: bool) -> Behaviour:
    return Behaviour.MEETS if condition else Behaviour.BREAKS


def each(prefix: str, found: dict[str, bool]) -> Seen:
    """All facts about one answer, by the ends of their requirements' ids: the observation names those not so."""
    wrong = [name for name, condition in found.items() if not condition]
    return Seen(
        f"not so: {', '.join(wrong)}" if wrong else "as it should be",
        behaviours={prefix + name: is_so(condition) for name, condition in found.items()},
    )


def asks(
    name: str,
    *,
    verifies: tuple[str, ...] = (),
    needs: tuple[str, ...] = (READY,),
    safety: Safety = Safety.READ,
    inputs: tuple[str, ...] = (),
    octets: bool = False,
) -> Callable[[Look], Look]:
    """A probe of SIP2: it needs a subject that answers 99, and no answer is something that it saw."""

    def register(look: Look) -> Look:
        looked_at = verifies or (name.partition("/")[0],)
        registered = probe(name, verifies=verifies, needs=needs, safety=safety, inputs=inputs, octets=octets)
        return registered(guarded(look, looked_at))

    return register


def guarded(look: Look, looked_at: tuple[str, ...]) -> Look:
    """The same, but that no answer is an observation about what it looks at, as is what could not be taken back."""

    @wraps(look)
    def guard(run: Run) -> Seen:
        try:
            return look(run)
        except NoAnswer as error:
            guilty = ANSWERED.get(error.command, "")
            broken = guilty if guilty in looked_at else looked_at[0]
            return Seen(str(error), Behaviour.UNCLEAR, {broken: Behaviour.BREAKS})
        except NotUndone as error:
            return unsafe(str(error))

    return guard


class Kiosk:
    """One link. `ask` sends a new message with AY and AZ and gives its answer."""

    def __init__(self, run: Run, line: Line) -> None:
        self.run = run
        self.line = line
        self.encoding = run.input("encoding", "utf-8")
        self.sequence = -1

    def message(self, body: str, *, plain: bool = False) -> bytes:
        """The octets of a new message, with its terminator; `plain`: without AY and AZ."""
        octets = body.encode(self.encoding)
        if not plain:
            self.sequence = (self.sequence + 1) % 10
            octets = sealed(octets, self.sequence)
        return octets + b"\r"

    def hear(self, patience: float | None = None) -> Answer | None:
        """What comes next; None where nothing does."""
        octets = self.line.receive(whole, patience)
        return take_apart(octets, self.encoding) if octets.strip(b"\r\n") else None

    def say(self, octets: bytes, *, piecewise: float = 0.0) -> Answer | None:
        """Sends these octets as they are."""
        self.line.send(octets, piecewise=piecewise)
        return self.hear()

    def expect(self, octets: bytes, what: str) -> Answer:
        """The answer to these octets, whatever it is; NoAnswer where there is none."""
        answer = self.say(octets)
        if answer is None:
            raise NoAnswer(f"{'closed' if self.line.closed else 'no answer'} on {what}", what)
        return answer

    def ask(self, body: str) -> Answer:
        """The answer to a new message."""
        return self.ask_octets(self.message(body), body[:2])

    def ask_octets(self, octets: bytes, code: str) -> Answer:
        """The answer to these octets, which are such a message. A 96 is answered by sending it again, once, as kiosks
        do; an answer of another kind is the observation."""
        answer = self.expect(octets, code)
        if answer.code == "96":
            answer = self.expect(octets, code)
        if answer.code != ANSWERS[code]:
            raise NoAnswer(f"{code} was answered by {answer.code if answer.code.isalnum() else 'something else'}", code)
        return answer

    def login(self, user: str, password: str, location: str | None = None) -> Answer:
        return self.ask("9300" + fields(CN=user, CO=password, CP=location))

    # Requests with the inputs' names in them

    @property
    def ao(self) -> str:
        return self.run.input("institution", "")

    @property
    def ac(self) -> str:
        return self.run.input("terminal_password", "")

    def pin(self, pin: str | None = None) -> str | None:
        return self.run.inputs.get("patron_pin") if pin is None else pin

    def patron_status(self, patron: str, pin: str | None = None, *, date: str = "", language: str = "000") -> str:
        return f"23{language}{date or moment()}" + fields(AO=self.ao, AA=patron, AC=self.ac, AD=self.pin(pin) or "")

    def patron_information(
        self,
        patron: str,
        pin: str | None = None,
        *,
        summary: str = " " * 10,
        start: str | None = None,
        end: str | None = None,
        language: str = "000",
    ) -> str:
        return f"63{language}{moment()}{summary}" + fields(
            AO=self.ao, AA=patron, AC=self.ac, AD=self.pin(pin), BP=start, BQ=end
        )

    def item_information(self, item: str, *, date: str = "") -> str:
        return f"17{date or moment()}" + fields(AO=self.ao, AB=item, AC=self.ac)

    def end_session(self, patron: str) -> str:
        return f"35{moment()}" + fields(AO=self.ao, AA=patron, AC=self.ac, AD=self.pin())

    def checkout(
        self,
        patron: str,
        item: str,
        pin: str | None = None,
        *,
        renewal: str = "N",
        no_block: str = "N",
        date: str = "",
        due: str = "",
        cancel: str | None = None,
    ) -> str:
        return f"11{renewal}{no_block}{date or moment()}{due or moment()}" + fields(
            AO=self.ao, AA=patron, AB=item, AC=self.ac, AD=self.pin(pin), BI=cancel
        )

    def checkin(self, item: str, *, no_block: str = "N", date: str = "", cancel: str | None = None) -> str:
        return f"09{no_block}{date or moment()}{date or moment()}" + fields(
            AP=self.run.input("location", ""), AO=self.ao, AB=item, AC=self.ac, BI=cancel
        )

    def renew(self, patron: str, item: str) -> str:
        return f"29NN{moment()}{moment()}" + fields(AO=self.ao, AA=patron, AD=self.pin(), AB=item, AC=self.ac)

    def renew_all(self, patron: str) -> str:
        return f"65{moment()}" + fields(AO=self.ao, AA=patron, AD=self.pin(), AC=self.ac)

    def hold(self, mode: str, patron: str, item: str) -> str:
        pickup = self.run.inputs.get("pickup")
        return f"15{mode}{moment()}" + fields(
            BS=pickup, BY="2", AO=self.ao, AA=patron, AD=self.pin(), AB=item, AC=self.ac
        )

    def fee_paid(self, patron: str, amount: str, *, currency: str = "") -> str:
        currency = currency or self.run.input("currency", "GBP")
        return f"37{moment()}0400{currency}" + fields(BV=amount, AO=self.ao, AA=patron, AC=self.ac, AD=self.pin())

    def item_update(self, item: str, properties: str) -> str:
        return f"19{moment()}" + fields(AO=self.ao, AB=item, AC=self.ac, CH=properties)

    def block(self, patron: str, text: str) -> str:
        return f"01N{moment()}" + fields(AO=self.ao, AL=text, AA=patron, AC=self.ac)

    def enable(self, patron: str) -> str:
        return f"25{moment()}" + fields(AO=self.ao, AA=patron, AC=self.ac, AD=self.pin())


STATUS = "990 802.00"
"""99: all is well, 80 columns wide with a blank where a digit may be, version 2.00."""


def fields(**given: str | None) -> str:
    """Coded fields in the order in which they are given; None leaves one out."""
    return "".join(f"{code}{value}|" for code, value in given.items() if value is not None)


@contextlib.contextmanager
def link(run: Run) -> Iterator[Kiosk]:
    """A link on which nobody has logged in."""
    with run.line() as line:
        yield Kiosk(run, line)


@contextlib.contextmanager
def kiosk(run: Run) -> Iterator[Kiosk]:
    """A link that is logged in, where the inputs have a login."""
    with link(run) as made:
        if "login" in run.inputs:
            answer = made.login(run.input("login"), run.input("password", ""), run.inputs.get("location"))
            if not answer.ok:
                raise SetupFailed("the login was refused")
        yield made


def announced(run: Run, command: str) -> bool | None:
    """Whether the subject says in 98 that it takes this message; None where it has not said."""
    return run.found.get("announced", {}).get(command)
