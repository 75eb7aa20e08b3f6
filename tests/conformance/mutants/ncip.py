"""NCIP responders as they are met, each wrong in one way, and the probes that have to notice."""

from __future__ import annotations

import re
import socket
from contextlib import suppress

from library_conformance.probes.ncip.words import DTD_1, NOBODY
from tests.conformance.mutants.ncip_ways import (
    body_of,
    chokes,
    dies,
    document_whole,
    heads,
    hears,
    instead,
    problem,
    says,
    with_body,
)
from tests.conformance.proxy import Close, Mutant, Talk

_OLD = re.escape(DTD_1)
_TYPE = r"(<ProblemType[^>]*>)[^<]*"
_OTHER = r"\1Temporary Processing Failure"
_VERSION_2 = f"{problem('Unknown User', NOBODY)}"


def other_problem(name: str, probe: str, on: str) -> Mutant:
    """Whose problems say nothing of what they are about."""
    return says(name, probe, old=_TYPE, new=_OTHER, when=on)


def _repeats_the_secret(message: bytes, talk: Talk) -> bytes:
    secret = re.search(rb"<FromAgencyAuthentication>([^<]*)", talk.request)
    if secret is None:
        return message
    return with_body(message, body_of(message).replace(b"</NCIPMessage>", secret[1] + b"</NCIPMessage>"))


def _repeats_the_pin(message: bytes, talk: Talk) -> bytes:
    pin = re.search(rb"<AuthenticationInputData>(zz-[a-z]+-0|1234)</", talk.request)
    if pin is None:
        return message
    said = b"<ProblemValue>%s</ProblemValue></Problem>" % pin[1]
    return with_body(message, body_of(message).replace(b"</Problem>", said))


def _in_letters(message: bytes) -> bytes:
    """Counts letters where octets are meant."""
    body = body_of(message)
    return re.sub(rb"(?i)content-length: *\d+", b"content-length: %d" % len(body.decode()), message)


def _ascii_alone(message: bytes) -> bytes:
    return with_body(message, re.sub(rb"[\x80-\xff]+", b"?", body_of(message)))


def _unescaped(message: bytes) -> bytes:
    value = re.sub(rb"<ProblemValue>.*</ProblemValue>", b"<ProblemValue><UserId/></ProblemValue>", body_of(message))
    return with_body(message, value)


def _fetches(message: bytes, talk: Talk) -> bytes:
    if found := re.search(rb'SYSTEM "http://([\d.]+):(\d+)/', message):
        with suppress(OSError):
            socket.create_connection((found[1].decode(), int(found[2])), timeout=2).close()
    return message


_SESSION = (
    says("answers by another service", "ncip.session.answer/a-card-that-nobody-has",
         old="LookupUserResponse", new="LookupItemResponse"),
    says("supports no version", "ncip.version.lookup-version/ask",
         old="<VersionSupported>.*</VersionSupported>", new=""),
    instead("announces version 1 and answers in 2", "ncip.version.announced-is-spoken/each-generation",
            "ncip.version.same-generation/the-other-one", on=_OLD + '"><', inside=_VERSION_2),
    says("answers somebody else", "ncip.header.answer.swapped/look-up-a-card",
         old="(<ToAgencyId>.*?>)BROKER<", new=r"\1OTHER<"),
    instead("wants a header", "ncip.header.optional/look-up-without", on="<LookupUser><UserId",
            inside=problem("Needed Data Missing")),
    hears("serves everybody's messages", "ncip.header.to-agency.other/somebody-else",
          old="NO-SUCH-LIBRARY", new="ABER"),
    Mutant("repeats the secret", ("ncip.security.secret.not-repeated/look-up-a-card",), answers=_repeats_the_secret),
    says("has no name", "ncip.lookup-agency.answer/its-own-name",
         old="<OrganizationNameInformation>.*</OrganizationNameInformation>", new=""),
    says("tells all of an agency", "ncip.lookup-agency.answer/its-own-name",
         old="</LookupAgencyResponse>", new="<AgencyAddressInformation/></LookupAgencyResponse>"),
    other_problem("knows no agencies", "ncip.lookup-agency.unknown/made-up", "NO-SUCH-AGENCY"),
    says("answers every update alike", "ncip.service.unsupported/update-an-unknown-agency",
         old="UpdateAgencyResponse", new="UpdateItemResponse"),
    other_problem("knows no unknown service", "ncip.service.unknown/made-up", "MakeTea"),
    says("believes everybody", "ncip.v1.authenticate-user/nobody", old="<Problem>.*</Problem>",
         new="<UniqueUserId/>", when="<AuthenticateUser>"),
)  # fmt: skip

