"""LDAP in recordings: what directories owe. Of a long answer the gateway's record keeps the end alone: rules that count
entries see too few of them then, and none too many."""

from __future__ import annotations

from library_conformance.passive_rules import Findings, Link, Side, broken, found, kept, rule
from library_conformance.passive_rules.ldap_talk import page_of, searches, talk
from library_protocols.ldap import (
    AbandonRequest,
    AddRequest,
    AddResponse,
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    DelRequest,
    DelResponse,
    ExtendedRequest,
    ExtendedResponse,
    ModifyDnRequest,
    ModifyDnResponse,
    ModifyRequest,
    ModifyResponse,
    ResultCode,
    Scope,
    SearchRequest,
    SearchResultDone,
    UnbindRequest,
)
from library_protocols.ldap.facts import NO_ATTRIBUTES

_ANSWERS = {
    BindRequest: BindResponse, SearchRequest: SearchResultDone, ModifyRequest: ModifyResponse, AddRequest: AddResponse,
    DelRequest: DelResponse, ModifyDnRequest: ModifyDnResponse, CompareRequest: CompareResponse,
    ExtendedRequest: ExtendedResponse,
}  # fmt: skip
_WRITES = {"add": AddRequest, "modify": ModifyRequest, "delete": DelRequest, "rename": ModifyDnRequest}
_SECRET = {"userpassword", "unicodepwd", "sambantpassword"}


@rule("ldap.frame.message", side=Side.SERVER)
def right_kind(link: Link) -> Findings:
    for said in talk(link).unreadable:
        if said.side is Side.SERVER:
            yield broken(said, "what is no response")
    for one in talk(link).asked:
        kind = _ANSWERS.get(type(one.op))
        if kind is not None and one.final is not None:
            yield found(isinstance(one.final.message.op, kind), one.final.said, "a response to something else")


@rule("ldap.frame.message-id", side=Side.SERVER)
def right_number(link: Link) -> Findings:
    for stray in talk(link).strays if link.whole else ():
        yield broken(stray.said, "a response to nothing that was open")
    for one in talk(link).asked:
        if one.final is not None:
            yield kept(one.final.said)


@rule("ldap.frame.unbind", side=Side.SERVER)
def silent_after_unbind(link: Link) -> Findings:
    for one in talk(link).asked:
        if isinstance(one.op, UnbindRequest):
            yield found(not one.answers, one.said, "unbind was answered")


@rule("ldap.frame.abandon", side=Side.SERVER)
def silent_about_abandon(link: Link) -> Findings:
    for one in talk(link).asked:
        if isinstance(one.op, AbandonRequest):
            yield found(not one.answers, one.said, "abandon was answered")


@rule("ldap.bind.unauthenticated", side=Side.SERVER)
def no_password_no_entry(link: Link) -> Findings:
    for one in talk(link).asked:
        if one.password == b"" and one.code is not None:
            yield found(one.code != ResultCode.SUCCESS, one.said, "let in without a password")


@rule("ldap.bind.version", side=Side.SERVER)
def version_refused(link: Link) -> Findings:
    for one in talk(link).asked:
        if isinstance(one.op, BindRequest) and one.op.version > 3 and one.code is not None:
            yield found(one.code == ResultCode.PROTOCOL_ERROR, one.said, "another version, not a protocol error")


@rule("ldap.bind.in-clear", side=Side.SERVER)
def passwords_in_clear(link: Link) -> Findings:
    for one in talk(link).asked if link.encrypted is False else ():
        if one.password and one.code is not None:
            yield found(one.code != ResultCode.SUCCESS, one.said, "a password in clear was taken")


@rule("ldap.search.scope.base", side=Side.SERVER)
def one_entry(link: Link) -> Findings:
    for one, search in searches(link):
        if search.scope == Scope.BASE and one.final is not None:
            yield found(len(one.entries) <= 1, one.said, "several entries of one name")


@rule("ldap.search.size-limit", side=Side.SERVER)
def no_more_than_wanted(link: Link) -> Findings:
    for one, search in searches(link):
        limit = search.size_limit
        if limit and one.entries:
            yield found(len(one.entries) <= limit, one.said, "more entries than the client wants")


@rule("ldap.paging.size", side=Side.SERVER)
def no_longer_than_a_page(link: Link) -> Findings:
    for one, _ in searches(link):
        page = page_of(one.spoken.message)
        if page is not None and page.size and one.entries:
            yield found(len(one.entries) <= page.size, one.said, "more entries than a page has")


@rule("ldap.search.attributes.none", side=Side.SERVER)
def names_alone(link: Link) -> Findings:
    for one, search in searches(link):
        if search.attributes == (NO_ATTRIBUTES,) and one.entries:
            bare = not any(entry.attributes for entry in one.entries)
            yield found(bare, one.said, "attributes that nobody asked for")


@rule("ldap.search.types-only", side=Side.SERVER)
def without_values(link: Link) -> Findings:
    for one, search in searches(link):
        if search.types_only and one.entries:
            bare = not any(values for entry in one.entries for _, values in entry.attributes)
            yield found(bare, one.said, "values, though only types were asked for")


@rule("ldap.privacy.password", side=Side.SERVER)
def no_passwords(link: Link) -> Findings:
    for one, _ in searches(link):
        if one.entries:
            shown = {name.lower().partition(";")[0] for entry in one.entries for name, told in entry.attributes if told}
            yield found(not shown & _SECRET, one.said, "passwords are shown")


@rule("ldap.compare.true-false", side=Side.SERVER)
def true_or_false(link: Link) -> Findings:
    for one in talk(link).asked:
        if isinstance(one.op, CompareRequest) and one.code is not None:
            yield found(one.code != ResultCode.SUCCESS, one.said, "neither true nor false")


def _nobody_writes(name: str) -> None:
    @rule(f"ldap.write.{name}", side=Side.SERVER)
    def refused(link: Link) -> Findings:
        for one in talk(link).asked:
            if isinstance(one.op, _WRITES[name]) and one.code is not None:
                yield found(one.code != ResultCode.SUCCESS, one.said, "taken")


for _name in _WRITES:
    _nobody_writes(_name)
