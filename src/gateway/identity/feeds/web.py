"""One way to ask a student system over HTTP: at a bounded pace, with a limit to time and octets, again after a while.

Certificates are always verified; only loopback is asked without TLS. Nothing leads to another host: redirects and links
are followed within the same origin. Errors name statuses and reasons of our own, never what a server sent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

import httpx

from gateway.clock import Clock, SystemClock
from gateway.config.identity import WebFeedBase
from gateway.identity.feeds.port import FeedError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

WAIT_SECONDS, MAX_WAIT_SECONDS = 2.0, 300.0
"""Before asking again where the server names no time, doubled each time; and the longest that is waited."""
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = 3
_LOGIN = frozenset({401, 403, 407})
_MOVED = frozenset({301, 302, 303, 307, 308})


class Passing(Exception):
    """Something that may pass by itself. `wait` is how many seconds the server asks to wait, where it does."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read whole. `media_type` is in small letters and without parameters."""

    status: int
    media_type: str
    content: bytes


class Web:
    """The HTTP client of one feed. `sleep` and `clock` can be handed in, so that tests need not wait. Raises ValueError
    where the file of `ca` cannot be used."""

    def __init__(
        self,
        settings: WebFeedBase,
        *,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._next = 0.0
        self._http = httpx.AsyncClient(
            auth=auth,
            headers={
                "User-Agent": f"library-gateway/{version('library-gateway')}",
                "Accept-Encoding": "gzip",
                **(headers or {}),
            },
            verify=_trusted(settings.ca),
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    def forget_login(self) -> None:
        """Drops cookies, so that the next question logs in anew."""
        self._http.cookies.clear()

    async def once(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        taken: frozenset[int] = frozenset(),
    ) -> Reply:
        """Asks once. Statuses in `taken` are answers as 200 is. Raises Passing, FeedError."""
        for _ in range(REDIRECTS + 1):
            check_address(url)
            await self._turn()
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    response, body = await self._fetched(method, url, content, headers)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise Passing(f"no answer within {self._settings.timeout_seconds:g} s") from error
            except httpx.HTTPError as error:
                raise _failed(error) from error
            if response.status_code not in _MOVED or method != "GET":
                return self._judged(response, body, taken)
            url = same_origin(url, response.headers.get("location", ""))
        raise FeedError(f"the server sends us on more than {REDIRECTS} times", retry=False)

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What an attempt brings; attempts that end in Passing are made again. Raises FeedError."""
        for number in range(self._settings.retries + 1):
            try:
                return await attempt()
            except Passing as passing:
                wait = WAIT_SECONDS * 2**number if passing.wait is None else passing.wait
                if wait > MAX_WAIT_SECONDS and passing.wait is not None:
                    raise FeedError(f"{passing.reason}: the server asks to wait {wait:g} s") from passing
                if number == self._settings.retries:
                    times = f", {number + 1} times" if number else ""
                    raise FeedError(f"{passing.reason}{times}") from passing
                await self._sleep(min(wait, MAX_WAIT_SECONDS))
        raise AssertionError("the last attempt returns or raises")

    async def _turn(self) -> None:
        """Waits until the pace allows another question."""
        now = self._clock.monotonic()
        at = max(now, self._next)
        self._next = at + 1 / self._settings.per_second
        if at > now:
            await self._sleep(at - now)

    async def _fetched(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[httpx.Response, bytes]:
        async with self._http.stream(method, url, content=content, headers=headers) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > self._settings.max_bytes:
                    raise FeedError(f"an answer is longer than {self._settings.max_bytes:,} octets", retry=False)
            return response, bytes(body)

    def _judged(self, response: httpx.Response, body: bytes, taken: frozenset[int]) -> Reply:
        status = response.status_code
        if status == HTTPStatus.OK or status in taken:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Reply(status, media_type, body)
        if status in PASSING:
            raise Passing(_words(status), self._retry_after(response))
        if status in _LOGIN:
            raise FeedError(f"{_words(status)}: the login is refused", retry=False)
        raise FeedError(_words(status), retry=False)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds by the Retry-After header, a number or a date; None without one."""
        told = response.headers.get("retry-after", "").strip()
        try:
            if told.isdecimal():
                return float(told)
            return max(0.0, (parsedate_to_datetime(told) - self._clock.now()).total_seconds())
        except (ValueError, TypeError):
            return None


def check_address(url: str) -> None:
    """Raises FeedError where people's data would go over the network in clear text."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FeedError("the address is no URL", retry=False) from error
    if address.scheme == "https" or (address.scheme == "http" and _on_loopback(address.host)):
        return
    raise FeedError(f"{address.host or 'the address'} is asked without TLS: take https://", retry=False)


def same_origin(url: str, link: str) -> str:
    """A link found behind a URL, made absolute. Raises FeedError where it leads to another host."""
    base = httpx.URL(url)
    try:
        target = base.join(link)
    except httpx.InvalidURL as error:
        raise FeedError("the server gives a link that is no URL", retry=False) from error
    if not link or (target.scheme, target.host, target.port) != (base.scheme, base.host, base.port):
        raise FeedError("the server sends us to another address", retry=False)
    return str(target)


def _trusted(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ValueError("the file of `ca` cannot be read as certificates") from error


def _on_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _failed(error: httpx.HTTPError) -> Passing | FeedError:
    """What went wrong below HTTP. A certificate does not get better by asking again."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FeedError(f"the server's certificate is not accepted: {cause.verify_message}", retry=False)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return Passing("the server cannot be reached")
    return Passing(f"the connection failed ({type(error).__name__})")


def _words(status: int) -> str:
    return f"HTTP {status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else f"HTTP {status}"


__all__ = ["Passing", "Reply", "Sleep", "Web", "check_address", "same_origin"]
