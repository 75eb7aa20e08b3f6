"""An OAI-PMH harvester's end of HTTP for trying a repository: one request, one answer, with time and size limits.

For harvesting at length see `gateway.harvesting`; this client asks whatever it is told, wrong questions too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlencode

import httpx

from gateway.clients.http_words import http_words
from library_protocols.oai_pmh import ReadError, Response, read_response

MAX_OCTETS = 64 << 20
REDIRECTS = 5


class OaiLinkFailed(Exception):
    """There is no server at that address, TLS was refused, or the link was lost."""


class OaiTimeout(Exception):
    """No answer in time."""


class OaiBadAnswer(Exception):
    """The answer is no OAI-PMH: an HTTP error, a page for people, broken XML, or too long."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read, with what HTTP said around it. `headers` have names in small letters."""

    response: Response
    status: int
    headers: dict[str, str]
    octets: bytes


@dataclass(slots=True)
class OaiClient:
    """A repository's base URL and how it is asked. Used with `async with`.

    `user` and `password` are HTTP Basic; `timeout` is in seconds, of connecting and of each silence.
    """

    base_url: str
    user: str = ""
    password: str = ""
    timeout: float = 60.0
    verify: bool = True
    transport: httpx.AsyncBaseTransport | None = None
    _http: httpx.AsyncClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            auth=(self.user, self.password) if self.user else None,
            timeout=self.timeout,
            verify=self.verify,
            follow_redirects=True,
            max_redirects=REDIRECTS,
            transport=self.transport,
            headers={"Accept": "text/xml, application/xml;q=0.9, */*;q=0.1", "Accept-Encoding": "gzip"},
        )

    async def __aenter__(self) -> OaiClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, verb: str, **arguments: str) -> Answer:
        """One request; `from_` stands for `from`. Raises OaiLinkFailed, OaiTimeout, OaiBadAnswer."""
        named = {name.rstrip("_"): value for name, value in arguments.items()}
        return await self.ask_text(urlencode({"verb": verb, **named}))

    async def ask_text(self, query: str, *, form: bool = False) -> Answer:
        """A query as it is, well formed or not; `form` sends it by POST. Raises as `ask` does."""
        try:
            url = httpx.URL(self.base_url)
            if form:
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                request = self._http.build_request("POST", url, content=query.encode(), headers=headers)
            else:
                both = "&".join(part for part in (url.query.decode(), query) if part)
                request = self._http.build_request("GET", url.copy_with(query=both.encode()))
            return await self._fetch(request)
        except httpx.TimeoutException as error:
            raise OaiTimeout(f"no answer within {self.timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OaiLinkFailed(str(error) or type(error).__name__) from error

    async def _fetch(self, request: httpx.Request) -> Answer:
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_OCTETS:
                    raise OaiBadAnswer(f"the answer is longer than {MAX_OCTETS:,} octets", response.status_code)
        finally:
            await response.aclose()
        octets = bytes(body)
        try:
            read = read_response(octets)
        except ReadError as error:
            reason = str(error)
            if response.status_code >= httpx.codes.BAD_REQUEST:
                reason = http_words(response.status_code, octets)
            raise OaiBadAnswer(reason, response.status_code) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(read, response.status_code, headers, octets)


__all__ = ["Answer", "OaiBadAnswer", "OaiClient", "OaiLinkFailed", "OaiTimeout"]
