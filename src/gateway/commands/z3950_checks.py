"""What `gateway probe z3950` tries: one question a check, each with what Z39.50 wants as the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.clients.z3950 import Z3950BadAnswer, Z3950Client, complaints, diagnostic_words
from gateway.commands.checks import Checks, NotOffered, Odd, Result
from library_protocols.ber import BerError
from library_protocols.z3950 import InitializeResponse, RpnQuery, SearchResponse, SortElement, SortKeySpec, parse_pqf
from library_protocols.z3950.explain_records import EXPLAIN_DATABASE
from library_protocols.z3950.facts import BIB_1_ATTRIBUTES, TABLES, Option, oid_title
from library_protocols.z3950.facts.oids import BIB_1, EXPLAIN, OPAC, SUTRS, UNIMARC, USMARC, XML
from library_protocols.z3950.rpn import AttributesPlusTerm

ACCESS_POINTS = (
    4, 1003, 21, 1016, 7, 8, 31, 12, 54, 1018, 1007, 6, 5, 1, 2, 3, 9, 13, 16, 30, 59, 63, 1004, 1035, 1211,
)  # fmt: skip
"""Use attributes that are tried: those that clients and the Bath profile ask for."""


@dataclass(slots=True)
class Subject:
    """The target being tried and what is known of it so far."""

    client: Z3950Client
    accepted: InitializeResponse
    database: str
    query: RpnQuery
    count: int = 0
    syntaxes: list[str] = field(default_factory=list)

    async def search(self, query: RpnQuery | str, database: str | None = None) -> SearchResponse:
        """A search, whatever the target says to it."""
        return await self.client.search((database or self.database,), query)

    def offers(self, option: Option) -> None:
        """Raises NotOffered where the target did not agree to an option."""
        if option not in self.client.options:
            raise NotOffered(f"{TABLES['option'].describe(option)} was not agreed")


CHECKS: Checks[Subject] = Checks()


async def run_checks(client: Z3950Client, database: str, query: RpnQuery) -> list[Result]:
    """Every check in turn. Raises Z3950LinkFailed, Z3950Timeout and Z3950Refused: then there is nothing to try."""
    subject = Subject(client, await client.connect(), database, query)
    found: list[Result] = []
    async for result, problem in CHECKS.made(subject, (BerError, Z3950BadAnswer)):
        if isinstance(problem, Z3950BadAnswer):
            result = replace(result, detail=f"the association ended: {problem}")
            subject.accepted = await client.connect()
        found.append(result)
    return found


def _no(response: SearchResponse) -> None:
    """Raises Odd where a search that should work did not."""
    if not response.search_status:
        raise Odd("; ".join(map(diagnostic_words, complaints(response))) or "refused without a diagnostic")


def _refused(response: SearchResponse, allowed: tuple[int, ...], about: str) -> str:
    """What a target says to a search it cannot do. Raises Odd where it says nothing, or something else."""
    if response.search_status:
        raise Odd(f"answered with {response.result_count} records")
    found = complaints(response)
    if not found:
        raise Odd("refused without a diagnostic")
    words = "; ".join(map(diagnostic_words, found))
    if found[0].condition not in allowed:
        raise Odd(words)
    if about not in found[0].addinfo:
        raise Odd(f"{words}: the culprit is not named")
    return words


@CHECKS("initialization")
async def _init(subject: Subject) -> str:
    told = subject.accepted
    words = (TABLES["option"].rows[bit].name for bit in sorted(told.options) if bit in TABLES["option"].rows)
    return f"{told.implementation_name or 'no name'}, version {subject.client.version}: {' '.join(words)}"


@CHECKS("character set")
async def _charset(subject: Subject) -> str:
    if subject.client.charset is None:
        raise NotOffered("nothing was agreed")
    return subject.client.charset


@CHECKS("search")
async def _search(subject: Subject) -> str:
    response = await subject.search(subject.query)
    _no(response)
    subject.count = response.result_count
    return f"{response.result_count} records"


@CHECKS("access points")
async def _uses(subject: Subject) -> str:
    served: list[str] = []
    for use in ACCESS_POINTS:
        term = "2001" if use in (30, 31) else "a"
        response = await subject.search(parse_pqf(f"@attr 1={use} {term}"))
        if response.search_status:
            served.append(f"{use} {BIB_1_ATTRIBUTES[1].describe(use)}")
    if not served:
        raise Odd("none of those tried")
    return f"{len(served)} of {len(ACCESS_POINTS)}: {', '.join(served)}"


@CHECKS("record syntaxes")
async def _syntaxes(subject: Subject) -> str:
    if not subject.count:
        raise NotOffered("nothing was found to fetch")
    await subject.search(subject.query)
    for syntax in (USMARC, UNIMARC, XML, SUTRS, OPAC):
        page = await subject.client.present(1, 1, syntax=syntax)
        external = page.records[0].record.retrieval_record if page.records else None
        if external is not None:
            if external.direct_reference != syntax:
                raise Odd(f"asked for {oid_title(syntax)}, got {oid_title(external.direct_reference or '?')}")
            subject.syntaxes.append(syntax)
    if not subject.syntaxes:
        raise Odd("no record in any of those tried")
    return " ".join(map(oid_title, subject.syntaxes))


@CHECKS("present beyond the end")
async def _beyond(subject: Subject) -> str:
    await subject.search(subject.query)
    page = await subject.client.present(subject.count + 10, 1, syntax=subject.syntaxes[0] if subject.syntaxes else None)
    if page.records or not page.diagnostics:
        raise Odd("no diagnostic")
    words = "; ".join(map(diagnostic_words, page.diagnostics))
    if page.diagnostics[0].condition != 13:
        raise Odd(words)
    return words


@CHECKS("result sets by name")
async def _named(subject: Subject) -> str:
    subject.offers(Option.NAMED_RESULT_SETS)
    first = await subject.client.search((subject.database,), subject.query, result_set="probe")
    _no(first)
    again = await subject.search(parse_pqf("@set probe"))
    if not again.search_status:
        raise NotOffered("; ".join(map(diagnostic_words, complaints(again))))
    if again.result_count != first.result_count:
        raise Odd(f"{first.result_count} records, searched again {again.result_count}")
    return f"{again.result_count} records again"


@CHECKS("scan")
async def _scan(subject: Subject) -> str:
    subject.offers(Option.SCAN)
    start = parse_pqf("@attr 1=4 a").root
    assert isinstance(start, AttributesPlusTerm)
    response = await subject.client.scan((subject.database,), start, attribute_set=BIB_1, terms=5)
    if response.scan_status == 6:
        raise Odd("refused, though agreed")
    return f"{response.number_of_entries_returned} terms"


@CHECKS("sort")
async def _sort(subject: Subject) -> str:
    subject.offers(Option.SORT)
    await subject.search(subject.query)
    key = SortKeySpec(sort_element=SortElement(generic="title"), sort_relation=0, case_sensitivity=1)
    response = await subject.client.sort([key])
    if response.sort_status == 2:
        raise NotOffered("not by the field title")
    return "by title"


@CHECKS("CQL")
async def _cql(subject: Subject) -> str:
    subject.offers(Option.QUERY_TYPE_104)
    response = await subject.search("a")
    _no(response)
    return f"{response.result_count} records"


@CHECKS("an unknown access point is refused")
async def _unknown_use(subject: Subject) -> str:
    return _refused(await subject.search(parse_pqf("@attr 1=9999 a")), (114, 115, 1024), "9999")


@CHECKS("an unknown attribute set is refused")
async def _unknown_set(subject: Subject) -> str:
    return _refused(await subject.search(parse_pqf("@attr 1.2.840.10003.3.9999 1=4 a")), (121, 3, 123), "9999")


@CHECKS("an unknown database is refused")
async def _unknown_database(subject: Subject) -> str:
    name = "no-such-database"
    return _refused(await subject.search(subject.query, name), (235, 109), name)


@CHECKS("Explain")
async def _explain(subject: Subject) -> str:
    response = await subject.search(parse_pqf("@attrset exp-1 @attr 1=1 CategoryList"), EXPLAIN_DATABASE)
    if not response.search_status:
        raise NotOffered("; ".join(map(diagnostic_words, complaints(response))))
    page = await subject.client.present(1, 1, syntax=EXPLAIN)
    if not page.records or page.records[0].record.retrieval_record is None:
        raise Odd("the record is not given")
    return "a list of categories"
