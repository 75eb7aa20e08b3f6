"""An SRU client: asks any server, in any version, and reads whatever it answers; nothing it sends can hurt.

One request at a time, each with a time limit and a size limit. A query too long for a URL goes as a form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

import httpx

from gateway.clients.http_words import http_words
from library_protocols.sru import (
    Diagnostic,
    ExplainResponse,
    ReadError,
    Response,
    ScanResponse,
    SearchResponse,
    Version,
    diagnostic_number,
    explain_parameters,
    read_response,
    scan_parameters,
    search_parameters,
)
from library_protocols.sru.read import MAX_OCTETS

Kind = TypeVar("Kind", SearchResponse, ScanResponse, ExplainResponse)

UNSUPPORTED_VERSION = 5
LONGEST_URL = 4_000
"""Characters of parameters that go into a URL; many servers refuse addresses of more than 8,192."""


class SruLinkFailed(Exception):
    """There is no server at that address, TLS was refused, or the link was lost."""


class SruTimeout(Exception):
    """No answer in time."""


class SruBadAnswer(Exception):
    """The answer is no SRU: an HTTP error, a page for people, broken XML, or too long."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class SruClient:
    """A server's base URL, the version spoken to it, and how it is asked. Used with `async with`.

    `user` and `password` are HTTP Basic; `timeout` is in seconds, of connecting and of each silence. `sent` and
    `received` are the last request's URL or form and the octets of its answer, for whoever shows the wire.
    """

    base_url: str
    version: Version = Version.V1_2
    user: str = ""
    password: str = ""
    timeout: float = 30.0
    verify: bool = True
    transport: httpx.AsyncBaseTransport | None = None
    sent: str = ""
    received: bytes = b""
    _http: httpx.AsyncClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            auth=(self.user, self.password) if self.user else None,
            timeout=self.timeout,
            verify=self.verify,
            follow_redirects=True,
            max_redirects=5,
            transport=self.transport,
            headers={"Accept": "application/sru+xml, text/xml, application/xml;q=0.9, */*;q=0.1"},
        )

    async def __aenter__(self) -> SruClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def search(
        self,
        query: str,
        *,
        start: int = 1,
        maximum: int | None = None,
        schema: str = "",
        sort: str = "",
        facets: str = "",
    ) -> SearchResponse:
        """One page of what a CQL query finds. Raises SruLinkFailed, SruTimeout, SruBadAnswer, as all methods do.

        A server that does not speak this version says which it speaks (diagnostic 5); then that one is spoken.
        """
        while True:
            parameters = search_parameters(
                self.version, query, start=start, maximum=maximum, schema=schema, sort=sort, facets=facets
            )
            found = self._expect(await self.ask(parameters), SearchResponse)
            lower = _lower_version(found.diagnostics, self.version)
            if lower is None:
                return found
            self.version = lower

    async def scan(self, clause: str, *, position: int = 1, maximum: int | None = None) -> ScanResponse:
        """Terms of an index around the one in `clause`."""
        parameters = scan_parameters(self.version, clause, position=position, maximum=maximum)
        return self._expect(await self.ask(parameters), ScanResponse)

    async def explain(self) -> ExplainResponse:
        """What the server tells of itself."""
        return self._expect(await self.ask(explain_parameters(self.version)), ExplainResponse)

    async def ask(self, parameters: dict[str, str], *, form: bool = False) -> Response:
        """Any parameters; `form` sends them by POST, as too many do by themselves."""
        url = httpx.URL(self.base_url)
        text = str(httpx.QueryParams(parameters))
        try:
            if form or len(text) > LONGEST_URL:
                self.sent = f"POST {url} {text}"
                request = self._http.build_request("POST", url, data=parameters)
            else:
                asked = url.copy_merge_params(parameters) if parameters else url
                self.sent = f"GET {asked}"
                request = self._http.build_request("GET", asked)
            status, self.received = await self._fetch(request)
        except httpx.TimeoutException as error:
            raise SruTimeout(f"no answer within {self.timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SruLinkFailed(str(error) or type(error).__name__) from error
        try:
            return read_response(self.received)
        except ReadError as error:
            words = http_words(status, self.received) if status >= httpx.codes.BAD_REQUEST else str(error)
            raise SruBadAnswer(words, status) from None

    async def _fetch(self, request: httpx.Request) -> tuple[int, bytes]:
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_OCTETS:
                    raise SruBadAnswer(f"the answer is longer than {MAX_OCTETS} octets", response.status_code)
            return response.status_code, bytes(body)
        finally:
            await response.aclose()

    @staticmethod
    def _expect(found: Response, kind: type[Kind]) -> Kind:
        if not isinstance(found, kind):
            raise SruBadAnswer(f"asked for a {kind.__name__}, got a {type(found).__name__}")
        return found


def _lower_version(diagnostics: tuple[Diagnostic, ...], spoken: Version) -> Version | None:
    """The version a server asks for in the place of the one it was asked in; only ever a lower one."""
    for each in diagnostics:
        told = each.details.strip()
        if diagnostic_number(each.uri) == UNSUPPORTED_VERSION and told in list(Version) and told < spoken:
            return Version(told)
    return None
