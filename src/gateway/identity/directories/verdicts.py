"""What a directory's answer to a bind means: something about the person, or that this directory cannot tell now.

Pure. Active Directory names its reason in the diagnostic message, OpenLDAP in a control or an attribute of the entry,
389 Directory Server by the result code or a control.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.identity.directories.line import Answer
from gateway.identity.directories.port import Verdict
from gateway.identity.directories.profiles import Profile
from library_protocols.ldap.controls import PasswordPolicy, PolicyError, find_control
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.facts.active_directory import bind_reason
from library_protocols.ldap.facts.oids import OIDS_BY_NAME, PASSWORD_POLICY
from library_protocols.ldap.facts.results import ResultCode, result_name

PASSWORD_EXPIRED = OIDS_BY_NAME["passwordexpired"].oid
_POLICY_ERRORS: Mapping[int, Verdict] = {
    PolicyError.PASSWORD_EXPIRED: Verdict.EXPIRED_PASSWORD,
    PolicyError.ACCOUNT_LOCKED: Verdict.LOCKED,
    PolicyError.CHANGE_AFTER_RESET: Verdict.EXPIRED_PASSWORD,
}
_PERSONAL: Mapping[int, Verdict] = {
    ResultCode.INVALID_CREDENTIALS: Verdict.WRONG,
    # The name of a template or a UPN that nobody has, or an entry that has no password.
    ResultCode.NO_SUCH_OBJECT: Verdict.UNKNOWN,
    ResultCode.INVALID_DN_SYNTAX: Verdict.UNKNOWN,
    ResultCode.INAPPROPRIATE_AUTHENTICATION: Verdict.UNKNOWN,
}


def verdict(profile: Profile, answer: Answer, entry: Mapping[str, list[bytes]]) -> Verdict | str:
    """What a bind as a person came to; text where the answer says nothing of the person: why it could not be told.

    `entry` has the attributes of the entry that was searched, by lower-case name; empty where none was."""
    reason = _of_controls(answer) or profile.sub_codes.get(bind_reason(answer.diagnostic))
    if answer.code == ResultCode.SUCCESS:
        return reason or Verdict.RIGHT
    found = profile.refusals.get(answer.code) or _PERSONAL.get(answer.code)
    if found is None:
        return f"the server answered {result_name(answer.code)}"
    said = answer.diagnostic.lower()
    found = next((means for phrase, means in profile.phrases.items() if phrase in said), found)
    if found is not Verdict.WRONG:
        return found
    if reason is None and profile.lock and entry.get(profile.lock.lower()):
        return Verdict.LOCKED
    return reason or Verdict.WRONG


def _of_controls(answer: Answer) -> Verdict | None:
    if find_control(answer.controls, PASSWORD_EXPIRED):
        return Verdict.EXPIRED_PASSWORD
    control = find_control(answer.controls, PASSWORD_POLICY)
    if control is None:
        return None
    try:
        error = PasswordPolicy.read(control).error
    except DecodeError:
        return None
    return None if error is None else _POLICY_ERRORS.get(error)


def service_refusal(answer: Answer) -> str:
    """Why the service account could not be bound as, in words for people. The account is ours to name, no person's."""
    code = bind_reason(answer.diagnostic)
    return f"the service account was refused: {result_name(answer.code)}{f' (data {code})' if code else ''}"
