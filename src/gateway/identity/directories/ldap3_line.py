"""A Line on ldap3: each step runs in a thread of a small pool, and never outlives the seconds that it was given.

ldap3's own timeouts count per read and leave out the handshake and the look-up of names, so the limit is kept from
outside: when it is over, the socket is shut down under the thread, which ends it, and the caller has long gone on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import (
    LDAPExceptionError,
    LDAPInvalidFilterError,
    LDAPResponseTimeoutError,
    LDAPStartTLSError,
)
from ldap3.strategy.sync import SyncStrategy

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import tls
from gateway.identity.directories.line import (
    Answer,
    Entry,
    LineLost,
    Protection,
    Search,
    SearchAnswer,
    Server,
    TlsFacts,
)
from library_protocols.ber import BerError, Reader
from library_protocols.ldap.codec import decode, encode
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.messages import Control, IntermediateResponse, LdapMessage, Scope, UnbindRequest

THREADS = 16  # steps at once of one directory; each is bounded, so a silent server holds them for its deadline only

_BOOLEAN, _OCTET_STRING = 1, 4  # tags
_DISCARDED: dict[str, Any] = {"type": "searchResEntry"}
_ENTRY = 4  # [APPLICATION 4], RFC 4511 4.5.2
_ENTRY_TAG = b"\x64"
_SCOPES: dict[Scope, Any] = {Scope.BASE: ldap3.BASE, Scope.ONE: ldap3.LEVEL, Scope.SUB: ldap3.SUBTREE}

T = TypeVar("T")


class Ldap3Opener:
    """Opens lines to the servers of one directory."""

    def __init__(self, config: DirectoryConfig) -> None:
        self._config = config
        self._protection = tls.PROTECTION[config.security]
        self._context = None if self._protection is Protection.NONE else tls.context(config)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="directory")

    async def open(self, server: Server, *, seconds: float) -> Ldap3Line:
        verification = None
        if self._context is not None:
            verification = _Verification(self._context, tls.expected_name(self._config, server))
        line = Ldap3Line(server, self._protection, verification, self._threads)
        await line.open(seconds)
        return line

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Verification(ldap3.Tls):
    """ldap3's place for TLS, filled with the standard library's own verification: ldap3 verifies nothing unless told
    to, and its comparison of names does not know IP addresses."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._ssl_context = context
        self._name = name
        self.failure: OSError | None = None
        self.milliseconds = 0.0

    def wrap_socket(self, connection: ldap3.Connection, do_handshake: bool = False) -> None:
        started = time.monotonic()
        # The handshake ends with octets of ours; with Nagle's algorithm the bind would wait for their acknowledgement.
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            wrapped = self._ssl_context.wrap_socket(
                connection.socket, server_hostname=self._name, do_handshake_on_connect=False
            )
            connection.socket = wrapped  # before the handshake, so that it can be shut down in the middle of it
            wrapped.do_handshake()
        except OSError as error:
            self.failure = error
            raise
        self.milliseconds = (time.monotonic() - started) * 1000


