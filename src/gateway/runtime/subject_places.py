"""Where this installation keeps something of a person, each as a place that gives it out and lets it go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronAnonymise, PatronGet
from gateway.canonical.vocabulary import Permission
from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.exchanges.file import FILE_NAME as EXCHANGES_FILE
from gateway.exchanges.subject import exchanges_about
from gateway.identity.ids import new_id
from gateway.identity.register import open_register
from gateway.identity.register.port import Register
from gateway.identity.subject import Erased, Owing, Patron, Place, RegisterPlace, Subject
from gateway.journal import subject as journal_entries
from gateway.journal.journal import FILE_NAME as JOURNAL_FILE
from gateway.platforms.reference import forgetting
from gateway.platforms.reference import subject as patron_rows
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.runtime.platform import reference_platform
from gateway.store import open_store

TERMINAL = "person"
WINDOW = 60.0


class PlatformPlace:
    """The embedded platform: patron, accounts, events, stored answers."""

    name = "platform"

    def __init__(self, platform: ReferencePlatform) -> None:
        self._platform = platform

    async def patron_named(self, member: str, identifier: str) -> Patron | None:
        """The patron who has an identifier."""
        found = await self._platform.patron_get(_context(member), PatronGet(patron=identifier))
        if not isinstance(found, PatronOutcome):
            return None
        return Patron(found.patron.id, tuple(one.value for one in found.patron.identifiers))

    async def export(self, subject: Subject) -> dict[str, Any]:
        if subject.patron_id is None:
            return {}
        return await patron_rows.everything(self._platform, subject.member, subject.patron_id)

    async def owing(self, subject: Subject) -> Mapping[str, int]:
        if subject.patron_id is None:
            return {}
        return await patron_rows.owing(self._platform, subject.member, subject.patron_id)

    async def erase(self, subject: Subject, *, keep_accounts: bool) -> Erased:
        """With the accounts kept, the events and stored answers are nobody's from now on, and nothing else changes."""
        if (who := subject.patron_id) is None:
            return Erased()
        if keep_accounts:
            there = await forgetting.erase_pseudonym(self._platform, subject.member, who)
            owed = ", ".join(f"{n} {name}" for name, n in (await self.owing(subject)).items() if n)
            return Erased(
                {"pseudonym": int(there)}, {"patron": f"name, contacts and account, for what is open: {owed}"}
            )
        key = CommandKey(f"erase:{new_id()}", WINDOW)
        answer = await self._platform.patron_anonymise(_context(subject.member), PatronAnonymise(patron_id=who), key)
        if isinstance(answer, Refusal):
            if answer.code is RefusalCode.PATRON_NOT_FOUND:
                return Erased()
            raise Owing({name: n for name, n in answer.detail.items() if isinstance(n, int)})
        words = await patron_rows.erase_words(self._platform, subject.member, who)
        return Erased(
            {"patron": int(answer.changed), "words": words},
            {"accounts": "loans, holds, charges and payments, as those of nobody"},
        )


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Transactions kept while a platform was away."""

    config: Config
    name: str = "journal"

    async def export(self, subject: Subject) -> dict[str, Any]:
        found = journal_entries.entries_naming(self.config.data_dir / JOURNAL_FILE, subject.member, _names(subject))
        return {"entries": found} if found else {}

    async def owing(self, subject: Subject) -> Mapping[str, int]:
        return {}

    async def erase(self, subject: Subject, *, keep_accounts: bool) -> Erased:
        gone, left = journal_entries.forget(self.config.data_dir / JOURNAL_FILE, subject.member, _names(subject))
        stays = {"entries": f"{left} that are to be carried out or looked at by staff"} if left else {}
        return Erased({"entries": gone}, stays)


@dataclass(frozen=True, slots=True)
class ExchangesPlace:
    """What passed through the doors, under a tag instead of a name."""

    config: Config
    name: str = "exchanges"

    async def export(self, subject: Subject) -> dict[str, Any]:
        found = self._found(subject)
        return {"exchanges": found} if found else {}

    async def owing(self, subject: Subject) -> Mapping[str, int]:
        return {}

    async def erase(self, subject: Subject, *, keep_accounts: bool) -> Erased:
        if not (found := self._found(subject)):
            return Erased()
        days = self.config.exchanges.retention_days
        return Erased(
            stays={"exchanges": f"{len(found)} under a tag that names nobody, until they are {days} days old"}
        )

    def _found(self, subject: Subject) -> list[dict[str, Any]]:
        secret = self.config.derive_key("patron tags")
        return exchanges_about(self.config.data_dir / EXCHANGES_FILE, secret, subject.member, _names(subject))


@dataclass(frozen=True, slots=True)
class Places:
    """All of them, in the order in which somebody is erased, and what finds people."""

    register: Register
    platform: PlatformPlace
    all: tuple[Place, ...]


@asynccontextmanager
async def opened(config: Config, clock: Clock | None = None) -> AsyncIterator[Places]:
    """Opens store and register, whose schemas must be up to date. Raises StoreUnavailable, RegisterUnavailable."""
    store = await open_store(config.store_url)
    try:
        platform = reference_platform(config, store, clock or SystemClock())
        try:
            register = await open_register(config.register_url)
            try:
                place = PlatformPlace(platform)
                others = (JournalPlace(config), ExchangesPlace(config), RegisterPlace(register))
                yield Places(register, place, (place, *others))
            finally:
                await register.close()
        finally:
            await platform.close()
    finally:
        await store.close()


def _names(subject: Subject) -> list[str]:
    return [*subject.names, *([subject.patron_id] if subject.patron_id else [])]


def _context(member: str) -> Context:
    may = frozenset({Permission.PATRON_READ, Permission.PROVISION})
    return Context(member=member, terminal=TERMINAL, location="", permissions=may, protocol="command")