_HTTP = (
    heads("a page", "ncip.http.content-type.answer/look-up-a-card",
          change=lambda message: message.replace(b"application/xml", b"text/html")),
    heads("problems by status", "ncip.http.content-type.answer/look-up-a-card",
          change=lambda message: message.replace(b" 200 OK", b" 500 Internal Server Error", 1)),
    heads("no charset", "ncip.http.content-type.answer/look-up-a-card",
          change=lambda message: re.sub(rb"application/xml;[^\r]*", b"application/xml", message, count=1)),
    chokes("one type alone", "ncip.http.content-type.tolerant/four-others", on="application/octet-stream"),
    chokes("no forms", "ncip.http.form/field-xml", on="urlencoded"),
    chokes("no browsers", "ncip.http.get/address", on="^GET "),
    Mutant("one document a connection", ("ncip.http.keep-alive/two-documents",),
           answers=lambda message, talk: [message, Close()]),
    heads("counts letters", "ncip.http.length/letters-of-every-kind", change=_in_letters),
    chokes("no HTTP/1.0", "ncip.http.http10/one-document", on="HTTP/1.0"),
    chokes("no chunks", "ncip.http.chunked/in-two", on="(?i)transfer-encoding: chunked"),
)  # fmt: skip

_DIALECTS = (
    says("answers without a namespace", "ncip.namespace.answer/look-up-a-card",
         old=r' xmlns(?::\w+)?="[^"]*"|ncip:', new=""),
    says("answers without a version", "ncip.namespace.answer/look-up-a-card", old=' ncip:version="[^"]*"', new=""),
    says("answers with a plain version", "ncip.namespace.answer/look-up-a-card", old=" ncip:version=", new=" version="),
    says("answers with pairs", "ncip.namespace.answer/look-up-a-card",
         old=r'<ProblemType [^>]*"([^"]*)">([^<]*)<',
         new=r"<ProblemType><Scheme>\1</Scheme><Value>\2</Value><"),
    chokes("knows no prefixes", "ncip.namespace.prefix/another", on="<zz:"),
    chokes("wants the namespace", "ncip.namespace.missing/none", on='<NCIPMessage version="[^"]*v2_02'),
    chokes("wants the version qualified", "ncip.version.unqualified/plain-attribute",
           on='<NCIPMessage xmlns="[^"]*" version='),
    chokes("knows one version", "ncip.version.value.free/other-spellings", on="v2_01"),
    dies("cannot do without a version", "ncip.version.missing/none", of='<NCIPMessage xmlns="[^"]*">'),
    chokes("wants a declaration", "ncip.xml.declaration/none", on="\r\n\r\n<NCIPMessage"),
    chokes("knows no byte order mark", "ncip.xml.byte-order-mark/utf-8", on="\r\n\r\n\ufeff"),
    chokes("knows no UTF-16", "ncip.xml.utf-16/whole-document", on="<\x00"),
    chokes("knows no comments", "ncip.xml.comments/between-and-in-text", on="<!--"),
    chokes("knows no references", "ncip.xml.references/every-digit", on="&#"),
    chokes("knows no CDATA", "ncip.xml.cdata/card", on="CDATA"),
    chokes("wants all in a line", "ncip.xml.pretty-printed/line-by-line", on=">\r\n  <"),
    heads("knows ASCII alone", "ncip.xml.letters/repeated", change=_ascii_alone),
    chokes("knows no pairs", "ncip.scheme.children/in-version-2", on="<Scheme>x"),
    chokes("knows its own schemes", "ncip.scheme.foreign/made-up-scheme", on="example.org/schemes"),
    says("heeds letters' case", "ncip.scheme.letter-case/lower",
         old="<UserOptionalFields>.*</UserOptionalFields>", new="", when="user privilege"),
    chokes("dies of unknown values", "ncip.scheme.unknown-value/element-type", on="Shoe Size"),
    chokes("dies of extensions", "ncip.extension.passed-over/another-namespace", on="<Ext>"),
    chokes("dies of unknown elements", "ncip.element.unknown/made-up", on="<ShoeSize>"),
    chokes("wants the document type", "ncip.v1.doctype.ignored/foreign-document-type", on="nothing.dtd"),
    says("answers version 1 without a header", "ncip.v1.answer.pairs/look-up-a-card",
         old="<ResponseHeader>.*</ResponseHeader>", new="", when=_OLD),
    says("answers version 1 without pairs", "ncip.v1.answer.pairs/look-up-a-card",
         old="<Scheme>[^<]*</Scheme><Value>([^<]*)</Value>", new=r"\1", when=_OLD),
    says("answers version 1 in the namespace", "ncip.v1.answer.pairs/look-up-a-card",
         old="<NCIPMessage ", new='<NCIPMessage xmlns="http://www.niso.org/2008/ncip" ', when=_OLD),
    says("answers version 1 with version 2's problems", "ncip.v1.answer.pairs/look-up-a-card",
         old="<Problem>.*</Problem>", new=problem("Unknown User"), when=_OLD),
    says("knows no visible numbers", "ncip.v1.visible-user/barcode", old="</ResponseHeader>.*</LookupUserResponse>",
         new="</ResponseHeader><Problem/></LookupUserResponse>", when="VisibleUserId"),
)  # fmt: skip

