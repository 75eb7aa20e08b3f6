"""A Z39.50 search client: the pure engine `Origin` with a socket and a clock around it.

One operation at a time. A target's diagnostics are part of its answers and no exceptions; what cannot be understood,
or does not come in time, ends the association. Whoever watches the wire gets every PDU as it goes, unmasked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from library_protocols.asn1 import TEXT, External
from library_protocols.ber import BerError
from library_protocols.z3950 import (
    Close,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    Diagnostic,
    DiagRec,
    Failed,
    IdPass,
    InitializeRequest,
    InitializeResponse,
    NamePlusRecord,
    Origin,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    Response,
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    Send,
    SortKeySpec,
    SortRequest,
    SortResponse,
    Waiting,
)
from library_protocols.z3950.charneg import as_other_information, charset_of, propose, selection_in
from library_protocols.z3950.common import OtherInformation
from library_protocols.z3950.facts import DIAGNOSTICS, Option, PresentStatus
from library_protocols.z3950.facts.oids import CQL
from library_protocols.z3950.records import diagnostics_of, read_init_diagnostics
from library_protocols.z3950.rpn import AttributesPlusTerm

SENT, RECEIVED = "origin", "target"
"""Who wrote a PDU that is traced."""
READ_OCTETS = 65_536
MESSAGE_SIZE, RECORD_SIZE = 1_048_576, 16 * 1_048_576
WANTED = frozenset((
    Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.SORT, Option.LEVEL_1_SEGMENTATION,
    Option.NAMED_RESULT_SETS, Option.NEGOTIATION_MODEL, Option.QUERY_TYPE_104,
))  # fmt: skip

Trace = Callable[[str, bytes], None]
Answer = TypeVar("Answer", bound=Pdu)


class Z3950LinkFailed(Exception):
    """There is no connection, it was lost, or TLS was refused."""


class Z3950BadAnswer(Z3950LinkFailed):
    """The target broke the protocol, or ended the association with Close."""


class Z3950Timeout(Exception):
    """No answer in time."""


class Z3950Refused(Exception):
    """The target refused the association; `diagnostics` say why, where it told."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(map(diagnostic_words, diagnostics)) or "no reason given")
        self.diagnostics = tuple(diagnostics)


def diagnostic_words(diagnostic: Diagnostic) -> str:
    """A diagnostic for people: number, meaning, what it is about."""
    meaning = DIAGNOSTICS.describe(diagnostic.condition) or "unknown diagnostic"
    about = f": {diagnostic.addinfo}" if diagnostic.addinfo else ""
    return f"{diagnostic.condition} {meaning}{about}"