class Ldap3Line:
    def __init__(
        self,
        server: Server,
        protection: Protection,
        verification: _Verification | None,
        threads: ThreadPoolExecutor,
    ) -> None:
        self.server = server
        self.tls: TlsFacts | None = None
        self.connect_milliseconds = 0.0
        self.tls_milliseconds = 0.0
        self._protection = protection
        self._verification = verification
        self._threads = threads
        self._connection: ldap3.Connection | None = None
        self._guard = threading.Lock()
        self._busy = False
        self._dropped = False
        self._opened = False  # and encrypted, where it is to be
        self._discard = False

    async def open(self, seconds: float) -> None:
        await self._do("connect", lambda: self._open(seconds), seconds)

    async def bind(self, name: str, password: str, controls: Sequence[Control] = (), *, seconds: float) -> Answer:
        return await self._do("bind", lambda: self._bind(name, password, controls, seconds), seconds)

    async def search(self, search: Search, *, seconds: float) -> SearchAnswer:
        return await self._do("search", lambda: self._search(search, seconds), seconds)

    def drop(self) -> None:
        with self._guard:
            self._dropped = True
            link = self._connection and self._connection.socket
            if link is None:
                return
            if self._busy:
                # Only shut down: whoever reads from it wakes, and closes it. SSLSocket.shutdown would pull the TLS
                # state from under that read.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(link, socket.SHUT_RDWR)
            else:
                self._say_goodbye(link)
                link.close()

    def _say_goodbye(self, link: socket.socket) -> None:
        """RFC 4511 4.3: a client that leaves says so, where it can without waiting."""
        if self._opened and self._connection is not None:
            number = self._connection.server.next_message_id()
            with contextlib.suppress(OSError, ValueError):
                link.settimeout(0)
                link.send(encode(LdapMessage(number, UnbindRequest())))

    async def _do(self, step: str, work: Callable[[], T], seconds: float) -> T:
        try:
            doing = asyncio.get_running_loop().run_in_executor(self._threads, self._guarded, step, work)
        except RuntimeError:
            raise LineLost(step, "the directory has been closed") from None
        try:
            async with asyncio.timeout(seconds):
                return await doing
        except TimeoutError:
            self.drop()
            raise LineLost(self._reached(step), "no answer in time", silent=True) from None
        except BaseException:
            self.drop()
            raise

    def _reached(self, step: str) -> str:
        """Of opening: whether the connection stood already and TLS was being agreed on."""
        link = self._connection and self._connection.socket
        return "tls" if step == "connect" and isinstance(link, ssl.SSLSocket) else step

    def _guarded(self, step: str, work: Callable[[], T]) -> T:
        """Runs in a thread: `work`, with whatever ldap3 raises turned into LineLost."""
        with self._guard:
            if self._dropped:
                raise LineLost(step, "the connection was given up")
            self._busy = True
        try:
            return work()
        except LineLost:
            raise
        except TimeoutError:
            raise LineLost(self._reached(step), "no answer in time", silent=True) from None
        except LDAPInvalidFilterError:
            raise LineLost(step, "ldap3 cannot send this filter") from None
        except (LDAPExceptionError, OSError) as error:
            raise self._lost(step, error) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
            # What ldap3's decoder raises on octets that are no LDAP, and on result codes that it has no name for.
            raise LineLost(step, "the answer could not be read") from None
        finally:
            with self._guard:
                self._busy = False
                if self._dropped and self._connection is not None and self._connection.socket is not None:
                    self._connection.socket.close()

    def _lost(self, step: str, error: Exception) -> LineLost:
        if step != "connect":
            silent = _timed_out(error)
            return LineLost(step, "no answer in time" if silent else "the connection was lost", silent=silent)
        failure = self._verification.failure if self._verification is not None else None
        if failure is not None:
            silent = isinstance(failure, TimeoutError)
            return LineLost("tls", "no answer in time" if silent else tls.why(failure), silent=silent)
        if isinstance(error, LDAPStartTLSError):
            return LineLost("tls", "the server does not start TLS")
        silent = _timed_out(error)
        return LineLost("connect", "no answer in time" if silent else _why_not_open(error), silent=silent)

    def _open(self, seconds: float) -> None:
        started = time.monotonic()
        at = ldap3.Server(
            self.server.host,
            port=self.server.port,
            use_ssl=self._protection is Protection.TLS,
            tls=self._verification,
            get_info=ldap3.NONE,
            mode=ldap3.IP_V4_PREFERRED,
            allowed_referral_hosts=[],
        )
        # A name of many servers, as that of a domain is: one that is silent leaves time for the others.
        at.connect_timeout = seconds / max(1, len(at.address_info))
        connection = ldap3.Connection(
            at,
            client_strategy=ldap3.SYNC,
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            return_empty_attributes=False,
            raise_exceptions=False,
            read_only=True,
        )
        self._lean(connection.strategy)
        self._connection = connection
        connection.open(read_server_info=False)
        if self._protection is Protection.STARTTLS and not connection.start_tls(read_server_info=False):
            raise LineLost("tls", "the server does not start TLS")
        if self._verification is not None:
            self.tls = tls.facts(connection.socket)
            self.tls_milliseconds = self._verification.milliseconds
        self.connect_milliseconds = (time.monotonic() - started) * 1000 - self.tls_milliseconds
        self._opened = True

    def _lean(self, strategy: SyncStrategy) -> None:
        """Lets ldap3 do less: values stay octets, the values of controls are not taken apart, and it does not see what
        it fails at. Its Connection holds on to the strategy that it made itself, so that one is changed."""
        whole, receive = strategy.decode_response_fast, strategy.receiving

        def decode_response(ldap_message: dict[str, Any]) -> dict[str, Any]:
            if ldap_message["protocolOp"] != _ENTRY:
                return whole(ldap_message)
            if self._discard:
                return _DISCARDED
            name, attributes = ldap_message["payload"][:2]
            return {
                "type": "searchResEntry",
                "dn": bytes(name[3]).decode("utf-8", "replace"),
                "raw_attributes": {
                    bytes(kind[3]).decode("ascii", "replace"): [bytes(value[3]) for value in values[3]]
                    for kind, values in (attribute[3][:2] for attribute in attributes[3])
                },
                "controls": dict(_control(control[3]) for control in ldap_message["controls"] or ()),
            }

        strategy.receiving = lambda: [_known(octets) for octets in receive()]
        strategy.decode_response_fast = decode_response
        strategy.decode_control_fast = _control

    def _ready(self, seconds: float) -> ldap3.Connection:
        assert self._connection is not None
        self._connection.socket.settimeout(max(seconds, 0.001))  # 0 would mean not to wait at all
        return self._connection

    def _bind(self, name: str, password: str, controls: Sequence[Control], seconds: float) -> Answer:
        connection = self._ready(seconds)
        connection.authentication = ldap3.SIMPLE
        connection.user = name
        # As octets: ldap3 would prepare text by rules (SASLprep) that directories' other clients do not follow.
        connection.password = password.encode()
        try:
            connection.bind(read_server_info=False, controls=_asked(controls))
        finally:
            connection.password = None
        result = connection.result
        return Answer(result["result"], result["message"] or "", _controls(result))

    def _search(self, search: Search, seconds: float) -> SearchAnswer:
        connection = self._ready(seconds)
        self._discard = search.discard
        connection.search(
            search.base,
            search.filter,
            _SCOPES[search.scope],
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=list(search.attributes) or [ldap3.NO_ATTRIBUTES],
            size_limit=search.size,
            time_limit=int(seconds) + 1,
            controls=_asked(search.controls),
        )
        result, responses = connection.result, connection.response or []
        connection.response = None  # a page is not kept beyond its use
        return SearchAnswer(
            result["result"],
            result["message"] or "",
            _controls(result),
            [
                Entry(one["dn"], {name: values or [] for name, values in one["raw_attributes"].items()}, _controls(one))
                for one in responses
                if one["type"] == "searchResEntry" and one is not _DISCARDED
            ],
            sum(1 for one in responses if one["type"] == "searchResRef"),
            [
                IntermediateResponse(one.get("responseName"), one.get("responseValue"))
                for one in responses
                if one["type"] == "intermediateResponse"
            ],
        )


