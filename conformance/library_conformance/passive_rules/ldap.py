"""LDAP in recordings: what programs owe that ask a directory; what directories owe is in `ldap_server`.

Recordings are covered: what is compared, most of a name and every password read as stars, an empty one as empty.
"""

from __future__ import annotations

import re
from itertools import pairwise

from library_conformance.passive_rules import Findings, Link, Side, broken, found, kept, ldap_server, rule
from library_conformance.passive_rules.ldap_talk import (
    UNANSWERED,
    Asked,
    cookie_given,
    covered,
    page_of,
    parts,
    searches,
    talk,
    values,
)
from library_protocols.ldap import (
    AbandonRequest,
    BindRequest,
    CompareRequest,
    DnError,
    Extensible,
    ResultCode,
    Scope,
    SearchRequest,
    UnbindRequest,
    UnknownFilter,
    parse_dn,
)

__all__ = ["ldap_server"]

_AT_ONCE = 0.5
"""Seconds within which asking a busy directory again is no waiting."""
_LOOP_SECONDS, _LOOP_TIMES = 5.0, 2
"""A question that was answered with a referral, and comes again so soon and so often, goes round."""
_NOT_NOW = (ResultCode.BUSY, ResultCode.UNAVAILABLE)
_ESCAPED = re.compile(rb"\\(?:2[aA89]|5[cC]|00)")
"""The escapes that filters written as text must have (RFC 4515 3)."""
_BIND_GOES_ON = 14
"""saslBindInProgress"""
_LET_IN = (None, ResultCode.SUCCESS, _BIND_GOES_ON)


@rule("ldap.client.message")
def readable(link: Link) -> Findings:
    for said in talk(link).unreadable:
        if said.side is Side.CLIENT:
            yield broken(said, "what is no request")
    for one in talk(link).asked:
        yield kept(one.said)


@rule("ldap.client.message-id")
def numbers(link: Link) -> Findings:
    before: dict[int, Asked] = {}
    for one in talk(link).asked:
        earlier = before.get(one.number)
        if not one.number:
            yield broken(one.said, "the number that is for notices alone")
        else:
            again = earlier is not None and earlier.open_at(one.spoken, certain=talk(link).certain)
            yield found(not again, one.said, "the number of a request that is still open")
        before[one.number] = one


@rule("ldap.client.version")
def third_version(link: Link) -> Findings:
    for one in talk(link).asked:
        if isinstance(one.op, BindRequest):
            yield found(one.op.version == 3, one.said, "another version than 3")


@rule("ldap.client.bind-alone")
def waits_for_binds(link: Link) -> Findings:
    for one, next_ in pairwise(talk(link).asked):
        if isinstance(one.op, BindRequest):
            early = one.open_at(next_.spoken, certain=talk(link).certain) and not isinstance(next_.op, UnbindRequest)
            yield found(not early, next_.said, "spoke before the bind was answered")


@rule("ldap.client.no-empty-password")
def empty_password(link: Link) -> Findings:
    for one in talk(link).asked:
        if one.password is not None:
            yield found(bool(one.password), one.said, "a name with an empty password")


@rule("ldap.client.password-in-clear")
def in_clear(link: Link) -> Findings:
    for one in talk(link).asked if link.encrypted is not None else ():
        if one.password:
            yield found(bool(link.encrypted), one.said, "a password over a connection in clear")


@rule("ldap.client.start-tls.alone")
def tls_alone(link: Link) -> Findings:
    asked = talk(link).asked
    for place, one in enumerate(asked):
        if one.starts_tls:
            others = any(earlier.open_at(one.spoken, certain=talk(link).certain) for earlier in asked[:place])
            yield found(not others, one.said, "StartTLS while other requests were open")
            early = any(one.open_at(later.spoken, certain=talk(link).certain) for later in asked[place + 1 :])
            yield found(not early, one.said, "spoke before StartTLS was answered")


@rule("ldap.client.start-tls.refused")
def tls_refused(link: Link) -> Findings:
    for one in talk(link).asked if not link.encrypted else ():
        if one.starts_tls and one.code:
            later = next((other for other in talk(link).behind(one.spoken) if other.password), None)
            yield found(later is None, (later or one).said, "a password in clear, though TLS was asked for")


@rule("ldap.client.bind-result")
def minds_refusals(link: Link) -> Findings:
    for one, next_ in pairwise(talk(link).asked):
        if isinstance(one.op, BindRequest) and one.code not in _LET_IN:
            yield found(not _asks_of_people(next_.op), next_.said, "went on as if it had been let in")


@rule("ldap.client.one-entry")
def one_person(link: Link) -> Findings:
    for one, next_ in pairwise(talk(link).asked):
        names = {entry.dn for entry in one.entries}
        if names and isinstance(next_.op, BindRequest) and next_.op.name in names and next_.password:
            if len(one.entries) > 1 and "*" in next_.op.name:
                continue  # names that are covered may be equal
            yield found(len(one.entries) == 1, next_.said, "tried a password at one of several")


@rule("ldap.client.base")
def names_that_are_names(link: Link) -> Findings:
    for one, search in searches(link):
        if search.base.strip("*") or not search.base:
            yield found(_is_name(search.base), one.said, "a base that is no name")


