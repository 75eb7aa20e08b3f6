"""SRU in recordings: what servers owe."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.passive_rules import Findings, Link, Side, found, rule
from library_conformance.passive_rules.http import Asked, Told
from library_conformance.passive_rules.sru_talk import count, questions
from library_conformance.web import child, children, local, namespace, text
from library_protocols.sru import DIAGNOSTIC_SCHEMA, Version, diagnostic_number
from library_protocols.sru.facts import NAMESPACES

_ROOTS = {"searchRetrieve": "searchRetrieveResponse", "scan": "scanResponse", "explain": "explainResponse"}
_BASIC = NAMESPACES[Version.V1_2]


def _operation(asked: Asked) -> str:
    """The operation that is asked for, named or not."""
    if asked.argument("operation"):
        return asked.argument("operation") or ""
    return "searchRetrieve" if asked.argument("query") else "scan" if asked.argument("scanClause") else "explain"


def _answers(link: Link, *operations: str) -> Iterator[tuple[Asked, Told, etree._Element]]:
    """Answers that are documents, to requests for these operations; to all where none is named."""
    for asked, answer in questions(link):
        if answer is None or answer.root is None or asked.said.octets is None:
            continue
        if not operations or _operation(asked) in operations:
            yield asked, answer, answer.root


def _pages(link: Link) -> Iterator[tuple[Asked, Told, etree._Element]]:
    """Answers to searches that were not refused."""
    for asked, answer, root in _answers(link, "searchRetrieve"):
        if local(root) == "searchRetrieveResponse" and child(root, "diagnostics") is None:
            yield asked, answer, root


def _records(root: etree._Element) -> list[etree._Element]:
    found_ = child(root, "records")
    return [] if found_ is None else [one for one in children(found_) if local(one) == "record"]


def _number(asked: Asked, name: str) -> int | None:
    value = asked.argument(name)
    return int(value) if value and value.isdigit() else None


@rule("sru.http.content-type", side=Side.SERVER)
def says_it_is_xml(link: Link) -> Findings:
    for _, answer, _ in _answers(link):
        if answer.headers is not None:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            yield found(kind.endswith(("/xml", "+xml")), answer.said, "a media type that is none of XML")


@rule("sru.http.status", side=Side.SERVER)
def says_so_in_a_document(link: Link) -> Findings:
    for _, answer, _ in _answers(link):
        if answer.status is not None:
            yield found(answer.status == 200, answer.said, f"a document with HTTP {answer.status}")


@rule("sru.xml.well-formed", side=Side.SERVER)
def is_a_document(link: Link) -> Findings:
    for _, answer in questions(link):
        if answer is not None and answer.status == 200 and answer.headers is not None:
            plain = not answer.headers.get("content-encoding")
            if plain and answer.headers.get("content-type", "").partition(";")[0].endswith("xml"):
                yield found(answer.root is not None, answer.said, "no well-formed document")


@rule("sru.xml.root", side=Side.SERVER)
def answers_what_was_asked(link: Link) -> Findings:
    for asked, answer, root in _answers(link, *_ROOTS):
        yield found(local(root) == _ROOTS[_operation(asked)], answer.said, "a root of another operation")


@rule("sru.xml.namespace", side=Side.SERVER)
def stands_in_its_namespace(link: Link) -> Findings:
    for asked, answer, root in _answers(link, "searchRetrieve", "scan"):
        version = asked.argument("version")
        if version in ("1.1", "1.2"):
            yield found(namespace(root) == _BASIC.response, answer.said, "a namespace that is not that of the version")


@rule("sru.version.told", side=Side.SERVER)
def says_its_version(link: Link) -> Findings:
    for asked, answer, root in _answers(link, *_ROOTS):
        version = asked.argument("version")
        if version in ("1.1", "1.2"):
            told = text(root, "version")
            yield found(
                told is not None and told <= version, answer.said, "no version, or one above that of the request"
            )


@rule("sru.search.count", side=Side.SERVER)
def counts(link: Link) -> Findings:
    for _, answer, _ in _pages(link):
        yield found(count(answer) is not None, answer.said, "no number of records")


@rule("sru.search.size", side=Side.SERVER)
def gives_no_more(link: Link) -> Findings:
    for asked, answer, root in _pages(link):
        most = _number(asked, "maximumRecords")
        if most is not None:
            yield found(len(_records(root)) <= most, answer.said, "more records than were asked for")


@rule("sru.search.record", side=Side.SERVER)
def describes_records(link: Link) -> Findings:
    for _, answer, root in _pages(link):
        for record in _records(root):
            names = {local(one) for one in children(record)}
            packed = names & {"recordPacking", "recordXMLEscaping"}
            holds = {"recordSchema", "recordData"} <= names and packed
            yield found(bool(holds), answer.said, "a record without schema, packing or data")


@rule("sru.search.position", side=Side.SERVER)
def numbers_records(link: Link) -> Findings:
    for asked, answer, root in _pages(link):
        told = [text(record, "recordPosition") for record in _records(root)]
        start = _number(asked, "startRecord") or 1
        if told:
            right = [str(start + number) for number in range(len(told))]
            yield found(told == right, answer.said, "records without positions, or with others")


@rule("sru.paging.next", side=Side.SERVER)
def tells_what_follows(link: Link) -> Findings:
    for asked, answer, root in _pages(link):
        number, here = count(answer), len(_records(root))
        if number is None or not here:
            continue
        behind = (_number(asked, "startRecord") or 1) + here
        told = text(root, "nextRecordPosition")
        right = told == str(behind) if behind <= number else told is None
        yield found(right, answer.said, "a next position that is missing, wrong, or behind the end")


@rule("sru.parameter.start-zero", side=Side.SERVER)
def refuses_zero(link: Link) -> Findings:
    for asked, answer, root in _answers(link, "searchRetrieve"):
        if _number(asked, "startRecord") == 0:
            yield found(bool({6, 61} & set(_refusals(root))), answer.said, "startRecord 0 is not refused")


@rule("sru.paging.beyond", side=Side.SERVER)
def refuses_what_is_not_there(link: Link) -> Findings:
    """The number of records is that which the same query was told before."""
    known: dict[str, int] = {}
    for asked, answer, root in _answers(link, "searchRetrieve"):
        query, start = asked.argument("query") or "", _number(asked, "startRecord")
        if start and 0 < known.get(query, 0) < start:
            yield found(61 in _refusals(root), answer.said, "a page behind the end is not refused")
        number = count(answer)
        if number:
            known[query] = number


def _refusals(root: etree._Element) -> list[int | None]:
    """The numbers of the diagnostics that end the search."""
    found_ = child(root, "diagnostics")
    return [] if found_ is None else [diagnostic_number(text(one, "uri") or "") for one in children(found_)]


@rule("sru.diagnostic.form", side=Side.SERVER)
def diagnostics_are_of_their_form(link: Link) -> Findings:
    spaces = {one.diagnostic for one in NAMESPACES.values()}
    for _, answer, root in _answers(link):
        surrogates = [
            one
            for record in _records(root)
            if text(record, "recordSchema") == DIAGNOSTIC_SCHEMA and (data := child(record, "recordData")) is not None
            for one in children(data)
        ]
        group = child(root, "diagnostics")
        for one in [*(children(group) if group is not None else ()), *surrogates]:
            holds = local(one) == "diagnostic" and namespace(one) in spaces and bool(text(one, "uri"))
            yield found(holds, answer.said, "a diagnostic without an address, or in another namespace")


@rule("sru.diagnostic.alone", side=Side.SERVER)
def refuses_or_answers(link: Link) -> Findings:
    for _, answer, root in _answers(link, "searchRetrieve"):
        if any(number is not None for number in _refusals(root)):
            yield found(not _records(root), answer.said, "records beside a diagnostic that ends the search")


@rule("sru.scan.most", side=Side.SERVER)
def lists_no_more(link: Link) -> Findings:
    for asked, answer, root in _answers(link, "scan"):
        most, terms = _number(asked, "maximumTerms"), child(root, "terms")
        if most and terms is not None:
            yield found(len(children(terms)) <= most, answer.said, "more terms than were asked for")
