"""What becomes of a login, step by step and for people: the name it is asked under, the directory's answer, the person
that a feed's field map would make of the entry, and whom the register knows by it. Changes nothing, here or there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.config import MemberConfig
from gateway.config.identity import DirectoryConfig, LdapFeedConfig
from gateway.identity.authentication import ENDS, first_of, named
from gateway.identity.directories.logins import filter_of
from gateway.identity.directories.port import Directory, Login, Verdict
from gateway.identity.feeds.ldap import LdapFeed
from gateway.identity.feeds.port import FeedError, Page, SourceRecord
from gateway.identity.model import Draft, Person
from gateway.identity.register.port import Lookup, Register
from gateway.identity.sync.mapping import FieldMap
from gateway.identity.sync.matching import Doubt, keys_of, match


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one feed would make of the entry. `whom` says in words who in the register that is, or would become."""

    feed: str
    source_id: str
    fields: Mapping[str, Any]
    identifiers: Mapping[str, Sequence[str]]
    problems: Sequence[str]
    whom: str


@dataclass(slots=True)
class Report:
    """`typed` is what was asked about, `login` what the directory was asked for and `login_from` why. `person` is whom
    the register knows by what was typed."""

    directory: str
    typed: str
    login: str
    login_from: str
    person: Person | None
    result: Login
    mapped: list[Mapped] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return self.result.verdict is Verdict.RIGHT

    def verdict(self, *, with_password: bool) -> str:
        """What a kiosk would make of it."""
        if self.result.down:
            return "the directory cannot be asked: a kiosk says that passwords cannot be checked now"
        match self.result.verdict:
            case Verdict.RIGHT:
                return "right" if with_password else "found"
            case Verdict.WRONG:
                return "the password is wrong"
            case Verdict.UNKNOWN:
                return "nobody is found by this login"
            case Verdict.AMBIGUOUS:
                return "more than one entry is found by this login: nobody can log in by it"
            case other:
                return f"refused: {ENDS[other].replace('_', ' ')}"


async def report(
    name: str,
    settings: DirectoryConfig,
    member: MemberConfig,
    directory: Directory,
    register: Register | None,
    typed: str,
    password: str | None,
    clock: Clock,
) -> Report:
    """Tries one login at one directory, with at most one bind. Raises RegisterUnavailable."""
    person = await _person(member.code, register, typed)
    login, why = typed, "as typed"
    if person is not None:
        held = first_of(settings.login_by, ((one.type, one.value) for one in person.identifiers if one.active))
        if held:
            login, why = held, f"{' or '.join(settings.login_by)} of the person whom the register has by what was typed"
    result = await directory.explain(login, password, deadline=settings.deadline_seconds * len(settings.servers))
    made = Report(name, typed, login, why, person, result)
    if result.verdict is Verdict.RIGHT:
        for feed in member.identity.feeds:
            if isinstance(feed, LdapFeedConfig) and feed.directory == name:
                made.mapped.append(await _mapped(feed, settings, member, register, login, clock))
    return made


async def _person(member: str, register: Register | None, typed: str) -> Person | None:
    """Whom the register has by an identifier in use; None where that is not one person."""
    if register is None:
        return None
    found = await register.search(member, Lookup("identifier", typed), size=2)
    return found[0] if len(found) == 1 and named(found[0].identifiers, typed) else None


async def _mapped(
    feed: LdapFeedConfig,
    settings: DirectoryConfig,
    member: MemberConfig,
    register: Register | None,
    login: str,
    clock: Clock,
) -> Mapped:
    """What the feed makes of this one person: the same read as a sync makes, for as many as the login finds."""
    filter_ = f"(&{feed.filter}{filter_of(settings.login_filter, login)})"
    reader = LdapFeed(feed.model_copy(update={"filter": filter_, "delta": "none"}), settings, clock=clock)
    records: list[SourceRecord] = []
    try:
        async for part in reader.read():
            if isinstance(part, Page):
                records += part.records
                if part.bad:
                    return _nothing(feed, part.bad[0].reason)
    except FeedError as error:
        return _nothing(feed, f"the entry could not be read: {error.reason}")
    finally:
        await reader.close()
    if len(records) != 1:
        return _nothing(feed, "the feed's base and filter leave this entry out")
    today = clock.now().astimezone(member.zone).date()
    draft = FieldMap(feed, zone=member.zone, today=today).draft(records)
    identifiers = {str(kind): values for kind, values in draft.identifiers.items()}
    whom = await _whom(feed, member.code, register, draft)
    return Mapped(feed.name, draft.source_id, draft.fields, identifiers, draft.problems, whom)


def _nothing(feed: LdapFeedConfig, problem: str) -> Mapped:
    return Mapped(feed.name, "", {}, {}, (problem,), "")


async def _whom(feed: LdapFeedConfig, member: str, register: Register | None, draft: Draft) -> str:
    """Who in the register the draft is about, by the rules of the sync."""
    if register is None:
        return ""
    source = f"feed:{feed.name}"
    known = (await register.known(member, source, [draft.source_id])).get(draft.source_id)
    if known is not None:
        return f"person {known.id}, {known.stage}, whom this feed brought"
    holders: dict[tuple[str, str], list[Person]] = {}
    for keys in keys_of(draft, feed.match):
        for kind, value in keys:
            holders[kind, value] = await register.search(member, Lookup(kind, value), size=3)
    found = match(draft, feed.match, source, lambda key: holders[key])
    if isinstance(found, Doubt):
        return f"a matter for people: {found.reason}"
    return "somebody new" if found is None else f"person {found.id}, taken over from the library"
