"""The desk of a member whose patrons are checked by a chain, with scripted directories and a register in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import Context
from gateway.canonical.entities import Identifier, Patron
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.vocabulary import IdentifierType
from gateway.config import Config
from gateway.config.identity import DirectoryConfig
from gateway.desk import Desk
from gateway.identity.authentication import Authentication, Chain
from gateway.identity.directories.port import Login, Verdict
from tests.gateway.desk.fakes import AWAY, Bench, HandClock, MemoryAttempts, ScriptedPlatform
from tests.gateway.identity.memory_register import MemoryRegister

ANN, BOB = "20100001", "20100002"
PIN, CAMPUS = "1234", "correct horse"


@dataclass
class ScriptedDirectory:
    """Knows passwords by login; `says` overrides, `takes` turns the clock before the answer."""

    clock: HandClock
    passwords: dict[str, str] = field(default_factory=lambda: {"ann1": CAMPUS, "bob1": CAMPUS})
    says: Verdict | Exception | None = None
    takes: float = 0.0
    asked: list[str] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)
    closed: bool = False

    async def authenticate(self, login: str, password: str, *, deadline: float) -> Login:
        self.asked.append(login)
        self.deadlines.append(deadline)
        await asyncio.sleep(0)
        self.clock.elapsed += min(self.takes, deadline)
        if isinstance(self.says, Exception):
            raise self.says
        if self.says is not None:
            return Login(self.says)
        if login not in self.passwords:
            return Login(Verdict.UNKNOWN)
        return Login(Verdict.RIGHT if self.passwords[login] == password else Verdict.WRONG)

    async def close(self) -> None:
        self.closed = True

    async def _absent(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    find = explain = check = _absent
    entries: Any = _absent


class WithLogins(ScriptedPlatform):
    """Ann's user name is on the platform, Bob's is not."""

    pins = True
    checks_pins = True

    async def patron_authenticate(self, ctx: Context, request: req.PatronAuthenticate) -> PatronOutcome | Refusal:
        if not self.checks_pins:
            raise AWAY
        return await super().patron_authenticate(ctx, request)

    def patron(self, request: req.PatronRequest) -> Patron | Refusal:
        found = super().patron(request)
        if isinstance(found, Refusal):
            return found
        named = [Identifier(type=IdentifierType.BARCODE, value=found.id[1:])]
        if found.id == f"p{ANN}":
            named.append(Identifier(type=IdentifierType.USERNAME, value="ann1"))
        return found.model_copy(update={"identifiers": tuple(named), "has_pin": self.pins})


def configured(*checks: str | dict[str, Any], **settings: Any) -> Config:
    """`campus` and `other` are directories; a check is a name or a whole table."""
    directory = {"servers": ["ldaps://a.example"], "base": "dc=example", **settings}
    by = [{"by": check} if isinstance(check, str) else check for check in checks]
    identity = {"directories": {"campus": directory, "other": directory}, "authentication": {"checks": by}}
    members = {"aber": {"name": "A", "main_location": "A", "identity": identity}}
    return Config.model_validate({"pepper": "a pepper for these tests", "members": members})


class Campus(Bench):
    """The desk of `aber` with a chain, two scripted directories and a register in memory."""

    def __init__(
        self,
        *checks: str | dict[str, Any],
        register: Any = None,
        attempts: MemoryAttempts | None = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        if attempts is not None:
            self.attempts = attempts
            self.desk = Desk({}, clock=self.clock, attempts=attempts, journal=self.journal)
        self.platform = WithLogins(self.clock)
        self.register = MemoryRegister()
        self.directories: dict[str, ScriptedDirectory] = {}
        self.authentication = Authentication(
            configured(*checks, **settings),
            register=register or self.register,
            attempts=self.attempts,
            clock=self.clock,
            open_directory=self._open,
        )
        self.waits: list[float] = []
        self.replace()

    def _open(self, name: str, settings: DirectoryConfig) -> ScriptedDirectory:
        made = self.directories[name] = ScriptedDirectory(self.clock)
        return made

    def replace(self) -> None:
        self.desk.replace({"aber": self.platform}, {}, self.authentication.verifiers)
        for chain in self.authentication.verifiers.values():
            assert isinstance(chain, Chain)
            chain._sleep = self._sleep

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.elapsed += seconds

    @property
    def campus(self) -> ScriptedDirectory:
        return self.directories["campus"]

    async def ask(self, pin: str, patron: str = ANN, **context: Any) -> Any:
        """The answer, or the failure."""
        request = req.PatronGet(patron=patron, pin=SecretStr(pin))
        try:
            return await self.desk.perform(self.context(**context), request)
        except PlatformFailure as failure:
            return failure

    async def said(self, pin: str, patron: str = ANN, **context: Any) -> str | None:
        """None for a yes, else the code, with the kind where there is one."""
        answer = await self.ask(pin, patron, **context)
        if isinstance(answer, PatronOutcome):
            assert answer.pin_verified is True
            return None
        kind = "" if isinstance(answer, PlatformFailure) else answer.detail.get("kind", "")
        return f"{answer.code}.{kind}" if kind else str(answer.code)

    @property
    def counted(self) -> int:
        """Failures of the patron, whatever was counted of directories."""
        return sum(not row[1].startswith("dir:") for row in self.attempts.rows)