@rule("ldap.client.filter")
def known_filters(link: Link) -> Findings:
    for one, search in searches(link):
        inside = list(parts(search.filter))
        odd = any(isinstance(part, UnknownFilter) for part in inside)
        nothing = any(isinstance(part, Extensible) and not (part.rule or part.attribute) for part in inside)
        yield found(not odd and not nothing, one.said, "a filter that no document defines")


@rule("ldap.client.filter.plain-values")
def no_escapes_on_the_wire(link: Link) -> Findings:
    for one, search in searches(link):
        known = [value for value in values(search.filter) if not covered(value)]
        if known:
            escaped = any(_ESCAPED.search(value) for value in known)
            yield found(not escaped, one.said, "escapes that are for filters written as text")


@rule("ldap.client.attributes")
def asks_for_what_it_needs(link: Link) -> Findings:
    for one, search in searches(link):
        if search.scope != Scope.BASE:
            everything = not search.attributes or "*" in search.attributes
            yield found(not everything, one.said, "asked for everything that is known of people")


@rule("ldap.client.paging.cookie")
def cookies_as_they_came(link: Link) -> Findings:
    given: dict[bytes, Asked] = {}
    for one, _ in searches(link):
        page = page_of(one.spoken.message)
        if page is not None and page.cookie and (given or link.whole):
            yield found(page.cookie in given, one.said, "a cookie that nobody gave")
        if cookie := cookie_given(one):
            given[cookie] = one


@rule("ldap.client.paging.same")
def pages_of_one_search(link: Link) -> Findings:
    given: dict[bytes, Asked] = {}
    for one, search in searches(link):
        page = page_of(one.spoken.message)
        if page is not None and page.cookie in given:
            yield found(search == given[page.cookie].op, one.said, "another search with the cookie of the first")
        if cookie := cookie_given(one):
            given[cookie] = one


@rule("ldap.client.paging.goes-on")
def goes_on(link: Link) -> Findings:
    for (one, first), (next_, search) in pairwise(searches(link)):
        page = page_of(next_.spoken.message)
        if cookie_given(one) and page is not None and search == first:
            yield found(bool(page.cookie), next_.said, "began again where there was another page")


@rule("ldap.client.referral-loop")
def no_loops(link: Link) -> Findings:
    referred = [one for one in talk(link).asked if one.code == ResultCode.REFERRAL]
    for one in referred:
        again = [other for other in talk(link).behind(one.spoken) if other.same_as(one)]
        soon = [other for other in again if one.final and other.said.at - one.final.said.at < _LOOP_SECONDS]
        last = (soon or [one])[-1]
        yield found(len(soon) < _LOOP_TIMES, last.said, "asked the same again and again after a referral")


@rule("ldap.client.busy")
def lets_it_rest(link: Link) -> Findings:
    for one in talk(link).asked:
        if one.code in _NOT_NOW and one.final is not None:
            later = talk(link).behind(one.spoken)
            again = next((other for other in later if other.same_as(one)), None)
            soon = again is not None and again.said.at - one.final.said.at < _AT_ONCE
            yield found(not soon, (again or one).said, "asked again at once")


@rule("ldap.client.notice")
def minds_notices(link: Link) -> Findings:
    for notice in talk(link).notices:
        later = [one for one in talk(link).behind(notice) if not isinstance(one.op, UnbindRequest)]
        if later:
            yield broken(later[0].said, "spoke on after a notice of disconnection")
        elif link.ended is Side.CLIENT:
            yield kept(notice.said)


@rule("ldap.client.unbind")
def takes_leave(link: Link) -> Findings:
    asked = talk(link).asked
    last = next((one for one in reversed(asked) if not talk(link).notices), None)
    if last is not None and (link.ended is Side.CLIENT or isinstance(last.op, UnbindRequest)):
        yield found(isinstance(last.op, UnbindRequest), last.said, "left without unbind")


@rule("ldap.client.unbind.last")
def nothing_behind_unbind(link: Link) -> Findings:
    asked = talk(link).asked
    for place, one in enumerate(asked):
        if isinstance(one.op, UnbindRequest):
            yield found(place == len(asked) - 1, one.said, "spoke on after unbind")


@rule("ldap.client.abandon")
def abandons_what_is_open(link: Link) -> Findings:
    asked = talk(link).asked
    for place, one in enumerate(asked):
        if isinstance(one.op, AbandonRequest) and link.whole:
            meant = next((other for other in asked[:place] if other.number == one.op.message_id), None)
            right = meant is not None and not isinstance(meant.op, (BindRequest, *UNANSWERED)) and not meant.starts_tls
            yield found(right, one.said, "abandoned what cannot be")


def _asks_of_people(op: object) -> bool:
    """Whether more is asked for than what a directory says of itself, which everybody may read."""
    root = isinstance(op, SearchRequest) and not op.base and op.scope == Scope.BASE
    return isinstance(op, CompareRequest | SearchRequest) and not root


def _is_name(text: str) -> bool:
    try:
        parse_dn(text)
    except DnError:
        return False
    return True
