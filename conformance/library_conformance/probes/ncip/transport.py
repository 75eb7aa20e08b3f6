"""How documents travel: HTTP by its own rules, and TCP, where nothing but the last tag ends a document."""

from __future__ import annotations

import contextlib

from library_conformance.model import Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import (
    Answer,
    ask,
    head,
    http_octets,
    http_whole,
    needs_http,
    needs_tcp,
    on,
    unread,
    whole,
    words,
)
from library_conformance.probes.ncip.session import HELLO, nobody
from library_conformance.probes.ncip.words import NOBODY
from library_conformance.run import Run


def _is_no(answer: Answer) -> bool:
    """Whether this is the answer to the harmless question."""
    return answer.name == "LookupUserResponse" and bool(answer.problems)


@probe("ncip.http.content-type.answer/look-up-a-card",
       verifies=("ncip.http.content-type.answer", "ncip.http.content-type.charset", "ncip.http.status.problem"),
       needs=(HELLO,), octets=True)  # fmt: skip
def content_type(run: Run) -> Seen:
    """Posts a document and looks at status and type of the answer, which is a problem."""
    needs_http(run)
    answer = ask(run, nobody(words(run)))
    kind, _, more = answer.headers.get("content-type", "").partition(";")
    kind, more = kind.strip().lower(), more.lower().replace("'", '"')
    xml = kind in ("application/xml", "text/xml")
    utf_8 = "utf-8" in more
    parts = [kind or "no type", "UTF-8 told" if utf_8 else "no charset told", f"status {answer.status}"]
    good, bad = meets("").behaviour, breaks("").behaviour
    return Seen(", ".join(parts), behaviours={
        "ncip.http.content-type.answer": good if xml else bad,
        "ncip.http.content-type.charset": good if utf_8 else bad,
        "ncip.http.status.problem": good if answer.status == 200 else bad,
    })  # fmt: skip


@probe("ncip.http.content-type.tolerant/four-others", needs=(HELLO,), octets=True)
def other_types(run: Run) -> Seen:
    """Posts the same document under types that real peers use, and under none."""
    needs_http(run)
    for kind in ("text/xml", "application/xml", "application/octet-stream", "application/xml; charset='utf-8'", ""):
        headers = {name: value for name, value in head(run).items() if name != "Content-Type"}
        answer = ask(run, nobody(words(run)), headers={**headers, **({"Content-Type": kind} if kind else {})})
        if not _is_no(answer):
            return breaks(f"not understood: {kind or 'no type'}")
    return meets("all understood")


@probe("ncip.http.form/field-xml", needs=(HELLO,), octets=True)
def form(run: Run) -> Seen:
    """Posts the document as it is under the type of a form, as some initiators do."""
    needs_http(run)
    answer = ask(run, nobody(words(run)), headers=head(run) | {"Content-Type": "application/x-www-form-urlencoded"})
    return meets("understood") if _is_no(answer) else absent("not understood")


@probe("ncip.http.get/address", needs=(HELLO,))
def get(run: Run) -> Seen:
    """Fetches the address as a browser would."""
    needs_http(run)
    response = run.http("GET", headers={name: value for name, value in head(run).items() if name != "Content-Type"})
    if response.status_code >= 500:
        return breaks("an error of the server")
    return told("a page" if response.status_code < 300 else f"status {response.status_code}")


@probe("ncip.http.keep-alive/two-documents", needs=(HELLO,), octets=True)
def keep_alive(run: Run) -> Seen:
    """Posts two documents one after the other over one connection."""
    needs_http(run)
    with run.line() as line:
        for number in ("first", "second"):
            with contextlib.suppress(OSError):
                line.send(http_octets(run, nobody(words(run)), close=False))
            octets = line.receive(http_whole, run.patience)
            if not _is_no(_answer(octets)):
                return absent(f"no answer to the {number}")
    return meets("both answered")


