"""What is read: namespaces, prefixes, versions, character sets, schemes, extensions; and the form of answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import (
    Answer,
    ask,
    children,
    elements,
    local,
    needs_generation,
    unread,
    words,
)
from library_conformance.probes.ncip.session import HELLO, nobody
from library_conformance.probes.ncip.words import DECLARATION, DTD_1, NAMESPACE, NOBODY, SCHEMA_2, Style, e
from library_conformance.run import Run

V2_FORM = ("ncip.namespace.answer", "ncip.version.answer.attribute", "ncip.version.answer.qualified",
           "ncip.scheme.answer.attribute")  # fmt: skip


def _understood(answer: Answer) -> bool:
    return answer.name == "LookupUserResponse" and not answer.problem(
        "Invalid Message Syntax Error", "Protocol Error", "Unknown Element", "Unknown Scheme"
    )


def _either(answer: Answer, otherwise: Callable[[str], Seen]) -> Seen:
    if _understood(answer):
        return meets("understood")
    return otherwise("refused" if answer.readable else "not understood")


def _styled(run: Run, style: Style) -> Answer:
    say = needs_generation(run, 2)
    return ask(run, nobody(replace(say, style=style)))


@probe("ncip.namespace.answer/look-up-a-card", verifies=V2_FORM, needs=(HELLO,), octets=True)
def form_of_answer(run: Run) -> Seen:
    """Asks in version 2 with everything as the schema wants it, and looks at the answer's root and codes."""
    answer = _styled(run, Style())
    if not answer.readable:
        return unread(answer)
    root = answer.root
    namespaces = {etree.QName(each).namespace for each in elements(root)}
    qualified, plain = root.get(f"{{{NAMESPACE}}}version"), root.get("version")
    pairs = any(local(each) == "Scheme" for each in elements(root))
    attributes = [name for each in elements(root) for name in each.attrib if name == "Scheme"]
    judged = {
        "ncip.namespace.answer": namespaces == {NAMESPACE},
        "ncip.version.answer.attribute": bool(qualified or plain),
        "ncip.version.answer.qualified": bool(qualified),
        "ncip.scheme.answer.attribute": not pairs and not attributes,
    }
    parts = [name.removeprefix("ncip.") for name, good in judged.items() if not good]
    good, bad = meets("").behaviour, breaks("").behaviour
    return Seen(f"not as the schema has it: {', '.join(parts)}" if parts else "as the schema has it",
                behaviours={name: good if fine else bad for name, fine in judged.items()})  # fmt: skip


@probe("ncip.namespace.prefix/another", needs=(HELLO,), octets=True)
def prefix(run: Run) -> Seen:
    """Asks with a prefix before every name."""
    return _either(_styled(run, Style(prefix="zz")), breaks)


@probe("ncip.namespace.missing/none", needs=(HELLO,), octets=True)
def no_namespace(run: Run) -> Seen:
    """Asks in version 2 without its namespace, as many brokers do."""
    return _either(_styled(run, Style(namespace=None)), absent)


@probe("ncip.version.unqualified/plain-attribute", needs=(HELLO,), octets=True)
def unqualified(run: Run) -> Seen:
    """Asks with `version` outside the namespace, which half of the brokers write."""
    return _either(_styled(run, Style(qualified=False)), absent)


@probe("ncip.version.missing/none", needs=(HELLO,), octets=True)
def no_version(run: Run) -> Seen:
    """Asks without the required attribute `version`."""
    answer = _styled(run, Style(version=None))
    if not answer.octets:
        return breaks("no answer")
    return told("understood" if _understood(answer) else "refused")


@probe("ncip.version.value.free/other-spellings", needs=(HELLO,), octets=True)
def version_values(run: Run) -> Seen:
    """Asks with three of the values that stand in messages of real brokers for version 2."""
    for value in ("http://www.niso.org/schemas/ncip/v2_0/imp1/xsd/ncip_v2_0.xsd",
                  "http://www.niso.org/schemas/ncip/v2_01/ncip_v2_01.xsd",
                  "http://www.niso.org/ncip/v2_02/imp1/xsd/ncip_v2_02.xsd"):  # fmt: skip
        if not _understood(_styled(run, Style(version=value))):
            return absent("not all of them are understood")
    return meets("all understood")


@probe("ncip.version.same-generation/the-other-one", needs=(HELLO,), octets=True)
def other_generation(run: Run) -> Seen:
    """Asks in the other generation: who does not speak it says so, and who does answers in it."""
    first = 2 if words(run).generation == 1 else 1
    answer = ask(run, nobody(words(run, first)))
    if not answer.readable:
        return absent("the other generation gets no NCIP")
    if answer.name == "Problem" or answer.not_served:
        return absent("the other generation is refused")
    if answer.generation != first:
        return breaks("answered in another generation than asked")
    return meets("answered in the generation of the question")


@probe("ncip.xml.declaration/none", needs=(HELLO,), octets=True)
def no_declaration(run: Run) -> Seen:
    """Asks without an XML declaration: UTF-8 is meant then."""
    return _either(ask(run, nobody(words(run)).removeprefix(DECLARATION.encode())), breaks)


