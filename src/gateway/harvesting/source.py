"""A data provider, asked through sickle: one request after the other, patiently, with limits to all it may send.

Everything here blocks: it runs in a thread. sickle asks and counts the retries; what comes back is read by
`library_protocols.oai_pmh`, which opens no entities.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import requests
from sickle import Sickle
from sickle.response import OAIResponse

from gateway.harvesting.damage import Damage, holds_records, read_damaged
from library_protocols.oai_pmh import ErrorCode, Identification, ReadError, Response, Verb, read_response

MAX_OCTETS = 64 << 20  # of one response, unpacked: pages of other repositories have some megabytes
WAIT_SECONDS, MAX_WAIT_SECONDS = 10, 600  # before asking again where the provider names no time, and at most
TRIES = 5
PASSING = frozenset({408, 425, 429, *range(500, 600)})  # HTTP's statuses of what may pass
REDIRECTS = 5
_CHUNK = 1 << 16
_CODES = frozenset(code.value for code in ErrorCode)


class SourceProblem(Exception):
    """The provider cannot be harvested now; what was harvested before stays, and the next run goes on."""


class Refused(SourceProblem):
    """The provider answers, with something that is no list, and will answer so again."""


class TokenLost(SourceProblem):
    """The provider does not go on by its resumption token: it answered, and not with a list."""


class Stopped(Exception):
    """Somebody asked the harvest to stop."""


class Page(OAIResponse):
    """One response, read; `damage` says what of it could not be."""

    def __init__(self, http_response: requests.Response, params: dict[str, str], octets: bytes) -> None:
        super().__init__(http_response, params)
        self.octets = octets
        self.damage: tuple[Damage, ...] = ()
        try:
            self.response: Response = read_response(octets)
        except ReadError as error:
            self.response, self.damage = read_damaged(octets, error)


class Source(Sickle):
    """A provider by its base URL. `timeout` is in seconds, for the connection and between two pieces of an answer; a
    whole answer may take ten times as long. `stop` ends waiting. Where it is busy or away it
    is asked so many `tries`."""

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        password: str = "",
        timeout: float = 120.0,
        stop: threading.Event | None = None,
        wait_seconds: float = WAIT_SECONDS,
        tries: int = TRIES,
    ) -> None:
        super().__init__(url, max_retries=tries - 1, retry_status_codes=PASSING, timeout=timeout)
        self._wait = wait_seconds
        self._session = requests.Session()
        self._session.max_redirects = REDIRECTS
        self._session.headers["User-Agent"] = f"library-gateway/{version('library-gateway')} (OAI-PMH harvester)"
        self._session.auth = (user, password) if user else _no_login
        self._timeout = timeout
        self._stop = stop or threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether somebody asked the harvest to stop."""
        return self._stop.is_set()

    def close(self) -> None:
        """Ends kept connections."""
        self._session.close()

    def identify_repository(self) -> Identification:
        """What the provider says about itself. Raises SourceProblem, Stopped."""
        found = self.harvest(verb="Identify").response.identification
        if found is None:
            raise SourceProblem(f"{self.endpoint} does not answer Identify")
        return found

    def page(self, arguments: dict[str, str]) -> Page:
        """One page of ListRecords, without records where there are none. Raises SourceProblem, TokenLost, Stopped."""
        goes_on = "resumptionToken" in arguments
        try:
            found = self.harvest(verb="ListRecords", **arguments)
        except Refused as refused:
            if goes_on:
                raise TokenLost(str(refused)) from refused
            raise
        response = found.response
        if response.verb == Verb.LIST_RECORDS.value and not response.errors:
            return found
        # That nothing matches answers a question; of a token it says that the rest of the list is not known any more.
        if not goes_on and {error.code for error in response.errors} == {ErrorCode.NO_RECORDS_MATCH.value}:
            return found
        told = "; ".join(f"{error.code}: {error.message}" for error in response.errors)
        raise (TokenLost if goes_on else SourceProblem)(f"{self.endpoint} answers {told or response.verb}")

    def harvest(self, **arguments: str) -> Page:
        """Asks, and again after a while where the provider is busy, cannot be reached or sends no XML.

        Raises SourceProblem after the last try, Refused where another would bring the same, Stopped."""
        problem = ""
        for attempt in range(self.max_retries + 1):
            wait = min(self._wait * 2**attempt, MAX_WAIT_SECONDS)
            octets = b""
            try:
                answer, octets = self._ask(arguments)
                page = _read(answer, octets, arguments)
                if page is not None:
                    return page
                problem = f"HTTP {answer.status_code}"
                told = _retry_after(answer)
                wait = wait if told is None else told
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
                requests.exceptions.ContentDecodingError,
            ) as error:
                problem = f"{type(error).__name__}: {error}"
            except requests.RequestException as error:
                raise Refused(f"{self.endpoint}: {error}") from error
            except ReadError as error:
                if str(error) == problem:  # the same fault at the same place: what is broken there stays so
                    kind = SourceProblem if holds_records(octets) else Refused
                    raise kind(f"{self.endpoint}: {problem}, twice") from error
                problem = str(error)
            if attempt < self.max_retries and self._stop.wait(wait):
                raise Stopped
        times = f", {self.max_retries + 1} times" if self.max_retries else ""
        raise SourceProblem(f"{self.endpoint}: {problem}{times}")

    def _ask(self, arguments: dict[str, str]) -> tuple[requests.Response, bytes]:
        """One request, its answer read within the limits."""
        if self._stop.is_set():
            raise Stopped
        deadline = time.monotonic() + 10 * self._timeout
        with self._session.get(self.endpoint, params=arguments, stream=True, timeout=self._timeout) as answer:
            octets = bytearray()
            for piece in answer.iter_content(_CHUNK):
                octets += piece
                if len(octets) > MAX_OCTETS:
                    raise SourceProblem(f"{self.endpoint} sends more than {MAX_OCTETS:,} octets in one response")
                if time.monotonic() > deadline:
                    raise requests.Timeout(f"the answer did not end within {10 * self._timeout:g} s")
                if self._stop.is_set():
                    raise Stopped
            return answer, bytes(octets)


def _read(answer: requests.Response, octets: bytes, arguments: dict[str, str]) -> Page | None:
    """A page; None where the trouble may pass. Raises ReadError, and requests.HTTPError where it will not pass.

    Some providers send OAI-PMH's own errors with a status of HTTP's, FOLIO and Invenio among them: what they say
    counts, unless they also ask for patience."""
    if answer.ok:
        return Page(answer, arguments, octets)
    if "retry-after" not in answer.headers:
        with suppress(ReadError):
            page = Page(answer, arguments, octets)
            if page.response.errors and {error.code for error in page.response.errors} <= _CODES:
                return page
    if answer.status_code in PASSING:
        return None
    raise requests.HTTPError(f"HTTP {answer.status_code} {answer.reason}")


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds by the Retry-After header, a number or a date, at most MAX_WAIT_SECONDS; None without one."""
    told = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(told) if told.isdecimal() else parsedate_to_datetime(told).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
    return max(0.0, min(seconds, MAX_WAIT_SECONDS))


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from looking for a name and password of its own, in ~/.netrc."""
    return request


__all__ = ["Page", "Refused", "Source", "SourceProblem", "Stopped", "TokenLost"]