_PROBLEMS = (
    other_problem("says no to everything alike", "ncip.problem.unknown-user/look-up-a-card", NOBODY),
    says("says it alone", "ncip.problem.unknown-user/look-up-a-card",
         old="<LookupUserResponse>.*(<Problem>.*</Problem>)</LookupUserResponse>", new=r"\1", when=NOBODY),
    says("says it beside", "ncip.problem.unknown-user/look-up-a-card",
         old="</Problem>", new="</Problem><UserId/>", when=NOBODY),
    says("says less", "ncip.problem.unknown-user/look-up-a-card",
         old="<ProblemElement>.*</ProblemValue>", new="", when=NOBODY),
    says("says it without words", "ncip.problem.detail/look-up-a-card",
         old="<ProblemDetail>.*?</ProblemDetail>", new=""),
    Mutant("repeats PINs", ("ncip.problem.pin.not-repeated/wrong-pin", "ncip.lookup-user.login.wrong/once"),
           answers=_repeats_the_pin),
    chokes("shows its inside", "ncip.problem.malformed/tags-do-not-match", on="</User>"),
    chokes("shows its inside to others", "ncip.problem.not-ncip/another-root", on="<x><NCIPMessage>"),
    chokes("shows its inside to who is silent", "ncip.problem.empty-message/nothing-in-the-root",
           on='"></NCIPMessage>'),
    says("gives unknown services an answer", "ncip.problem.alone/nothing-that-has-an-answer",
         old="<Problem>.*</Problem>", new="<MakeTeaResponse>" + problem("Unknown Service") + "</MakeTeaResponse>",
         when="MakeTea"),
    chokes("shows its inside where a user lacks", "ncip.problem.missing-element/no-user",
           on="</InitiationHeader><UserElementType>"),
    dies("dies of anything", "ncip.problem.survives/next-question", of="\r\n\r\n</NCIPMessage>"),
    says("leaves out agencies", "ncip.answer.schema/five-questions",
         old="(<UserPrivilege>)<AgencyId[^>]*>[^<]*</AgencyId>", new=r"\1"),
    says("puts the header last", "ncip.answer.schema/five-questions",
         old="(<ResponseHeader>.*</ResponseHeader>)(.*)(</LookupUserResponse>)", new=r"\2\1\3"),
    other_problem("knows no unknown items", "ncip.problem.unknown-item/look-up", "<LookupItem>"),
    other_problem("knows no unknown requests", "ncip.problem.unknown-request/look-up", "<LookupRequest>"),
    says("answers notifications at length", "ncip.notification.answer/arrival-of-nothing",
         old="</ItemReceivedResponse>", new="<ItemId/></ItemReceivedResponse>"),
)  # fmt: skip

_HOSTILE = (
    instead("expands entities", "ncip.security.entities/defined-inside", on="<!ENTITY a 'zz",
            inside=problem("Unknown User", "zzmarkerzzzzmarkerzz")),
    instead("reads files", "ncip.security.files/entity-of-a-file", on="file:///",
            inside=problem("Unknown User", "root:x:0:0")),
    Mutant("fetches", ("ncip.security.fetch/document-type-at-our-address",), requests=_fetches),
    dies("dies of depth", "ncip.robustness.depth/five-thousand", of="<x><x><x>"),
    dies("dies of octets", "ncip.robustness.octets/not-utf-8", of="<UserIdentifierValue>zz[^-]"),
    chokes("dies of NUL", "ncip.robustness.nul/in-a-card", on="zz\x000"),
    chokes("dies of length", "ncip.robustness.long-identifier/ten-thousand", on="z{5000}"),
    hears("takes patterns", "ncip.security.identifiers-are-literal/patterns", old=r">\*<", new=">20100001<"),
    heads("lets tags live", "ncip.security.injection.markup/in-a-card", change=_unescaped),
    dies("dies of megabytes", "ncip.robustness.too-long/eight-megabytes", of="z{50000}"),
)  # fmt: skip
_HOLDS = r"<(RequestId|ItemId)>.*?</\1>"

