"""What stands inside controls: their values as classes, both ways, for clients and servers alike.

`read` of each takes a `Control` and raises DecodeError, whose offset counts from the start of the control's value;
`control()` makes the control again. Paging is the same in a request and a response; DirSync and the others are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeVar

from library_protocols import ber
from library_protocols.ber import CONTEXT, BerError, Reader
from library_protocols.ldap import wire
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.facts import oids
from library_protocols.ldap.messages import Control, IntermediateResponse
from library_protocols.ldap.wire import Fields

_Value = TypeVar("_Value")


def find_control(controls: Iterable[Control], oid: str) -> Control | None:
    """The first control of that OID."""
    return next((one for one in controls if one.oid == oid), None)


def _read(value: bytes | None, read: Callable[[Fields], _Value]) -> _Value:
    """What `read` makes of the one SEQUENCE that a value is."""
    try:
        if value is None:
            raise BerError("a control without its value", 0)
        outer = Fields(Reader(value), 0, len(value))
        inner = outer.inside(ber.SEQUENCE, "controlValue")
        if outer.at != len(value):
            raise BerError("octets behind the value", outer.at)
        return read(inner)
    except BerError as error:
        raise DecodeError(error.reason, error.offset) from None


@dataclass(frozen=True, slots=True)
class PagedResults:
    """RFC 2696. In a request `size` is the entries wanted in a page (0 with a cookie: no more pages), in a response an
    estimate of all (0: not known). `cookie` is the server's; empty in the first request and the last response."""

    size: int
    cookie: bytes = b""

    @staticmethod
    def read(control: Control) -> PagedResults:
        return _read(control.value, lambda f: PagedResults(f.number("size"), f.octets("cookie")))

    def control(self, *, critical: bool = False) -> Control:
        value = wire.sequence(wire.integer(self.size), wire.octets(self.cookie))
        return Control(oids.PAGED_RESULTS, critical, value)


class DirSyncFlag(IntFlag):
    """How DirSync answers (MS-ADTS 3.1.1.3.4.1)."""

    OBJECT_SECURITY = 0x1  # what the caller may read, without the right to replicate
    ANCESTORS_FIRST_ORDER = 0x800
    PUBLIC_DATA_ONLY = 0x2000
    INCREMENTAL_VALUES = 0x80000000  # of attributes with many values only those that came or went


@dataclass(frozen=True, slots=True)
class DirSyncRequest:
    """What has changed since the cookie; all there is, where it is empty. `max_bytes` limits one answer (0: as much as
    the server likes). Its flags are 32 bits and go over the wire as a signed number."""

    flags: int = 0
    max_bytes: int = 0
    cookie: bytes = b""

    @staticmethod
    def read(control: Control) -> DirSyncRequest:
        return _read(
            control.value,
            lambda f: DirSyncRequest(f.integer("flags") & 0xFFFFFFFF, f.integer("maxBytes"), f.octets("cookie")),
        )

    def control(self) -> Control:
        flags = self.flags - (1 << 32) if self.flags & 0x80000000 else self.flags
        parts = wire.integer(flags), wire.integer(self.max_bytes), wire.octets(self.cookie)
        return Control(oids.DIR_SYNC, True, wire.sequence(*parts))


@dataclass(frozen=True, slots=True)
class DirSyncResponse:
    """`more`: ask again at once with this cookie. Else the cookie is what to ask with next time."""

    more: bool
    cookie: bytes
    max_bytes: int = 0

    @staticmethod
    def read(control: Control) -> DirSyncResponse:
        def read(fields: Fields) -> DirSyncResponse:
            more, size = fields.integer("moreResults") != 0, fields.integer("unused")
            return DirSyncResponse(more, fields.octets("cookie"), size)

        return _read(control.value, read)

    def control(self) -> Control:
        parts = wire.integer(int(self.more)), wire.integer(self.max_bytes), wire.octets(self.cookie)
        return Control(oids.DIR_SYNC, False, wire.sequence(*parts))


class SyncMode(IntEnum):
    """RFC 4533 2.2"""

    REFRESH_ONLY = 1
    REFRESH_AND_PERSIST = 3


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """RFC 4533 2.2. `reload_hint`: rather everything again than an error where the cookie is too old."""

    mode: int = SyncMode.REFRESH_ONLY
    cookie: bytes | None = None
    reload_hint: bool = False

    @staticmethod
    def read(control: Control) -> SyncRequest:
        def read(fields: Fields) -> SyncRequest:
            mode = fields.number("mode", ber.ENUMERATED)
            cookie = fields.optional_octets(ber.OCTET_STRING, "cookie")
            return SyncRequest(mode, cookie, fields.comes(ber.BOOLEAN) and fields.boolean("reloadHint"))

        return _read(control.value, read)

    def control(self) -> Control:
        cookie = b"" if self.cookie is None else wire.octets(self.cookie)
        parts = wire.enumerated(self.mode), cookie, wire.TRUE if self.reload_hint else b""
        return Control(oids.SYNC_REQUEST, True, wire.sequence(*parts))


class SyncStateKind(IntEnum):
    """RFC 4533 2.3"""

    PRESENT = 0
    ADD = 1
    MODIFY = 2
    DELETE = 3


@dataclass(frozen=True, slots=True)
class SyncState:
    """RFC 4533 2.3. Stands with each entry. `entry_uuid` has 16 octets."""

    state: int
    entry_uuid: bytes
    cookie: bytes | None = None

    @staticmethod
    def read(control: Control) -> SyncState:
        def read(fields: Fields) -> SyncState:
            state = fields.number("state", ber.ENUMERATED)
            return SyncState(state, fields.octets("entryUUID"), fields.optional_octets(ber.OCTET_STRING, "cookie"))

        return _read(control.value, read)

    def control(self) -> Control:
        cookie = b"" if self.cookie is None else wire.octets(self.cookie)
        return Control(
            oids.SYNC_STATE, False, wire.sequence(wire.enumerated(self.state), wire.octets(self.entry_uuid), cookie)
        )


