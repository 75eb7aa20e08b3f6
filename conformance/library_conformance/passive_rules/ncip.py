"""NCIP in recordings: what initiators owe, and what responders do. Documents are read without NCIP's own codec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.passive_rules import Findings, Link, Said, Side, found, rule
from library_conformance.passive_rules.http import Asked, Told, exchanges
from library_conformance.web import child, children, document, local, namespace, text

NAMESPACE = "http://www.niso.org/2008/ncip"
_NUMBERED = ("RequestItem", "AcceptItem", "CreateUserFiscalTransaction")
_FEES = ("FeeAmount", "FiscalTransactionAmount", "RequiredFeeAmount", "FiscalTransactionInformation")


@dataclass(frozen=True, slots=True)
class Document:
    """A message: `service` is the element that says what is asked or answered."""

    said: Said
    root: etree._Element
    service: etree._Element | None

    @property
    def name(self) -> str:
        return "" if self.service is None else local(self.service)

    @property
    def version(self) -> str:
        """As it is told, wherever it stands."""
        return next((value for name, value in self.root.attrib.items() if etree.QName(name).localname == "version"), "")

    @property
    def second(self) -> bool:
        return "v2" in self.version or self.version.startswith("2") or namespace(self.root) == NAMESPACE

    def value(self, *path: str) -> str:
        return text(self.service, *path) or "" if self.service is not None else ""


def documents(link: Link) -> Iterator[tuple[Document, Document | None]]:
    """Questions that can be read, with their answers."""
    for asked, answer in exchanges(link):
        question = _document(asked)
        if question is not None:
            yield question, _document(answer) if answer is not None else None


def _document(message: Asked | Told) -> Document | None:
    root = message.root if isinstance(message, Told) else document(message.body)
    if root is None:
        return None
    inside = children(root)
    body = inside[-1] if inside else None
    return Document(message.said, root, body)


@rule("ncip.client.namespace")
def in_the_namespace(link: Link) -> Findings:
    for question, _ in documents(link):
        if question.second:
            outside = [one for one in question.root.iter() if isinstance(one.tag, str) and not namespace(one)]
            yield found(not outside, question.said, "elements in no namespace")


@rule("ncip.client.version.qualified")
def version_in_the_namespace(link: Link) -> Findings:
    for question, _ in documents(link):
        if question.second and question.version:
            qualified = f"{{{NAMESPACE}}}version" in question.root.attrib
            yield found(qualified, question.said, "a version in no namespace")


@rule("ncip.client.length.octets")
def counts_octets(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        length = (asked.headers or {}).get("content-length", "")
        if length.isdigit() and any(octet > 0x7F for octet in asked.body):
            whole = int(length) == len(asked.body) and document(asked.body) is not None
            yield found(whole, asked.said, "a length that is not that of the octets")


@rule("ncip.client.user-or-login")
def one_way_to_name_users(link: Link) -> Findings:
    for question, _ in documents(link):
        names = {local(one) for one in children(question.service)} if question.service is not None else set()
        if names & {"UserId", "AuthenticationInput"}:
            yield found(not names >= {"UserId", "AuthenticationInput"}, question.said, "a user named in two ways")


@rule("ncip.client.header")
def says_who_asks(link: Link) -> Findings:
    for question, _ in documents(link):
        if question.service is None or question.name.startswith("LookupVersion"):
            continue
        header = child(question.service, "InitiationHeader")
        named = all(text(header, name, "AgencyId") for name in ("FromAgencyId", "ToAgencyId"))
        pairs = all(text(header, name, "UniqueAgencyId", "Value") for name in ("FromAgencyId", "ToAgencyId"))
        yield found(named or pairs, question.said, "no agencies in the header")


@rule("ncip.client.number.unique")
def numbers_once(link: Link) -> Findings:
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for question, _ in documents(link):
        number = question.value("RequestId", "RequestIdentifierValue")
        if question.name in _NUMBERED and number:
            what = tuple(
                question.value(*path) for path in (("UserId", "UserIdentifierValue"), ("ItemId", "ItemIdentifierValue"))
            )
            before = known.setdefault((question.name, number), what)
            yield found(before == what, question.said, "a number of another transaction")


@rule("ncip.client.number.same-again")
def same_number_again(link: Link) -> Findings:
    waiting: Document | None = None
    for question, answer in documents(link):
        number = question.value("RequestId", "RequestIdentifierValue")
        if waiting is not None and number and _same_but_number(waiting, question):
            again = waiting.value("RequestId", "RequestIdentifierValue") == number
            yield found(again, question.said, "said again with another number")
        waiting = question if answer is None else None


@rule("ncip.client.fee.acknowledged")
def acknowledges_what_was_named(link: Link) -> Findings:
    named: set[str] = set()
    for question, answer in documents(link):
        item = question.value("ItemId", "ItemIdentifierValue")
        if question.service is not None and child(question.service, "AcknowledgedFeeAmount") is not None:
            yield found(item in named, question.said, "a fee acknowledged that nobody had named")
        if answer is not None and any(local(one) in (*_FEES, "Problem") for one in answer.root.iter()):
            named.add(item)


@rule("ncip.session.answer", side=Side.SERVER)
def answers_what_was_asked(link: Link) -> Findings:
    for question, answer in documents(link):
        if answer is not None and question.name:
            fitting = answer.name in (f"{question.name}Response", "Problem")
            yield found(fitting and answer.second == question.second, answer.said, "another service's answer")


@rule("ncip.namespace.answer", side=Side.SERVER)
def answers_in_the_namespace(link: Link) -> Findings:
    for question, answer in documents(link):
        if answer is not None and question.second:
            outside = [one for one in answer.root.iter() if isinstance(one.tag, str) and not namespace(one)]
            yield found(not outside, answer.said, "elements in no namespace")


@rule("ncip.version.answer.attribute", side=Side.SERVER)
def answers_with_version(link: Link) -> Findings:
    for _, answer in documents(link):
        if answer is not None and not answer.name.startswith("LookupVersion"):
            yield found(bool(answer.version), answer.said, "no version")


@rule("ncip.problem.instead-of-success", side=Side.SERVER)
def problem_or_success(link: Link) -> Findings:
    for _, answer in documents(link):
        names = [local(one) for one in children(answer.service)] if answer and answer.service is not None else []
        if answer is None or "Problem" not in names:
            continue
        beside = {name for name in names if name not in ("Problem", "ResponseHeader", "Ext")}
        yield found(not beside, answer.said, "a problem beside an answer")


def _same_but_number(first: Document, second: Document) -> bool:
    paths = (("UserId", "UserIdentifierValue"), ("ItemId", "ItemIdentifierValue"))
    return first.name == second.name and all(first.value(*path) == second.value(*path) for path in paths)