@probe("ncip.xml.byte-order-mark/utf-8", needs=(HELLO,), octets=True)
def byte_order_mark(run: Run) -> Seen:
    """Asks with a byte order mark before the document."""
    return _either(ask(run, b"\xef\xbb\xbf" + nobody(words(run))), breaks)


@probe("ncip.xml.utf-16/whole-document", needs=(HELLO,), octets=True)
def utf_16(run: Run) -> Seen:
    """Asks in UTF-16, which every reader of XML knows."""
    document = nobody(words(run)).decode().replace("UTF-8", "UTF-16")
    answer = ask(run, document.encode("utf-16"))
    answer = replace(answer, octets=_utf_8(answer.octets))
    return _either(answer, breaks)


def _utf_8(octets: bytes) -> bytes:
    """An answer that comes in UTF-16 is as good."""
    return octets.decode("utf-16").encode() if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else octets


@probe("ncip.xml.comments/between-and-in-text", needs=(HELLO,), octets=True)
def comments(run: Run) -> Seen:
    """Asks with comments and an instruction between the elements."""
    document = nobody(words(run)).replace(b"<LookupUser>", b"<LookupUser><?x y?><!-- a < b -->", 1)
    return _either(ask(run, document), breaks)


def _found(answer: Answer, card: str) -> Seen:
    if not answer.readable:
        return unread(answer)
    return meets("understood") if answer.ok and card in answer.texts("UserIdentifierValue") else breaks("not found")


@probe("ncip.xml.references/every-digit", needs=(HELLO,), inputs=("patron",), octets=True)
def references(run: Run) -> Seen:
    """Looks up the patron by a card written in character references."""
    card = run.input("patron")
    say = words(run)
    written = "".join(f"&#{ord(letter)};" for letter in card)
    document = nobody(say, card).replace(f">{card}<".encode(), f">{written}<".encode())
    return _found(ask(run, document), card)


@probe("ncip.xml.cdata/card", needs=(HELLO,), inputs=("patron",), octets=True)
def cdata(run: Run) -> Seen:
    """Looks up the patron by a card in a CDATA section."""
    card = run.input("patron")
    document = nobody(words(run), card).replace(f">{card}<".encode(), f"><![CDATA[{card}]]><".encode())
    return _found(ask(run, document), card)


@probe("ncip.xml.pretty-printed/line-by-line", needs=(HELLO,), inputs=("patron",), octets=True)
def pretty(run: Run) -> Seen:
    """Looks up the patron by a document with a new line and spaces before every tag that follows another."""
    card = run.input("patron")
    document = re.sub(rb">\s*<(?![?!])", b">\r\n  <", nobody(words(run), card))
    return _found(ask(run, document), card)


@probe("ncip.xml.letters/repeated", needs=(HELLO,), octets=True)
def letters(run: Run) -> Seen:
    """Looks up a card with letters of several scripts, and looks how it is repeated in the problem."""
    name = "Ŵŷ-图书-ß-0"
    answer = ask(run, nobody(words(run), name))
    if not answer.readable:
        return unread(answer)
    values = [one.value for one in answer.problems if one.value]
    if not values:
        return told("not repeated")
    return meets("repeated as it was") if name in values else breaks("other letters came back")


@probe("ncip.scheme.children/in-version-2", needs=(HELLO,), octets=True)
def scheme_children(run: Run) -> Seen:
    """Asks in version 2 with Scheme and Value as elements, as in version 1."""
    say = needs_generation(run, 2)
    pair = e("UserElementType", e("Scheme", "x"), e("Value", "User Privilege"))
    return _either(ask(run, say.say("LookupUser", say.user(NOBODY), pair)), absent)


@probe("ncip.scheme.foreign/made-up-scheme", needs=(HELLO,), octets=True)
def foreign_scheme(run: Run) -> Seen:
    """Asks for an element whose value is the standard's and whose scheme is not."""
    say = words(run)
    scheme = "http://example.org/schemes/x.scm"
    if say.generation == 1:
        kind = say.code("UserElementType", "User Privilege", scheme)
    else:
        kind = f'<UserElementType xmlns:s="{NAMESPACE}" s:Scheme="{scheme}">User Privilege</UserElementType>'
    return _either(ask(run, say.say("LookupUser", say.user(NOBODY), kind)), absent)


@probe("ncip.scheme.letter-case/lower", needs=(HELLO,), inputs=("patron",), octets=True)
def letter_case(run: Run) -> Seen:
    """Asks for two elements of the patron by their names in lower case, beside one in the standard's case."""
    say, card = words(run), run.input("patron")
    usual = ask(run, say.say("LookupUser", say.user(card), say.elements("User", "User Privilege", "User Language")))
    lower = ask(run, say.say("LookupUser", say.user(card), say.elements("User", "user privilege", "user language")))
    if not usual.ok or not usual.has("UserOptionalFields"):
        raise NotApplicable("neither element is told of the patron")
    names = [{local(each) for each in children(found)} for answer in (usual, lower)
             for found in answer.all("UserOptionalFields")[:1]]  # fmt: skip
    return meets("the same") if len(names) == 2 and names[0] == names[1] else absent("another answer")