_PEOPLE = (
    says("finds somebody else", "ncip.lookup-user.found/by-card", old=">20100001<", new=">20100002<"),
    says("finds nobody in particular", "ncip.lookup-user.found/by-card",
         old="<UserId>.*?</UserId>", new="", when="20100001"),
    says("tells names unasked", "ncip.privacy.elements.asked/one-element",
         "ncip.privacy.elements.none-asked/no-element",
         old="</UserId>", new="</UserId><UserOptionalFields><NameInformation/></UserOptionalFields>"),
    says("tells loans unasked", "ncip.privacy.account.not-asked/no-flags",
         old="</UserId>", new="</UserId><LoanedItem/>"),
    says("tells nothing", "ncip.lookup-user.elements.asked/name-and-privilege",
         old="<UserOptionalFields>.*</UserOptionalFields>", new=""),
    says("has privileges of no kind", "ncip.lookup-user.privilege.form/privilege",
         old="<AgencyUserPrivilegeType.*?</AgencyUserPrivilegeType>", new=""),
    says("tells nobody's blocks", "ncip.lookup-user.blocked.told/blocked-and-good",
         old="<BlockOrTrap>.*</BlockOrTrap>|<UserPrivilegeStatus>.*?</UserPrivilegeStatus>", new=""),
    says("keeps no accounts", "ncip.lookup-user.flags.answered/loans-requests-account",
         old="<UserFiscalAccount>.*</UserFiscalAccount>", new=""),
    says("counts pounds", "ncip.money.whole-number/account", old="(<MonetaryValue>\\d+)(\\d\\d)<", new=r"\1.\2<"),
    says("has no currency", "ncip.money.whole-number/account", old="<CurrencyCode.*?</CurrencyCode>", new=""),
    instead("knows no PINs", "ncip.lookup-user.login.right/card-and-pin", on=">1234<",
            inside=problem("User Authentication Failed")),
    hears("takes every PIN", "ncip.lookup-user.login.wrong/once", old=">zz-wrong-0<", new=">1234<"),
    says("tells no guesser who there is", "ncip.security.login.no-oracle/nobody-and-wrong",
         old="Unknown User", new="User Authentication Failed", when="zz-wrong-0"),
)  # fmt: skip

_ITEMS = (
    says("finds another item", "ncip.lookup-item.found/by-barcode", old=r"(<ItemIdentifierValue>)\d+", new=r"\g<1>1"),
    says("has words of its own", "ncip.lookup-item.status.value/on-shelf",
         old="(<CirculationStatus[^>]*>)[^<]*", new=r"\1In"),
    says("thinks all is on the shelf", "ncip.lookup-item.status.on-loan/lent-item",
         old="(<CirculationStatus[^>]*>)[^<]*", new=r"\1Available On Shelf"),
    says("tells all of an item", "ncip.lookup-item.elements.asked/status-alone",
         old="<ItemOptionalFields>", new="<ItemOptionalFields><BibliographicDescription/>"),
    says("tells who has it", "ncip.privacy.borrower.not-asked/lent-item",
         old="</ItemId>", new="</ItemId><ItemTransaction><CurrentBorrower/></ItemTransaction>"),
    says("has no items of titles", "ncip.lookup-item-set.answer/by-record",
         old="<ItemInformation>.*</ItemInformation>", new=""),
    says("never ends", "ncip.lookup-item-set.paging/one-by-one",
         old="</LookupItemSetResponse>", new="<NextItemToken>again</NextItemToken></LookupItemSetResponse>",
         when="MaximumItemsCount"),
    hears("begins again at every page", "ncip.lookup-item-set.paging/one-by-one",
          "ncip.lookup-item-set.bad-token/made-up", old="<NextItemToken>.*</NextItemToken>", new=""),
)  # fmt: skip

