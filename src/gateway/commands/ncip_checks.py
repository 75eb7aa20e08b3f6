"""What `gateway probe ncip` tries: one question a check, each with what NCIP wants as the answer.

Only lookups are asked, of a card and an item that nobody has; nothing is written. Each check has a connection of its
own, because what is wrong with a message may end it. Clauses of the standard are named where they were read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway.clients.ncip import Answer, NcipBadAnswer, NcipClient, NcipTimeout, NcipUnavailable, Parties, Question
from gateway.clients.ncip_questions import Words, question
from gateway.commands.checks import Checks, NotOffered, Odd, Result
from library_protocols.ncip import EncodeError, Problem, Problems, Response, known_problem
from library_protocols.ncip.messages import LookupAgencyResponse, LookupVersionResponse

NOBODY = "no-such-card-0"
NOTHING = "no-such-item-0"
NO_PIN = "7319-no-pin"
WRONG = "not the secret"
MARKER = "expanded"
_KNOWN_NOT = frozenset({
    "agency authentication failed", "system authentication failed", "unknown agency", "unknown system",
    "unauthorized combination of element values for agency", "unauthorized combination of element values for system",
})  # fmt: skip
"""Problems that say that who asks is not let in at all."""
_NOT_SERVED = frozenset({"unsupported service", "unknown service", "unauthorized service for agency",
                         "unauthorized service for system"})  # fmt: skip
_XML_TYPES = ("application/xml", "text/xml")
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(slots=True)
class Subject:
    """The responder being tried. `client` makes one that asks as these parties, in this version ("" for the profile's);
    `parties` are those that were named."""

    client: Callable[[Parties, str], NcipClient]
    parties: Parties
    let_in: bool = field(default=False, init=False)

    async def ask(self, asked: Question, *, parties: Parties | None = None, version: str = "") -> Answer:
        async with self.client(parties or self.parties, version) as client:
            try:
                return await client.send(asked)
            except EncodeError as error:
                raise NotOffered(str(error)) from None

    async def ask_octets(self, change: Callable[[bytes], bytes]) -> Answer:
        """A lookup of nobody, changed on its way."""
        async with self.client(self.parties, "") as client:
            return await client.send_octets(change(client.document(_user())))


CHECKS: Checks[Subject] = Checks()


async def run_checks(subject: Subject) -> list[Result]:
    """Every check in turn; the first alone where who asks is not let in, which says all there is to say.

    Raises NcipTimeout and NcipUnavailable where nobody is reached."""
    with suppress(NcipBadAnswer):
        await subject.ask(_user())
    results: list[Result] = []
    async for result, problem in CHECKS.made(subject, (NcipUnavailable,)):
        results.append(result)
        if len(results) == 1 and not subject.let_in and problem is not None:
            break
    return results


def _user() -> Question:
    return question("LookupUser", Words({"user": NOBODY}), datetime.now(UTC))


def _types(problems: tuple[Problem, ...]) -> str:
    return ", ".join(one.problem_type.value if one.problem_type else "a problem of no type" for one in problems)


def _refused(answer: Answer) -> tuple[Problem, ...]:
    """Why not. Raises Odd where it is a yes, NotOffered where the service is not served."""
    problems = answer.problems
    if not problems:
        raise Odd(f"answered with {type(answer.message).__name__} and no problem")
    if {one.problem_type.value.casefold() for one in problems if one.problem_type} & _NOT_SERVED:
        raise NotOffered(_types(problems))
    return problems


def _wants(answer: Answer, *wanted: str) -> str:
    """The problem, which has to be one of these. Raises Odd."""
    problems = _refused(answer)
    if not any(one.problem_type is not None and one.problem_type.value.casefold() in map(str.casefold, wanted)
               for one in problems):  # fmt: skip
        raise Odd(f"{_types(problems)} where {' or '.join(wanted)} belongs")
    return _types(problems)


async def _survives(subject: Subject, change: Callable[[bytes], bytes], *, refused: bool = False) -> str:
    """What becomes of an odd document: a problem or a closed connection, where it is to be refused, and the next one is
    answered."""
    try:
        answer = await subject.ask_octets(change)
        if refused and not answer.problems:
            raise Odd(f"answered with {type(answer.message).__name__} and no problem")
        seen = _types(answer.problems) or "answered"
    except NcipTimeout:
        raise Odd("no answer, and the connection is left open") from None
    except NcipBadAnswer as error:
        seen = f"refused below NCIP: {error}"
    except NcipUnavailable as error:
        seen = f"closed: {error}"
    if not (await subject.ask(_user())).problems:
        raise Odd(f"{seen}; the next question had no problem with a card that nobody has")
    return seen


@CHECKS("a user whom nobody knows")
async def _unknown_user(subject: Subject) -> str:
    answer = await subject.ask(_user())
    problems = answer.problems
    if {one.problem_type.value.casefold() for one in problems if one.problem_type} & _KNOWN_NOT:
        raise Odd(f"who asks is not let in: {_types(problems)}")
    subject.let_in = True
    return _wants(answer, "Unknown User", "User Authentication Failed")


@CHECKS("where a problem is")
async def _problem_details(subject: Subject) -> str:
    answer = await subject.ask(_user())
    problem = _refused(answer)[0]
    if problem.problem_type is None or not known_problem(problem.problem_type.value):
        raise Odd("the problem's type is none of the standard's")
    told = {"ProblemElement": problem.problem_element, "ProblemValue": problem.problem_value}
    if answer.dialect.generation > 1:
        told["ProblemDetail"] = problem.problem_detail
    missing = [name for name, value in told.items() if not value]
    if missing:
        raise NotOffered(f"{', '.join(missing)} not filled")
    return f"{problem.problem_element}"


@CHECKS("in the dialect of the question")
async def _dialect(subject: Subject) -> str:
    async with subject.client(subject.parties, "") as client:
        answer = await client.send(_user())
        asked = client.dialect
    got = answer.dialect
    if got.generation != asked.generation:
        raise Odd(f"NCIP {asked.version} was answered in NCIP {got.version}")
    if got.namespace != asked.namespace:
        raise Odd(f"answered {'with' if got.namespace else 'without'} a namespace")
    if got.namespace and not got.version_qualified:
        raise Odd("the attribute version is not in the namespace, as the schema has it")
    marks = sorted({each.departure.value for each in answer.deviations})
    if marks:
        raise Odd("; ".join(marks))
    return f"NCIP {got.version}"


@CHECKS("its HTTP")
async def _http(subject: Subject) -> str:
    """Part 2, 7.3: application/xml in UTF-8, and a problem is no error of HTTP."""
    answer = await subject.ask(_user())
    if answer.status is None:
        raise NotOffered("no HTTP here")
    kind, _, more = answer.content_type.partition(";")
    seen = f"{answer.status}, {answer.content_type or 'no content type'}"
    if answer.status != 200 or kind.strip().lower() not in _XML_TYPES:
        raise Odd(seen)
    if "utf-8" not in more.lower():
        raise NotOffered(f"{seen}: the character set is not told")
    return seen


@CHECKS("who answers")
async def _header(subject: Subject) -> str:
    if not subject.parties:
        raise NotOffered("nobody was named to ask as: --from-agency and --to-agency")
    answer = await subject.ask(_user())
    message = answer.message
    header = message.response_header if isinstance(message, Response) else None
    if header is None or header.from_agency_id is None or header.to_agency_id is None:
        raise NotOffered("the answer has no header")
    names = [one.agency_id.value if one.agency_id else "" for one in (header.from_agency_id, header.to_agency_id)]
    if subject.parties.from_agency and names[1].casefold() != subject.parties.from_agency.casefold():
        raise Odd(f"the answer is for {names[1]!r}, who has not asked")
    return f"from {names[0]!r} to {names[1]!r}"


@CHECKS("a wrong secret")
async def _wrong_secret(subject: Subject) -> str:
    """Tried once: responders slow down who guesses."""
    if not subject.parties.secret:
        raise NotOffered("no secret was given")
    answer = await subject.ask(_user(), parties=replace(subject.parties, secret=WRONG))
    if WRONG.encode() in answer.octets:
        raise Odd("the secret is repeated in the answer")
    types = {one.problem_type.value.casefold() for one in answer.problems if one.problem_type}
    if not types & _KNOWN_NOT:
        raise Odd(f"let in: {_types(answer.problems) or 'no problem'}")
    return _types(answer.problems)


@CHECKS("a PIN is not repeated")
async def _pin(subject: Subject) -> str:
    asked = question("LookupUser", Words({"user": NOBODY}, pin=NO_PIN), datetime.now(UTC))
    answer = await subject.ask(asked)
    if NO_PIN.encode() in answer.octets:
        raise Odd("the PIN stands in the answer")
    return _types(_refused(answer))


@CHECKS("LookupVersion")
async def _versions(subject: Subject) -> str:
    try:
        answer = await subject.ask(question("LookupVersion", Words(), datetime.now(UTC)))
    except NcipBadAnswer as error:
        raise NotOffered(str(error)) from None
    if not isinstance(answer.message, LookupVersionResponse):
        raise NotOffered(_types(answer.problems) or type(answer.message).__name__)
    versions = [version for version in answer.message.version_supported if version.strip()]
    if not versions:
        raise Odd("no version at all")
    return ", ".join(versions)


@CHECKS("LookupAgency")
async def _agency(subject: Subject) -> str:
    if not subject.parties.to_agency:
        raise NotOffered("no agency was named: --to-agency")
    answer = await subject.ask(
        question("LookupAgency", Words({"agency": subject.parties.to_agency}), datetime.now(UTC))
    )
    if answer.problems:
        _refused(answer)
        raise Odd(f"does not know its own name: {_types(answer.problems)}")
    message = answer.message
    if not isinstance(message, LookupAgencyResponse):
        raise Odd(f"answered with {type(message).__name__}")
    names = [one.organization_name for one in message.organization_name_information]
    return ", ".join(names) or "no name told"


@CHECKS("an item that nobody has")
async def _unknown_item(subject: Subject) -> str:
    asked = question("LookupItem", Words({"item": NOTHING}), datetime.now(UTC))
    return _wants(await subject.ask(asked), "Unknown Item")


@CHECKS("a request that nobody made")
async def _unknown_request(subject: Subject) -> str:
    asked = question("LookupRequest", Words({"request": "no-such-request-0"}), datetime.now(UTC))
    return _wants(await subject.ask(asked), "Unknown Request")


@CHECKS("a service that does not exist")
async def _no_service(subject: Subject) -> str:
    seen = await subject.ask_octets(lambda octets: octets.replace(b"LookupUser>", b"NoSuchService>"))
    if not isinstance(seen.message, Problems | Response):
        raise Odd(f"answered with {type(seen.message).__name__}")
    problems = seen.problems
    types = {one.problem_type.value.casefold() for one in problems if one.problem_type}
    if not types & {"unknown service", "unsupported service", "unknown element"}:
        raise Odd(_types(problems) or "no problem")
    return _types(problems)


@CHECKS("an element it cannot know")
async def _extra_element(subject: Subject) -> str:
    """Extensions of others are passed over."""

    def change(octets: bytes) -> bytes:
        at = octets.rindex(b"</", 0, octets.rindex(b"LookupUser>"))
        return octets[:at] + b'<x:Extra xmlns:x="urn:nobody">more</x:Extra>' + octets[at:]

    answer = await subject.ask_octets(change)
    types = _types(answer.problems)
    if "syntax" in types.lower() or "unknown element" in types.lower():
        raise NotOffered(types)
    return types


@CHECKS("without a namespace")
async def _no_namespace(subject: Subject) -> str:
    async with subject.client(subject.parties, "") as client:
        if not client.dialect.namespace:
            raise NotOffered("its own dialect has none")
        client.dialect = replace(client.dialect, namespace=False, prefix=None, version_qualified=False)
        answer = await client.send(_user())
    if isinstance(answer.message, Problems):
        raise NotOffered(_types(answer.problems))
    return f"{_types(answer.problems)}, {'with' if answer.dialect.namespace else 'without'} a namespace"


@CHECKS("the other NCIP")
async def _other_generation(subject: Subject) -> str:
    async with subject.client(subject.parties, "") as client:
        other = "1.0" if client.dialect.generation == 2 else "2.02"
    try:
        answer = await subject.ask(_user(), version=other)
    except NcipBadAnswer as error:
        raise NotOffered(f"NCIP {other}: {error}") from None
    if isinstance(answer.message, Problems):
        raise NotOffered(f"NCIP {other}: {_types(answer.problems)}")
    if answer.dialect.version[0] != other[0]:
        raise Odd(f"NCIP {other} was answered in NCIP {answer.dialect.version}")
    return f"NCIP {answer.dialect.version}: {_types(answer.problems)}"


@CHECKS("letters of every kind")
async def _letters(subject: Subject) -> str:
    name = "Ŵŷ-图书-ß"
    answer = await subject.ask(question("LookupUser", Words({"user": name}), datetime.now(UTC)))
    problems = _refused(answer)
    told = problems[0].problem_value
    if told and any(c in told for c in "?\N{REPLACEMENT CHARACTER}"):
        raise Odd(f"came back as {told!r}")
    return "repeated as it was" if told == name else _types(problems)


@CHECKS("entities")
async def _entities(subject: Subject) -> str:
    """A document type may define what a document then repeats a billion times, or reads from the disk."""

    def change(octets: bytes) -> bytes:
        body = octets[octets.index(b"?>") + 2 :] if octets.startswith(b"<?xml") else octets
        if (start := body.find(b"<!DOCTYPE")) >= 0:
            body = body[body.index(b">", start) + 1 :]
        root = body.split(b"<", 1)[1].split(None, 1)[0]
        doctype = b"<!DOCTYPE %s [<!ENTITY a '%s'><!ENTITY b '&a;&a;'>]>" % (root, MARKER.encode())
        return _DECLARATION + doctype + body.replace(NOBODY.encode(), b"&b;")

    try:
        answer = await subject.ask_octets(change)
    except NcipTimeout:
        raise Odd("no answer, and the connection is left open") from None
    except NcipUnavailable as error:
        return f"closed: {error}"
    if MARKER.encode() in answer.octets:
        raise Odd("entities are expanded")
    return _types(answer.problems)


@CHECKS("what is no XML")
async def _no_xml(subject: Subject) -> str:
    return await _survives(subject, lambda octets: octets.replace(b"</", b"<", 1), refused=True)


@CHECKS("the wrong character set")
async def _wrong_charset(subject: Subject) -> str:
    return await _survives(subject, lambda octets: octets.replace(NOBODY.encode(), b"\xe9\xff\xfe"))


@CHECKS("elements in elements in elements")
async def _deep(subject: Subject) -> str:
    deep = b"<x>" * 5000 + b"</x>" * 5000
    return await _survives(subject, lambda octets: octets.replace(NOBODY.encode(), deep))


@CHECKS("two at once")
async def _two_at_once(subject: Subject) -> str:
    answers = await asyncio.gather(subject.ask(_user()), subject.ask(_user()))
    if not all(answer.problems for answer in answers):
        raise Odd("one of the two was answered with something else")
    return "both answered"