@probe("ncip.scheme.unknown-value/element-type", needs=(HELLO,), octets=True)
def unknown_value(run: Run) -> Seen:
    """Asks for an element type that no list has: a problem or nothing, but an answer."""
    say = words(run)
    answer = ask(run, say.say("LookupUser", say.user(NOBODY), say.elements("User", "Shoe Size")))
    if not answer.readable:
        return unread(answer)
    return meets("a problem of NCIP") if answer.problems else breaks("no problem")


@probe("ncip.extension.passed-over/another-namespace", needs=(HELLO,), octets=True)
def extension(run: Run) -> Seen:
    """Asks in version 2 with an extension of somebody else's at the end."""
    say = needs_generation(run, 2)
    extra = e("Ext", '<x:Extra xmlns:x="urn:example:x"><x:More>1</x:More></x:Extra>')
    return _either(ask(run, say.say("LookupUser", say.user(NOBODY), extra)), breaks)


@probe("ncip.element.unknown/made-up", needs=(HELLO,), octets=True)
def unknown_element(run: Run) -> Seen:
    """Asks with an element that no version has: it may be passed over or refused, with a problem."""
    say = words(run)
    answer = ask(run, say.say("LookupUser", say.user(NOBODY), e("ShoeSize", "43")))
    if not answer.readable:
        return unread(answer)
    if not answer.problems:
        return breaks("no problem")
    return meets("passed over" if _understood(answer) else "refused with a problem")


@probe("ncip.v1.doctype.ignored/foreign-document-type", needs=(HELLO,), octets=True)
def doctype(run: Run) -> Seen:
    """Asks with a document type whose address does not exist: it need not be fetched to be understood."""
    say = words(run, 1)
    usual = ask(run, nobody(say))
    if not usual.readable or usual.generation != 1 or usual.name != "LookupUserResponse":
        raise NotApplicable("version 1 is not spoken")
    document = nobody(say).replace(DTD_1.encode(), b"http://127.0.0.1:1/nothing.dtd", 1)
    return _either(ask(run, document), breaks)


@probe("ncip.v1.answer.pairs/look-up-a-card",
       verifies=("ncip.v1.answer.header", "ncip.v1.answer.pairs", "ncip.v1.answer.no-namespace",
                 "ncip.v1.problem.form"),
       needs=(HELLO,), octets=True)  # fmt: skip
def old_form(run: Run) -> Seen:
    """Asks in version 1 and looks whether the answer is one of version 1 throughout."""
    answer = ask(run, nobody(words(run, 1)))
    if not answer.readable or answer.name != "LookupUserResponse" or answer.generation != 1:
        raise NotApplicable("version 1 is not spoken")
    codes = [each for each in elements(answer.root) if local(each) in ("UniqueAgencyId", "ProcessingErrorType")]
    pairs = all([local(child) for child in children(each)] == ["Scheme", "Value"] for each in codes)
    errors = answer.has("Problem", "ProcessingError") or answer.has("Problem", "MessagingError")
    judged = {
        "ncip.v1.answer.header": answer.has("ResponseHeader"),
        "ncip.v1.answer.pairs": bool(codes) and pairs,
        "ncip.v1.answer.no-namespace": not etree.QName(answer.root).namespace,
        "ncip.v1.problem.form": errors and not [fault for fault in answer.faults() if "Error" in fault[0]],
    }
    parts = [name.removeprefix("ncip.v1.") for name, good in judged.items() if not good]
    good, bad = meets("").behaviour, breaks("").behaviour
    return Seen(f"not as version 1 has it: {', '.join(parts)}" if parts else "as version 1 has it",
                behaviours={name: good if fine else bad for name, fine in judged.items()})  # fmt: skip


@probe("ncip.v1.visible-user/barcode", needs=(HELLO,), inputs=("patron",), octets=True)
def visible_user(run: Run) -> Seen:
    """Looks up the patron in version 1 by the number on the card, VisibleUserId."""
    say, card = words(run, 1), run.input("patron")
    visible = e("VisibleUserId", say.code("VisibleUserIdentifierType", "Barcode"), e("VisibleUserIdentifier", card))
    answer = ask(run, say.say("LookupUser", visible, say.elements("User", "User Privilege")))
    if not answer.readable or answer.generation != 1:
        raise NotApplicable("version 1 is not spoken")
    return meets("found") if answer.ok and answer.has("UserId") else breaks(answer.types or "not found")


@probe("ncip.version.lower/2-0", needs=(HELLO,), octets=True)
def lower_version(run: Run) -> Seen:
    """Says a message of 2.0 with its own version and looks which one the answer names."""
    value = SCHEMA_2.replace("v2_02", "v2_0")
    answer = _styled(run, Style(version=value))
    if not answer.readable:
        return unread(answer)
    named = answer.root.get(f"{{{NAMESPACE}}}version") or answer.root.get("version") or ""
    return told("the question's version" if named == value else "another version" if named else "no version")