@probe("ncip.http.length/letters-of-every-kind", needs=(HELLO,), octets=True)
def length(run: Run) -> Seen:
    """Looks up a card whose name is not ASCII and counts the octets that were announced."""
    needs_http(run)
    with run.line() as line:
        line.send(http_octets(run, nobody(words(run), "ŵŷ-图-0")))
        octets = line.receive(lambda so_far: 0, run.patience)
    top, _, body = octets.partition(b"\r\n\r\n")
    if not octets:
        return unread(Answer(b"", closed=line.closed))
    if b"content-length" not in top.lower():
        return told("no length told")
    announced = int(top.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    if announced != len(body):
        return breaks("another length than there are octets")
    return meets("as many octets as announced") if _is_no(Answer(body)) else unread(Answer(body))


@probe("ncip.http.http10/one-document", needs=(HELLO,), octets=True)
def http10(run: Run) -> Seen:
    """Posts a document by HTTP/1.0."""
    needs_http(run)
    with run.line() as line:
        line.send(http_octets(run, nobody(words(run)), version="1.0"))
        octets = line.receive(http_whole, run.patience)
    return meets("answered") if _is_no(_answer(octets)) else absent("not answered")


@probe("ncip.http.chunked/in-two", needs=(HELLO,), octets=True)
def chunked(run: Run) -> Seen:
    """Posts a document in two chunks, without a length."""
    needs_http(run)
    document = nobody(words(run))
    top, _, _ = http_octets(run, document).partition(b"Content-Length")
    pieces = document[:100], document[100:]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    with run.line() as line:
        line.send(top + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)
        octets = line.receive(http_whole, run.patience)
    return meets("answered") if _is_no(_answer(octets)) else breaks("not answered")


@probe("ncip.tcp.framing.end-tag/connection-stays-open", needs=(HELLO,), octets=True)
def end_tag(run: Run) -> Seen:
    """Says a document and nothing after its last tag, and leaves the connection open."""
    needs_tcp(run)
    with run.line() as line:
        answer = on(run, line, nobody(words(run)).rstrip())
    return meets("answered") if _is_no(answer) else unread(answer)


@probe("ncip.tcp.framing.pieces/octet-by-octet", needs=(HELLO,), octets=True)
def pieces(run: Run) -> Seen:
    """Says a document octet by octet."""
    needs_tcp(run)
    with run.line() as line:
        answer = on(run, line, nobody(words(run)), piecewise=0.001)
    return meets("answered") if _is_no(answer) else unread(answer)


@probe("ncip.tcp.framing.several/one-after-the-other", needs=(HELLO,), octets=True)
def several(run: Run) -> Seen:
    """Says three documents over one connection, each when the one before is answered."""
    needs_tcp(run)
    with run.line() as line:
        for number in range(3):
            answer = on(run, line, nobody(words(run)))
            if not _is_no(answer):
                if number and answer.closed and not answer.octets:
                    return absent("one document a connection")
                return unread(answer)
    return meets("all answered")


@probe("ncip.tcp.framing.pipelined/two-at-once", needs=(HELLO, "ncip.tcp.framing.several/one-after-the-other"),
       octets=True)  # fmt: skip
def pipelined(run: Run) -> Seen:
    """Says two documents at once, about different cards, and looks whether the answers come in that order."""
    needs_tcp(run)
    say = words(run)
    with run.line() as line:
        line.send(nobody(say, f"{NOBODY}1") + nobody(say, f"{NOBODY}2"))
        answers = [Answer(line.receive(whole, run.patience)) for _ in range(2)]
    if not all(map(_is_no, answers)):
        return absent("not both are answered")
    values = [next(iter(answer.problems)).value for answer in answers]
    if values == [f"{NOBODY}2", f"{NOBODY}1"]:
        return breaks("answered in the other order")
    return meets("answered in their order" if values == [f"{NOBODY}1", f"{NOBODY}2"] else "both answered")


@probe("ncip.tcp.framing.half-closed/answer-still-comes", needs=(HELLO,), octets=True)
def half_closed(run: Run) -> Seen:
    """Says a document and that nothing more will come, and waits for the answer."""
    needs_tcp(run)
    with run.line() as line:
        line.send(nobody(words(run)))
        line.half_close()
        answer = Answer(line.receive(whole, run.patience), closed=line.closed)
    return meets("answered") if _is_no(answer) else unread(answer)


@probe("ncip.tcp.framing.no-false-end/last-tag-in-a-comment", needs=(HELLO,), octets=True)
def false_end(run: Run) -> Seen:
    """Says a document whose last tag also stands in a comment in its middle."""
    needs_tcp(run)
    document = nobody(words(run)).replace(b"<LookupUser>", b"<LookupUser><!-- </NCIPMessage> -->", 1)
    with run.line() as line:
        answer = on(run, line, document)
    return meets("answered") if _is_no(answer) else breaks("cut in the comment")


@probe("ncip.tcp.http-typed/http10", needs=(HELLO,), octets=True)
def http_typed(run: Run) -> Seen:
    """Types HTTP/1.0 onto the connection, as one broker does for one library system."""
    needs_tcp(run)
    with run.line() as line:
        line.send(http_octets(run, nobody(words(run)), version="1.0"))
        octets = line.receive(whole, min(run.patience, 3.0))
    return meets("answered in HTTP") if octets.startswith(b"HTTP/") else absent("not understood")


def _answer(octets: bytes) -> Answer:
    """The document in an HTTP answer."""
    return Answer(octets.partition(b"\r\n\r\n")[2])
