"""A data provider, asked through sickle: one request after the other, patiently, with limits to all it may send.

Everything here blocks: it runs in a thread. sickle asks and counts the retries; what comes back is read by
`library_protocols.oai_pmh`, which opens no entities.
"""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import requests
from sickle import Sickle
from sickle.response import OAIResponse

from gateway.harvesting.damage import Damage, read_damaged
from library_protocols.oai_pmh import ErrorCode, Identification, ReadError, Response, read_response

MAX_OCTETS = 64 << 20  # of one response, unpacked: pages of other repositories have some megabytes
WAIT_SECONDS, MAX_WAIT_SECONDS = 10, 600  # before asking again where the provider names no time, and at most
TRIES = 5
RETRIED = (429, 500, 502, 503, 504)
REDIRECTS = 5
_CHUNK = 1 << 16


class SourceProblem(Exception):
    """The provider cannot be harvested now; what was harvested before stays, and the next run goes on."""


class TokenLost(SourceProblem):
    """The provider does not know its resumption token any longer."""


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
        super().__init__(url, max_retries=tries - 1, retry_status_codes=RETRIED, timeout=timeout)
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
        found = self.harvest(verb="ListRecords", **arguments)
        codes = {error.code for error in found.response.errors}
        if codes <= {ErrorCode.NO_RECORDS_MATCH.value}:
            return found
        told = "; ".join(f"{error.code}: {error.message}" for error in found.response.errors)
        if ErrorCode.BAD_RESUMPTION_TOKEN.value in codes and "resumptionToken" in arguments:
            raise TokenLost(told)
        raise SourceProblem(f"{self.endpoint} answers {told}")

    def harvest(self, **arguments: str) -> Page:
        """Asks, and again after a while where the provider is busy, cannot be reached or sends no XML.

        Raises SourceProblem after the last try, Stopped."""
        problem = ""
        for attempt in range(self.max_retries + 1):
            wait = min(self._wait * 2**attempt, MAX_WAIT_SECONDS)
            try:
                answer, octets = self._ask(arguments)
                if answer.status_code not in self.retry_status_codes:
                    answer.raise_for_status()
                    return Page(answer, arguments, octets)
                problem = f"HTTP {answer.status_code}"
                told = _retry_after(answer)
                wait = wait if told is None else told
            except requests.HTTPError as error:
                raise SourceProblem(f"{self.endpoint}: {error}") from error
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                problem = f"{type(error).__name__}: {error}"
            except requests.RequestException as error:
                raise SourceProblem(f"{self.endpoint}: {error}") from error
            except ReadError as error:
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


__all__ = ["Page", "Source", "SourceProblem", "Stopped", "TokenLost"]