def _known(octets: bytes) -> bytes:
    """A result without the elements behind it that a later document may have added: a client passes them over (RFC
    4511 4), and ldap3 fails at them. What cannot be read is left to ldap3."""
    try:
        reader = Reader(octets)
        number = reader.head(reader.head(0, len(octets))[2], len(octets))
        if octets[number[4] : number[4] + 1] == _ENTRY_TAG:
            return octets
        message = decode(octets)
    except (BerError, DecodeError):
        return octets
    if not message.op.unknown and not message.unknown:
        return octets
    return encode(replace(message, op=replace(message.op, unknown=b""), unknown=b""))


def _timed_out(error: Exception) -> bool:
    return isinstance(error, TimeoutError | LDAPResponseTimeoutError) or "timed out" in str(error)


def _why_not_open(error: Exception) -> str:
    """ldap3 keeps of the reason only the text that it puts behind a colon; no person is named this early."""
    if str(error) == "invalid server address":
        return "no address is known for this name"
    return str(error).rpartition(": ")[2].partition("] ")[2] or "the server cannot be reached"


def _asked(controls: Sequence[Control]) -> list[tuple[str, bool, bytes | None]] | None:
    return [(one.oid, one.critical, one.value) for one in controls] or None


def _controls(response: dict[str, Any]) -> tuple[Control, ...]:
    found = response.get("controls") or {}
    return tuple(Control(oid, control["criticality"], control["value"]) for oid, control in found.items())


def _control(control: Any, from_server: bool = True) -> tuple[str, dict[str, Any]]:
    rest = {part[2]: part[3] for part in control[1:]}
    value = rest.get(_OCTET_STRING)
    return bytes(control[0][3]).decode("ascii", "replace"), {
        "criticality": bool(rest.get(_BOOLEAN)),
        "value": None if value is None else bytes(value),
    }
