"""A domain controller of Active Directory as far as a library meets one, for what slapd does not do: reasons of refused
binds, lockout, the limit of a page, ranges of values, DirSync, tombstones, referrals; and faults on demand.

It runs in a thread with a loop of its own: `with FakeAd() as ad: ...`. What it does is documented behaviour (MS-ADTS;
the reasons inside a 49 in Microsoft's articles on LDAP binds), not more; writes over LDAP are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from library_protocols.ldap import (
    AbandonRequest,
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    Control,
    DecodeError,
    DnError,
    ExtendedRequest,
    ExtendedResponse,
    Framer,
    LdapMessage,
    Result,
    ResultCode,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
    UnbindRequest,
    decode,
    encode,
)
from library_protocols.ldap.facts import oids
from library_protocols.ldap.messages import AddResponse, DelResponse, ModifyDnResponse, ModifyResponse, Response
from tests.ad_search import AdSearch, Policy
from tests.ad_tree import DISABLED, NORMAL, AdObject, AdTree, filetime

VERSION = "v4563"
_REFUSED = {
    "AddRequest": AddResponse, "DelRequest": DelResponse, "ModifyDnRequest": ModifyDnResponse,
    "ModifyRequest": ModifyResponse,
}  # fmt: skip


@dataclass(slots=True)
class Faults:
    """What goes wrong from now on. `silent`: everything is read and nothing answered. `drop_after`: the connection is
    cut behind that many entries, counted over all searches from when it is set. `delay`: seconds before each answer.
    `busy`: every search is refused with 51. `garbage`: the next answer is no LDAP."""

    silent: bool = False
    drop_after: int | None = None
    delay: float = 0.0
    busy: bool = False
    garbage: bool = False


@dataclass(slots=True)
class Seen:
    """What clients did: binds (name and result code), searches (base), open connections."""

    binds: list[tuple[str, int]] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    connections: int = 0


class FakeAd:
    """`certificate` and `key` (PEM files) give it TLS: StartTLS on `port`, LDAPS on `tls_port`.

    People are made with `add_user`, groups with `add_group`; `tree` changes and deletes them, under `lock` where the
    server is being asked meanwhile.
    """

    def __init__(
        self,
        *,
        domain: str = "uni.example",
        netbios: str = "UNI",
        certificate: str | None = None,
        key: str | None = None,
        policy: Policy | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tree = AdTree(domain, now)
        self.netbios = netbios
        self.policy = policy or Policy()
        self.faults = Faults()
        self.seen = Seen()
        self.lock = threading.RLock()
        self.port = self.tls_port = 0
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    # For tests

    @property
    def base(self) -> str:
        return self.tree.base

    def __enter__(self) -> FakeAd:
        listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listening)), daemon=True)
        self._thread.start()
        if not listening.wait(10):
            raise RuntimeError("the fake domain controller did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(10)

    def add_unit(self, name: str, parent: str = "") -> str:
        """An organizational unit; its DN."""
        with self.lock:
            one = self.tree.add(f"OU={name},{parent or self.base}", ("top", "organizationalUnit"))
        return one.dn

    def add_user(
        self, login: str, password: str = "Passw0rd!", *, parent: str = "", name: str = "", control: int = NORMAL,
        **attributes: object,
    ) -> AdObject:  # fmt: skip
        """A person. `parent` is CN=Users where not given, `name` (cn) the login."""
        with self.lock:
            where = parent or f"CN=Users,{self.base}"
            return self.tree.add_person(login, password, where, name or login, attributes, control=control)

    def add_group(self, name: str, members: Iterable[AdObject], parent: str = "") -> AdObject:
        with self.lock:
            links = [member.dn for member in members]
            return self.tree.add_group(name, parent or f"CN=Users,{self.base}", links)

    def change(self, one: AdObject, attribute: str, *values: object) -> None:
        with self.lock:
            self.tree.change(one, attribute, *values)

    def delete(self, one: AdObject) -> None:
        with self.lock:
            self.tree.delete(one)

    # The server

    async def _serve(self, listening: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        plain = await asyncio.start_server(lambda r, w: self._client(r, w, False), "127.0.0.1", 0)
        self.port = plain.sockets[0].getsockname()[1]
        servers = [plain]
        if self.context is not None:
            secure = await asyncio.start_server(lambda r, w: self._client(r, w, True), "127.0.0.1", 0, ssl=self.context)
            self.tls_port = secure.sockets[0].getsockname()[1]
            servers.append(secure)
        listening.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encrypted: bool) -> None:
        self.seen.connections += 1
        try:
            await _Link(self, reader, writer, encrypted).run()
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self.seen.connections -= 1
            writer.close()

    def bind(self, name: str, password: str, encrypted: bool) -> tuple[Result, AdObject | None]:
        """How a simple bind ends, and as whom; nobody is anonymous."""
        if not password:
            # Without a password everybody is anonymous, whatever the name (RFC 4513 5.1.2): AD says success.
            return Result(), None
        if self.policy.require_encryption and not encrypted:
            comment = "The server requires binds to turn on integrity checking if SSL\\TLS are not already active"
            return refusal(ResultCode.STRONGER_AUTH_REQUIRED, "00002028", comment, "0"), None
        one = self.find(name)
        if one is None:
            return self._wrong("525" if self.policy.tells_unknown else "52e"), None
        reason = self._reason(one, password)
        return (self._wrong(reason), None) if reason else (Result(), one)

    def find(self, name: str) -> AdObject | None:
        """Who is meant by a DN, `user@domain` or `DOMAIN\\user`."""
        tree = self.tree
        if "\\" in name and "=" not in name:
            domain, _, login = name.partition("\\")
            return self._by("sAMAccountName", login) if domain.upper() == self.netbios else None
        if "@" in name and "=" not in name:
            login, _, domain = name.partition("@")
            implicit = self._by("sAMAccountName", login) if domain.lower() == tree.domain else None
            return self._by("userPrincipalName", name) or implicit
        with contextlib.suppress(DnError):
            one = tree.get(name)
            return one if one is not None and one.password is not None else None
        return None

    def _by(self, attribute: str, value: str) -> AdObject | None:
        wanted = value.lower()
        people = (one for one in self.tree.objects.values() if one.password is not None)
        return next((one for one in people if one.text(attribute).lower() == wanted), None)

    def _reason(self, one: AdObject, password: str) -> str:
        """Why somebody is not let in; empty where they are. Only a lock is told to who has a wrong password."""
        now = filetime(self.tree.now())
        locked = one.number("lockoutTime")
        if locked and now < locked + self.policy.lockout_seconds * 10_000_000:
            return "775"
        if password != one.password:
            self._count(one, now)
            return "52e"
        expires, changed = one.number("accountExpires"), one.number("pwdLastSet")
        reasons = {
            "533": one.number("userAccountControl") & DISABLED,
            "701": expires not in (0, 2**63 - 1) and expires <= now,
            "530": one.outside_hours,
            "531": one.other_workstation,
            "773": changed == 0,
            "532": one.password_expired,
        }
        reason = next((code for code, holds in reasons.items() if holds), "")
        if not reason:
            self.tree.quietly(one, "badPwdCount", 0)
            if locked:
                self.tree.change(one, "lockoutTime", 0)
        return reason

    def _count(self, one: AdObject, now: int) -> None:
        window = self.policy.observation_seconds * 10_000_000
        count = one.number("badPwdCount") if now - one.number("badPasswordTime") < window else 0
        self.tree.quietly(one, "badPwdCount", count + 1)
        self.tree.quietly(one, "badPasswordTime", now)
        if self.policy.lockout_threshold and count + 1 >= self.policy.lockout_threshold:
            self.tree.change(one, "lockoutTime", now)

    def _wrong(self, reason: str) -> Result:
        return refusal(ResultCode.INVALID_CREDENTIALS, "80090308", "AcceptSecurityContext error", reason)


def refusal(code: int, error: str, comment: str, data: str) -> Result:
    """A result with a diagnostic message as Active Directory writes them, NUL at its end included."""
    return Result(code, "", f"{error}: LdapErr: DSID-0C090449, comment: {comment}, data {data}, {VERSION}\0")


class _Link:
    """One connection."""

    def __init__(self, ad: FakeAd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encrypted: bool) -> None:
        self.ad = ad
        self.reader = reader
        self.writer = writer
        self.encrypted = encrypted
        self.bound: AdObject | None = None
        self.search = AdSearch(ad.tree, ad.policy)

    async def run(self) -> None:
        framer = Framer()
        while octets := await self.reader.read(65_536):
            if self.ad.faults.silent:
                continue
            for one in framer.receive(octets):
                try:
                    message = decode(one)
                except DecodeError as error:
                    await self.disconnect(error.reason)
                    return
                if self.ad.faults.delay:
                    await asyncio.sleep(self.ad.faults.delay)
                if self.ad.faults.silent:
                    break
                if self.ad.faults.garbage and not isinstance(message.op, UnbindRequest):
                    self.ad.faults.garbage = False
                    self.writer.write(b"\x30\x05\x02\x01\x01\x9e\x00")
                    continue
                if not await self.answer(message):
                    return
            if framer.error is not None:
                await self.disconnect(framer.error.reason)
                return

    async def disconnect(self, reason: str) -> None:
        result = Result(ResultCode.PROTOCOL_ERROR, "", reason)
        self.writer.write(encode(LdapMessage(0, ExtendedResponse(result, oids.NOTICE_OF_DISCONNECTION))))
        await self.writer.drain()

    def say(self, message: LdapMessage, op: Response, *controls: Control) -> None:
        self.writer.write(encode(LdapMessage(message.message_id, op, controls)))

    async def answer(self, message: LdapMessage) -> bool:
        """Answers one request; False where the connection has ended."""
        op = message.op
        if isinstance(op, UnbindRequest):
            return False
        if isinstance(op, BindRequest):
            self.bind(message, op)
        elif isinstance(op, SearchRequest):
            if not await self.found(message, op):
                return False
        elif isinstance(op, ExtendedRequest):
            await self.extended(message, op)
        elif isinstance(op, CompareRequest):
            self.say(message, CompareResponse(Result(self.compared(op))))
        elif not isinstance(op, AbandonRequest):
            response = _REFUSED.get(type(op).__name__)
            if response is None:
                await self.disconnect("no request")
                return False
            self.say(message, response(Result(ResultCode.INSUFFICIENT_ACCESS_RIGHTS)))
        await self.writer.drain()
        return True

    def bind(self, message: LdapMessage, op: BindRequest) -> None:
        self.bound = None  # RFC 4511 4.2.1: even where the bind fails
        if not isinstance(op.authentication, Simple):
            result = Result(ResultCode.AUTH_METHOD_NOT_SUPPORTED)
        elif op.version != 3:
            result = Result(ResultCode.PROTOCOL_ERROR)
        else:
            with self.ad.lock:
                password = op.authentication.password.decode("utf-8", "replace")
                result, self.bound = self.ad.bind(op.name, password, self.encrypted)
        self.ad.seen.binds.append((op.name, result.code))
        self.say(message, BindResponse(result))

    async def found(self, message: LdapMessage, op: SearchRequest) -> bool:
        self.ad.seen.searches.append(op.base)
        if self.ad.faults.busy:
            self.say(message, SearchResultDone(Result(ResultCode.BUSY)))
            return True
        with self.ad.lock:
            answers, done, controls = self.search.answer(op, message.controls, self.bound)
        for one in answers:
            if isinstance(one, SearchResultEntry) and self.ad.faults.drop_after is not None:
                if self.ad.faults.drop_after == 0:
                    await self.writer.drain()
                    self.writer.transport.abort()
                    return False
                self.ad.faults.drop_after -= 1
            self.say(message, one)
        self.say(message, done, *controls)
        return True

    async def extended(self, message: LdapMessage, op: ExtendedRequest) -> None:
        if op.oid == oids.WHO_AM_I:
            who = f"u:{self.ad.netbios}\\{self.bound.text('sAMAccountName')}" if self.bound else ""
            self.say(message, ExtendedResponse(Result(), None, who.encode()))
        elif op.oid != oids.START_TLS:
            self.say(message, ExtendedResponse(Result(ResultCode.PROTOCOL_ERROR)))
        elif self.encrypted or self.ad.context is None:
            code = ResultCode.OPERATIONS_ERROR if self.encrypted else ResultCode.UNAVAILABLE
            self.say(message, ExtendedResponse(Result(code), oids.START_TLS))
        else:
            self.say(message, ExtendedResponse(Result(), oids.START_TLS))
            await self.writer.start_tls(self.ad.context)
            self.encrypted = True

    def compared(self, op: CompareRequest) -> int:
        with self.ad.lock:
            try:
                one = self.ad.tree.get(op.dn)
            except DnError:
                return ResultCode.INVALID_DN_SYNTAX
            if one is None or self.bound is None:
                return ResultCode.NO_SUCH_OBJECT
            held = one.values(op.attribute)
        if not held:
            return ResultCode.NO_SUCH_ATTRIBUTE
        return ResultCode.COMPARE_TRUE if op.value in held else ResultCode.COMPARE_FALSE


def in_days(days: int) -> int:
    """A FILETIME that many days from now, for accountExpires."""
    return filetime(datetime.now(UTC) + timedelta(days=days))


__all__ = ["FakeAd", "Faults", "Policy", "Seen", "in_days"]
