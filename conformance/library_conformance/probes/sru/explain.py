"""Explain: that it is there, and that what it tells is true when it is tried."""

from __future__ import annotations

import re

from library_conformance.model import Behaviour, NotApplicable, Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    Explained,
    Index,
    Record,
    ask,
    base_explain,
    explained,
    refused,
    search,
    spoken,
    title_index,
    versions,
    word,
)
from library_conformance.run import Run
from library_conformance.web import child, namespace, text

ZEEREX = "http://explain.z3950.org/dtd/2.0/"
_MOST_INDEXES = 40
_MOST_SCHEMAS = 12
_DATE = ("<", "<=", ">", ">=", "within")


@probe("sru.explain.base/no-parameters", octets=True)
def base(run: Run) -> Seen:
    """Asks the base address without parameters."""
    answer = base_explain(run)
    return meets("explain") if answer.kind == "explainResponse" else breaks(answer.words)


@probe("sru.explain.operation/explain", octets=True)
def operation(run: Run) -> Seen:
    """Asks for the operation explain by its name."""
    if not set(versions(run)) & {"1.1", "1.2"}:
        raise NotApplicable("neither 1.1 nor 1.2 is spoken")
    answer = ask(run, "explain", "1.2" if "1.2" in versions(run) else "1.1")
    return meets("explain") if answer.kind == "explainResponse" and not answer.diagnostics else breaks(answer.words)


@probe("sru.explain.zeerex/record", needs=("sru.explain.base/no-parameters",), octets=True)
def zeerex(run: Run) -> Seen:
    """Looks at the record that explain answers with."""
    record = child(base_explain(run).root, "record")
    if record is None:
        return breaks("no record")
    found = Record(record)
    if found.data is None or namespace(found.data) != ZEEREX:
        return breaks("no ZeeRex")
    if found.schema not in (ZEEREX, "http://explain.z3950.org/dtd/2.1/"):
        return breaks("another record schema than its namespace")
    run.found.setdefault("announced", {}).update(told_by_explain(explained(run)))
    return meets("ZeeRex")


def told_by_explain(found: Explained) -> dict[str, list[str]]:
    """What explain says of the server, in lists: the words of its attributes, indexes that can be searched, scanned and
    sorted by, schemas by name or identifier, and what is supported by its types. A list is there where explain says
    anything of its kind, and empty where all it says is no."""
    info = child(found.root, "serverInfo")
    words = {name: re.findall(r"[^ ,/]+", info.get(name) or "") for name in ("version", "method") if info is not None}
    flagged = {
        kind: [_named(index) for index in found.indexes if getattr(index, kind) and index.names]
        for kind in ("scan", "sort") if any(getattr(index, kind) is not None for index in found.indexes)
    }  # fmt: skip
    several = {
        "indexes": [_named(index) for index in found.indexes if index.names and index.search is not False],
        "schemas": [part for pair in found.schemas for part in pair if part],
        "supports": sorted(found.supported),
        "relations": found.values("supports", "relation"),
    }
    return {name: said for name, said in {**words, **several}.items() if said} | flagged


@probe("sru.explain.server/address", needs=("sru.explain.zeerex/record",), octets=True)
def server(run: Run) -> Seen:
    """Compares host, port and database with those that were asked."""
    info = child(explained(run).root, "serverInfo")
    host, port, database = (text(info, name) for name in ("host", "port", "database"))
    if not host or not port or not database:
        return breaks("host, port or database is missing")
    path = run.target.url.partition("://")[2].partition("/")[2].strip("/")
    if port != str(run.target.port) or database.strip("/") != path:
        return breaks("another port or database than were asked")
    return meets("as asked") if host == run.target.host else meets("as asked, under another name of the host")


@probe("sru.explain.parts/there", needs=("sru.explain.zeerex/record",), octets=True)
def parts(run: Run) -> Seen:
    """Looks for indexes, schemas and defaults."""
    found = explained(run)
    missing = [name for name, there in (("indexes", found.indexes), ("schemas", found.schemas)) if not there]
    return breaks(f"no {' and no '.join(missing)}") if missing else meets("indexes and schemas")


@probe("sru.explain.sets/declared", needs=("sru.explain.zeerex/record",), octets=True)
def sets(run: Run) -> Seen:
    """Compares the prefixes of index names with the context sets that are declared."""
    found = explained(run)
    if not found.indexes:
        raise NotApplicable("no indexes are told")
    used = {name.partition(".")[0] for index in found.indexes for name in index.names if "." in name}
    if used - set(found.sets):
        return breaks("a set that is not declared")
    return meets("declared") if all(found.sets.values()) else breaks("a set without identifier")


