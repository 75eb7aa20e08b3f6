"""What stands on the wire: every PDU here is written by hand, and every answer read by hand."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, meets, told, unclear
from library_conformance.octets import tlv
from library_conformance.probes import probe
from library_conformance.probes.z3950 import octets
from library_conformance.probes.z3950.octets import came, heard, let_in
from library_conformance.run import Run

LARGE = bytes.fromhex("b6847fffffff 8d0100")
"""A searchRequest that says of itself that it is 2 GiB long."""
DEEP = 300
"""Operators inside one another: more than anybody asks, few enough for one message."""
_BASE = ("z3950.frame.tags/init-octets",)
_ENDS = ("answered Close", "closed")


@probe("z3950.frame.tags/init-octets", octets=True)
def init_octets(run: Run) -> Seen:
    """Sends an initRequest written by hand and looks at the tags of the answer."""
    with run.line() as line:
        line.send(octets.init(run))
        answer = heard(line)
        if answer is None:
            return breaks("closed" if line.closed else "no answer")
        if answer.tag != octets.INIT_RESPONSE:
            return breaks("answered something else than initResponse")
        lacking = [name for tag, name in _OF_INIT.items() if answer.find(tag) is None]
        return breaks(f"initResponse lacks {', '.join(lacking)}") if lacking else meets("answered initResponse")


_OF_INIT = {
    0x83: "protocolVersion", 0x84: "options", 0x85: "preferredMessageSize", 0x86: "exceptionalRecordSize",
    0x8C: "result",
}  # fmt: skip


@probe("z3950.frame.reference-id/echo", needs=_BASE, octets=True)
def echo(run: Run) -> Seen:
    """Gives an init and a search reference ids of octets that are no text, and wants them back as they are."""
    reference = b"\x00\xff\x80A"
    with run.line() as line:
        for request in (octets.init(run, tlv(octets.REFERENCE_ID, reference)), octets.search(run, reference=reference)):
            # referenceId is the first element of a PDU: [2] before [3].
            body = request if request[0] == octets.SEARCH_REQUEST else _reference_first(run, reference)
            line.send(body)
            answer = heard(line)
            if answer is None:
                return breaks("no answer")
            back = answer.find(octets.REFERENCE_ID)
            if back is None:
                return breaks("the reference id does not come back")
            if back.contents != reference:
                return breaks("another reference id comes back")
    return meets("the reference id comes back")


def _reference_first(run: Run, reference: bytes) -> bytes:
    return tlv(octets.INIT_REQUEST, tlv(octets.REFERENCE_ID, reference), *octets.init_parts(run))


@probe("z3950.frame.reference-id.absent/none-sent", needs=_BASE, octets=True)
def no_reference(run: Run) -> Seen:
    """Sends an init without a reference id and looks for one in the answer."""
    with run.line() as line:
        line.send(octets.init(run))
        answer = heard(line)
        if answer is None:
            return breaks("no answer")
        return breaks("a reference id nobody gave") if answer.find(octets.REFERENCE_ID) else meets("no reference id")


@probe("z3950.frame.indefinite/init", needs=_BASE, octets=True)
def indefinite(run: Run) -> Seen:
    """Sends an initRequest of indefinite length."""
    parts = b"".join(octets.init_parts(run))
    return _let_in_by(run, b"\xb4\x80" + parts + b"\x00\x00")


@probe("z3950.frame.constructed-strings/term-in-pieces", needs=_BASE, octets=True)
def constructed(run: Run) -> Seen:
    """Searches for a term whose octets come in two pieces, and compares the hits with those of the plain form."""
    # Term [45] constructed of two OCTET STRINGs, "wal" and "es".
    pieces = bytes.fromhex(
        "b529 a127 06072a8648ce130301 a01c bf6619 bf2c0a 3008 9f780101 9f790104 bf2d09 040377616c 04026573"
    )
    with run.line() as line:
        let_in(run, line)
        counts: list[int | None] = []
        for query in (octets.TITLE_WALES, pieces):
            line.send(octets.search(run, query=query))
            answer = heard(line)
            count = answer.find(0x97) if answer and answer.tag == octets.SEARCH_RESPONSE else None  # resultCount [23]
            counts.append(count.number if count else None)
    if None in counts:
        return breaks("no search response")
    return meets("the same hits") if counts[0] == counts[1] else breaks("other hits")


@probe("z3950.frame.long-lengths/init", needs=_BASE, octets=True)
def long_lengths(run: Run) -> Seen:
    """Sends an initRequest whose lengths take more octets than they need."""
    versions = octets.VERSIONS[:1] + b"\x82\x00\x02" + octets.VERSIONS[2:]
    parts = b"".join(octets.init_parts(run, versions))
    return _let_in_by(run, b"\xb4\x84" + len(parts).to_bytes(4, "big") + parts)


@probe("z3950.frame.split/octet-by-octet", needs=_BASE, octets=True)
def split(run: Run) -> Seen:
    """Sends an initRequest octet by octet."""
    return _let_in_by(run, octets.init(run), piecewise=0.002)


@probe("z3950.frame.unknown-elements/init", needs=_BASE, octets=True)
def unknown_elements(run: Run) -> Seen:
    """Sends an initRequest with an element at its end that no edition defines."""
    return _let_in_by(run, octets.init(run, tlv(0x9F8704, b"?")))


@probe("z3950.init.options.unknown/bits", needs=_BASE, octets=True)
def unknown_options(run: Run) -> Seen:
    """Sets bits of `options` that no edition defines, beside those of search and present."""
    with run.line() as line:
        line.send(octets.init(run, options=bytes.fromhex("840600c000000f00")))  # bits 0, 1 and 28 to 31
        answer = heard(line)
        if answer is None or answer.tag != octets.INIT_RESPONSE or not octets.accepted(answer):
            return breaks("not accepted")
        agreed = answer.find(0x84)
        bits = agreed.contents[1:] if agreed else b""
        return breaks("agrees to unknown options") if any(bits[3:]) else meets("accepted without them")


def _let_in_by(run: Run, request: bytes, piecewise: float = 0.0) -> Seen:
    with run.line() as line:
        line.send(request, piecewise=piecewise)
        what = came(line)
    return meets("accepted") if what == "answered an init that is accepted" else breaks(what)


@probe("z3950.frame.together/two-searches", needs=_BASE, octets=True)
def together(run: Run) -> Seen:
    """Sends two searches in one piece and wants two answers, in their order."""
    with run.line() as line:
        let_in(run, line)
        line.send(octets.search(run, reference=b"one") + octets.search(run, reference=b"two"))
        found: list[bytes] = []
        for _ in range(2):
            answer = heard(line)
            if answer is None:
                return breaks("only one is answered" if found else "no answer")
            if answer.tag != octets.SEARCH_RESPONSE:
                return breaks("answered something else than searchResponse")
            reference = answer.find(octets.REFERENCE_ID)
            found.append(reference.contents if reference else b"")
    if found == [b"one", b"two"]:
        return meets("both answered, in order")
    return meets("both answered, out of order") if sorted(found) == [b"one", b"two"] else breaks("answers mixed up")


@probe("z3950.frame.malformed/no-ber", needs=_BASE, octets=True)
def no_ber(run: Run) -> Seen:
    """Says octets that begin no PDU, after an init."""
    with run.line() as line:
        let_in(run, line)
        line.send(b"\x05\xff\xff\xff\xff\xff\xff\xff")
        what = came(line)
    return meets("association ended", note=what) if what in _ENDS else breaks(what)


@probe("z3950.frame.malformed/search-without-anything", needs=_BASE, octets=True)
def empty_search(run: Run) -> Seen:
    """Sends a searchRequest that lacks all its elements."""
    with run.line() as line:
        let_in(run, line)
        line.send(b"\xb6\x00")
        what = came(line)
    return meets("refused", note=what) if what in (*_ENDS, "answered a search that failed") else breaks(what)


@probe("z3950.frame.unknown-pdu/tag-99", needs=_BASE, octets=True)
def unknown_pdu(run: Run) -> Seen:
    """Sends a PDU with a tag that no edition defines."""
    with run.line() as line:
        let_in(run, line)
        line.send(b"\xbf\x63\x00")
        what = came(line)
    return meets("association ended", note=what) if what in _ENDS else breaks(what)


@probe("z3950.frame.oversize/two-gigabytes", needs=_BASE, octets=True)
def oversize(run: Run) -> Seen:
    """Begins a PDU that says it is 2 GiB long, and looks whether the target waits for it."""
    with run.line() as line:
        let_in(run, line)
        line.send(LARGE)
        what = came(line, min(2.0, run.patience))
    return meets("association ended", note=what) if what in _ENDS else breaks("waits for the rest")


@probe("z3950.frame.deep/nested-operators", needs=_BASE, octets=True)
def deep(run: Run) -> Seen:
    """Sends a query of 300 operators inside one another, and looks whether the target still serves."""
    operand = bytes.fromhex("a018 bf6615 bf2c0a 3008 9f780101 9f790104 9f2d05 77616c6573")
    node = operand
    for _ in range(DEEP):
        node = tlv(0xA1, node, operand, bytes.fromhex("bf2e028000"))  # rpnRpnOp [1] with operator [46]: and [0]
    query = tlv(0xB5, tlv(0xA1, bytes.fromhex("06072a8648ce130301"), node))
    with run.line() as line:
        let_in(run, line)
        line.send(octets.search(run, query=query))
        what = came(line)
    with run.line() as line:
        let_in(run, line)
    if what in ("answered a search that succeeded", "answered a search that failed", "answered Close"):
        return meets("answered or refused", note=what)
    return unclear(what) if what == "closed" else breaks(what)


@probe("z3950.frame.others-unharmed/beside", needs=_BASE, octets=True)
def beside(run: Run) -> Seen:
    """Breaks one association and asks on another that was open before."""
    with run.line() as good, run.line() as bad:
        let_in(run, good)
        let_in(run, bad)
        bad.send(b"\x05\xff\xff\xff\xff\xff\xff\xff")
        came(bad, min(2.0, run.patience))
        good.send(octets.search(run))
        what = came(good)
    return meets("the other is served") if what.startswith("answered a search") else breaks(what)


@probe("z3950.session.before-init/search-first", needs=_BASE, octets=True)
def search_first(run: Run) -> Seen:
    """Searches without an init."""
    with run.line() as line:
        line.send(octets.search(run))
        what = came(line)
    if what in (*_ENDS, "answered a search that failed"):
        return meets("refused", note=what)
    return breaks(what)


@probe("z3950.session.second-init/again", needs=_BASE, octets=True)
def second_init(run: Run) -> Seen:
    """Initializes an association that is open already."""
    with run.line() as line:
        let_in(run, line)
        line.send(octets.init(run))
        return told(came(line))


@probe("z3950.close.answered/finished", needs=_BASE, octets=True)
def closing(run: Run) -> Seen:
    """Says Close in version 3 and wants it answered."""
    with run.line() as line:
        line.send(octets.init(run))
        answer = heard(line)
        versions = answer.find(0x83) if answer else None
        if versions is None or not versions.contents[1:] or not versions.contents[1] & 0x20:
            return told("version 3 is not spoken")
        line.send(octets.FINISHED)
        what = came(line)
        if what != "answered Close":
            return breaks(what)
        return meets(what) if not line.silent() else meets(what, "leaves the connection open")