LEND = "ncip.check-out.answer/lend-and-return"
_LOANS = (
    says("lends without a day", LEND, old="<DateDue>.*</DateDue>", new="", when="<CheckOutItem>"),
    says("writes days as people do", LEND, old="<DateDue>(....)-(..)-(..)T", new=r"<DateDue>\3/\2/\1 "),
    says("lends to no one", LEND, old="<UserId>.*?</UserId>", new="", when="<CheckOutItem>"),
    says("returns nothing", LEND, old="<ItemId>.*</ItemId>", new="", when="<CheckInItem>"),
    instead("only says that it returns", LEND, on="<CheckInItem>", inside="<ItemId/>"),
    says("forgets loans", "ncip.lookup-user.loans.agree/while-lent", old="<LoanedItem>.*</LoanedItem>", new=""),
    instead("refuses what it did", "ncip.exactly-once.check-out/same-message", on="<CheckOutItem>", from_=3,
            inside=problem("Resource Cannot Be Provided")),
    instead("refuses what was returned", "ncip.exactly-once.check-in/same-message", on="<CheckInItem>", from_=3,
            inside=problem("Item Not Checked Out")),
    instead("repeats itself for ever", "ncip.check-out.after-return/same-message-later", on="<CheckOutItem>", from_=3,
            inside="<ItemId/><UserId/><NonReturnableFlag/>"),
    other_problem("knows no renewals", "ncip.renew.answer/just-lent", "<RenewItem>"),
    other_problem("renews nothing", "ncip.renew.not-on-loan/shelf", "<RenewItem>"),
    says("recalls nothing", "ncip.recall.answer/lent-item", old="<ItemId>.*?</ItemId>", new="", when="<RecallItem>"),
    instead("only says that it undoes", "ncip.undo.answer/just-lent", on="<UndoCheckOutItem>",
            inside="<ItemId><ItemIdentifierValue>1</ItemIdentifierValue></ItemId>"),
    other_problem("knows nothing of returns", "ncip.check-in.not-on-loan/shelf", "<CheckInItem>"),
    hears("lends to anybody", "ncip.check-out.unknown-user/nobody", "ncip.check-out.blocked/owes-money",
          old=f">(?:{NOBODY}|20100003)<", new=">20100001<", when="<CheckOutItem>"),
    other_problem("knows no items to lend", "ncip.check-out.unknown-item/nothing", NOBODY),
    instead("lends what is lent", "ncip.check-out.on-loan/somebody-elses", on="30100023",
            inside="<ItemId/><UserId/><NonReturnableFlag/>"),
    instead("knows no other days", "ncip.dates.unusable/wish-that-is-none", on="next Tuesday",
            inside=problem("Unknown User")),
    instead("wants seconds", "ncip.dates.forms-read/four", on="T12:00Z<", inside=problem("Invalid Date")),
)  # fmt: skip

PLACE = "ncip.request.answer/place-and-cancel"
_REQUESTS = (
    says("forgets numbers", PLACE, old="<RequestId>.*</RequestId>", new="", when="<RequestItem>"),
    says("requests of no kind", PLACE, old="<RequestType.*</RequestType>", new="", when="<RequestItem>"),
    says("cancels for no one", PLACE, old="<UserId>.*</UserId>", new="", when="<CancelRequestItem>"),
    instead("only says that it cancels", PLACE, on="<CancelRequestItem>", to=1, inside="<RequestId/><UserId/>"),
    says("forgets requests", PLACE, old="<RequestedItem>.*</RequestedItem>", new=""),
    instead("finds no requests", "ncip.lookup-request.answer/while-placed", on="<LookupRequest>",
            inside=problem("Unknown Request")),
    instead("refuses what it took", "ncip.exactly-once.request/same-message", on="<RequestItem>", from_=3,
            inside=problem("Duplicate Request")),
    instead("takes everything twice", "ncip.request.duplicate/another-number", on="<RequestItem>", from_=3,
            inside="<RequestId/><UserId/><RequestType/><RequestScopeType/>"),
    instead("fails to cancel again", "ncip.cancel.again/cancelled-before", on="<CancelRequestItem>", from_=3,
            inside=problem("Temporary Processing Failure")),
    other_problem("cancels nothing", "ncip.cancel.unknown/nobodys", "<CancelRequestItem>"),
    other_problem("requests nothing", "ncip.request.unknown-item/nothing", "<RequestItem>"),
    hears("brings it anywhere", "ncip.request.pickup.unknown/made-up", old="ZZ-NO-SUCH-PLACE", new="ABER"),
    other_problem("knows no days", "ncip.request.date.unusable/need-before", ">soon<"),
)  # fmt: skip

