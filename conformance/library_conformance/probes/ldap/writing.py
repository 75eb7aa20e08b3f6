"""Changes that a library's view refuses. All of them are asked for at names that do not exist, so that a directory
which takes changes has nothing to change."""

from __future__ import annotations

from library_conformance.model import Safety, Seen, breaks, meets, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ldap.talk import BOUND, INSUFFICIENT_ACCESS, NO_SUCH_OBJECT, UNWILLING, session
from library_conformance.run import Run
from library_protocols.ldap import (
    AddRequest,
    Change,
    DelRequest,
    Modification,
    ModifyDnRequest,
    ModifyRequest,
    Request,
)

_REFUSALS = (UNWILLING, INSUFFICIENT_ACCESS, 8)


def _nobody(run: Run) -> str:
    return f"uid=conformance-nobody,ou=conformance-nowhere,{run.input('base')}"


def _refused(run: Run, op: Request) -> Seen:
    with session(run) as talk:
        code = talk.result(op).code
    if code == 0:
        return unsafe("taken")
    if code in _REFUSALS:
        return meets("refused")
    return breaks("looked for, not refused" if code == NO_SUCH_OBJECT else f"result {code}")


@probe("ldap.write.add/nobody", needs=(BOUND,), safety=Safety.WRITE_REVERSIBLE, inputs=("base",))
def add(run: Run) -> Seen:
    """Adds an entry below one that does not exist."""
    attributes = (("objectClass", (b"inetOrgPerson",)), ("cn", (b"x",)), ("sn", (b"x",)))
    return _refused(run, AddRequest(_nobody(run), attributes))


@probe("ldap.write.modify/nobody", needs=(BOUND,), safety=Safety.WRITE_REVERSIBLE, inputs=("base",))
def modify(run: Run) -> Seen:
    """Changes an entry that does not exist."""
    return _refused(run, ModifyRequest(_nobody(run), (Modification(Change.REPLACE, "sn", (b"x",)),)))


@probe("ldap.write.delete/nobody", needs=(BOUND,), safety=Safety.WRITE_REVERSIBLE, inputs=("base",))
def delete(run: Run) -> Seen:
    """Deletes an entry that does not exist."""
    return _refused(run, DelRequest(_nobody(run)))


@probe("ldap.write.rename/nobody", needs=(BOUND,), safety=Safety.WRITE_REVERSIBLE, inputs=("base",))
def rename(run: Run) -> Seen:
    """Renames an entry that does not exist."""
    return _refused(run, ModifyDnRequest(_nobody(run), "uid=conformance-nobody-2", delete_old_rdn=True))
