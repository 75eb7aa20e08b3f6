"""ZeeRex, the record that explain answers: a plain description of a server, written and read.

ZeeRex 2.0 as 1.1 and 1.2 use it and the form of 2011 that SRU 2.0 uses differ in searchInfo, which only the newer has
and must have. Whoever makes a `Description` says what its server really does; nothing is added here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from library_protocols.cql.xcql import xml_text
from library_protocols.sru.facts import EXPLAIN_SCHEMA, Version


@dataclass(frozen=True, slots=True)
class ContextSet:
    """A context set and the prefix it has here when a query assigns none."""

    name: str
    identifier: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """An index: its names as (prefix of the context set, name), the first the main one, and what it can do.

    `bib1` are its Bib-1 Use attributes. `supports` are its relations and modifiers where they are not those of all.
    """

    title: str
    names: tuple[tuple[str, str], ...]
    search: bool = True
    scan: bool = False
    sort: bool = False
    bib1: tuple[int, ...] = ()
    supports: tuple[tuple[str, str], ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class SchemaDescription:
    """A record schema: URI, short name, title, address of its XSD."""

    identifier: str
    name: str
    title: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class FacetDescription:
    """A facet by the name of its index; `default_limit` values where the request does not say."""

    index: str
    default_limit: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """A server as explain tells it. `database` is the path below the host. `records` and `updated` may be unknown.

    `defaults`, `settings` and `supports` are (type, value) pairs in the words of ZeeRex's configInfo.
    """

    host: str
    port: int
    database: str
    title: str
    transport: str = "http"
    description: str = ""
    contact: str = ""
    records: int | None = None
    updated: str = ""
    sets: tuple[ContextSet, ...] = ()
    indexes: tuple[IndexDescription, ...] = ()
    schemas: tuple[SchemaDescription, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    supports: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    facets: tuple[FacetDescription, ...] = ()
    title_language: str = "en"


CQL_URI = "http://docs.oasis-open.org/ns/search-ws/cql"
"""What names CQL in the list of query types."""


def write_explain(description: Description, version: Version) -> bytes:
    """The explain record for answers in that version of SRU."""
    new = version is Version.V2_0
    parts = [
        f'<explain xmlns="{EXPLAIN_SCHEMA}" authoritative="true">',
        _server(description, version),
        _database(description),
        _indexes(description.sets, description.indexes),
        _search(description) if new else "",
        _schemas(description),
        _configuration(
            (("default", description.defaults), ("setting", description.settings), ("supports", description.supports))
        ),
        "</explain>",
    ]
    return "".join(parts).encode()


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{_quoted(value)}"' for name, value in values.items() if value)


def _quoted(text: str) -> str:
    return xml_text(text).replace('"', "&quot;")


def _element(name: str, text: str, **attributes: str) -> str:
    return f"<{name}{_attributes(**attributes)}>{xml_text(text)}</{name}>"


def _server(description: Description, version: Version) -> str:
    records = "" if description.records is None else str(description.records)
    return (
        f"<serverInfo{_attributes(protocol='SRU', version=version.value, transport=description.transport)}>"
        + _element("host", description.host)
        + _element("port", str(description.port))
        + _element("database", description.database, numRecs=records, lastUpdate=description.updated)
        + "</serverInfo>"
    )


def _database(description: Description) -> str:
    parts = [_element("title", description.title, primary="true", lang=description.title_language)]
    if description.description:
        parts.append(_element("description", description.description, primary="true", lang="en"))
    if description.contact:
        parts.append(_element("contact", description.contact))
    return f"<databaseInfo>{''.join(parts)}</databaseInfo>"


@lru_cache(maxsize=8)
def _indexes(sets: tuple[ContextSet, ...], indexes: tuple[IndexDescription, ...]) -> str:
    """The longest part of the record, and the same in every answer of a server."""
    parts = [
        f"<set{_attributes(name=each.name, identifier=each.identifier)}>{_title(each.title)}</set>" for each in sets
    ]
    for index in indexes:
        flags = {"search": index.search, "scan": index.scan, "sort": index.sort}
        attributes = _attributes(id=index.id, **{name: "true" if flag else "false" for name, flag in flags.items()})
        maps = [
            f"<map{_attributes(primary='true' if number == 0 else '')}>{_element('name', name, set=prefix)}</map>"
            for number, (prefix, name) in enumerate(index.names)
        ]
        maps += [f'<map><attr type="1" set="1.2.840.10003.3.1">{use}</attr></map>' for use in index.bib1]
        own = _configuration((("supports", index.supports),))
        parts.append(f"<index{attributes}>{_title(index.title)}{''.join(maps)}{own}</index>")
    return f"<indexInfo>{''.join(parts)}</indexInfo>" if parts else ""


def _title(text: str) -> str:
    return _element("title", text, primary="true", lang="en") if text else ""


def _search(description: Description) -> str:
    examples = "".join(_element("queryExample", example) for example in description.examples)
    query_type = f"<queryType>{_element('queryTypeName', 'cql')}{_element('URI', CQL_URI)}</queryType>"
    facets = "".join(
        "<facet>"
        + _element("facetType", facet.index)
        + (_element("facetDescription", facet.title) if facet.title else "")
        + f"<limit><limitDefault>{facet.default_limit}</limitDefault><otherLimit>true</otherLimit></limit>"
        + "<start><startDefault>1</startDefault><otherStart>true</otherStart></start></facet>"
        for facet in description.facets
    )
    return f"<searchInfo>{examples}{query_type}{f'<facets>{facets}</facets>' if facets else ''}</searchInfo>"


def _schemas(description: Description) -> str:
    found = "".join(
        f"<schema{_attributes(identifier=each.identifier, name=each.name, location=each.location)}>"
        f"{_title(each.title)}</schema>"
        for each in description.schemas
    )
    return f"<schemaInfo>{found}</schemaInfo>" if found else ""


def _configuration(groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> str:
    found = "".join(_element(name, value, type=kind) for name, pairs in groups for kind, value in pairs)
    return f"<configInfo>{found}</configInfo>" if found else ""
