"""The document in the body of an HTTP request, however it is wrapped. What a body shows goes before what it is called.

Seen in the wild are bare documents under any content type, raw ones that are called a form, fields of forms, and
multipart forms. A content type's character set counts only where the document itself tells none.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from library_protocols.ncip.scan import UTF_8_MARK, UTF_16_MARKS

FIELDS = ("xml", "xforms:model", "ncip", "ncipmessage", "message", "request", "body", "data")
"""Names of form fields that hold the document, in lower case, the surest first."""
MAX_FIELDS = 32
"""Fields or parts of a form: one holds the document, the others are buttons and tokens."""
_MAX_PART_HEAD = 4_096
_BLANK = b" \t\r\n\0"
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_BOUNDARY = re.compile(r"""[;\s]boundary\s*=\s*(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))""", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"--([^\s\"]{1,70})[ \t]*\r?\n")
_PART_NAME = re.compile(rb"""content-disposition:[^\r\n]*?;\s*name\s*=\s*["']?([\w.:-]{1,64})""", re.IGNORECASE)
_PART_CODED = re.compile(rb"content-transfer-encoding:\s*(?:base64|quoted-printable)", re.IGNORECASE)
_SINGLE = re.compile(r"iso8859-\d+|cp\d+|koi8-[ru]")
"""Character sets of one octet a character, as Python calls them: in others a tag might not look as it does in ASCII."""
_FIELD_NAME = re.compile(rb"[\w.:%-]{1,64}")
_DECLARES = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=""")


@dataclass(frozen=True, slots=True)
class BodyError:
    """Why there is no document in a body; `reason` quotes nothing of it."""

    reason: str


def document_of(content_type: str, body: bytes) -> bytes | BodyError:
    """The document in `body`, whatever `content_type`, which may be empty, calls it.

    Where the document has no byte order mark, declares no encoding and is not UTF-8, the content type's character set
    is believed and the document given in UTF-8. Whether it is well formed is not looked into.
    """
    bare = body.strip(_BLANK)
    if not bare:
        return BodyError("there is nothing in the body")
    if _is_document(bare):
        return _in_its_charset(content_type, body.lstrip(_BLANK))
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("multipart/") or (_FIRST_LINE.match(bare) and not kind.endswith("form-urlencoded")):
        found = _among(_parts(content_type, bare))
    else:
        found = _among(_fields(bare))
    return found if isinstance(found, BodyError) else _in_its_charset(content_type, found)


def charset_of(content_type: str) -> str | None:
    """The character set that a content type tells, in any quotes, as Python calls it; None where it tells none that is
    known."""
    match = _CHARSET.search(content_type)
    if match is None:
        return None
    try:
        return codecs.lookup(match[1]).name
    except LookupError:
        return None


def _is_document(octets: bytes) -> bool:
    return octets.startswith((b"<", UTF_8_MARK, *UTF_16_MARKS))


def _in_its_charset(content_type: str, document: bytes) -> bytes:
    charset = charset_of(content_type)
    if charset is None or not _SINGLE.fullmatch(charset) or not document.startswith(b"<") or _DECLARES.match(document):
        return document
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return document
    try:
        return document.decode(charset).encode("utf-8")
    except UnicodeDecodeError:
        return document


_Field = tuple[str, bytes]


def _among(fields: Iterator[_Field] | BodyError) -> bytes | BodyError:
    """The field that holds the document: by its name, else the only one that looks like a document."""
    if isinstance(fields, BodyError):
        return fields
    documents: dict[str, bytes] = {}
    for number, (name, value) in enumerate(fields):
        if number == MAX_FIELDS:
            return BodyError(f"a form of more than {MAX_FIELDS} fields")
        bare = value.strip(_BLANK)
        if _is_document(bare):
            documents.setdefault(name.lower(), bare)
    named = next((documents[name] for name in FIELDS if name in documents), None)
    if named is not None:
        return named
    if len(documents) == 1:
        return next(iter(documents.values()))
    if documents:
        return BodyError("several fields of the form look like a document, and none has a name that is known")
    return BodyError("there is no document in the body")


def _fields(body: bytes) -> Iterator[_Field]:
    """The fields of a form in which all is percent-encoded, or of which the only value is raw; a value without a
    name."""
    name, equals, value = body.partition(b"=")
    if equals and value.lstrip(_BLANK).startswith(b"<") and _FIELD_NAME.fullmatch(name):
        # Raw: `&` in it begins references. Behind its last tag other fields may come.
        yield _plain(name).decode("latin-1"), value[: value.rfind(b">") + 1]
        return
    if body[:3].upper() == b"%3C":
        yield "", _plain(body)
        return
    for pair in body.split(b"&", MAX_FIELDS + 1):
        name, _, value = pair.partition(b"=")
        yield _plain(name).decode("latin-1"), _plain(value)


def _plain(octets: bytes) -> bytes:
    return unquote_to_bytes(octets.replace(b"+", b" "))


def _parts(content_type: str, body: bytes) -> Iterator[_Field] | BodyError:
    """The parts of a multipart body; its boundary may be told by its first line alone."""
    told = _BOUNDARY.search(content_type)
    first = _FIRST_LINE.match(body)
    if told is not None:
        boundary = (told[1] or told[2]).encode("latin-1", "replace")
    elif first is not None:
        boundary = first[1]
    else:
        return BodyError("a multipart body without a boundary")
    parts = (b"\r\n" + body).split(b"\n--" + boundary, MAX_FIELDS + 2)[1:]
    heads = [re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts if not part.startswith(b"--")]
    if any(len(pieces) < 2 or len(pieces[0]) > _MAX_PART_HEAD for pieces in heads):
        return BodyError("a part of the multipart body has no head")
    if any(_PART_CODED.search(head) for head, _ in heads):
        return BodyError("a part of the multipart body has a transfer encoding")
    return ((_part_name(head), part) for head, part in heads)


def _part_name(head: bytes) -> str:
    match = _PART_NAME.search(head)
    return match[1].decode("latin-1") if match else ""