@dataclass(frozen=True, slots=True)
class Page:
    """Records of a result set as they came, and what the target complains of instead of, or beside, them."""

    records: tuple[NamePlusRecord, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    complete: bool = True


class Z3950Client:
    """One origin. `timeout` is in seconds for each answer; `charset` is proposed, None proposes nothing.

    `trace` is called with `SENT` or `RECEIVED` and each PDU's octets. Raises ValueError for a charset that cannot be
    proposed.
    """

    def __init__(
        self,
        host: str,
        port: int = 210,
        *,
        user: str = "",
        password: str = "",
        charset: str | None = "utf-8",
        version: int = 3,
        message_size: int = MESSAGE_SIZE,
        tls: ssl.SSLContext | None = None,
        timeout: float = 15.0,
        implementation: str = "library-gateway",
        trace: Trace | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self.charset: str | None = None
        """What was agreed; None where the target did not say."""
        self._user = user
        self._password = password
        self._negotiation: OtherInformation | None = None
        if charset is not None and version >= 3:
            self._negotiation = as_other_information(propose(charset, records_too=True))
        self._version = version
        self._message_size = message_size
        self._tls = tls
        self._implementation = implementation
        self._trace = trace
        self._engine = Origin()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def options(self) -> frozenset[int]:
        """What both sides agreed on."""
        return self._engine.options

    @property
    def version(self) -> int:
        """The version in force."""
        return self._engine.version

    async def connect(self) -> InitializeResponse:
        """Opens a connection and an association. Raises Z3950LinkFailed, Z3950Timeout, Z3950Refused."""
        await self._disconnect()
        self._engine = Origin()
        try:
            async with asyncio.timeout(self.timeout):
                self._reader, self._writer = await asyncio.open_connection(self.host, self.port, ssl=self._tls)
        except TimeoutError as error:
            raise Z3950Timeout(f"{self.host}:{self.port} did not accept within {self.timeout:g} s") from error
        except (OSError, ssl.SSLError) as error:
            raise Z3950LinkFailed(f"{self.host}:{self.port}: {error.strerror or error}") from error
        response = await self._ask(self._init(), InitializeResponse)
        try:
            if not response.result:
                raise Z3950Refused(read_init_diagnostics(response.user_information_field))
            selection = selection_in(response.user_information_field, response.other_info)
        except BerError as error:
            raise Z3950BadAnswer(str(error)) from error
        self.charset = charset_of(selection) if selection is not None else None
        return response

    def _init(self) -> InitializeRequest:
        return InitializeRequest(
            protocol_version=frozenset(range(self._version)),
            options=WANTED,
            preferred_message_size=self._message_size,
            exceptional_record_size=RECORD_SIZE,
            id_authentication=IdPass(user_id=self._user, password=self._password) if self._user else None,
            implementation_name=self._implementation,
            other_info=self._negotiation,
        )

    async def close(self) -> None:
        """Says goodbye, where version 3 has a word for it, and ends the connection. Harmless where there is none."""
        if self._writer is not None and self._engine.asked is None and self._engine.version >= 3:
            with contextlib.suppress(Z3950LinkFailed, Z3950Timeout, RuntimeError):
                async with asyncio.timeout(2.0):
                    await self._ask(Close(close_reason=0), Close)
        await self._disconnect()

    async def _disconnect(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def search(
        self,
        databases: Sequence[str],
        query: RpnQuery | str,
        *,
        result_set: str = "default",
        records: int = 0,
        syntax: str | None = None,
        element_set: str | None = "F",
    ) -> SearchResponse:
        """Searches; a `query` in text is CQL (type 104). `records` come with the answer where the target gives any.

        Raises Z3950LinkFailed, Z3950Timeout.
        """
        if isinstance(query, str):
            asked = Query(104, External(direct_reference=CQL, single=TEXT.write(query)))
        else:
            asked = Query(1, query)
        return await self._ask(
            SearchRequest(
                small_set_upper_bound=0,
                large_set_lower_bound=2**31 - 1 if records else 1,
                medium_set_present_number=records,
                replace_indicator=True,
                result_set_name=result_set,
                database_names=tuple(databases),
                medium_set_element_set_names=element_set,
                preferred_record_syntax=syntax,
                query=asked,
            ),
            SearchResponse,
        )

    async def present(
        self,
        start: int,
        number: int,
        *,
        result_set: str = "default",
        syntax: str | None = None,
        element_set: str | None = "F",
    ) -> Page:
        """Records from position `start` (from 1). Raises Z3950LinkFailed, Z3950Timeout."""
        before: list[NamePlusRecord] = []
        response = await self._ask(
            PresentRequest(
                result_set_id=result_set,
                result_set_start_point=start,
                number_of_records_requested=number,
                simple=element_set,
                preferred_record_syntax=syntax,
            ),
            PresentResponse,
            before,
        )
        records = (*before, *(response.records or ()))
        return Page(records, complaints(response), response.present_status == PresentStatus.SUCCESS)

    async def scan(
        self,
        databases: Sequence[str],
        start: AttributesPlusTerm,
        *,
        attribute_set: str,
        terms: int = 20,
        position: int = 1,
    ) -> ScanResponse:
        """The terms of an index around one. Raises Z3950LinkFailed, Z3950Timeout."""
        return await self._ask(
            ScanRequest(
                database_names=tuple(databases),
                attribute_set=attribute_set,
                term_list_and_start_point=start,
                number_of_terms_requested=terms,
                preferred_position_in_response=position,
            ),
            ScanResponse,
        )

    async def sort(self, keys: Sequence[SortKeySpec], *, result_set: str = "default", into: str = "") -> SortResponse:
        """Sorts a result set, in its own place or `into` another. Raises Z3950LinkFailed, Z3950Timeout."""
        return await self._ask(
            SortRequest(
                input_result_set_names=(result_set,),
                sorted_result_set_name=into or result_set,
                sort_sequence=tuple(keys),
            ),
            SortResponse,
        )

    async def delete(self, *names: str) -> DeleteResultSetResponse:
        """Drops result sets, all of them where none is named. Raises Z3950LinkFailed, Z3950Timeout."""
        return await self._ask(
            DeleteResultSetRequest(delete_function=0 if names else 1, result_set_list=names or None),
            DeleteResultSetResponse,
        )

    async def send(self, request: Pdu) -> Pdu:
        """Any other request and its answer. Raises Z3950LinkFailed, Z3950Timeout, LocalError."""
        return await self._ask(request, Pdu)

    async def _ask(self, request: Pdu, kind: type[Answer], segments: list[NamePlusRecord] | None = None) -> Answer:
        if self._writer is None:
            raise Z3950LinkFailed("not connected")
        octets = self._engine.send(request)
        try:
            async with asyncio.timeout(self.timeout):
                with contextlib.suppress(ConnectionError):  # what the target said before it hung up is still to be read
                    await self._write(octets)
                while True:
                    pdu = await self._next()
                    if isinstance(pdu, Segment):
                        if segments is not None:
                            segments.extend(pdu.segment_records)
                        continue
                    if isinstance(pdu, kind):
                        return pdu
                    raise Z3950BadAnswer(f"{type(pdu).__name__} is no answer to {type(request).__name__}")
        except TimeoutError as error:
            await self._disconnect()  # an answer that comes later would be taken for that to the next request
            raise Z3950Timeout(f"no answer within {self.timeout:g} s") from error
        except (OSError, ssl.SSLError) as error:
            raise Z3950LinkFailed(str(error) or type(error).__name__) from error

    async def _next(self) -> Pdu:
        while True:
            event = self._engine.next_event()
            if isinstance(event, Response):
                self._show(RECEIVED, event.octets)
                return event.pdu
            if isinstance(event, Send):
                self._show(RECEIVED, event.octets)
                await self._write(event.data)
            elif isinstance(event, Failed):
                with contextlib.suppress(OSError):
                    await self._write(event.data)
                await self._disconnect()
                raise Z3950BadAnswer(event.reason)
            elif isinstance(event, Waiting):
                self._engine.receive_data(await self._read())

    async def _write(self, octets: bytes) -> None:
        if self._writer is None:
            raise Z3950LinkFailed("not connected")
        self._show(SENT, octets)
        self._writer.write(octets)
        await self._writer.drain()

    async def _read(self) -> bytes:
        if self._reader is None:
            raise Z3950LinkFailed("not connected")
        data = await self._reader.read(READ_OCTETS)
        if not data:
            await self._disconnect()
            raise Z3950LinkFailed("the target closed the connection")
        return data

    def _show(self, who: str, octets: bytes) -> None:
        if self._trace is not None:
            self._trace(who, octets)


def complaints(response: SearchResponse | PresentResponse) -> tuple[Diagnostic, ...]:
    """What a target says is wrong with a request as a whole."""
    found: list[DiagRec] = list(response.multiple_non_sur_diagnostics or ())
    if response.non_surrogate_diagnostic is not None:
        found.append(response.non_surrogate_diagnostic)
    read: list[Diagnostic] = []
    for one in found:
        with contextlib.suppress(BerError):
            read.extend(diagnostics_of(one))
    return tuple(read)
