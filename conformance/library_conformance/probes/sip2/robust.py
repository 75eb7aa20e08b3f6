"""What a kiosk in disorder, or somebody who means harm, may send without others noticing."""

from __future__ import annotations

from library_conformance.model import Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes.sip2.kiosk import STATUS, Kiosk, NoAnswer, asks, fields, kiosk, link
from library_conformance.probes.sip2.wire import moment
from library_conformance.run import Run


def lives(k: Kiosk) -> bool:
    """Whether this link still answers."""
    try:
        return k.ask(STATUS).code == "98"
    except (NoAnswer, OSError):
        return False


def everybody_else(run: Run, other: Kiosk) -> Seen | None:
    """What became of a link that did nothing wrong, and of a new one; None where both work."""
    if not lives(other):
        return unsafe("another link is disturbed")
    try:
        with kiosk(run) as fresh:
            if lives(fresh):
                return None
    except (SetupFailed, NoAnswer, OSError):
        pass
    return unsafe("no new link can be made")


def after(run: Run, octets: bytes) -> tuple[str, Seen | None]:
    """What comes of these octets on a link of their own: the word for it, and what became of the others."""
    with kiosk(run) as other:
        with kiosk(run) as k:
            try:
                k.line.send(octets)
                answer = k.hear(min(1.0, run.patience / 4))
                if answer is not None:
                    word = (
                        f"answered {answer.code}"
                        if answer.code.isalnum() and not answer.of("unknown")
                        else "answered in no SIP2"
                    )
                else:
                    word = "closed" if k.line.closed else "passed over"
                alive = not k.line.closed and lives(k)
            except OSError:
                word, alive = "closed", False
        if not alive and word != "closed":
            word += ", then deaf"
        return word, everybody_else(run, other)


@asks("sip2.frame.message.short/23", octets=True)
def short(run: Run) -> Seen:
    """Sends a 23 that is cut off in its date."""
    word, harm = after(run, b"230002026\r")
    if harm:
        return harm
    return breaks(word) if word == "closed" or "deaf" in word or "no SIP2" in word else meets(word)


@asks("sip2.frame.garbage/octets", octets=True, verifies=("sip2.frame.garbage", "sip2.connect.independent"))
def garbage(run: Run) -> Seen:
    """Sends octets that are no SIP2, a web browser's request among them, while another link is open."""
    octets = bytes(range(256)) + b"\r" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"\xff\xfe\x00\r"
    word, harm = after(run, octets)
    return harm or meets(word)


@asks("sip2.frame.field.long/17", octets=True)
def long_field(run: Run) -> Seen:
    """Sends an item number of 3000 characters."""
    word, harm = after(run, f"17{moment()}".encode() + fields(AO="", AB="9" * 3000).encode() + b"\r")
    return harm or meets(word)


@asks("sip2.frame.message.oversize/no-end", octets=True, safety=Safety.DISRUPTIVE)
def no_end(run: Run) -> Seen:
    """Sends 300,000 octets without an end of message, while another link is open."""
    with kiosk(run) as other:
        with link(run) as k:
            try:
                for _ in range(30):
                    k.line.send(b"9" * 10_000)
                closed = bool(k.hear(0.5)) or k.line.closed
            except OSError:
                closed = True
        return everybody_else(run, other) or meets("closed" if closed else "thrown away")


@asks("sip2.text.invalid/23", octets=True)
def invalid_text(run: Run) -> Seen:
    """Asks about a card whose octets are no text in UTF-8."""
    word, harm = after(run, f"23000{moment()}".encode() + b"AO|AA\xff\xfe\xc3|AC|AD|\r")
    return harm or (breaks(word) if "deaf" in word or word == "closed" else meets(word))
