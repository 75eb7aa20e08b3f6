"""PDUs written octet by octet, and answers read so. Each tag is explained where it stands."""

from __future__ import annotations

from library_conformance.model import SetupFailed
from library_conformance.octets import Element, Unreadable, element, tlv, whole
from library_conformance.run import Line, Run

INIT_REQUEST, INIT_RESPONSE = 0xB4, b"\xb5"  # [20], [21]
SEARCH_REQUEST, SEARCH_RESPONSE = 0xB6, b"\xb7"  # [22], [23]
CLOSE = b"\xbf\x30"  # [48]
REFERENCE_ID = 0x82  # [2], the same in every PDU
FINISHED = bytes.fromhex("bf3005 9f81530100")  # close with closeReason [211] 0

VERSIONS = bytes.fromhex("830205e0")  # protocolVersion [3]: 5 unused bits, versions 1, 2 and 3
OPTIONS = bytes.fromhex("840300e182")  # options [4]: search, present, delSet, scan, sort, namedResultSets
SIZES = bytes.fromhex("8503100000 8603100000")  # preferredMessageSize [5], exceptionalRecordSize [6]: 1 MiB each
TITLE_WALES = bytes.fromhex(
    # RPN [1] in query [21]: set Bib-1, operand [0] of attributes and term [102]: Use (1) title (4), term [45] "wales"
    "b525 a123 06072a8648ce130301 a018 bf6615 bf2c0a 3008 9f780101 9f790104 9f2d05 77616c6573"
)


def init(run: Run, *extra: bytes, versions: bytes = VERSIONS, options: bytes = OPTIONS) -> bytes:
    return tlv(INIT_REQUEST, *init_parts(run, versions, options), *extra)


def init_parts(run: Run, versions: bytes = VERSIONS, options: bytes = OPTIONS) -> list[bytes]:
    """Of an initRequest, with the name of the inputs where there is one: idPass in idAuthentication [7]."""
    parts = [versions, options, SIZES]
    if login := run.input("login", ""):
        user, password = tlv(0x81, login.encode()), tlv(0x82, run.input("password", "").encode())
        parts.append(tlv(0xA7, tlv(0x30, user, password)))
    return parts


def search(run: Run, *, reference: bytes = b"", query: bytes = TITLE_WALES, name: bytes = b"default") -> bytes:
    """A searchRequest that asks for no records: smallSetUpperBound [13] 0, largeSetLowerBound [14] 1,
    mediumSetPresentNumber [15] 0, replaceIndicator [16] true."""
    head = tlv(REFERENCE_ID, reference) if reference else b""
    bounds = bytes.fromhex("8d0100 8e0101 8f0100 9001ff")
    databases = tlv(0xB2, tlv(0x9F69, run.input("database").encode()))
    return tlv(SEARCH_REQUEST, head, bounds, tlv(0x91, name), databases, query)


def heard(line: Line, patience: float | None = None) -> Element | None:
    """The next PDU; None where none came. Raises Unreadable."""
    octets = line.receive(whole, patience)
    return element(octets) if octets else None


def let_in(run: Run, line: Line) -> None:
    """Initializes. Raises SetupFailed where the target refuses."""
    line.send(init(run))
    answer = heard(line)
    if answer is None or answer.tag != INIT_RESPONSE or not accepted(answer):
        raise SetupFailed("the target does not let us in")


def accepted(answer: Element) -> bool:
    """result [12]"""
    result = answer.find(0x8C)
    return result is not None and result.contents not in (b"", b"\x00")


def came(line: Line, patience: float | None = None) -> str:
    """What became of an association that was said something bad."""
    try:
        answer = heard(line, patience)
    except Unreadable:
        return "answered what is no PDU"
    if answer is None:
        return "closed" if line.closed else "no answer"
    if answer.tag == CLOSE:
        return "answered Close"
    if answer.tag == INIT_RESPONSE:
        return "answered an init that is " + ("accepted" if accepted(answer) else "refused")
    if answer.tag == SEARCH_RESPONSE:
        return "answered a search that " + ("succeeded" if succeeded(answer) else "failed")
    return "answered another PDU"


def succeeded(answer: Element) -> bool:
    """searchStatus [22]"""
    status = answer.find(0x96)
    return status is not None and status.contents not in (b"", b"\x00")