@dataclass(frozen=True, slots=True)
class SyncDone:
    """RFC 4533 2.4. `refresh_deletes`: those who are gone were told of one by one; else who was not told of is gone."""

    cookie: bytes | None = None
    refresh_deletes: bool = False

    @staticmethod
    def read(control: Control) -> SyncDone:
        def read(fields: Fields) -> SyncDone:
            cookie = fields.optional_octets(ber.OCTET_STRING, "cookie")
            return SyncDone(cookie, fields.comes(ber.BOOLEAN) and fields.boolean("refreshDeletes"))

        return _read(control.value, read)

    def control(self) -> Control:
        cookie = b"" if self.cookie is None else wire.octets(self.cookie)
        return Control(oids.SYNC_DONE, False, wire.sequence(cookie, wire.TRUE if self.refresh_deletes else b""))


@dataclass(frozen=True, slots=True)
class SyncInfo:
    """RFC 4533 2.5. `kind`: newcookie, refreshDelete, refreshPresent or syncIdSet. `done` is refreshDone; `deletes` and
    `uuids` are of a syncIdSet alone."""

    kind: str
    cookie: bytes | None = None
    done: bool = True
    deletes: bool = False
    uuids: tuple[bytes, ...] = ()

    @staticmethod
    def read(response: IntermediateResponse) -> SyncInfo:
        """Of an IntermediateResponse whose OID is syncInfo. Raises DecodeError."""
        try:
            value = response.value or b""
            outer = Fields(Reader(value), 0, len(value))
            tag, kind = next(((tag, kind) for tag, kind in _SYNC_INFO.items() if outer.comes(tag)), (0, ""))
            if not kind:
                raise BerError("no syncInfoValue", 0)
            if kind == "newcookie":
                return SyncInfo(kind, outer.octets("newcookie", CONTEXT | 0))
            inner = outer.inside(tag, kind)
            cookie = inner.optional_octets(ber.OCTET_STRING, "cookie")
            flag = inner.boolean("flag") if inner.comes(ber.BOOLEAN) else kind != "syncIdSet"
            if kind != "syncIdSet":
                return SyncInfo(kind, cookie, flag)
            return SyncInfo(kind, cookie, deletes=flag, uuids=inner.inside(ber.SET, "syncUUIDs").all_octets("UUID"))
        except BerError as error:
            raise DecodeError(error.reason, error.offset) from None

    def response(self) -> IntermediateResponse:
        tag = next(tag for tag, kind in _SYNC_INFO.items() if kind == self.kind)
        cookie = b"" if self.cookie is None else wire.octets(self.cookie)
        if self.kind == "newcookie":
            value = wire.octets(self.cookie or b"", tag)
        elif self.kind == "syncIdSet":
            uuids = wire.sequence(*map(wire.octets, self.uuids), tag=ber.SET)
            value = wire.sequence(cookie, wire.TRUE if self.deletes else b"", uuids, tag=tag)
        else:
            value = wire.sequence(cookie, b"" if self.done else wire.FALSE, tag=tag)
        return IntermediateResponse(oids.SYNC_INFO, value)


_SYNC_INFO = {
    CONTEXT | at: kind for at, kind in enumerate(("newcookie", "refreshDelete", "refreshPresent", "syncIdSet"))
}


class PolicyError(IntEnum):
    """draft-behera-ldap-password-policy 6.2"""

    PASSWORD_EXPIRED = 0
    ACCOUNT_LOCKED = 1
    CHANGE_AFTER_RESET = 2
    PASSWORD_MOD_NOT_ALLOWED = 3
    MUST_SUPPLY_OLD_PASSWORD = 4
    INSUFFICIENT_PASSWORD_QUALITY = 5
    PASSWORD_TOO_SHORT = 6
    PASSWORD_TOO_YOUNG = 7
    PASSWORD_IN_HISTORY = 8


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a server's policy says with a bind (draft-behera-ldap-password-policy 6.2): seconds until the password
    expires, binds that are left with an expired one, an error."""

    seconds_left: int | None = None
    binds_left: int | None = None
    error: int | None = None

    @staticmethod
    def read(control: Control) -> PasswordPolicy:
        def read(fields: Fields) -> PasswordPolicy:
            seconds = binds = error = None
            if fields.comes(CONTEXT | 0):
                warning = fields.inside(CONTEXT | 0, "warning")
                if warning.comes(CONTEXT | 0):
                    seconds = warning.number("timeBeforeExpiration", CONTEXT | 0)
                else:
                    binds = warning.number("graceAuthNsRemaining", CONTEXT | 1)
            if fields.comes(CONTEXT | 1):
                error = fields.number("error", CONTEXT | 1)
            return PasswordPolicy(seconds, binds, error)

        return _read(control.value, read)

    def control(self) -> Control:
        warning = b""
        if self.seconds_left is not None:
            warning = wire.sequence(wire.integer(self.seconds_left, CONTEXT | 0), tag=CONTEXT | 0)
        elif self.binds_left is not None:
            warning = wire.sequence(wire.integer(self.binds_left, CONTEXT | 1), tag=CONTEXT | 0)
        error = b"" if self.error is None else wire.integer(self.error, CONTEXT | 1)
        return Control(oids.PASSWORD_POLICY, False, wire.sequence(warning, error))


def password_policy_request() -> Control:
    """Asks for `PasswordPolicy` with the answer to a bind (draft-behera-ldap-password-policy 6.1)."""
    return Control(oids.PASSWORD_POLICY)
