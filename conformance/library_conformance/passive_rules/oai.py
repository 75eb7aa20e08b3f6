"""OAI-PMH in recordings: what harvesters owe."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from library_conformance.passive_rules import Findings, Link, Side, broken, found, kept, rule
from library_conformance.passive_rules.http import Asked, Told, exchanges, waits
from library_conformance.web import local, text
from library_protocols.oai_pmh.request import BadRequest, read_query

LISTS = ("ListRecords", "ListIdentifiers", "ListSets")
_UNESCAPED = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]|%(?![0-9A-Fa-f]{2})")
_NOT_OVER = "badResumptionToken"


def token_of(answer: Told | None) -> str | None:
    """The token of a list's answer: empty where the list ends with one, None where there is none."""
    if answer is None or answer.root is None:
        return None
    found_ = next((one for one in answer.root.iter() if local(one) == "resumptionToken"), None)
    return None if found_ is None else (found_.text or "").strip()


def errors_of(answer: Told | None) -> set[str]:
    """The codes of an answer's errors."""
    if answer is None or answer.root is None:
        return set()
    return {one.get("code", "") for one in answer.root if local(one) == "error"}


@rule("oai.harvester.get")
def well_formed(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        if asked.query:
            wrong = isinstance(read_query(asked.query.encode()), BadRequest)
            yield found(not wrong, asked.said, "a request that the protocol does not permit")


@rule("oai.harvester.escapes")
def escapes(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        if asked.query:
            yield found(_UNESCAPED.search(asked.query) is None, asked.said, "characters that are not escaped")


@rule("oai.harvester.token-alone")
def token_alone(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        names = {name for name, _ in asked.arguments}
        if "resumptionToken" in names:
            yield found(names <= {"verb", "resumptionToken"}, asked.said, "a token with other arguments")


@rule("oai.harvester.token-opaque")
def token_as_it_came(link: Link) -> Findings:
    given: set[str] = set()
    for asked, answer in exchanges(link):
        token = asked.argument("resumptionToken")
        if token:
            if token in given:
                yield kept(asked.said)
            elif link.whole or given:
                yield broken(asked.said, "a token that nobody gave")
        given |= {token_of(answer) or ""} - {""}


@rule("oai.harvester.token-end")
def ends_lists(link: Link) -> Findings:
    over: set[str] = set()
    """Tokens whose answer was the last of its list."""
    for asked, answer in exchanges(link):
        token = asked.argument("resumptionToken")
        if token == "":
            yield broken(asked.said, "an empty token is sent back")
        elif token in over:
            yield broken(asked.said, "went on after the end of the list")
        elif _is_list(asked) and _is_part(asked, answer) and not token_of(answer):
            yield kept(asked.said)
            over |= {token} if token else set()


rule("oai.harvester.retry-after")(waits)


@rule("oai.harvester.one-by-one")
def one_by_one(link: Link) -> Findings:
    for one, next_ in pairwise(link.said) if link.dated else ():
        if one.side is Side.CLIENT:
            yield found(next_.side is Side.SERVER, one, "several questions at a time")


@rule("oai.harvester.response-date")
def goes_on_where_it_began(link: Link) -> Findings:
    began: dict[tuple[str | None, ...], str] = {}
    for asked, answer in exchanges(link):
        if not _is_list(asked) or asked.argument("resumptionToken") is not None:
            continue
        what = tuple(asked.argument(name) for name in ("verb", "metadataPrefix", "set"))
        since = asked.argument("from")
        if since and what in began:
            yield found(since <= began[what][: len(since)], asked.said, "began later than the last harvest did")
        told = text(answer.root, "responseDate") if answer is not None and answer.root is not None else None
        if told and not errors_of(answer) - {"noRecordsMatch"}:
            began[what] = told


@rule("oai.harvester.granularity")
def no_finer(link: Link) -> Findings:
    days = False
    for asked, answer in exchanges(link):
        dates = [value for value in (asked.argument("from"), asked.argument("until")) if value]
        if dates:
            yield found(not (days and any("T" in one for one in dates)), asked.said, "finer than Identify tells")
        if asked.argument("verb") == "Identify" and answer is not None and answer.root is not None:
            days = text(answer.root, "Identify", "granularity") == "YYYY-MM-DD"


@rule("oai.harvester.restart")
def begins_again(link: Link) -> Findings:
    said = exchanges(link)
    for (asked, answer), (again, _) in pairwise(said):
        if _NOT_OVER in errors_of(answer) and asked.argument("resumptionToken"):
            same = again.argument("resumptionToken") == asked.argument("resumptionToken")
            yield found(not same, again.said, "sent the dead token again")


@rule("oai.harvester.who")
def says_who_it_is(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        if asked.headers is not None:
            missing = [name for name in ("User-Agent", "From") if not asked.headers.get(name.lower())]
            yield found(not missing, asked.said, f"no {' and no '.join(missing)}")


def _is_part(asked: Asked, answer: Told | None) -> bool:
    """Whether what came is some of the list."""
    return answer is not None and any(local(one) == asked.argument("verb") for one in _inside(answer))


def _inside(answer: Told) -> list[Any]:
    return [] if answer.root is None else list(answer.root)


def _is_list(asked: Asked) -> bool:
    return asked.argument("verb") in LISTS
