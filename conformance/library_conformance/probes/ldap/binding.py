"""Binds: who is let in, who is not, and what is said to them."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, absent, breaks, meets, told, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ldap.framing import FIRST
from library_conformance.probes.ldap.talk import (
    BOUND,
    INVALID_CREDENTIALS,
    NOT_VISIBLE,
    PROTOCOL_ERROR,
    UNWILLING,
    Session,
    by_uid,
    session,
    unless,
)
from library_conformance.run import Run
from library_protocols.ldap import BindRequest, ExtendedRequest, ExtendedResponse, Simple
from library_protocols.ldap.facts import oids

ACCOUNT = ("bind_dn", "bind_password", "base", "uid")
_CONFIDENTIALITY_REQUIRED = 13
_WRONG = "conformance-wrong"


def nobody(run: Run) -> str:
    """A name beside that of the account, which nobody has."""
    return f"cn=conformance-nobody,{run.input('bind_dn').partition(',')[2]}"


def sees(talk: Session, run: Run) -> bool:
    """Whether the person of the inputs can be found."""
    return bool(talk.search(by_uid(run), "1.1").entries)


@probe(BOUND, needs=(FIRST,), inputs=ACCOUNT)
def right_password(run: Run) -> Seen:
    """Binds as the inputs say."""
    with session(run, bound=False) as talk:
        code = talk.bind().code
    return unless(code, 0) or meets("let in")


@probe("ldap.bind.in-clear/plain-password", needs=(BOUND,), inputs=ACCOUNT)
def in_clear(run: Run) -> Seen:
    """Looks whether a password is taken on a connection that is not encrypted."""
    if run.target.tls:
        raise NotApplicable("the connection is encrypted")
    with session(run, bound=False) as talk:
        code = talk.bind().code
    if code in (_CONFIDENTIALITY_REQUIRED, 8):
        return meets("refused")
    return breaks("taken in clear")


@probe("ldap.bind.anonymous/nobody", needs=(FIRST,))
def anonymous(run: Run) -> Seen:
    """Binds as nobody."""
    with session(run, bound=False) as talk:
        code = talk.bind("", "").code
    return meets("let in") if code == 0 else absent(f"refused: result {code}")


@probe("ldap.bind.unauthenticated/name-without-password", needs=(FIRST,), inputs=ACCOUNT)
def unauthenticated(run: Run) -> Seen:
    """Gives the account's name and no password: who takes that for a success lets anybody in everywhere."""
    with session(run, bound=False) as talk:
        code = talk.bind(None, "").code
    if code == 0:
        return unsafe("let in without a password")
    return meets("refused" if code == UNWILLING else "refused with another result")


@probe(
    "ldap.bind.no-oracle/wrong-name-wrong-password",
    verifies=("ldap.bind.wrong-password", "ldap.bind.unknown-name", "ldap.bind.no-oracle"),
    needs=(BOUND,), inputs=ACCOUNT,
)  # fmt: skip
def wrong(run: Run) -> Seen:
    """Gives a wrong password once, then a name nobody has, and compares what is said; then the right one again."""
    with session(run, bound=False) as talk:
        password = talk.bind(None, _WRONG)
        name = talk.bind(nobody(run), _WRONG)
        talk.bind()
    if 0 in (password.code, name.code):
        return unsafe("let in by a wrong password")
    return Seen(
        "refused alike" if password == name else "refused, and told apart",
        behaviours={
            "ldap.bind.wrong-password": _behaviour(password.code == INVALID_CREDENTIALS),
            "ldap.bind.unknown-name": _behaviour(name.code == INVALID_CREDENTIALS),
            "ldap.bind.no-oracle": _behaviour(password == name),
        },
    )


def _behaviour(good: bool) -> Behaviour:
    return Behaviour.MEETS if good else Behaviour.BREAKS


@probe("ldap.bind.drops-authorization/failed-second", needs=(BOUND,), inputs=ACCOUNT)
def drops(run: Run) -> Seen:
    """Binds well, then in vain, and looks whether the first bind still opens something."""
    with session(run) as talk:
        if not sees(talk, run):
            raise NotApplicable("the account does not see the person")
        talk.bind(nobody(run), _WRONG)
        still = sees(talk, run)
    with session(run, bound=False) as talk:
        if sees(talk, run):
            raise NotApplicable("anybody sees the person")
    return unsafe("the first bind still holds") if still else meets("nobody is bound any more")


@probe("ldap.bind.again/twice", needs=(BOUND,), inputs=ACCOUNT)
def again(run: Run) -> Seen:
    """Binds twice on one connection."""
    with session(run) as talk:
        code = talk.bind().code
        seen = sees(talk, run)
    return unless(code, 0) or (meets("let in again") if seen else breaks("let in, and sees nothing"))


@probe("ldap.bind.name-invalid/no-name", needs=(FIRST,))
def invalid(run: Run) -> Seen:
    """Binds with something that is no name."""
    with session(run, bound=False) as talk:
        code = talk.bind("this is, no name", _WRONG).code
    return unless(code, 34, INVALID_CREDENTIALS, _CONFIDENTIALITY_REQUIRED) or meets("refused")


@probe("ldap.bind.version-2/simple", needs=(FIRST,))
def version_2(run: Run) -> Seen:
    """Binds as nobody by version 2, which is historic."""
    with session(run, bound=False) as talk:
        code = talk.result(BindRequest(2, "", Simple(b""))).code
    return meets("refused") if code == PROTOCOL_ERROR else told(f"result {code}")


@probe("ldap.extended.who-am-i/bound", needs=(BOUND,), inputs=ACCOUNT)
def who_am_i(run: Run) -> Seen:
    """Asks who is bound."""
    with session(run) as talk:
        answer = talk.ask(ExtendedRequest(oids.WHO_AM_I))[-1].op
    if not isinstance(answer, ExtendedResponse) or answer.result.code == PROTOCOL_ERROR:
        return absent("not offered")
    if answer.result.code:
        return breaks(f"result {answer.result.code}")
    return meets("told") if (answer.value or b"").startswith((b"dn:", b"u:")) else breaks("told something else")


@probe(
    "ldap.privacy.anonymous/person",
    verifies=("ldap.privacy.anonymous", "ldap.privacy.enumeration"),
    needs=(FIRST,),
    inputs=("base", "uid"),
)
def anonymous_sees(run: Run) -> Seen:
    """Looks for the person, and for everybody, without a bind; asks for no attributes and for two entries at most."""
    with session(run, bound=False) as talk:
        one = talk.search(by_uid(run), "1.1", size=1)
        all_ = talk.search("(objectClass=person)", "1.1", size=2)
    if one.entries or all_.entries:
        return breaks("people are shown to anybody")
    good = one.code in NOT_VISIBLE or one.code == 0
    return meets("nobody is shown") if good else breaks(f"result {one.code}")
