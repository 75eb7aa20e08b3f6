"""Documents that mean harm: entities, addresses to fetch, depth, octets that are none, identifiers that are patterns.

Nothing here is large or repeated; what could burden a subject is DISRUPTIVE.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

from library_conformance.model import Safety, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, over_http, unread, words
from library_conformance.probes.ncip.problems import traced
from library_conformance.probes.ncip.session import HELLO, nobody
from library_conformance.probes.ncip.words import DECLARATION, NOBODY
from library_conformance.run import Run

MARKER = "zzmarkerzz"
_EXPECTED = "Unknown User", "User Authentication Failed"


def _with_doctype(document: bytes, subset: str, value: str, system: str = "") -> bytes:
    """The document with a document type of ours, and this instead of the card."""
    text = document.decode().replace(DECLARATION, "")
    start = text.find("<!DOCTYPE")
    if start >= 0:
        text = text[text.index(">", start) + 1 :].lstrip()
    told = f' SYSTEM "{system}"' if system else ""
    inside = f" [{subset}]" if subset else ""
    return f"{DECLARATION}<!DOCTYPE NCIPMessage{told}{inside}>\n{text.replace(NOBODY, value)}".encode()


def _lives(run: Run, seen: str) -> Seen:
    """Whether the usual question is answered afterwards."""
    after = ask(run, nobody(words(run)))
    return meets(seen) if after.problems else breaks(f"{seen}; then no answer to the usual question")


def _outcome(answer: Answer) -> str:
    if answer.readable:
        return "refused with a problem" if answer.problems else "answered"
    if answer.status is not None:
        return f"status {answer.status}"
    return "closed" if answer.closed else "no answer"


def _harmless(run: Run, document: bytes) -> Seen:
    """A document that must not be carried out, and that must not show anything or stop anybody."""
    answer = ask(run, document)
    seen = _outcome(answer)
    if traced(answer):
        return breaks("shows the inside of the program")
    if seen in ("answered", "no answer") or (answer.status or 0) >= 500:
        return breaks(seen)
    return _lives(run, seen)


@probe("ncip.security.entities/defined-inside", needs=(HELLO,), octets=True)
def entities(run: Run) -> Seen:
    """Names a card by an entity that the document defines by another one: it must not be expanded."""
    subset = f"<!ENTITY a '{MARKER}'><!ENTITY b '&a;&a;'>"
    answer = ask(run, _with_doctype(nobody(words(run)), subset, "&b;"))
    if MARKER.encode() in answer.octets:
        return breaks("expanded")
    return _lives(run, _outcome(answer))


@probe("ncip.security.files/entity-of-a-file", needs=(HELLO,), octets=True)
def files(run: Run) -> Seen:
    """Names a card by an entity that is a file of the subject's machine."""
    subset = '<!ENTITY a SYSTEM "file:///etc/passwd">'
    answer = ask(run, _with_doctype(nobody(words(run)), subset, "&a;"))
    if b"root:" in answer.octets:
        return breaks("a file is told")
    return _lives(run, _outcome(answer))


@contextlib.contextmanager
def _trap(run: Run) -> Iterator[tuple[str, threading.Event]]:
    """An address of ours that the subject could reach, and whether anybody came to it."""
    with socket.create_connection((run.target.host, run.target.port), timeout=run.patience) as reach:
        here = reach.getsockname()[0]
    visited = threading.Event()
    with socket.create_server((here, 0)) as listener:
        address = f"http://{here}:{listener.getsockname()[1]}/ncip.dtd"

        def wait() -> None:
            if select.select([listener], [], [], 2.0)[0]:
                visited.set()
                peer, _ = listener.accept()
                peer.close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield address, visited
        visited.wait(0.3)
        thread.join(2.5)


