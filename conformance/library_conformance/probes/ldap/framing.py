"""What stands on the wire: every message here is written by hand, and every answer read by hand."""

from __future__ import annotations

from library_conformance.model import Behaviour, Seen, breaks, meets, unclear
from library_conformance.octets import tlv
from library_conformance.probes import probe
from library_conformance.probes.ldap import octets
from library_conformance.probes.ldap.octets import ANONYMOUS, came, code, heard, message, parts
from library_conformance.run import Line, Run

FIRST = "ldap.frame.message/anonymous-bind"
_ENDS = ("notice of disconnection", "closed")
_BASE = (FIRST,)
DEEP = 300
"""Filters inside one another: more than anybody asks, few enough for one message."""


def _answered(line: Line, number: int, tag: bytes) -> str:
    """Empty where the next message with a result is of this kind and has this id."""
    while True:
        answer = heard(line)
        if answer is None:
            return "closed" if line.closed else "no answer"
        found, operation = parts(answer)
        if found != number:
            return "another message id"
        if operation.tag == b"\x64":  # searchResEntry [APPLICATION 4]
            continue
        return "" if operation.tag == tag else "another kind of answer"


def _bind(run: Run, request: bytes, number: int = 1, piecewise: float = 0.0) -> Seen:
    with run.line() as line:
        line.send(request, piecewise=piecewise)
        problem = _answered(line, number, octets.BIND_RESPONSE)
    return breaks(problem) if problem else meets("answered bindResponse")


@probe(FIRST, octets=True)
def anonymous_bind(run: Run) -> Seen:
    """Sends an anonymous bind written by hand; whether it is let in does not matter here."""
    return _bind(run, message(1, ANONYMOUS))


@probe("ldap.frame.message-id/largest", needs=_BASE, octets=True)
def largest(run: Run) -> Seen:
    """Gives a message the largest id there is, and wants it back."""
    return _bind(run, message(2**31 - 1, ANONYMOUS), 2**31 - 1)


@probe("ldap.frame.split/octet-by-octet", needs=_BASE, octets=True)
def split(run: Run) -> Seen:
    """Sends a bind octet by octet."""
    return _bind(run, message(1, ANONYMOUS), piecewise=0.002)


@probe("ldap.frame.long-lengths/bind", needs=_BASE, octets=True)
def long_lengths(run: Run) -> Seen:
    """Sends a bind whose length takes four octets more than it needs."""
    inside = bytes.fromhex("020101") + ANONYMOUS
    return _bind(run, b"\x30\x84" + len(inside).to_bytes(4, "big") + inside)


@probe("ldap.frame.unknown-elements/bind", needs=_BASE, octets=True)
def unknown_elements(run: Run) -> Seen:
    """Sends a bind with an element at its end that no document defines."""
    return _bind(run, message(1, bytes.fromhex("600a 020103 0400 8000 8f013f")))


@probe("ldap.frame.together/two-searches", needs=_BASE, octets=True)
def together(run: Run) -> Seen:
    """Sends two searches of the root in one piece and wants both answered, in any order."""
    with run.line() as line:
        line.send(message(2, octets.ROOT) + message(3, octets.ROOT))
        found: set[int] = set()
        while len(found) < 2:
            answer = heard(line)
            if answer is None:
                return breaks("only one is answered" if found else "no answer")
            number, operation = parts(answer)
            if operation.tag == octets.DONE:
                found.add(number)
    return meets("both answered") if found == {2, 3} else breaks("other message ids")


@probe("ldap.frame.indefinite/bind", needs=_BASE, octets=True)
def indefinite(run: Run) -> Seen:
    """Sends a bind of indefinite length, which this protocol does not allow."""
    with run.line() as line:
        line.send(b"\x30\x80\x02\x01\x01" + ANONYMOUS + b"\x00\x00")
        what = came(line, min(2.0, run.patience))
    return meets("connection ended", note=what) if what in _ENDS else breaks(what)


def _ended(what: str) -> Seen:
    """Closing is what must be; saying so is what should be."""
    if what not in _ENDS:
        return breaks(what)
    said = Behaviour.MEETS if what == _ENDS[0] else Behaviour.ABSENT
    return Seen(what, behaviours={"ldap.frame.malformed.notice": said})


@probe(
    "ldap.frame.malformed/no-sequence", verifies=("ldap.frame.malformed", "ldap.frame.malformed.notice"), needs=_BASE,
    octets=True,
)  # fmt: skip
def no_sequence(run: Run) -> Seen:
    """Says octets that begin no message."""
    with run.line() as line:
        line.send(b"\x04\x05hello")
        return _ended(came(line))


@probe("ldap.frame.malformed/search-without-anything", needs=_BASE, octets=True)
def empty_search(run: Run) -> Seen:
    """Sends a searchRequest that lacks all its elements."""
    with run.line() as line:
        line.send(message(2, b"\x63\x00"))
        what = came(line)
    return meets("refused", note=what) if what in (*_ENDS, "answered result 2") else breaks(what)


