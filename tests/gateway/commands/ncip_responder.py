"""A responder in a thread of its own, over HTTP or a bare connection: well behaved, but for what a test changes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from library_protocols.ncip import (
    SERVICES,
    DecodeError,
    Dialect,
    ExtMessage,
    Message,
    Problem,
    Problems,
    Request,
    Response,
    SchemeValue,
    decode,
    encode,
)
from library_protocols.ncip import messages as wire
from tests.gateway.clients.scripted_responder import Responder, Visit

Say = Callable[[Message], Message]
SECRET = "between us"
_ANSWERS: dict[type, Message] = {
    wire.LookupVersion: wire.LookupVersionResponse(version_supported=("http://www.niso.org/2.02",)),
    wire.LookupAgency: wire.LookupAgencyResponse(
        agency_id=SchemeValue("ABER"),
        organization_name_information=(
            wire.OrganizationNameInformation(
                organization_name_type=SchemeValue("Official Name"), organization_name="Aber"
            ),
        ),
    ),
}


def no(kind: str, path: str = "", value: str = "") -> Problem:
    return Problem(
        problem_type=SchemeValue(kind), problem_detail="NO", problem_element=path or None, problem_value=value or None
    )


def judge(message: Message) -> Message:
    """What a library with nobody and nothing in it answers."""
    if type(message) in _ANSWERS:
        return _ANSWERS[type(message)]
    if isinstance(message, wire.LookupUser):
        if message.authentication_input:
            return wire.LookupUserResponse(problem=(no("User Authentication Failed", "AuthenticationInput"),))
        value = message.user_id.user_identifier_value if message.user_id else ""
        return wire.LookupUserResponse(problem=(no("Unknown User", "LookupUser/UserId/UserIdentifierValue", value),))
    if isinstance(message, wire.LookupItem):
        return wire.LookupItemResponse(problem=(no("Unknown Item"),))
    if isinstance(message, wire.LookupRequest):
        return wire.LookupRequestResponse(problem=(no("Unknown Request"),))
    if isinstance(message, wire.CheckOutItem):
        return wire.CheckOutItemResponse(
            item_id=message.item_id, user_id=message.user_id, date_due="2026-04-01T00:00:00Z"
        )
    service = message.service if isinstance(message, ExtMessage) else message
    row = SERVICES.get(type(service).__name__)
    if row is None or not issubclass(row.response, Response):
        return Problems(problem=(no("Unknown Service"),))
    return row.response(problem=(no("Unsupported Service"),))


class NcipResponder:
    """Used with `with`. `say` changes an answer, `octets` what is written of it; `asked` are the messages that came."""

    def __init__(self, scheme: str = "http") -> None:
        self.scheme = scheme
        self.say: Say = lambda message: message
        self.octets: Callable[[bytes], bytes] = lambda octets: octets
        self.asked: list[Message] = []
        self.content_type = 'application/xml; charset="utf-8"'
        self.status = "200 OK"
        self.secret = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._responder = Responder(self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._responder.__aenter__(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._responder.__aexit__(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def address(self) -> str:
        return self._responder.address(self.scheme, "" if self.scheme == "tcp" else "/ncip")

    async def _serve(self, visit: Visit) -> None:
        document = await (visit.read() if self.scheme == "tcp" else visit.read_http())
        answer = self.octets(self._answer(document))
        if self.scheme == "tcp":
            await visit.write(answer)
        else:
            await visit.answer_http(answer, self.status, self.content_type)

    def _answer(self, document: bytes) -> bytes:
        try:
            asked = decode(document)
        except DecodeError as error:
            problem = Problem(problem_type=error.problem_type, problem_detail=error.reason)
            return encode(Problems(problem=(problem,)), (error.dialect or Dialect(prefix="ns1")).for_answer())
        self.asked.append(asked.message)
        answer = self.say(self._judged(asked.message))
        return encode(answer, asked.dialect.for_answer())

    def _judged(self, message: Message) -> Message:
        header = message.initiation_header if isinstance(message, Request) else None
        given = header.from_agency_authentication if header else None
        if self.secret and isinstance(message, Request) and given != self.secret:
            return Problems(problem=(no("Agency Authentication Failed"),))
        answer = judge(message)
        if isinstance(answer, Response) and header and header.from_agency_id and header.to_agency_id:
            back = wire.ResponseHeader(
                from_agency_id=wire.FromAgencyId(agency_id=header.to_agency_id.agency_id),
                to_agency_id=wire.ToAgencyId(agency_id=header.from_agency_id.agency_id),
            )
            answer = replace(answer, response_header=back)
        return answer
