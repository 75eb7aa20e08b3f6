"""Framing: what an answer looks like octet by octet, and which forms of a request are read. All octets by hand."""

from __future__ import annotations

from collections.abc import Iterable

from library_conformance.model import Behaviour, Seen, breaks, meets
from library_conformance.probes.sip2.kiosk import (
    STATUS,
    UNKNOWN_ITEM,
    UNKNOWN_PATRON,
    NoAnswer,
    asks,
    kiosk,
)
from library_conformance.probes.sip2.wire import Answer, sealed
from library_conformance.run import Run

FORMS = {
    "terminator": ("sip2.frame.terminator",),
    "unknown": ("sip2.frame.command",),
    "fixed part": ("sip2.frame.fixed",),
    "required field": ("sip2.frame.required",),
    "delimiter": ("sip2.frame.field.delimiter",),
    "field code": ("sip2.frame.field.code", "sip2.text.delimiter"),
    "field length": ("sip2.frame.field.length",),
    "control character": ("sip2.frame.field.control",),
    "empty field": ("sip2.frame.field.empty",),
    "message length": ("sip2.frame.message.length",),
    "charset": ("sip2.text.charset",),
}
"""Which requirement each kind of fault breaks."""


def tour(run: Run) -> list[Answer]:
    """The answers to a round of questions that change nothing, among them ones that are answered by no."""
    with kiosk(run) as k:
        asked = [STATUS, k.patron_status(UNKNOWN_PATRON), k.item_information(UNKNOWN_ITEM)]
        if "patron" in run.inputs:
            patron = run.input("patron")
            asked += [k.patron_status(patron), k.patron_information(patron, summary="  Y       ")]
        if "item" in run.inputs:
            asked.append(k.item_information(run.input("item")))
        asked.append(k.end_session(run.input("patron", UNKNOWN_PATRON)))
        answers = [k.say(k.message(body)) for body in asked]
    return [one for one in answers if one is not None]


def judged(answers: Iterable[Answer], kinds: Iterable[str]) -> Seen:
    """What is wrong with the form of these answers, for the requirements of these kinds of faults."""
    found = {kind: sorted({where for one in answers for where in one.of(kind)}) for kind in kinds}
    behaviours = {
        name: Behaviour.BREAKS if places else Behaviour.MEETS for kind, places in found.items() for name in FORMS[kind]
    }
    wrong = [f"{kind}: {', '.join(places)}" for kind, places in found.items() if places]
    return Seen("; ".join(wrong) or "well formed", behaviours=behaviours)


@asks(
    "sip2.frame.fixed/tour",
    octets=True,
    verifies=tuple(dict.fromkeys(name for names in FORMS.values() for name in names)),
)
def forms(run: Run) -> Seen:
    """Asks a round of questions and takes every answer apart octet by octet."""
    answers = tour(run)
    if not answers:
        raise NoAnswer("no answers")
    return judged(answers, FORMS)


@asks("sip2.frame.terminator.bare/answers", octets=True)
def bare(run: Run) -> Seen:
    """Asks twice and looks at what stands between the answers."""
    with kiosk(run) as k:
        first = k.expect(k.message(STATUS), "99")
        second = k.expect(k.message(STATUS), "99")
    line_feed = first.octets.endswith(b"\n") or second.octets.startswith(b"\n")
    return breaks("carriage return and line feed") if line_feed else meets("carriage return alone")


@asks("sip2.frame.terminator.crlf/99", octets=True)
def crlf(run: Run) -> Seen:
    """Ends two requests in CR and LF; both must be answered once."""
    with kiosk(run) as k:
        answers = [k.say(sealed(b"9900802.00", digit) + b"\r\n") for digit in (1, 2)]
        more = not k.line.silent()
    codes = [one.code for one in answers if one]
    if codes != ["98", "98"]:
        return breaks("not answered")
    return breaks("answers the line feed too") if more else meets("answered")


@asks("sip2.frame.split/in-pieces", octets=True)
def in_pieces(run: Run) -> Seen:
    """Sends a request octet by octet, and one in two pieces."""
    with kiosk(run) as k:
        slow = k.say(sealed(b"9900802.00", 1) + b"\r", piecewise=0.002)
        message = sealed(b"9900802.00", 2) + b"\r"
        k.line.send(message[:6])
        halves = k.say(message[6:])
    codes = [one.code if one else "" for one in (slow, halves)]
    return meets("answered as a whole") if codes == ["98", "98"] else breaks("pieces are not put together")


@asks("sip2.frame.pipelined/three-at-once", octets=True)
def three_at_once(run: Run) -> Seen:
    """Sends three requests in one piece; their sequence numbers tell the answers apart."""
    with kiosk(run) as k:
        item = k.item_information(UNKNOWN_ITEM).encode(k.encoding)
        said = (sealed(b"9900802.00", 3), sealed(item, 4), sealed(b"9900802.00", 5))
        k.line.send(b"".join(one + b"\r" for one in said))
        answers = [one for one in (k.hear(), k.hear(), k.hear()) if one]
    found = [(one.code, one.sequence) for one in answers]
    if found == [("98", "3"), ("18", "4"), ("98", "5")]:
        return meets("all three in their order")
    return breaks("some are lost" if len(found) < 3 else "in another order")