@probe("ldap.frame.unknown-operation/application-30", needs=_BASE, octets=True)
def unknown_operation(run: Run) -> Seen:
    """Sends an operation that no document defines."""
    with run.line() as line:
        line.send(message(2, b"\x7e\x00"))
        what = came(line)
    return meets("refused", note=what) if what in (*_ENDS, "answered result 2") else breaks(what)


@probe("ldap.frame.message-id.zero/bind", needs=_BASE, octets=True)
def zero(run: Run) -> Seen:
    """Gives a request the id that is for notices alone."""
    with run.line() as line:
        line.send(message(0, ANONYMOUS))
        what = came(line)
    return meets("connection ended", note=what) if what in _ENDS else breaks(what)


@probe("ldap.frame.oversize/one-gigabyte", needs=_BASE, octets=True)
def oversize(run: Run) -> Seen:
    """Begins a message that says it is 1 GiB long, and looks whether the directory waits for it."""
    with run.line() as line:
        line.send(bytes.fromhex("30843fffffff 020101"))
        what = came(line, min(2.0, run.patience))
    return meets("connection ended", note=what) if what in _ENDS else breaks("waits for the rest")


@probe("ldap.frame.deep/nested-filter", needs=_BASE, octets=True)
def deep(run: Run) -> Seen:
    """Sends a filter of 300 negations inside one another, and looks whether the directory still serves."""
    node = tlv(0x87, b"objectClass")
    for _ in range(DEEP):
        node = tlv(0xA2, node)
    body = bytes.fromhex("0400 0a0100 0a0100 020100 020100 010100")
    with run.line() as line:
        line.send(message(2, tlv(0x63, body, node, b"\x30\x00")))
        what = came(line)
    again = _bind(run, message(1, ANONYMOUS))
    if again.behaviour is not Behaviour.MEETS:
        return breaks("serves nobody any more")
    return unclear(what) if what == "no answer" else meets("answered or refused", note=what)


@probe("ldap.frame.others-unharmed/beside", needs=_BASE, octets=True)
def beside(run: Run) -> Seen:
    """Breaks one connection and asks on another that was open before."""
    with run.line() as good, run.line() as bad:
        good.send(message(1, ANONYMOUS))
        _answered(good, 1, octets.BIND_RESPONSE)
        bad.send(b"\x04\x05hello")
        came(bad, min(2.0, run.patience))
        good.send(message(2, octets.ROOT))
        problem = _answered(good, 2, octets.DONE)
    return breaks(problem) if problem else meets("the other is served")


@probe("ldap.frame.unbind/closes", needs=_BASE, octets=True)
def unbind(run: Run) -> Seen:
    """Says unbind and wants the connection closed without a word."""
    with run.line() as line:
        line.send(message(1, ANONYMOUS))
        _answered(line, 1, octets.BIND_RESPONSE)
        line.send(message(2, octets.UNBIND))
        what = came(line)
    return meets("closed") if what == "closed" else breaks(what)


@probe("ldap.frame.abandon/nothing-running", needs=_BASE, octets=True)
def abandon(run: Run) -> Seen:
    """Abandons an operation that is not there, and wants no answer and a connection that still serves."""
    with run.line() as line:
        line.send(message(5, bytes.fromhex("500104")))  # abandonRequest [APPLICATION 16] of message 4
        if not line.silent():
            return breaks("closed" if line.closed else "answered")
        line.send(message(6, octets.ROOT))
        problem = _answered(line, 6, octets.DONE)
    return breaks(problem) if problem else meets("no answer, and served on")


@probe("ldap.bind.version/nine", needs=_BASE, octets=True)
def version(run: Run) -> Seen:
    """Binds by a version of the protocol that does not exist."""
    return _result(run, bytes.fromhex("6007 020109 0400 8000"), 2)


@probe("ldap.bind.sasl-unknown/made-up", needs=_BASE, octets=True)
def sasl(run: Run) -> Seen:
    """Binds by a SASL mechanism that does not exist."""
    return _result(run, bytes.fromhex("6011 020103 0400 a30a 0408 4e4f2d535543482d"), 7)


def _result(run: Run, request: bytes, expected: int) -> Seen:
    with run.line() as line:
        line.send(message(1, request))
        answer = heard(line)
        if answer is None:
            return breaks("closed" if line.closed else "no answer")
        found = code(parts(answer)[1])
    return meets("refused with the result for it") if found == expected else breaks(f"result {found}")


@probe("ldap.search.filter.unknown/choice-15", needs=_BASE, octets=True)
def unknown_filter(run: Run) -> Seen:
    """Searches the root by a kind of filter that no document defines: undefined, or a protocol error."""
    body = bytes.fromhex("0400 0a0100 0a0100 020100 020100 010100 af00 3000")
    with run.line() as line:
        line.send(message(2, tlv(0x63, body)))
        what = came(line)
    if what in ("answered result 0", "answered result 2", *_ENDS):
        return meets("undefined or refused", note=what)
    return breaks(what)