@probe("ncip.security.fetch/document-type-at-our-address", needs=(HELLO,), octets=True)
def fetch(run: Run) -> Seen:
    """Gives the document type an address of ours, and an entity that is there, and looks whether anybody comes."""
    with _trap(run) as (address, visited):
        ask(run, _with_doctype(nobody(words(run)), "", NOBODY, system=address))
        ask(run, _with_doctype(nobody(words(run)), f'<!ENTITY a SYSTEM "{address}">', "&a;"))
    return breaks("fetched") if visited.is_set() else _lives(run, "nobody came")


@probe("ncip.robustness.depth/five-thousand", needs=(HELLO,), octets=True)
def depth(run: Run) -> Seen:
    """Says five thousand elements within one another where a card should stand."""
    deep = b"<x>" * 5000 + b"</x>" * 5000
    return _harmless(run, nobody(words(run)).replace(NOBODY.encode(), deep, 1))


@probe("ncip.robustness.octets/not-utf-8", needs=(HELLO,), octets=True)
def octets(run: Run) -> Seen:
    """Says octets that are not UTF-8 where UTF-8 was told: a problem, or another reading of them, but an answer."""
    answer = ask(run, nobody(words(run)).replace(NOBODY.encode(), b"zz\xe9\xff\xfe0", 1))
    if traced(answer):
        return breaks("shows the inside of the program")
    return _lives(run, _outcome(answer)) if answer.octets or answer.closed else unread(answer)


@probe("ncip.robustness.nul/in-a-card", needs=(HELLO,), octets=True)
def nul(run: Run) -> Seen:
    """Says a character that XML does not have."""
    return _harmless(run, nobody(words(run)).replace(NOBODY.encode(), b"zz\x000", 1))


@probe("ncip.robustness.long-identifier/ten-thousand", needs=(HELLO,), octets=True)
def long_identifier(run: Run) -> Seen:
    """Looks up a card with ten thousand letters."""
    return _harmless(run, nobody(words(run), "z" * 10_000))


@probe("ncip.security.identifiers-are-literal/patterns", needs=(HELLO,), octets=True)
def literal(run: Run) -> Seen:
    """Looks up cards that would mean somebody to a search language or a database that takes them in."""
    say = words(run)
    for name in ("*", "%", "2*", "' OR '1'='1", 'x" or cql.allRecords=1', "../../x"):
        answer = ask(run, nobody(say, name))
        if not answer.readable:
            return breaks("no answer of NCIP to one of them")
        if answer.ok:
            return breaks("somebody was found")
        if traced(answer):
            return breaks("shows the inside of the program")
        if not answer.problem(*_EXPECTED):
            return breaks("a problem that is not about the user")
    return meets("nobody was found")


@probe("ncip.security.injection.markup/in-a-card", needs=(HELLO,), octets=True)
def markup(run: Run) -> Seen:
    """Looks up a card that holds a tag, properly written, and looks whether the answer is XML still."""
    answer = ask(run, nobody(words(run), "<UserId>&</UserId>"))
    if not answer.readable:
        return unread(answer)
    if answer.has("LookupUserResponse", "UserId") or answer.has("ProblemValue", "UserId"):
        return breaks("the tag came to life")
    return meets("it stayed text") if answer.problems else breaks("no problem")


@probe("ncip.robustness.two-at-once/two-connections", needs=(HELLO,), octets=True)
def two_at_once(run: Run) -> Seen:
    """Leaves a half-said document on one connection, and asks as usual over another."""
    document = nobody(words(run))
    with run.line() as line:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" if over_http(run) else b""
        line.send(head + document[:60])
        answer = ask(run, document)
    return meets("the other is answered") if answer.problems else unread(answer)


@probe("ncip.robustness.too-long/eight-megabytes", needs=(HELLO,), safety=Safety.DISRUPTIVE, octets=True)
def too_long(run: Run) -> Seen:
    """Says a document of eight megabytes: it may be refused in any way, and the next one is answered."""
    seen = _outcome(ask(run, nobody(words(run)).replace(NOBODY.encode(), b"z" * 8_000_000, 1)))
    return breaks(seen) if seen == "answered" else _lives(run, seen)
