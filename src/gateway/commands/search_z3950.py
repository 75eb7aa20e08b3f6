"""`gateway search z3950://HOST[:PORT]/DATABASE`: the query in PQF, or in CQL where the target takes it."""

from __future__ import annotations

import ssl

from gateway.clients.targets import z3950_target
from gateway.clients.z3950 import (
    Page,
    Z3950BadAnswer,
    Z3950Client,
    Z3950LinkFailed,
    Z3950Refused,
    Z3950Timeout,
    complaints,
    diagnostic_words,
)
from gateway.commands.found import BAD, LINK, NO, TIMEOUT, USAGE, Found, Hit, SearchFailed, Wanted
from gateway.commands.shelves import Shelf, shelves_of_opac
from library_protocols.ber import BerError
from library_protocols.z3950 import NamePlusRecord, PqfError, RpnQuery, parse_pqf
from library_protocols.z3950.facts import Option, oid_named, oid_title
from library_protocols.z3950.facts.oids import OPAC, SUTRS, USMARC, XML
from library_protocols.z3950.records import diagnostics_of, read_opac, read_sutrs

PAGE = 50
"""Records asked for at once: some targets give no more."""


async def search_z3950(wanted: Wanted) -> Found:
    """Searches a Z39.50 target and fetches the records. Raises SearchFailed."""
    try:
        target = z3950_target(wanted.target)
        query = parse_pqf(wanted.query) if wanted.query.lstrip().startswith("@") else wanted.query
    except (ValueError, PqfError) as error:
        raise SearchFailed(str(error), USAGE) from error
    if wanted.sort:
        raise SearchFailed("A Z39.50 target is told the order in the query: CQL's sortby.", USAGE)
    client = Z3950Client(
        target.host,
        target.port,
        user=wanted.user or target.user,
        password=wanted.password or target.password,
        timeout=wanted.timeout,
    )
    try:
        await client.connect()
        return await _search(client, target.database, query, wanted)
    except Z3950Refused as error:
        raise SearchFailed(f"{wanted.target}: refused: {error}", NO) from error
    except Z3950Timeout as error:
        raise SearchFailed(f"{wanted.target}: {error}", TIMEOUT) from error
    except (Z3950BadAnswer, BerError) as error:
        raise SearchFailed(f"{wanted.target}: {error}", BAD) from error
    except (Z3950LinkFailed, ssl.SSLError) as error:
        raise SearchFailed(f"{wanted.target}: {error}", LINK) from error
    finally:
        await client.close()


async def _search(client: Z3950Client, database: str, query: RpnQuery | str, wanted: Wanted) -> Found:
    if isinstance(query, str) and Option.QUERY_TYPE_104 not in client.options:
        raise SearchFailed("This target takes no CQL; write the query as PQF, such as '@attr 1=4 wales'.", USAGE)
    response = await client.search((database,), query)
    problems = tuple(map(diagnostic_words, complaints(response)))
    count = response.result_count
    if problems or not response.search_status:
        return Found(count, problems=problems or ("the search failed",))
    syntax, element_set = _form(wanted.schema)
    hits: list[Hit] = []
    end = min(count, wanted.start + wanted.maximum - 1)
    at = wanted.start
    while at <= end:
        page: Page = await client.present(at, min(PAGE, end - at + 1), syntax=syntax, element_set=element_set)
        problems = tuple(map(diagnostic_words, page.diagnostics))
        hits += [_hit(record, at + number) for number, record in enumerate(page.records)]
        if problems or not page.records:
            break
        at += len(page.records)
    return Found(count, tuple(hits), at if at <= count else None, problems)


def _form(schema: str) -> tuple[str, str]:
    """Syntax and element set for what is wanted: a record syntax by name, or a schema of XML."""
    if not schema:
        return USMARC, "F"
    syntax = oid_named(schema, "record syntax")
    if syntax is not None:
        return syntax, "F" if syntax != XML or schema.lower() == "xml" else schema
    return XML, schema


def _hit(record: NamePlusRecord, position: int) -> Hit:
    choice = record.record
    if choice.surrogate_diagnostic is not None:
        words = "; ".join(map(diagnostic_words, diagnostics_of(choice.surrogate_diagnostic)))
        return Hit(position, problem=words or "a diagnostic of an unknown form")
    external = choice.retrieval_record
    if external is None:
        return Hit(position, problem="a part of a record")
    syntax = external.direct_reference or ""
    data = external.octets or external.single or b""
    shelves: tuple[Shelf, ...] = ()
    if syntax == SUTRS:
        data = read_sutrs(external).encode("utf-8", "surrogateescape")
    elif syntax == OPAC:
        opac = read_opac(external)
        inner = opac.bibliographic_record
        data, shelves = (inner.octets if inner is not None else None) or b"", shelves_of_opac(opac)
    return Hit(position, data, oid_title(syntax), shelves=shelves)