@probe("sru.explain.indexes/each", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def indexes(run: Run) -> Seen:
    """Searches in every index by every name that explain gives it."""
    names = [name for index in explained(run).indexes if index.search is not False for name in index.names]
    if not names:
        raise NotApplicable("no indexes are told")
    for name in names[:_MOST_INDEXES]:
        answer = search(run, f'{name} = "{word(run)}"')
        if answer.numbers & {10, 15, 16, 48} or answer.kind != "searchRetrieveResponse":
            return breaks(f"a listed index: {answer.words}")
    return meets("each can be searched")


@probe("sru.explain.schemas/each", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def schemas(run: Run) -> Seen:
    """Asks for a record in every schema that explain lists."""
    found = explained(run).schemas
    if not found:
        raise NotApplicable("no schemas are told")
    for name, _ in found[:_MOST_SCHEMAS]:
        answer = search(run, word(run), 1, recordSchema=name)
        if answer.diagnostics or not answer.records:
            return breaks(f"a listed schema: {answer.words}")
    return meets("records in each")


def _named(index: Index) -> str:
    return index.names[0]


@probe("sru.explain.scan/flags", needs=("sru.explain.zeerex/record",), octets=True)
def scan(run: Run) -> Seen:
    """Scans some indexes of which explain says that they can be scanned, and some of which it says the contrary."""
    found = [index for index in explained(run).indexes if index.names]
    able = [index for index in found if index.scan][:5]
    unable = [index for index in found if index.scan is False][:3]
    if not able and not unable:
        raise NotApplicable("explain does not say what can be scanned")
    for index in able:
        answer = ask(run, "scan", scanClause=f'{_named(index)} = "a"', maximumTerms="2")
        if answer.kind != "scanResponse" or answer.diagnostics:
            return breaks(f"said to be scanned: {answer.words}")
    if able and all(
        not ask(run, "scan", scanClause=f'{_named(index)} = "a"', maximumTerms="2").diagnostics for index in unable
    ):
        return meets("as told") if not unable else meets("more than told")
    return meets("as told")


@probe("sru.explain.sort/flags", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def sort(run: Run) -> Seen:
    """Sorts by indexes of which explain says that they can be sorted by."""
    able = [index for index in explained(run).indexes if index.sort and index.names]
    if not able:
        raise NotApplicable("explain says of no index that it can be sorted by")
    for index in able[:4]:
        version = spoken(run)
        if version == "1.1":
            set_name, _, name = _named(index).rpartition(".")
            answer = search(run, word(run), 2, sortKeys=f"{name},{set_name}")
        else:
            answer = search(run, f"{word(run)} sortby {_named(index)}", 2)
        if answer.diagnostics or not answer.records:
            return breaks(f"said to be sorted by: {answer.words}")
    return meets("as told")


@probe("sru.explain.relations/each", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def relations(run: Run) -> Seen:
    """Searches with every relation that explain lists."""
    found = explained(run).values("supports", "relation")
    if not found:
        raise NotApplicable("no relations are told")
    for relation in found[:20]:
        query = f'{title_index(run)} {relation} "{word(run)}"'
        if relation in _DATE:
            query = f'dc.date {relation} "{"1900 2000" if relation == "within" else 1990}"'
        answer = search(run, query)
        if answer.numbers & {10, 19}:
            return breaks(f"a listed relation: {answer.words}")
    return meets("each is answered")


@probe("sru.explain.most-records/setting", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def most_records(run: Run) -> Seen:
    """Asks for more records than explain says that one answer holds, where that is not too much to ask."""
    told_most = [value for value in explained(run).values("setting", "maximumRecords") if value.isdigit()]
    if not told_most:
        raise NotApplicable("no most is told")
    most = int(told_most[0])
    if most > 100:
        answer = search(run, word(run), 20)
        return meets("within it") if len(answer.records) <= most else breaks("more")
    answer = search(run, word(run), most + 1)
    if answer.numbers & {6, 60}:
        return meets("refused")
    return meets("within it") if len(answer.records) <= most else breaks("more")


@probe("sru.explain.default-size/setting", needs=("sru.explain.zeerex/record",), inputs=("query",), octets=True)
def default_size(run: Run) -> Seen:
    """Searches without maximumRecords and counts."""
    sizes = [value for value in explained(run).values("default", "numberOfRecords") if value.isdigit()]
    if not sizes:
        raise NotApplicable("no default is told")
    answer = ask(run, "searchRetrieve", query=word(run))
    if answer.count is None or answer.diagnostics:
        return breaks(answer.words)
    return (
        meets("as many as told") if len(answer.records) == min(int(sizes[0]), answer.count) else breaks("another size")
    )


@probe("sru.explain.string/packed", octets=True)
def string(run: Run) -> Seen:
    """Asks for explain as a string."""
    version = spoken(run)
    name = "recordXMLEscaping" if version == "2.0" else "recordPacking"
    answer = ask(run, "explain", **{name: "string"})
    record = child(answer.root, "record")
    if answer.diagnostics:
        return refused(answer, 71, 6, 8)
    if record is None:
        return breaks(answer.words)
    found = Record(record)
    if found.data is None:
        return Seen("a string that is no document", Behaviour.BREAKS)
    return told("as a string" if found.as_text else "as an element all the same")
