"""Repositories as they are met, each wrong in one way, and the probes that have to notice."""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import replace

from tests.conformance.http_proxy import Asked, Reply, WebMutant
from tests.conformance.mutants.web import (
    Pairs,
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

_RECORD = re.compile(rb"<(record|header)>.*?</\1>", re.DOTALL)
_LIST = re.compile(rb"<(ListRecords|ListIdentifiers)>.*</\1>", re.DOTALL)
_ERROR = re.compile(rb"<error code.*</error>", re.DOTALL)
_TOKEN = r"<resumptionToken.*?(?:</resumptionToken>|/>)"


def _is_error(asked: Asked, reply: Reply) -> bool:
    return b"<error " in reply.body


def _errors_by_http(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, status=422) if _is_error(asked, reply) else reply


def _always_packed(asked: Asked, reply: Reply) -> Reply:
    headers = {**reply.headers, "content-encoding": "gzip"}
    return replace(reply, headers=headers, body=gzip.compress(reply.body))


def _never_packed(asked: Asked) -> Asked:
    return replace(asked, headers={**asked.headers, "accept-encoding": "identity"})


def _echo_unescaped(asked: Asked, reply: Reply) -> Reply:
    found = asked.arguments
    said = (found.get("identifier") or found.get("set") or found.get("resumptionToken") or "").encode()
    return reply.sub(b"</error>", said + b"</error>")


def _one_error_alone(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=re.sub(rb"(<error .*?</error>)<error .*(?=</OAI-PMH>)", rb"\1", reply.body))


def _errors_repeat_arguments(asked: Asked, reply: Reply) -> Reply:
    return reply.sub(b"<request>", b'<request verb="Identify">')


def _record_twice(asked: Asked, reply: Reply) -> Reply:
    """The last record of a part comes again."""
    found = [match[0] for match in _RECORD.finditer(reply.body)]
    return reply.sub(found[-1], found[-1] * 2) if len(found) > 1 else reply


def _record_lost(asked: Asked, reply: Reply) -> Reply:
    """Every second part loses a record."""
    found = [match[0] for match in _RECORD.finditer(reply.body)]
    return reply.sub(found[-1], b"") if "resumptionToken" in asked.arguments and len(found) > 1 else reply


def _last_token_absent(asked: Asked, reply: Reply) -> Reply:
    return replace(reply, body=re.sub(rb"<resumptionToken[^>]*(/>|></resumptionToken>)", b"", reply.body))


def _token_for_nothing(asked: Asked, reply: Reply) -> Reply:
    if b"<resumptionToken" in reply.body:
        return reply
    return replace(reply, body=re.sub(rb"</(List\w+)>", rb"<resumptionToken/></\1>", reply.body))


def _once_only(asked: Asked, reply: Reply) -> Reply:
    """A token is good for one use."""
    token = asked.arguments.get("resumptionToken")
    used = asked.common.setdefault("used", set())
    if token is None or token not in used:
        used.add(token)
        return reply
    return _with_error(reply, "badResumptionToken")


def _with_error(reply: Reply, code: str) -> Reply:
    body = re.sub(rb"(</request>).*", rb'\1<error code="%b">so</error></OAI-PMH>' % code.encode(), reply.body, flags=16)
    return replace(reply, body=body)


def _repaired_token(asked: Asked) -> Asked:
    """A token that is nearly the last one is taken for it: no checksum guards it."""
    token = asked.arguments.get("resumptionToken", "")
    last = asked.common.get("last", "")
    near = len(last) == len(token) and sum(a != b for a, b in zip(last, token, strict=True)) == 1
    return replace(asked, path=asked.path.replace(token, last)) if token and near else asked


def _remember_token(asked: Asked, reply: Reply) -> Reply:
    found = re.search(rb"<resumptionToken[^>]*>([^<]+)<", reply.body)
    if found:
        asked.common["last"] = found[1].decode()
    return reply


def _empty_instead_of_error(asked: Asked, reply: Reply) -> Reply:
    """What is wrong, or is not there, is answered with an empty list."""
    verb = asked.arguments.get("verb", "ListRecords").encode()
    return replace(reply, body=_ERROR.sub(b"<%b></%b>" % (verb, verb), reply.body))


def _without_bounds(asked: Asked, reply: Reply) -> Reply:
    """Records whose datestamp is a bound of the request are left out."""
    bounds = [asked.arguments[name].encode() for name in ("from", "until") if name in asked.arguments]

    def keep(match: re.Match[bytes]) -> bytes:
        return b"" if any(b"<datestamp>" + bound in match[0] for bound in bounds) else match[0]

    return replace(reply, body=_RECORD.sub(keep, reply.body))


def _no_days(asked: Asked, reply: Reply) -> Reply:
    return (
        _with_error(reply, "badArgument")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", asked.arguments.get("from", ""))
        else reply
    )


def _sets_without_children(asked: Asked, reply: Reply) -> Reply:
    return _with_error(reply, "noRecordsMatch") if asked.arguments.get("set") == "format" else reply


def _no_sets_told(asked: Asked, reply: Reply) -> Reply:
    return _with_error(reply, "noSetHierarchy") if asked.arguments.get("verb") == "ListSets" else reply


def _set_lost(asked: Asked, reply: Reply) -> Reply:
    """What follows a token is of everything."""
    return reply.sub(b"format:book", b"other:thing") if "resumptionToken" in asked.arguments else reply


def _another_door(asked: Asked) -> Asked:
    """Tokens are good at every door."""
    return replace(asked, path=asked.path.replace("/oai/bangor", "/oai/aber"))


def _slow(asked: Asked, reply: Reply) -> Reply:
    if "resumptionToken" in asked.arguments:
        time.sleep(0.7)
    return reply


def _without_deleted(asked: Asked, reply: Reply) -> Reply:
    """Deletions are not in lists by date."""
    deleted = re.compile(rb'<record><header status="deleted">.*?</header></record>', re.DOTALL)
    return replace(reply, body=deleted.sub(b"", reply.body)) if "from" in asked.arguments else reply


def _no_deleted_alone(asked: Asked, reply: Reply) -> Reply:
    if asked.arguments.get("verb") == "GetRecord" and b'status="deleted"' in reply.body:
        return _with_error(reply, "idDoesNotExist")
    return reply


def _deleted_in_one_format(asked: Asked, reply: Reply) -> Reply:
    if asked.arguments.get("metadataPrefix") != "oai_dc" and b'status="deleted"' in reply.body:
        return _with_error(reply, "cannotDisseminateFormat")
    return reply


def _latin(asked: Asked, reply: Reply) -> Reply:
    """Latin-1 that is said to be UTF-8."""
    return replace(reply, body=reply.body.replace("ŷ".encode(), b"\xff"))


def _add_prefix(pairs: Pairs) -> Pairs:
    given = dict(pairs)
    missing = {"metadataPrefix": "oai_dc", "identifier": "oai:demo.example:aber:990001"}
    return pairs + [
        (name, value) for name, value in missing.items() if name not in given and "resumptionToken" not in given
    ]


def _any_verb(pairs: Pairs) -> Pairs:
    known = ("Identify", "ListMetadataFormats", "ListSets", "GetRecord", "ListIdentifiers", "ListRecords")
    return [(name, "Identify" if name == "verb" and value not in known else value) for name, value in pairs]


def _lowered(pairs: Pairs) -> Pairs:
    return [(name, "Identify" if (name, value) == ("verb", "identify") else value) for name, value in pairs]


def _token_as_new(pairs: Pairs) -> Pairs:
    """A token that is not known begins the list again."""
    if dict(pairs).get("resumptionToken") not in ("junk", "over"):
        return pairs
    return [("verb", dict(pairs)["verb"]), ("metadataPrefix", "oai_dc")]


def _swapped(asked: Asked, reply: Reply) -> Reply:
    pattern = rb"(<responseDate>.*?</responseDate>)(<request.*?</request>)"
    return replace(reply, body=re.sub(pattern, rb"\2\1", reply.body))


_GET_RECORD = with_arguments(verb="GetRecord")
_IDENTIFY = with_arguments(verb="Identify")
_FORMATS = with_arguments(verb="ListMetadataFormats")
_SETS = with_arguments(verb="ListSets")
_HEADERS = with_arguments(verb="ListIdentifiers")
_RECORDS = with_arguments(verb="ListRecords")

MUTANTS: tuple[WebMutant, ...] = (
    # HTTP and the document
    answers("not-found", "oai.http.get/identify", change=nothing(404), when=lambda asked: asked.method == "GET"),
    answers("no-post", "oai.http.post/identify", "oai.http.post/list", change=nothing(405),
            when=lambda asked: asked.method == "POST"),
    WebMutant("escapes-stay", ("oai.http.escapes/identifier",),
              rewrite=lambda asked: replace(asked, path=re.sub(r"%(?=[46][1f])", "%25", asked.path))),
    answers("as-html", "oai.http.content-type/all-verbs",
            change=lambda asked, reply: replace(reply, headers={**reply.headers, "content-type": "text/html"})),
    answers("errors-by-http", "oai.http.status/errors", "oai.error.verb-unknown/junk", "oai.record.unknown-format/junk",
            change=_errors_by_http),
    answers("cut-off", "oai.http.whole/list", change=lambda asked, reply: replace(reply, cut=len(reply.body) - 20)),
    answers("always-packed", "oai.http.plain/unasked", change=_always_packed),
    WebMutant("never-packed", ("oai.http.gzip/announced",), rewrite=_never_packed),
    texts("bare-ampersand", "oai.xml.well-formed/all-verbs", old="<title>|<setName>", new="<setName>&"),
    answers("latin", "oai.xml.well-formed/all-verbs", change=_latin),
    texts("document-type", "oai.xml.well-formed/all-verbs", old=r"\?>\n?<", new="?><!DOCTYPE OAI-PMH><", count=1),
    answers("falls-over-octets", "oai.error.not-utf8/set", change=nothing(500), when=lambda asked: "%ff" in asked.path),
    answers("falls-over-length", "oai.error.long-request/post", change=nothing(500),
            when=lambda asked: len(asked.body) > 9000),
    texts("other-base-url", "oai.envelope.request-url/identify", old="<baseURL>http:", new="<baseURL>https:"),
    texts("other-request-url", "oai.envelope.request-url/identify", old="</request>", new="/</request>"),
    # The envelope
    texts("old-namespace", "oai.envelope.namespace/identify", old='xmlns="http://www.openarchives.org/OAI/2.0/"',
          new='xmlns="http://www.openarchives.org/OAI/1.1/"'),
    texts("no-schema", "oai.envelope.namespace/identify", old=' xsi:schemaLocation="[^"]*"', new=""),
    answers("request-first", "oai.envelope.order/answer-and-error", change=_swapped),
    texts("fractions", "oai.envelope.response-date/form", old="Z</responseDate>", new=".123Z</responseDate>"),
    texts("last-year", "oai.envelope.response-date.now/clock", old=r"<responseDate>\d{4}", new="<responseDate>2019"),
    texts("next-century", "oai.envelope.response-date.now/clock", old=r"<responseDate>\d{4}", new="<responseDate>2199"),
    texts("nothing-repeated", "oai.envelope.request-arguments/list", old="<request [^>]*>", new="<request>"),
    answers("mistakes-repeated", "oai.envelope.request-silent/errors", change=_errors_repeat_arguments),
    # Identify
    texts("no-mail", "oai.identify.complete/elements", "oai.identify.email/form", old="<adminEmail>.*</adminEmail>",
          new=""),
    texts("other-order", "oai.identify.complete/elements",
          old="(<deletedRecord>.*</deletedRecord>)(<granularity>.*</granularity>)", new=r"\2\1"),
    texts("version-one", "oai.identify.version/value", old="<protocolVersion>2.0", new="<protocolVersion>1.1"),
    texts("deletions-perhaps", "oai.identify.deleted-record/value", old=">persistent<", new=">yes<"),
    texts("granularity-minutes", "oai.identify.granularity/value", old=">YYYY-MM-DDThh:mm:ssZ<",
          new=">YYYY-MM-DDThh:mmZ<"),
    texts("earliest-in-days", "oai.identify.earliest.form/value", old=r"T[\d:]+Z</earliest", new="</earliest"),
    texts("earliest-too-late", "oai.identify.earliest.bound/first-part", old=r"<earliestDatestamp>\d{4}",
          new="<earliestDatestamp>2999"),
    texts("mail-without-host", "oai.identify.email/form", old="<adminEmail>[^<]*", new="<adminEmail>library"),
    readings("identify-takes-all", "oai.identify.arguments/one", read=without("metadataPrefix"), when=_IDENTIFY),
    texts("scheme-untrue", "oai.identify.identifier-scheme/description", old="<repositoryIdentifier>demo.example",
          new="<repositoryIdentifier>other.example", when=_IDENTIFY),
    # Errors
    readings("verb-optional", "oai.error.verb-missing/empty", read=lambda pairs: [("verb", "Identify")],
             when=lambda asked: "verb" not in asked.arguments),
    readings("any-verb", "oai.error.verb-unknown/junk", "oai.error.words/junk", read=_any_verb),
    readings("verbs-in-any-case", "oai.error.verb-case/lower", read=_lowered),
    readings("repeats-ignored", "oai.error.verb-repeated/twice", "oai.error.argument-repeated/prefix",
             read=first_of_each),
    readings("strangers-ignored", "oai.error.argument-unknown/list", read=without("nothing")),
    readings("arguments-guessed", "oai.error.argument-missing/each-verb", read=_add_prefix),
    readings("empty-is-default", "oai.error.argument-empty/prefix", read=instead(metadataPrefix="oai_dc")),
    answers("echoed-raw", "oai.error.hostile-echo/arguments", change=_echo_unescaped),
    answers("first-mistake-alone", "oai.error.several/two", change=_one_error_alone),
    texts("no-words", "oai.error.words/junk", old="(<error [^>]*>)[^<]*", new=r"\1"),
    # Formats
    texts("no-dublin-core", "oai.formats.dublin-core/listed", "oai.formats.of-item/example",
          old="<metadataPrefix>oai_dc<", new="<metadataPrefix>dc<", when=_FORMATS),
    texts("format-twice", "oai.formats.complete/list", old="<metadataPrefix>marc21<", new="<metadataPrefix>oai_dc<",
          when=_FORMATS),
    answers("no-formats-of-items", "oai.formats.of-item/example",
            change=lambda asked, reply: _with_error(reply, "idDoesNotExist"), when=_FORMATS),
    readings("formats-of-anything", "oai.formats.unknown-item/nobody", read=without("identifier"), when=_FORMATS),
    answers("formats-for-show", "oai.formats.listed-usable/first-record",
            change=lambda asked, reply: _with_error(reply, "noRecordsMatch"),
            when=with_arguments(metadataPrefix="marc21")),
    texts("namespace-untrue", "oai.formats.listed-usable/first-record", old="/MARC21/slim</metadataNamespace>",
          new="/MARC21/thick</metadataNamespace>"),
    texts("dublin-core-alone", "oai.formats.marc/listed", old="</metadataFormat>.*</ListM",
          new="</metadataFormat></ListM",
          when=_FORMATS),
    # Records
    texts("another-record", "oai.record.get/example", old="<identifier>oai:demo.example:aber:99",
          new="<identifier>oai:demo.example:aber:98", when=_GET_RECORD),
    answers("record-twice", "oai.record.header/first-part", "oai.token.complete/followed", change=_record_twice,
            when=_HEADERS),
    texts("plain-numbers", "oai.record.header/first-part", old="<identifier>oai:demo.example:aber:",
          new="<identifier>"),
    texts("two-metadata", "oai.record.one-metadata/first-part", old="<metadata>", new='<metadata><x xmlns="urn:x"/>'),
    texts("metadata-without-schema", "oai.record.one-metadata/first-part", old=' xsi:schemaLocation="[^"]*oai_dc.xsd"',
          new=""),
    texts("sixteenth-element", "oai.record.dublin-core/first-part", old="<dc:title>",
          new="<dc:abstract>x</dc:abstract><dc:title>"),
    texts("single-differs", "oai.record.same/list-and-single", old="<dc:title>[^<]*", new="<dc:title>Else",
          when=_GET_RECORD),
    texts("origin-with-gaps", "oai.record.provenance/first-part", old=' harvestDate="[^"]*"', new=""),
    texts("nobody-found", "oai.record.unknown-identifier/nobody", old="idDoesNotExist", new="noRecordsMatch"),
    readings("any-format", "oai.record.unknown-format/junk", "oai.list.unknown-format/junk",
             read=instead(metadataPrefix="oai_dc"), when=with_arguments(metadataPrefix="no_such_format")),
    texts("mojibake", "oai.record.characters/first-part", old="ŷ", new="Å·"),
    # Lists
    answers("empty-lists", "oai.list.identifiers/first-part", "oai.list.records/first-part",
            change=lambda asked, reply: replace(reply, body=_LIST.sub(rb"<\1></\1>", reply.body))),
    answers("record-lost-in-headers", "oai.list.agree/first-part", when=_HEADERS,
            change=lambda asked, reply: replace(reply, body=_RECORD.sub(b"", reply.body, count=1))),
    answers("empty-for-mistakes", "oai.list.empty/far-away", "oai.dates.malformed/junk", "oai.token.junk/both-lists",
            "oai.error.argument-unknown/list", "oai.list.unknown-format/junk", change=_empty_instead_of_error),
    # Dates
    texts("datestamps-in-days", "oai.dates.granularity/first-part", old=r"T[\d:]+Z</datestamp>", new="</datestamp>"),
    answers("bounds-outside", "oai.dates.from-included/example", "oai.dates.until-included/example",
            change=_without_bounds),
    readings("dates-ignored", "oai.dates.window/example", "oai.dates.mixed/day-and-second", "oai.dates.malformed/junk",
             "oai.dates.no-such-day/february", "oai.dates.offset/local-time", "oai.dates.reversed/days",
             "oai.dates.before-earliest/until", "oai.dates.future/far", "oai.list.empty/far-away",
             read=without("from", "until")),
    answers("seconds-alone", "oai.dates.days/example", change=_no_days),
    texts("days-said-seconds-taken", "oai.dates.too-fine/seconds", old="YYYY-MM-DDThh:mm:ssZ", new="YYYY-MM-DD",
          when=_IDENTIFY),
    # Sets
    texts("sets-but-none", "oai.sets.list/first-part", old="<ListSets>.*</ListSets>", new="<ListSets></ListSets>"),
    texts("set-with-spaces", "oai.sets.syntax/first-part", old="<setSpec>welsh", new="<setSpec>in welsh", when=_SETS),
    texts("set-without-name", "oai.sets.syntax/first-part", old="<setName>[^<]*</setName>", new=""),
    readings("sets-ignored", "oai.sets.selective/first-part", "oai.sets.unknown/nobody",
             "oai.sets.malformed/characters",
             read=without("set")),
    answers("sets-without-children", "oai.sets.hierarchy/parent", change=_sets_without_children),
    texts("secret-sets", "oai.sets.listed/first-part", old="<setSpec>format:book", new="<setSpec>hidden",
          when=_HEADERS),
    answers("sets-denied", "oai.sets.unsupported/argument", change=_no_sets_told),
    # Tokens
    answers("record-lost-on-the-way", "oai.token.complete/followed", change=_record_lost),
    answers("token-lost", "oai.token.complete/followed", "oai.token.last-empty/followed", "oai.token.count/followed",
            change=lambda asked, reply: replace(reply, body=re.sub(_TOKEN.encode(), b"", reply.body)),
            when=with_arguments("resumptionToken")),
    texts("size-untrue", "oai.token.count/followed", old='completeListSize="', new='completeListSize="9'),
    texts("size-of-parts", "oai.token.count/followed", old=r'completeListSize="\d+"', new='completeListSize="5"'),
    texts("cursor-from-one", "oai.token.cursor/followed", old='cursor="0"', new='cursor="1"'),
    texts("cursor-stands", "oai.token.cursor/followed", old=r'cursor="\d+"', new='cursor="0"'),
    answers("last-token-absent", "oai.token.last-empty/followed", change=_last_token_absent),
    answers("token-for-nothing", "oai.token.none-unasked/one-record", change=_token_for_nothing),
    texts("two-tokens", "oai.token.single/followed", old=f"({_TOKEN})", new=r"\1\1"),
    texts("over-already", "oai.token.expiration/first", old=r'expirationDate="\d{4}', new='expirationDate="2001'),
    texts("expires-in-words", "oai.token.expiration/first", old=r'expirationDate="[^"]*"',
          new='expirationDate="tomorrow"'),
    readings("token-and-more", "oai.token.exclusive/with-prefix", read=without("metadataPrefix"),
             when=with_arguments("resumptionToken")),
    answers("once-only", "oai.token.again/twice", change=_once_only),
    answers("selection-lost", "oai.token.selection/set-and-dates", change=_set_lost),
    readings("any-token", "oai.token.junk/both-lists", "oai.token.expired/given", read=_token_as_new),
    WebMutant("unsigned-tokens", ("oai.token.altered/one-character",), change=_remember_token, rewrite=_repaired_token),
    readings("verbs-exchangeable", "oai.token.other-verb/records", read=instead(verb="ListIdentifiers"),
             when=with_arguments("resumptionToken", verb="ListRecords")),
    WebMutant("doors-exchangeable", ("oai.token.other-door/given",), rewrite=_another_door),
    readings("sets-take-any-token", "oai.token.list-sets/junk", read=without("resumptionToken"), when=_SETS),
    answers("ever-slower", "oai.token.speed/followed", change=_slow),
    # Deletions
    texts("deleted-with-metadata", "oai.deletions.shape/lists", old='(<record><header status="deleted">.*?</header>)',
          new=r'\1<metadata><x xmlns="urn:x"/></metadata>'),
    texts("emptied-not-deleted", "oai.deletions.shape/lists", old=' status="deleted"', new=""),
    texts("deletions-denied", "oai.deletions.announced/no", old=">persistent<", new=">no<"),
    answers("deleted-and-gone", "oai.deletions.get/seen", change=_no_deleted_alone),
    answers("deleted-in-one-format", "oai.deletions.formats/oai-dc", change=_deleted_in_one_format),
    answers("deletions-undated", "oai.deletions.selective/by-date", change=_without_deleted),
    answers("redirected", "oai.http.get/identify", change=status(301)),
)  # fmt: skip

INFORMING: dict[str, str] = {}
"""Probes that no mutant tries, and why."""