ACCEPT = "ncip.accept.answer/accept-and-delete"
CHARGE = "ncip.fiscal.answer/assess-and-waive"
_BORROWING = (
    says("accepts under no number", ACCEPT, old="<RequestId>.*</RequestId>", new="", when="<AcceptItem>"),
    says("makes nothing", ACCEPT, old=_HOLDS + ".*</LookupItemResponse>",
         new=problem("Unknown Item") + "</LookupItemResponse>", when="<LookupItem>"),
    instead("refuses what it accepted", "ncip.exactly-once.accept/same-message", on="<AcceptItem>", from_=3,
            inside=problem("Cannot Accept Item")),
    instead("has two of a barcode", "ncip.accept.barcode-taken/another-number", on="<AcceptItem>", from_=3,
            inside="<RequestId/>"),
    Mutant("refuses and makes it all the same", ("ncip.accept.unknown-user/nobody",),
           requests=hears("", old=NOBODY, new="20100001", when="<AcceptItem>").requests,
           answers=says("", old="<RequestId>.*</ItemId>", new=problem("Unknown User"), when=NOBODY).answers),
    says("accepts for nobody", "ncip.accept.unknown-user/nobody",
         old=_TYPE, new=_OTHER, when="<AcceptItem>.*" + NOBODY),
    instead("fails to delete again", "ncip.delete.again/deleted-before", on="<DeleteItem>", from_=4,
            inside=problem("Temporary Processing Failure")),
    says("forgets charges", CHARGE, old=r"(<AccountBalance>.*?<MonetaryValue>)\d+", new=r"\g<1>0"),
    says("charges without a number", CHARGE, old="<FiscalTransactionReferenceId>.*</FiscalTransactionReferenceId>",
         new="", when="Assess"),
    other_problem("knows no amounts", "ncip.fiscal.invalid-amount/words", "a lot"),
)  # fmt: skip

MUTANTS: tuple[Mutant, ...] = (
    *_SESSION, *_HTTP, *_DIALECTS, *_PROBLEMS, *_HOSTILE, *_PEOPLE, *_ITEMS, *_LOANS, *_REQUESTS, *_BORROWING
)  # fmt: skip
"""Over HTTP."""

SECRETS: tuple[Mutant, ...] = (
    hears("takes every secret", "ncip.security.secret.wrong/once", old="not-the-secret-0", new="open-sesame"),
    hears("takes every key", "ncip.security.api-key.wrong/once", old="not-the-secret-0", new="key-of-the-judge"),
)
"""Of peers that show a secret and a key."""

TCP: tuple[Mutant, ...] = (
    Mutant("waits for the end", ("ncip.tcp.framing.end-tag/connection-stays-open",),
           requests=lambda message, talk: b"" if not message.endswith(b"\n") else message),
    Mutant("one document a connection", ("ncip.tcp.framing.several/one-after-the-other",),
           answers=lambda message, talk: [message, Close()]),
    Mutant("reads once", ("ncip.tcp.framing.pieces/octet-by-octet",), whole=len,
           requests=lambda message, talk: message if document_whole(message) else [Close()]),
    Mutant("reads one document of two", ("ncip.tcp.framing.pipelined/two-at-once",), whole=len,
           requests=lambda message, talk: message[: document_whole(message)]),
    Mutant("knows no HTTP", ("ncip.tcp.http-typed/http10",),
           answers=lambda message, talk: [Close()] if message.startswith(b"HTTP/") else message),
    Mutant("ends in comments", ("ncip.tcp.framing.no-false-end/last-tag-in-a-comment",),
           requests=lambda message, talk: [Close()] if b"<!--" in message else message),
)  # fmt: skip
"""Over TCP."""

INFORMING = {
    "ncip.header.from-agency.unknown/somebody-else": "who is let in is for the library to say",
    "ncip.version.lower/2-0": "the standard leaves open which version the answer names",
    "ncip.privacy.borrower.asked/lent-item": "whether a borrower is told is for the library to say",
    "ncip.check-out.desired-date/three-days": "a wish is a wish",
    "ncip.robustness.two-at-once/two-connections": "the responder that serves one at a time does not pass",
    "ncip.tcp.framing.half-closed/answer-still-comes": "the responder that closes with its peer does not pass",
}
"""Probes that no mutant of the proxy tries, and why."""
