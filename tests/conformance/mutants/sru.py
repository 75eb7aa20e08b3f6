"""SRU servers as they are met, each wrong in one way, and the probes that have to notice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from tests.conformance.http_proxy import Asked, Change, Reply, WebMutant
from tests.conformance.mutants.web import (
    Pairs,
    When,
    answers,
    first_of_each,
    instead,
    nothing,
    readings,
    status,
    texts,
    with_arguments,
    without,
)

_RECORDS = re.compile(rb"<zs:records>.*?</zs:records>", re.DOTALL)
_DIAGNOSTICS = re.compile(rb"<zs:diagnostics>.*?</zs:diagnostics>", re.DOTALL)
_COUNT = re.compile(rb"<zs:numberOfRecords>(\d+)</zs:numberOfRecords>")
_TERM = re.compile(rb"<zs:term>.*?</zs:term>", re.DOTALL)
_NOBODY = re.compile(r"(\S+ or \S+) and (zzqx\w+)")
_SPACE = b"http://www.loc.gov/zing/srw/diagnostic/"


def asking(pattern: str) -> When:
    """Searches whose query looks so."""
    found = re.compile(pattern)
    return lambda asked: bool(found.search(asked.arguments.get("query", "")))


def diagnostic(number: int) -> Change:
    """Refuses, with this number."""
    told = b"<zs:diagnostics><diagnostic xmlns='%b'><uri>info:srw/diagnostic/1/%d</uri>" % (_SPACE, number)
    told += b"<message>no</message></diagnostic></zs:diagnostics></zs:\\1Response>"

    def change(asked: Asked, reply: Reply) -> Reply:
        body = _RECORDS.sub(b"", _COUNT.sub(b"<zs:numberOfRecords>0</zs:numberOfRecords>", reply.body))
        return replace(reply, body=re.sub(rb"</zs:(\w+)Response>", told, body))

    return change


def number(made: Callable[[int], int]) -> Change:
    """Tells another number of records."""

    def change(asked: Asked, reply: Reply) -> Reply:
        tell = lambda match: b"<zs:numberOfRecords>%d</zs:numberOfRecords>" % made(int(match[1]))  # noqa: E731
        return replace(reply, body=_COUNT.sub(tell, reply.body, count=1))

    return change


def miscounts(name: str, *caught_by: str, of: str, made: Callable[[int], int] = lambda found: found + 900) -> WebMutant:
    """A mutant that finds another number of records for queries that look so."""
    return answers(name, *caught_by, change=number(made), when=asking(of))


def query_as(name: str, *caught_by: str, old: str, new: str) -> WebMutant:
    """A mutant that reads a part of queries as another."""
    pattern = re.compile(old)

    def read(pairs: Pairs) -> Pairs:
        return [(name, pattern.sub(new, value) if name == "query" else value) for name, value in pairs]

    return readings(name, *caught_by, read=read)


def _never_refuses(asked: Asked, reply: Reply) -> Reply:
    """What is wrong is answered with an empty result."""
    return replace(reply, body=_DIAGNOSTICS.sub(b"", reply.body))


def _only_general(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=re.sub(rb"info:srw/diagnostic/1/\d+", b"info:srw/diagnostic/1/1", reply.body))


def _errors_by_http(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, status=400) if _DIAGNOSTICS.search(reply.body) else reply


def _without_records(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=_RECORDS.sub(b"", reply.body))


def _drifting(asked: Asked, reply: Reply) -> Reply:
    """Every answer tells one record more than the one before."""
    asked.common["more"] = asked.common.get("more", 0) + 1
    return number(lambda found: found + asked.common["more"])(asked, reply)


def _swapped(asked: Asked, reply: Reply) -> Reply:
    pattern = rb"(<zs:numberOfRecords>.*?</zs:numberOfRecords>)(<zs:records>.*?</zs:records>)"
    return replace(reply, body=re.sub(pattern, rb"\2\1", reply.body, flags=re.DOTALL))


def _echo_unescaped(asked: Asked, reply: Reply) -> Reply:
    said = next((value for value in asked.arguments.values() if "<" in value), "")
    return reply.sub(b"</zs:searchRetrieveResponse>", said.encode() + b"</zs:searchRetrieveResponse>")


def _latin(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=re.sub(rb"<zs:query>[^<]*", b"<zs:query>\xe9", reply.body))


def _first_term_twice(asked: Asked, reply: Reply) -> Reply:
    first = _TERM.search(reply.body)
    return reply.sub(first[0], first[0] * 2, 1) if first else reply


def _first_term_lost(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=_TERM.sub(b"", reply.body, count=1))


def _shifted(by: int, *, from_: int = 2) -> Callable[[Pairs], Pairs]:
    """startRecord is read as another one."""

    def read(pairs: Pairs) -> Pairs:
        return [
            (name, str(int(value) + by) if name == "startRecord" and value.isdigit() and int(value) >= from_ else value)
            for name, value in pairs
        ]

    return read


def _plus_stays(asked: Asked) -> Asked:
    return replace(asked, path=asked.path.replace("+", "%2B"))


def _packed_as_string(pairs: Pairs) -> Pairs:
    return [*without("recordPacking")(pairs), ("recordPacking", "string")]


def _not_composed(asked: Asked) -> bool:
    query = asked.arguments.get("query", "")
    return unicodedata.normalize("NFC", query) != query


def _schema(*names: str) -> When:
    return lambda asked: asked.arguments.get("recordSchema") in names


def _bare(asked: Asked) -> bool:
    """A request that says nothing of what it accepts."""
    return "accept" not in asked.headers


def _extensions_unknown(pairs: Pairs) -> Pairs:
    return [("nosuchparameter" if name.startswith("x-") else name, value) for name, value in pairs]


_SCAN = with_arguments(operation="scan")
_EXPLAIN: When = lambda asked: not asked.arguments or asked.arguments.get("operation") == "explain"  # noqa: E731

MUTANTS: tuple[WebMutant, ...] = (
    # Versions and operations
    answers("no-1.1", "sru.version.v1-1/search", change=diagnostic(5), when=with_arguments(version="1.1")),
    answers("no-1.2", "sru.version.v1-2/search", change=diagnostic(5), when=with_arguments(version="1.2")),
    answers("no-2.0", "sru.version.v2-0/search", change=diagnostic(7),
            when=lambda asked: "query" in asked.arguments and "version" not in asked.arguments),
    texts("always-1.2", "sru.version.told/old", old="<zs:version>1.1", new="<zs:version>1.2"),
    answers("any-version-finds-nothing", "sru.version.unknown/nine", change=_never_refuses,
            when=with_arguments(version="9.9")),
    answers("no-version-finds-nothing", "sru.version.missing/operation-alone", change=_never_refuses,
            when=lambda asked: "version" not in asked.arguments),
    readings("any-operation", "sru.operation.unknown/junk", read=instead(operation="explain"),
             when=with_arguments(operation="junk")),
    answers("versions-differ", "sru.same.in-versions/count", change=number(lambda found: found + 1),
            when=with_arguments(version="1.1")),
    answers("no-query-finds-nothing", "sru.parameter.query-missing/none", change=_never_refuses),
    # HTTP and the document
    answers("wants-accept", "sru.http.get/search", change=nothing(406), when=_bare),
    answers("no-forms", "sru.http.post/search", change=nothing(405),
            when=lambda asked: asked.method == "POST" and b"<" not in asked.body),
    answers("no-soap", "sru.http.soap/search", change=nothing(415), when=lambda asked: b"<SOAP" in asked.body),
    answers("as-html", "sru.http.content-type/search",
            change=lambda asked, reply: replace(reply, headers={**reply.headers, "content-type": "text/html"})),
    answers("errors-by-http", "sru.http.status/diagnostic", change=_errors_by_http),
    WebMutant("plus-stays", ("sru.http.escapes/query",), rewrite=_plus_stays),
    answers("cut-off", "sru.http.whole/search", change=lambda asked, reply: replace(reply, cut=len(reply.body) - 9),
            when=lambda asked: _bare(asked) and asked.arguments.get("maximumRecords") == "10"),
    answers("latin", "sru.xml.well-formed/each-version", change=_latin, when=_bare),
    texts("document-type", "sru.xml.well-formed/each-version", old=r"\?>\n?<", new="?><!DOCTYPE x><", count=1),
    texts("old-namespace", "sru.xml.namespace/each-version", old='="http://www.loc.gov/zing/srw/"',
          new='="http://www.loc.gov/zing/srw/v1.0/"'),
    texts("same-root", "sru.xml.namespace/each-version", old="zs:explainResponse", new="zs:searchRetrieveResponse"),
    answers("records-first", "sru.xml.order/each-version", change=_swapped),
    # Parameters
    answers("strangers-find-nothing", "sru.parameter.unknown/junk", change=_never_refuses),
    readings("extensions-unknown", "sru.parameter.extension/x-unknown", read=_extensions_unknown),
    readings("repeats-read-once", "sru.parameter.repeated/query", read=first_of_each),
    readings("from-zero", "sru.parameter.start-zero/search", read=instead(startRecord="1"),
             when=with_arguments(startRecord="0")),
    readings("numbers-guessed", "sru.parameter.start-junk/search", "sru.parameter.maximum-junk/search",
             read=without("startRecord", "maximumRecords")),
    readings("zero-is-default", "sru.parameter.maximum-zero/search", read=without("maximumRecords"),
             when=with_arguments(maximumRecords="0")),
    readings("no-stylesheets", "sru.parameter.stylesheet/named", read=without("stylesheet")),
    # Explain
    answers("nothing-at-the-base", "sru.explain.base/no-parameters", change=nothing(404),
            when=lambda asked: "?" not in asked.path),
    answers("no-explain", "sru.explain.operation/explain", change=diagnostic(4),
            when=with_arguments(operation="explain")),
    texts("other-explain", "sru.explain.zeerex/record", old='"http://explain.z3950.org/dtd/2.0/"', new='"urn:mine"'),
    texts("port-untrue", "sru.explain.server/address", old=r"<port>\d+", new="<port>9999"),
    texts("no-indexes-told", "sru.explain.parts/there", old="<indexInfo>.*</indexInfo>", new=""),
    texts("set-not-declared", "sru.explain.sets/declared", old='<set name="dc"[^>]*></set>', new=""),
    texts("index-for-show", "sru.explain.indexes/each", old='<name set="dc">title<', new='<name set="dc">nosuch<'),
    texts("schema-for-show", "sru.explain.schemas/each", old=' name="dc"', new=' name="nosuch"', when=_EXPLAIN),
    texts("all-scanned", "sru.explain.scan/flags", old='scan="false"', new='scan="true"'),
    texts("all-sorted", "sru.explain.sort/flags", old='sort="false"', new='sort="true"'),
    texts("relation-for-show", "sru.explain.relations/each", old='"relation">exact', new='"relation">cql.nosuch'),
    texts("most-untrue", "sru.explain.most-records/setting", old='"maximumRecords">1000', new='"maximumRecords">2'),
    texts("default-untrue", "sru.explain.default-size/setting", old='"numberOfRecords">10', new='"numberOfRecords">3'),
    texts("string-broken", "sru.explain.string/packed", old="&lt;explain", new="&lt;explain &lt;"),
    # Results and pages
    answers("number-alone", "sru.search.count/query", change=_without_records),
    answers("something-for-nobody", "sru.search.none/nobody", change=number(lambda found: 5), when=asking("zzqx")),
    answers("drifting", "sru.search.stable/twice", change=_drifting, when=with_arguments(maximumRecords="2")),
    readings("one-more", "sru.search.size/two", read=instead(maximumRecords="3"),
             when=with_arguments(maximumRecords="2")),
    texts("no-schema-told", "sru.search.record/fields", old="<zs:recordSchema>.*?</zs:recordSchema>", new=""),
    texts("no-position", "sru.search.record/fields", old="<zs:recordPosition>.*?</zs:recordPosition>", new=""),
    texts("echo-untrue", "sru.search.echo/request", old="<zs:query>", new="<zs:query>not "),
    texts("no-next", "sru.paging.next/first-and-last", old="<zs:nextRecordPosition>.*?</zs:nextRecordPosition>",
          new=""),
    texts("next-off-by-one", "sru.paging.next/first-and-last", old="<zs:nextRecordPosition>4",
          new="<zs:nextRecordPosition>5"),
    readings("start-off-by-one", "sru.paging.window/overlap", "sru.paging.complete/six-pages", read=_shifted(-1)),
    answers("page-counts", "sru.paging.count-same/pages", change=number(lambda found: found + 1),
            when=with_arguments(startRecord="3")),
    answers("last-lost", "sru.paging.complete/six-pages", change=_without_records,
            when=with_arguments(startRecord="7")),
    answers("beyond-is-empty", "sru.paging.beyond/end", change=_never_refuses),
    answers("ceiling", "sru.paging.deep/last", change=diagnostic(61), when=with_arguments(startRecord="7")),
    # Schemas and packing
    texts("default-not-listed", "sru.schema.default/search", old="<zs:recordSchema>[^<]*",
          new="<zs:recordSchema>urn:mine",
          when=lambda asked: "recordSchema" not in asked.arguments),
    answers("names-alone", "sru.schema.by-name-and-address/listed", change=diagnostic(66),
            when=lambda asked: ":" in asked.arguments.get("recordSchema", "")),
    readings("any-schema", "sru.schema.unknown/junk", read=without("recordSchema"),
             when=_schema("http://nobody.example/schema")),
    texts("namespace-untrue", "sru.schema.namespace-true/well-known", old="http://www.loc.gov/MARC21/slim",
          new="http://www.loc.gov/MARC21/thick"),
    answers("no-dublin-core", "sru.schema.dublin-core/search", change=diagnostic(66),
            when=_schema("dc", "info:srw/schema/1/dc-v1.1", "oai_dc")),
    answers("no-marcxml", "sru.schema.marcxml/search", change=diagnostic(66),
            when=_schema("marcxml", "info:srw/schema/1/marcxml-v1.1")),
    readings("always-strings", "sru.packing.xml/search", read=_packed_as_string, when=with_arguments("operation")),
    readings("never-strings", "sru.packing.string/search", read=without("recordPacking")),
    readings("any-packing", "sru.packing.unknown/junk", read=without("recordPacking"),
             when=with_arguments(recordPacking="junk")),
    texts("mojibake", "sru.record.characters/search", old="ŷ", new="Å·"),
    # CQL that is understood
    answers("finds-nothing", "sru.cql.term/word", change=number(lambda found: 0)),
    miscounts("quotes-matter", "sru.cql.quoted/word", of='^"wales"$'),
    miscounts("case-matters", "sru.cql.keywords-case/and", of=" AND | ANY "),
    miscounts("not-is-and", "sru.cql.and-or-not/numbers", of=" not ", made=lambda found: found + 1),
    query_as("and-before-or", "sru.cql.left-to-right/or-and", old=_NOBODY.pattern, new=r"wales or (history and \2)"),
    miscounts("parentheses-matter", "sru.cql.parentheses/right", of=r"^\(\("),
    miscounts("spaces-matter", "sru.cql.spaces/around", of="   "),
    answers("no-prefixes", "sru.cql.prefix/assigned", change=diagnostic(45), when=asking("^>")),
    miscounts("choice-differs", "sru.cql.server-choice/term", of="serverChoice"),
    answers("not-all-records", "sru.cql.all-records/one", change=diagnostic(16), when=asking("allRecords")),
    answers("ascii-alone", "sru.cql.unicode/scripts", change=diagnostic(10), when=asking("[^\x00-\x7f]")),
    answers("accents-apart", "sru.cql.accents/composed", change=number(lambda found: 0), when=_not_composed),
    query_as("backslash-lost", "sru.cql.escaped/star", old=r"\\\*", new="*"),
    answers("falls-over-terms", "sru.cql.injection/terms", change=nothing(500), when=asking("DROP")),
    miscounts("injected", "sru.cql.injection/terms", of="OR '1'"),
    miscounts("stars-are-stars", "sru.cql.truncation/right", "sru.cql.masking/inside", of=r"\*", made=lambda found: 0),
    miscounts("anchors-find-more", "sru.cql.anchor/beginning", of=r"\^"),
    # CQL's numbers
    miscounts("all-is-any", "sru.cql.all-any/numbers", of=" all "),
    miscounts("phrases-find-more", "sru.cql.phrase/two-words", of=" adj "),
    miscounts("exact-finds-more", "sru.cql.exact/title", of="=="),
    miscounts("dates-overlap", "sru.cql.order/dates", of=">="),
    miscounts("within-is-outside", "sru.cql.within/dates", of="within"),
    miscounts("near-finds-more", "sru.cql.proximity/two-words", of="prox "),
    miscounts("nearest-finds-more", "sru.cql.proximity.distance/wider", of="<=1"),
    # What is refused
    answers("never-refuses", "sru.cql.unknown-index/junk", "sru.cql.unknown-set/junk", "sru.cql.unknown-relation/junk",
            "sru.cql.unknown-modifier/junk", "sru.cql.unknown-boolean-modifier/junk", "sru.cql.broken/syntax",
            "sru.cql.broken-quotes/one", "sru.cql.broken-parentheses/one", "sru.cql.unknown-result-set/junk",
            "sru.diagnostic.alone/mistakes", "sru.sort.unknown/junk", "sru.cql.empty-term/quotes",
            change=_never_refuses),
    answers("only-general", "sru.cql.unknown-index/junk", "sru.cql.broken/syntax", "sru.schema.unknown/junk",
            "sru.scan.unknown-index/junk", "sru.query-type.unknown/junk", change=_only_general),
    answers("falls-over-length", "sru.cql.long/words", change=nothing(500), when=lambda asked: len(asked.path) > 5000),
    answers("falls-over-depth", "sru.cql.deep/parentheses", change=nothing(500), when=asking(r"\({99}")),
    texts("addresses-of-their-own", "sru.diagnostic.form/mistakes", old="info:srw/diagnostic/1/", new="urn:mine:"),
    texts("diagnostics-elsewhere", "sru.diagnostic.form/mistakes", old="zing/srw/diagnostic/", new="zing/srw/"),
    texts("no-words", "sru.diagnostic.words/mistakes", old="<details>.*?</details>|<message>.*?</message>", new=""),
    answers("result-beside", "sru.diagnostic.alone/mistakes", change=number(lambda found: found or 5)),
    answers("echoed-raw", "sru.diagnostic.hostile/echo", change=_echo_unescaped),
    # Sorting
    miscounts("sorting-loses", "sru.sort.cql/dates", of="sortby", made=lambda found: found - 1),
    query_as("always-ascending", "sru.sort.reverse/dates", old="/sort.descending", new=""),
    query_as("never-sorted", "sru.sort.reverse/dates", old=" sortby.*", new=""),
    readings("sorted-pages-overlap", "sru.sort.pages/three", read=_shifted(-1), when=asking("sortby")),
    answers("falls-over-sort-keys", "sru.sort.parameter/sort-keys", change=diagnostic(1),
            when=with_arguments("sortKeys")),
    # Scan
    answers("no-scan", "sru.scan.offered/index", change=diagnostic(4), when=_SCAN),
    answers("scan-falls-over", "sru.scan.refused/index", change=diagnostic(1), when=_SCAN),
    answers("term-twice", "sru.scan.terms/five", change=_first_term_twice, when=_SCAN),
    readings("more-terms", "sru.scan.terms/five", read=instead(maximumTerms="7"), when=_SCAN),
    answers("terms-miscounted", "sru.scan.count/search", change=number(lambda found: found + 1), when=_SCAN),
    readings("always-first", "sru.scan.position/second", read=without("responsePosition"), when=_SCAN),
    answers("term-skipped", "sru.scan.forward/last-term", change=_first_term_lost,
            when=lambda asked: _SCAN(asked) and not asked.arguments.get("scanClause", "").endswith('"a"')),
    texts("all-are-first", "sru.scan.where/first-term", old="<zs:whereInList>[^<]*", new="<zs:whereInList>first",
          when=_SCAN),
    readings("any-index", "sru.scan.unknown-index/junk", read=instead(scanClause='dc.title = "a"'), when=_SCAN),
    readings("any-clause", "sru.scan.two-clauses/and", "sru.scan.missing-clause/none", when=_SCAN,
             read=lambda pairs: [*without("scanClause")(pairs), ("scanClause", 'dc.title = "a"')]),
    # Result sets, and what 2.0 added
    answers("sets-lost", "sru.result-set.kept/again", change=diagnostic(51), when=asking("resultSetId")),
    readings("any-query-type", "sru.query-type.unknown/junk", read=without("queryType")),
    answers("no-search-terms", "sru.query-type.search-terms/words", change=diagnostic(11),
            when=with_arguments(queryType="searchTerms")),
    texts("precision-untold", "sru.precision.told/search", old="<zs:resultCountPrecision>.*?</zs:resultCountPrecision>",
          new=""),
    readings("any-media-type", "sru.media-type.unknown/accept", read=without("httpAccept")),
    readings("no-facets", "sru.facets.offered/limit", read=without("facetLimit")),
    texts("facets-miscounted", "sru.facets.count/narrowed", old="<count>1</count>", new="<count>3</count>"),
    answers("redirected", "sru.http.get/search", change=status(302), when=_bare),
)  # fmt: skip

INFORMING: dict[str, str] = {}
"""Probes that no mutant tries, and why."""
