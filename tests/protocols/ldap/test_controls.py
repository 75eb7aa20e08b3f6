"""What stands inside controls, both ways, and what does not belong there."""

from __future__ import annotations

import pytest

from library_protocols.ldap import (
    Control,
    DecodeError,
    DirSyncFlag,
    DirSyncRequest,
    DirSyncResponse,
    IntermediateResponse,
    PagedResults,
    PasswordPolicy,
    PolicyError,
    SyncDone,
    SyncInfo,
    SyncMode,
    SyncRequest,
    SyncState,
    SyncStateKind,
    find_control,
    password_policy_request,
)
from library_protocols.ldap.facts import oids

UUID = bytes(range(16))
VALUES = [
    # A page of 500, the first (RFC 2696): SEQUENCE of INTEGER 500 and an empty cookie.
    (PagedResults(500), "30 06 02 02 01 f4 04 00"),
    (PagedResults(0, b"c"), "30 06 02 01 00 04 01 63"),
    # Flags are unsigned in the document and a signed INTEGER on the wire.
    (DirSyncRequest(DirSyncFlag.INCREMENTAL_VALUES | DirSyncFlag.OBJECT_SECURITY, 1000, b"c"),
     "30 0d 02 04 80 00 00 01 02 02 03 e8 04 01 63"),
    (DirSyncRequest(), "30 08 02 01 00 02 01 00 04 00"),
    (DirSyncResponse(True, b"c"), "30 09 02 01 01 02 01 00 04 01 63"),
    (SyncRequest(SyncMode.REFRESH_ONLY), "30 03 0a 01 01"),
    (SyncRequest(SyncMode.REFRESH_AND_PERSIST, b"c", True), "30 09 0a 01 03 04 01 63 01 01 ff"),
    (SyncState(SyncStateKind.DELETE, UUID), f"30 15 0a 01 03 04 10 {UUID.hex()}"),
    (SyncState(SyncStateKind.ADD, UUID, b"c"), f"30 18 0a 01 01 04 10 {UUID.hex()} 04 01 63"),
    (SyncDone(), "30 00"),
    (SyncDone(b"c", True), "30 06 04 01 63 01 01 ff"),
    (PasswordPolicy(), "30 00"),
    (PasswordPolicy(seconds_left=300), "30 06 a0 04 80 02 01 2c"),
    (PasswordPolicy(binds_left=2, error=PolicyError.PASSWORD_EXPIRED), "30 08 a0 03 81 01 02 81 01 00"),
    (PasswordPolicy(error=PolicyError.ACCOUNT_LOCKED), "30 03 81 01 01"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "octets"), VALUES, ids=[repr(value)[:40] for value, _ in VALUES])
def test_both_ways(value: PagedResults, octets: str) -> None:
    control = value.control()
    assert control.value == bytes.fromhex(octets)
    assert control.oid in oids.OIDS
    assert type(value).read(control) == value


@pytest.mark.parametrize("kind", [PagedResults, DirSyncRequest, DirSyncResponse, SyncRequest, SyncState, SyncDone])
@pytest.mark.parametrize("octets", [None, b"", b"0", b"0\x03\x02\x01", b"1\x00", b"0\x00\x00", b"0\x03\x01\x01\x00"])
def test_what_does_not_belong_there(kind: type[PagedResults], octets: bytes | None) -> None:
    if kind is SyncDone and octets == b"0\x03\x01\x01\x00":
        assert SyncDone.read(Control("", value=octets)) == SyncDone()
        return
    with pytest.raises(DecodeError):
        kind.read(Control("", value=octets))


def test_a_negative_page_is_none() -> None:
    with pytest.raises(DecodeError):
        PagedResults.read(Control(oids.PAGED_RESULTS, value=bytes.fromhex("30 05 02 01 ff 04 00")))


@pytest.mark.parametrize(
    ("info", "octets"),
    [
        (SyncInfo("newcookie", b"c"), "80 01 63"),
        (SyncInfo("refreshDelete", b"c"), "a1 03 04 01 63"),
        (SyncInfo("refreshPresent", None, done=False), "a2 03 01 01 00"),
        (SyncInfo("syncIdSet", b"c", deletes=True, uuids=(UUID,)), f"a3 1a 04 01 63 01 01 ff 31 12 04 10 {UUID.hex()}"),
    ],
)
def test_how_far_a_synchronization_is(info: SyncInfo, octets: str) -> None:
    response = info.response()
    assert response == IntermediateResponse(oids.SYNC_INFO, bytes.fromhex(octets))
    assert SyncInfo.read(response) == info


@pytest.mark.parametrize("octets", [None, b"", b"\x84\x00", b"\xa3\x00", b"\xa1\x05"])
def test_what_is_no_synchronization(octets: bytes | None) -> None:
    with pytest.raises(DecodeError):
        SyncInfo.read(IntermediateResponse(oids.SYNC_INFO, octets))


def test_controls_are_found_by_their_oid() -> None:
    paged = PagedResults(1).control(critical=True)
    assert paged.critical
    assert find_control((password_policy_request(), paged), oids.PAGED_RESULTS) is paged
    assert find_control((), oids.PAGED_RESULTS) is None
