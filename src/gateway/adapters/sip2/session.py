"""The state of one link: who is logged in, what may come next, what the last command was. Pure: no socket, no clock.

`begin` says what a request needs as a value (a step); the server does it and reports back. Nothing here is awaited.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2._common import Result
from gateway.adapters.sip2.surroundings import NOBODY, Surroundings
from gateway.canonical.context import CommandKey, LinkMemory
from gateway.canonical.outcomes import Outcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import FeePay, Request
from gateway.members import Identity
from library_protocols.sip2.acs import Request as WireRequest
from library_protocols.sip2.charset import printable
from library_protocols.sip2.facts import MESSAGES
from library_protocols.sip2.messages import Message

# Delimiters met in the field besides `|`; before the login nobody knows which one a kiosk has.
_OTHER_DELIMITERS = "^~>\t\x80"
# Secrets are no part of what makes a command the same: a stored key must not be a digest of somebody's PIN.
_NOT_IN_KEY = frozenset({"AC", "AD", "AY", "AZ"})


@dataclass(frozen=True, slots=True)
class Login:
    """Check these words; `location` is CP as it came."""

    user: str
    password: str
    location: str


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Ask the desk how the member's platform is, and answer 98."""


class Perform(NamedTuple):
    """Hand the request to the desk; `key` is None for reads."""

    request: Request
    key: CommandKey | None


@dataclass(frozen=True, slots=True)
class Replay:
    """A retransmission of the command just done: the engine has its answer."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this refusal; the desk is not asked."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class EndSession:
    """Answer 36."""


@dataclass(frozen=True, slots=True)
class StatusToNobody:
    """Answer 98 to a link that has not logged in."""


Step = Login | AskStatus | Perform | Replay | Refuse | EndSession | StatusToNobody


class Session:
    """One link. `memory` is what the desk remembers about a verified PIN on it."""

    __slots__ = ("_patron", "_patron_language", "_replay_until", "identity", "location", "memory", "surroundings")

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.surroundings: Surroundings = NOBODY
        self.memory = LinkMemory()
        self.location: str | None = None
        self._patron: str | None = None
        self._patron_language: str | None = None
        self._replay_until = 0.0

    def admit(self, identity: Identity, surroundings: Surroundings, location: str = "") -> None:
        """The link is logged in as `identity`; whatever was remembered of an earlier login is gone."""
        self.leave()
        self.identity = identity
        self.surroundings = surroundings
        if location and surroundings.profile.login_location == "use":
            self.location = printable(location)

    def leave(self) -> None:
        """Nobody is logged in any more."""
        self.identity = None
        self.surroundings = NOBODY
        self.location = None
        self._forget_patron()
        self._replay_until = 0.0

    @property
    def language(self) -> str | None:
        """The language of the patron this link is serving, where it is known."""
        return self._patron_language

    def begin(self, request: WireRequest, now: float) -> Step:
        """What the request needs. `now` is in monotonic seconds."""
        message = request.message
        if message.code == "93":
            return self._login(message)
        if self.identity is not None and not self.identity.live:
            self.leave()
        if self.identity is None:
            if message.code == "99":
                return StatusToNobody()
            return Refuse(Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED))
        if message.code == "99":
            return AskStatus()
        command = MESSAGES[message.code].command
        if request.retransmission and command and now < self._replay_until:
            return Replay()
        self._replay_until = 0.0
        if not self.identity.accepts_institution((message.get("AO") or "").strip()):
            return Refuse(Refusal(code=RefusalCode.TERMINAL_FORBIDDEN, detail={"field": "AO"}))
        self._meet(message)
        if message.code == "35":
            self._forget_patron()
            return EndSession()
        wanted = mapping.to_request(message, self.surroundings)
        if isinstance(wanted, Refusal):
            return Refuse(wanted)
        return Perform(wanted, command_key(message, wanted, self.surroundings) if command else None)

    def finish(self, message: Message, result: Result, now: float) -> None:
        """What the desk said to the request just performed. Only what is stored may be replayed: outcomes, refusals."""
        if isinstance(result, PatronOutcome):
            self._patron_language = result.patron.language or mapping.request_language(message, self.surroundings)
        if MESSAGES[message.code].command and isinstance(result, (Outcome, Refusal)):
            self._replay_until = now + self.surroundings.retry_window

    def _login(self, message: Message) -> Step:
        user, password, location = _credentials(message)
        plain = {message.fixed["uid_algorithm"], message.fixed["pwd_algorithm"]} <= {"0", " "}
        if not user or not plain:
            return Refuse(Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED))
        return Login(printable(user), printable(password), location)

    def _meet(self, message: Message) -> None:
        """Another card on the same link: what was known of the one before must not serve this one."""
        patron = message.get("AA")
        if patron is not None and patron != self._patron:
            self._forget_patron()
            self._patron = patron
        if self._patron_language is None:
            self._patron_language = mapping.request_language(message, self.surroundings)

    def _forget_patron(self) -> None:
        self.memory.forget()
        self._patron = None
        self._patron_language = None


def _credentials(message: Message) -> tuple[str, str, str]:
    """CN, CO and CP, also when the kiosk has another delimiter, which then stands inside CN."""
    user = message.get("CN") or ""
    if message.get("CO") is None:
        for delimiter in _OTHER_DELIMITERS:
            if f"{delimiter}CO" in user:
                first, *others = user.split(delimiter)
                found = {item[:2]: item[2:] for item in reversed(others)}
                return first, found.get("CO", ""), found.get("CP", "")
    return user, message.get("CO") or "", (message.get("CP") or "").strip()


def command_key(message: Message, request: Request, s: Surroundings) -> CommandKey:
    """What counts as the same command, on any link and node: member, terminal and everything the message says but
    its sequence number, checksum and passwords. A payment with a transaction id of its own is named by that, for ever.
    """
    if isinstance(request, FeePay) and request.external_ref:
        value = _digest("payment", s.member, s.terminal, request.patron or "", request.external_ref)
        money = request.amount
        asked = _digest(str(money.minor), money.currency, *sorted(request.fee_ids))
        return CommandKey(value, s.retry_window, permanent=True, fingerprint=asked)
    said = sorted((code, text.strip()) for code, text in message.fields if code not in _NOT_IN_KEY)
    fields = [part for field in said for part in field]
    return CommandKey(
        _digest("command", s.member, s.terminal, message.code, *message.fixed.values(), *fields), s.retry_window
    )


def _digest(*parts: str) -> str:
    data = b"".join(
        len(octets).to_bytes(4, "big") + octets for octets in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    return hashlib.sha256(data).hexdigest()
