"""What the tables of NCIP say about a term, which refusals of the library's rules look so, and how systems speak it."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.clients.ncip_profiles import PROFILES, Profile
from gateway.commands.explain_catalogue import Row
from gateway.crosswalks.ncip_problems import problem_row
from gateway.crosswalks.refusals import REFUSALS
from library_protocols.ncip import SERVICES
from library_protocols.ncip.explain import explain, explained_names

_ALL_PROFILES = "profiles"


def ncip(term: str) -> list[Row]:
    """A service, an element, a problem type, a value of a code list, a version; a system that NCIP is spoken to
    (`alma`), or all of them (`profiles`)."""
    rows: list[Row] = []
    for one in explain(term):
        more = one.more
        if one.kind == "problem type" and (same := _refusals(one.name)):
            more = (*more, ("refusals here", same))
        rows.append(Row(one.kind, one.name, "", one.meaning, one.clause, more))
    key = term.strip().lower()
    return rows + [_profile(one) for name, one in PROFILES.items() if key in (name, _ALL_PROFILES)]


def _refusals(problem: str) -> str:
    """The refusals that are this problem in some service."""
    found = {
        code.value
        for code in REFUSALS
        if any(problem_row(code, service).type == problem for service in (None, *SERVICES))
    }
    return ", ".join(sorted(found))


def _profile(profile: Profile) -> Row:
    more = [("spoken to by", ", ".join(profile.transports)), ("version", profile.version)]
    if profile.remark:
        more.append(("mind", profile.remark))
    return Row("system", profile.name, profile.title, "", profile.source, (*more,))


def names() -> Iterable[str]:
    """What may be asked for by name."""
    return (*explained_names(), *PROFILES, _ALL_PROFILES)
