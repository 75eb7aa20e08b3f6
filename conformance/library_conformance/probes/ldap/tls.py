"""StartTLS: offered, once, and deaf to what was slipped in before."""

from __future__ import annotations

import ssl

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, unsafe
from library_conformance.octets import Element
from library_conformance.probes import probe
from library_conformance.probes.ldap import octets
from library_conformance.probes.ldap.framing import FIRST
from library_conformance.probes.ldap.octets import came, code, heard, message, parts
from library_conformance.run import Line, Run

OFFERED = "ldap.tls.start/handshake"
_OPERATIONS_ERROR = 1


@probe(OFFERED, needs=(FIRST,), octets=True)
def handshake(run: Run) -> Seen:
    """Asks for StartTLS, shakes hands and reads the root encrypted."""
    if run.target.tls:
        raise NotApplicable("the connection is encrypted from its start")
    with run.line() as line:
        line.send(message(1, octets.START_TLS))
        answer = heard(line)
        if answer is None:
            return breaks("closed" if line.closed else "no answer")
        number, operation = parts(answer)
        if number != 1:
            return breaks("another message id")
        if result := code(operation):
            return absent(f"not offered: result {result}")
        try:
            run.encrypt(line)
        except ssl.SSLCertVerificationError:
            return meets("encrypted", "a certificate that is not trusted here")
        except OSError:
            return breaks("granted, and no handshake")
        line.send(message(2, octets.ROOT))
        what = _last(line)
    return meets("encrypted") if what == "answered result 0" else breaks(what)


def _last(line: Line) -> str:
    """What the search of the root came to, its entry aside."""
    what = came(line)
    return came(line) if what == "answered" else what


@probe("ldap.tls.start.twice/again", needs=(OFFERED,), octets=True)
def twice(run: Run) -> Seen:
    """Asks for StartTLS on a connection that is encrypted already."""
    with run.line() as line:
        if not run.target.tls:
            line.send(message(1, octets.START_TLS))
            heard(line)
            try:
                run.encrypt(line)
            except ssl.SSLCertVerificationError:
                raise NotApplicable("the certificate is not trusted here") from None
        line.send(message(2, octets.START_TLS))
        what = came(line)
    return meets("refused") if what == f"answered result {_OPERATIONS_ERROR}" else breaks(what)


def _of(line: Line, number: int) -> Element | None:
    """The next operation under this message id; None where none comes. Raises Unreadable."""
    while (answer := heard(line)) is not None:
        found, operation = parts(answer)
        if found == number:
            return operation
    return None


@probe("ldap.tls.start.injection/search-behind", needs=(OFFERED,), octets=True)
def injection(run: Run) -> Seen:
    """Sends a search in clear right behind StartTLS: it must not be answered once the connection is encrypted."""
    if run.target.tls:
        raise NotApplicable("the connection is encrypted from its start")
    with run.line() as line:
        line.send(message(1, octets.START_TLS) + message(2, octets.ROOT))
        operation = _of(line, 1)  # the search may be answered as it came, in clear
        if operation is None:
            return meets("closed")
        if code(operation):
            return meets("StartTLS refused")
        try:
            run.encrypt(line)
        except ssl.SSLCertVerificationError:
            raise NotApplicable("the certificate is not trusted here") from None
        except OSError:
            return meets("no handshake")
        if line.silent():
            return meets("not answered")
        return meets("closed") if line.closed else unsafe("answered as if it had come encrypted")
