"""Compare, extended operations that are not there."""

from __future__ import annotations

from library_conformance.model import Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.ldap.framing import FIRST
from library_conformance.probes.ldap.talk import FOUND, INSUFFICIENT_ACCESS, PROTOCOL_ERROR, UNWILLING, session
from library_conformance.run import Run
from library_protocols.ldap import CompareRequest, ExtendedRequest

TRUE, FALSE, NO_SUCH_ATTRIBUTE, UNDEFINED_TYPE = 6, 5, 16, 17


@probe("ldap.compare.true-false/uid", needs=(FOUND,))
def login(run: Run) -> Seen:
    """Compares a person's login with itself and with another."""
    with session(run) as talk:
        name = next(iter(talk.person("1.1").entries))
        right = talk.result(CompareRequest(name, "uid", run.input("uid").encode())).code
        wrong = talk.result(CompareRequest(name, "uid", b"conformance-nobody")).code
    if (right, wrong) == (TRUE, FALSE):
        return meets("true and false")
    return absent("not offered") if right in (INSUFFICIENT_ACCESS, UNWILLING) else breaks("the wrong way")


@probe("ldap.compare.no-attribute/made-up", needs=(FOUND,))
def no_attribute(run: Run) -> Seen:
    """Compares an attribute that nobody defines."""
    with session(run) as talk:
        name = next(iter(talk.person("1.1").entries))
        code = talk.result(CompareRequest(name, "conformanceNoSuch", b"x")).code
    if code in (NO_SUCH_ATTRIBUTE, UNDEFINED_TYPE):
        return meets("said not to be there")
    return absent("not offered") if code in (INSUFFICIENT_ACCESS, UNWILLING) else breaks(f"result {code}")


@probe("ldap.extended.unknown/made-up", needs=(FIRST,))
def unknown(run: Run) -> Seen:
    """Asks for an extended operation that does not exist."""
    with session(run, bound=False) as talk:
        code = talk.result(ExtendedRequest("1.3.6.1.4.1.4203.666.999.2")).code
    return meets("refused with the result for it") if code == PROTOCOL_ERROR else breaks(f"result {code}")
