"""What `gateway probe oai` tries: one question a check, each with what OAI-PMH wants as the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.clients.oai_pmh import Answer, OaiBadAnswer, OaiClient
from gateway.commands.checks import Checks, NotOffered, Odd, Result
from library_protocols.oai_pmh import (
    FORMATS,
    NAMESPACES,
    ErrorCode,
    Granularity,
    Header,
    Identification,
    Response,
    format_datestamp,
    is_identifier,
    is_repository_identifier,
    is_set_spec,
    parse_datestamp,
    schema_location,
)
from library_protocols.oai_pmh.datestamps import DAY_SECONDS

PREFIX = next(iter(FORMATS))
_XSI_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_OAI_IDENTIFIER = f"{{{NAMESPACES['oai_identifier'].uri}}}"


@dataclass(slots=True)
class Subject:
    """The repository being tried and what is known of it so far."""

    client: OaiClient
    identity: Identification | None = None
    header: Header | None = None
    sets: tuple[str, ...] = ()

    @property
    def known(self) -> Identification:
        if self.identity is None:
            raise Odd("Identify was not answered")
        return self.identity

    @property
    def sample(self) -> Header:
        if self.header is None:
            raise Odd("no live record was found to try this with")
        return self.header


CHECKS: Checks[Subject] = Checks()


async def run_checks(client: OaiClient) -> list[Result]:
    """Every check in turn; the first alone where HTTP refuses it, which says all there is to say.

    Raises OaiLinkFailed and OaiTimeout, which end the whole."""
    results: list[Result] = []
    async for result, problem in CHECKS.made(Subject(client), (OaiBadAnswer,)):
        results.append(result)
        refused = isinstance(problem, OaiBadAnswer) and (problem.status or 0) >= HTTPStatus.BAD_REQUEST
        if refused and len(results) == 1:
            break
    return results


def _good(answer: Answer) -> Response:
    """The response, where it is one of a list and not of errors. Raises Odd."""
    response = answer.response
    if response.errors:
        raise Odd("answered " + ", ".join(f"{error.code} ({error.message})" for error in response.errors))
    return response


def _wants(condition: bool, problem: str) -> None:
    if not condition:
        raise Odd(problem)


@CHECKS("Identify")
async def _identify(subject: Subject) -> str:
    answer = await subject.client.ask("Identify")
    found = _good(answer).identification
    _wants(found is not None, "there is no Identify element")
    assert found is not None
    subject.identity = found
    base_url = re.sub(r"//[^/@]*@", "//", subject.client.base_url)  # a login in the address is ours alone
    _wants(found.base_url == base_url, f"baseURL is {found.base_url}, asked was {base_url}")
    _wants(found.protocol_version == "2.0", f"protocolVersion is {found.protocol_version!r}")
    granularities = [each.value for each in Granularity]
    _wants(found.granularity in granularities, f"granularity {found.granularity!r} is none of the two")
    earliest = parse_datestamp(found.earliest)
    _wants(
        earliest is not None and earliest.granularity.value == found.granularity,
        f"earliestDatestamp {found.earliest!r} is no {found.granularity}",
    )
    _wants(found.deleted in ("no", "transient", "persistent"), f"deletedRecord is {found.deleted!r}")
    _wants(bool(found.admin_emails), "there is no adminEmail")
    wrong = [email for email in found.admin_emails if "@" not in email]
    _wants(not wrong, f"adminEmail {wrong} is no address")
    return f"{found.name}; deletions {found.deleted}, granularity {found.granularity}, since {found.earliest}"


@CHECKS("envelope")
async def _envelope(subject: Subject) -> str:
    answer = await subject.client.ask("Identify")
    response = answer.response
    _wants(answer.status == 200, f"HTTP {answer.status}")
    media = answer.headers.get("content-type", "")
    _wants(media.partition(";")[0].strip() in ("text/xml", "application/xml"), f"Content-Type is {media!r}")
    told = parse_datestamp(response.response_date)
    _wants(
        told is not None and told.granularity is Granularity.SECOND,
        f"responseDate {response.response_date!r} is no YYYY-MM-DDThh:mm:ssZ",
    )
    _wants(schema_location("oai_pmh") in response.schema_location, "the root has no schemaLocation of OAI-PMH.xsd")
    _wants(response.arguments.get("verb") == "Identify", "the request is not echoed")
    return f"{media}, responseDate {response.response_date}"


@CHECKS("oai-identifier")
async def _oai_identifier(subject: Subject) -> str:
    found = [xml for xml in subject.known.descriptions if b"oai-identifier" in xml]
    if not found:
        raise NotOffered("no description of how identifiers are built")
    _wants(len(found) == 1, f"{len(found)} descriptions of how identifiers are built")
    root = etree.fromstring(found[0])
    repository = (root.findtext(f"{_OAI_IDENTIFIER}repositoryIdentifier") or "").strip()
    _wants(is_repository_identifier(repository), f"repositoryIdentifier {repository!r} is no domain name")
    return repository


@CHECKS("formats")
async def _formats(subject: Subject) -> str:
    found = _good(await subject.client.ask("ListMetadataFormats")).formats
    prefixes = [each.prefix for each in found]
    _wants(PREFIX in prefixes, f"{PREFIX} is missing among {', '.join(prefixes) or 'none'}")
    [own] = [each for each in found if each.prefix == PREFIX]
    _wants(own.namespace == FORMATS[PREFIX].namespace, f"{PREFIX} has the namespace {own.namespace}")
    return ", ".join(prefixes)


@CHECKS("sets")
async def _sets(subject: Subject) -> str:
    answer = await subject.client.ask("ListSets")
    if [error.code for error in answer.response.errors] == [ErrorCode.NO_SET_HIERARCHY]:
        raise NotOffered("no sets")
    found = _good(answer).sets
    wrong = [each.spec for each in found if not is_set_spec(each.spec)]
    _wants(not wrong, f"setSpec {wrong[:3]} is malformed")
    subject.sets = tuple(each.spec for each in found)
    return f"{len(found)} {'set' if len(found) == 1 else 'sets'}, such as {', '.join(subject.sets[:3])}"


@CHECKS("identifiers")
async def _identifiers(subject: Subject) -> str:
    response = _good(await subject.client.ask("ListIdentifiers", metadataPrefix=PREFIX))
    _wants(bool(response.headers), "the list is empty")
    for _ in range(20):
        live = [header for header in response.headers if not header.deleted]
        if live or response.token is None or not response.token.value:
            break
        response = _good(await subject.client.ask("ListIdentifiers", resumptionToken=response.token.value))
    else:
        live = []
    _wants(bool(live), "there is no live record within twenty pages")
    subject.header = next((header for header in live if header.set_specs), live[0])
    _wants(is_identifier(subject.header.identifier), f"identifier {subject.header.identifier!r} is no URI")
    stamp, earliest = parse_datestamp(subject.header.datestamp), parse_datestamp(subject.known.earliest)
    _wants(
        stamp is not None and stamp.granularity.value == subject.known.granularity,
        f"datestamp {subject.header.datestamp!r} is no {subject.known.granularity}",
    )
    assert stamp is not None
    _wants(earliest is None or stamp.first >= earliest.first, "a datestamp lies before earliestDatestamp")
    return f"{subject.header.identifier}, {subject.header.datestamp}"


@CHECKS("formats of one item")
async def _formats_of_item(subject: Subject) -> str:
    answer = await subject.client.ask("ListMetadataFormats", identifier=subject.sample.identifier)
    prefixes = [each.prefix for each in _good(answer).formats]
    _wants(PREFIX in prefixes, f"{PREFIX} is missing among {', '.join(prefixes) or 'none'}")
    return ", ".join(prefixes)


@CHECKS("one record")
async def _get_record(subject: Subject) -> str:
    sample = subject.sample
    answer = await subject.client.ask("GetRecord", identifier=sample.identifier, metadataPrefix=PREFIX)
    records = _good(answer).records
    _wants(len(records) == 1, f"{len(records)} records came")
    header, metadata = records[0].header, records[0].metadata
    _wants(header.identifier == sample.identifier, f"{header.identifier} came")
    _wants(set(sample.set_specs) <= set(header.set_specs), "it names fewer sets than in the list")
    _wants(metadata is not None, "it has no metadata")
    assert metadata is not None
    root = etree.fromstring(metadata)
    _wants(etree.QName(root).namespace == FORMATS[PREFIX].namespace, f"its root is {root.tag}")
    _wants(FORMATS[PREFIX].namespace in root.get(_XSI_LOCATION, ""), "its root has no schemaLocation")
    return f"{len(metadata):,} octets"


@CHECKS("range of one datestamp")
async def _range(subject: Subject) -> str:
    sample = subject.sample
    chosen = {"metadataPrefix": PREFIX, "from_": sample.datestamp, "until": sample.datestamp}
    return await _is_listed(subject, chosen)


@CHECKS("range within a set")
async def _range_in_set(subject: Subject) -> str:
    sample = subject.sample
    if not sample.set_specs:
        raise NotOffered("the record is in no set")
    chosen = {"metadataPrefix": PREFIX, "from_": sample.datestamp, "until": sample.datestamp}
    return await _is_listed(subject, {**chosen, "set": sample.set_specs[0]})


async def _is_listed(subject: Subject, chosen: dict[str, str]) -> str:
    """Looks for the sample in at most fifty pages: one load gives many records one datestamp."""
    response = _good(await subject.client.ask("ListIdentifiers", **chosen))
    for page in range(1, 51):
        if any(header.identifier == subject.sample.identifier for header in response.headers):
            return f"found on page {page}"
        if response.token is None or not response.token.value:
            raise Odd("the record is not in the range of its own datestamp")
        response = _good(await subject.client.ask("ListIdentifiers", resumptionToken=response.token.value))
    return "not within fifty pages, which says nothing"


@CHECKS("resumption tokens")
async def _tokens(subject: Subject) -> str:
    first = _good(await subject.client.ask("ListRecords", metadataPrefix=PREFIX))
    token = first.token
    if token is None:
        raise NotOffered("the whole list came at once")
    _wants(bool(token.value), "an empty token answers a request without one")
    _wants(first.tokens == 1, f"{first.tokens} tokens in one response")
    _wants(token.cursor in (None, 0), f"the first cursor is {token.cursor}")
    once = _good(await subject.client.ask("ListRecords", resumptionToken=token.value))
    again = _good(await subject.client.ask("ListRecords", resumptionToken=token.value))
    names = [record.header.identifier for record in once.records]
    _wants(bool(names), "the second page is empty")
    _wants(names == [r.header.identifier for r in again.records], "the same token twice gives another page")
    seen = {record.header.identifier for record in first.records}
    _wants(not seen.issuperset(names), "the second page repeats the first")
    size = token.complete_list_size
    return f"{len(first.records)} and {len(names)} records of {'a list of unknown size' if size is None else size}"


@CHECKS("last page")
async def _last_page(subject: Subject) -> str:
    stamp = subject.sample.datestamp
    chosen = {"metadataPrefix": PREFIX, "from_": stamp, "until": stamp}
    response = _good(await subject.client.ask("ListIdentifiers", **chosen))
    pages = 1
    while response.token is not None and response.token.value:
        if pages == 50:
            raise NotOffered("more than fifty pages, not read to the end")
        response = _good(await subject.client.ask("ListIdentifiers", resumptionToken=response.token.value))
        pages += 1
    _wants((response.token is not None) == (pages > 1), "the last page of a list with tokens has no empty token")
    return f"{pages} {'page' if pages == 1 else 'pages'}"


_WRONG: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("junk", ("badVerb",)),
    ("verb=junk", ("badVerb",)),
    ("verb=Identify&verb=Identify", ("badVerb",)),
    ("verb=Identify&test=test", ("badArgument",)),
    (f"verb=GetRecord&metadataPrefix={PREFIX}", ("badArgument",)),
    ("verb=GetRecord&identifier={identifier}", ("badArgument",)),
    (f"verb=GetRecord&metadataPrefix={PREFIX}&identifier=invalid%22id", ("badArgument", "idDoesNotExist")),
    ("verb=GetRecord&metadataPrefix=no_such_format&identifier={identifier}", ("cannotDisseminateFormat",)),
    ("verb=ListIdentifiers", ("badArgument",)),
    (f"verb=ListIdentifiers&metadataPrefix={PREFIX}&from=junk", ("badArgument",)),
    (f"verb=ListIdentifiers&metadataPrefix={PREFIX}&until=junk", ("badArgument",)),
    ("verb=ListIdentifiers&resumptionToken=junk&until=2000-02-05", ("badArgument", "badResumptionToken")),
    ("verb=ListRecords", ("badArgument",)),
    (f"verb=ListRecords&metadataPrefix={PREFIX}&from=junk", ("badArgument",)),
    ("verb=ListRecords&resumptionToken=junk", ("badResumptionToken",)),
    (f"verb=ListRecords&metadataPrefix={PREFIX}&from=2002-02-05&until=2002-02-06T05:35:00Z", ("badArgument",)),
    (f"verb=ListRecords&metadataPrefix={PREFIX}&until={{before}}", ("noRecordsMatch",)),
)


@CHECKS("wrong requests")
async def _wrong_requests(subject: Subject) -> str:
    earliest = parse_datestamp(subject.known.earliest)
    _wants(earliest is not None, "earliestDatestamp cannot be read")
    assert earliest is not None
    before = format_datestamp(earliest.first - DAY_SECONDS, earliest.granularity)
    problems: list[str] = []
    for template, allowed in _WRONG:
        query = template.format(identifier=quote(subject.sample.identifier, safe=""), before=before)
        try:
            answer = await subject.client.ask_text(query)
        except OaiBadAnswer as error:
            problems.append(f"{query}: {error}")
            continue
        codes = {error.code for error in answer.response.errors}
        if not codes or not codes <= set(allowed):
            problems.append(f"{query}: {', '.join(sorted(codes)) or 'no error'} instead of {' or '.join(allowed)}")
        elif answer.status != 200:
            problems.append(f"{query}: HTTP {answer.status}")
        elif codes & {"badVerb", "badArgument"} and answer.response.arguments:
            problems.append(f"{query}: arguments are echoed although the error is {', '.join(sorted(codes))}")
    _wants(not problems, "; ".join(problems))
    return f"{len(_WRONG)} refused as they must be"


@CHECKS("POST")
async def _post(subject: Subject) -> str:
    asked = [
        {"verb": "Identify"},
        {"verb": "ListMetadataFormats"},
        {"verb": "GetRecord", "identifier": subject.sample.identifier, "metadataPrefix": PREFIX},
        {"verb": "ListIdentifiers", "metadataPrefix": PREFIX},
        {"verb": "ListRecords", "metadataPrefix": PREFIX},
    ]
    for arguments in asked:
        response = _good(await subject.client.ask_text(urlencode(arguments), form=True))
        _wants(response.verb == arguments["verb"], f"{arguments['verb']} by POST was answered with {response.verb}")
    return f"{len(asked)} verbs"


@CHECKS("compression")
async def _compression(subject: Subject) -> str:
    answer = await subject.client.ask("ListIdentifiers", metadataPrefix=PREFIX)
    packed = answer.headers.get("content-encoding", "")
    told = subject.known.compressions
    if not packed and not told:
        raise NotOffered("responses are not compressed")
    _wants(bool(packed), f"Identify promises {', '.join(told)}, and nothing is compressed")
    _wants(packed in told, f"{packed} is used, and Identify does not say so")
    return packed


__all__ = ["CHECKS", "Result", "run_checks"]
