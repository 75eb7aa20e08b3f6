"""What answers to a bind mean, by make of directory, from the words that those directories use."""

from __future__ import annotations

import pytest

from gateway.identity.directories.line import Answer
from gateway.identity.directories.port import Verdict
from gateway.identity.directories.profiles import PROFILES, text_of
from gateway.identity.directories.verdicts import service_refusal, verdict
from library_protocols.ldap.facts.active_directory import BIND_REASONS
from library_protocols.ldap.messages import Control

POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"


def refused_by_ad(code: str) -> Answer:
    return Answer(49, f"80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data {code}, v4563\0")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("525", Verdict.UNKNOWN),
        ("52e", Verdict.WRONG),
        ("52E", Verdict.WRONG),
        ("530", Verdict.NOT_NOW),
        ("531", Verdict.NOT_NOW),
        ("532", Verdict.EXPIRED_PASSWORD),
        ("533", Verdict.DISABLED),
        ("701", Verdict.EXPIRED),
        ("773", Verdict.EXPIRED_PASSWORD),
        ("775", Verdict.LOCKED),
        ("80090", Verdict.WRONG),
    ],
)
def test_active_directory_names_its_reason(code: str, expected: Verdict) -> None:
    assert verdict(PROFILES["active-directory"], refused_by_ad(code), {}) is expected


def test_every_sub_code_of_the_profile_is_one_that_windows_has() -> None:
    assert set(PROFILES["active-directory"].sub_codes) <= set(BIND_REASONS)


def test_a_sub_code_means_nothing_elsewhere() -> None:
    assert verdict(PROFILES["openldap"], refused_by_ad("775"), {}) is Verdict.WRONG


@pytest.mark.parametrize(
    ("code", "control", "expected"),
    [
        (49, "", Verdict.WRONG),
        (49, "3003810101", Verdict.LOCKED),  # SEQUENCE { [1] 1 }: accountLocked
        (49, "3003810100", Verdict.EXPIRED_PASSWORD),  # passwordExpired
        (0, "3003810102", Verdict.EXPIRED_PASSWORD),  # changeAfterReset
        (0, "3005a003810102", Verdict.RIGHT),  # SEQUENCE { [0] { [1] 2 } }: two grace logins left
        (0, "3000", Verdict.RIGHT),
        (49, "30ff", Verdict.WRONG),  # not to be read
        (49, "3003810163", Verdict.WRONG),  # an error that the draft does not have
    ],
)
def test_openldap_s_password_policy(code: int, control: str, expected: Verdict) -> None:
    answer = Answer(code, controls=[Control(POLICY, value=bytes.fromhex(control))])
    assert verdict(PROFILES["openldap"], answer, {}) is expected


def test_openldap_that_does_not_say_so_shows_the_lock_on_the_entry() -> None:
    locked = {"pwdaccountlockedtime": [b"20261122120000Z"]}
    assert verdict(PROFILES["openldap"], Answer(49), locked) is Verdict.LOCKED
    assert verdict(PROFILES["openldap"], Answer(0), locked) is Verdict.RIGHT  # the lock has run out


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(19, "Exceed password retry limit. Please try later."), Verdict.LOCKED),
        (Answer(53, "Account inactivated. Contact system administrator."), Verdict.DISABLED),
        (Answer(53, "", [Control(POLICY, value=bytes.fromhex("3003810101"))]), Verdict.DISABLED),
        (Answer(53, "Too many failed logins.\n"), Verdict.LOCKED),
        (Answer(53, "Account (Kerberos principal) is expired"), Verdict.EXPIRED),
        (Answer(49, "password expired!", [Control("2.16.840.1.113730.3.4.4", value=b"0")]), Verdict.EXPIRED_PASSWORD),
        (Answer(0, "", [Control("2.16.840.1.113730.3.4.4", value=b"0")]), Verdict.EXPIRED_PASSWORD),
        (Answer(0, "", [Control("2.16.840.1.113730.3.4.5", value=b"86400")]), Verdict.RIGHT),
    ],
)
def test_389_directory_server(answer: Answer, expected: Verdict) -> None:
    assert verdict(PROFILES["389-ds"], answer, {}) is expected


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("code", "expected"), [(32, Verdict.UNKNOWN), (34, Verdict.UNKNOWN), (48, Verdict.UNKNOWN)])
def test_names_that_nobody_can_be_bound_as(profile: str, code: int, expected: Verdict) -> None:
    assert verdict(PROFILES[profile], Answer(code), {}) is expected


@pytest.mark.parametrize("profile", ["active-directory", "openldap"])
@pytest.mark.parametrize("code", [1, 2, 3, 7, 8, 10, 13, 19, 51, 52, 53, 80, 127, 4096])
def test_whatever_says_nothing_of_the_person_is_no_verdict(profile: str, code: int) -> None:
    told = verdict(PROFILES[profile], Answer(code, "000004DC: LdapErr for CN=Jane Doe,DC=example"), {})
    assert not isinstance(told, Verdict)
    assert str(code) in told
    assert "Jane" not in told


def test_a_refused_service_account_is_told_with_the_reason() -> None:
    assert service_refusal(refused_by_ad("775")) == (
        "the service account was refused: 49 invalidCredentials (data 775)"
    )
    assert service_refusal(Answer(8)) == "the service account was refused: 8 strongerAuthRequired"


def test_values_as_text() -> None:
    ad, openldap = PROFILES["active-directory"], PROFILES["openldap"]
    octets = bytes.fromhex("78563412bc9af0de1122334455667788")
    assert text_of(ad, "objectGUID", octets) == "12345678-9abc-def0-1122-334455667788"
    assert text_of(ad, "OBJECTGUID", octets[:8]) == octets[:8].hex()
    assert text_of(openldap, "cn", "Siân".encode()) == "Siân"
    assert text_of(openldap, "jpegPhoto", b"\xff\xd8\xff") == "ffd8ff"
