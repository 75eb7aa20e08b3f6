"""People from a SOAP service: a request as a tree with placeholders, a path to the records, what faults mean.

Paths begin below the answer's own element, the one in the Body. Records are read from the XML itself and not from what
zeep makes of it, which does not tell an element that is empty from one that is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from gateway.clock import Clock
from gateway.config.identity import SoapFeedConfig
from gateway.identity.feeds.answers import Unreadable, records_at, tree
from gateway.identity.feeds.paging import Answer, WebFeed
from gateway.identity.feeds.port import FeedError
from gateway.identity.feeds.web import Passing, Reply, Sleep, Web
from gateway.identity.feeds.wsdl import Fault, Service

_WITH_FAULTS = frozenset({400, 500})
"""Statuses under which a fault comes: 500, and 400 for a SOAP 1.2 Sender fault (SOAP 1.2 part 2, 7.5.1.2)."""
_CODE = 80
"""Characters of a fault's code that are told. Its text is not: it may name somebody."""


class SoapFeed(WebFeed):
    """A SOAP service. Attributes are dotted paths within a record, `@name` for XML attributes."""

    def __init__(self, settings: SoapFeedConfig, *, clock: Clock | None = None, sleep: Sleep = asyncio.sleep) -> None:
        basic = settings.authentication == "basic"
        auth = httpx.BasicAuth(settings.user, settings.password.get_secret_value()) if basic else None
        web = Web(settings, auth=auth, clock=clock, sleep=sleep)
        super().__init__(settings, web, since_format=settings.since_format, clock=clock)
        self._settings = settings
        self._service: Service | None = None
        self._logged_in_again = False

    @property
    def _has_delta(self) -> bool:
        return self._settings.delta

    async def _ask(self, values: Mapping[str, str], *, delta: bool) -> Answer:
        if self._service is None:
            self._service = await asyncio.to_thread(Service, self._settings)
        service = self._service
        request = _filled(self._settings.request, values) or {}
        self._logged_in_again = False

        async def attempt() -> Answer:
            return await self._asked(service, request)

        return await self._web.patiently(attempt)

    async def _asked(self, service: Service, request: Mapping[str, Any]) -> Answer:
        """One message and its answer. Made anew for each attempt, because a digest's nonce serves once."""
        message = await service.message(request)
        reply = await self._web.once(
            "POST", message.address, content=message.content, headers=message.headers, taken=_WITH_FAULTS
        )
        try:
            return await asyncio.to_thread(self._opened, service, reply)
        except Fault as fault:
            return self._meant(fault)
        except Unreadable as error:
            raise (Passing(str(error)) if isinstance(error, _NoSoap) else FeedError(str(error), retry=False)) from error

    def _opened(self, service: Service, reply: Reply) -> Answer:
        """Raises Unreadable, Fault, FeedError."""
        if reply.media_type.startswith("multipart/"):
            raise FeedError("the answer comes in several parts, which are not read", retry=False)
        try:
            element = service.body(reply.content)
        except Unreadable as error:
            raise _NoSoap(f"{error} (HTTP {reply.status})") from error
        whole = None if element is None else tree(element)
        return Answer(records_at(whole, self._settings.records, xml=True), whole)

    def _meant(self, fault: Fault) -> Answer:
        """What the settings say that a fault means; an empty list where it means that. Raises Passing, FeedError."""
        told = f"{fault.code or ''} {fault.message or ''}".casefold()
        means = next((one.means for one in self._settings.faults if one.contains.casefold() in told), "stop")
        code = "".join(filter(str.isprintable, str(fault.code or "without a code")))[:_CODE]
        reason = f"the service answers with a fault ({code})"
        if means == "empty":
            return Answer([], None, nobody=True)
        if means == "retry":
            raise Passing(reason)
        if means == "login":
            self._web.forget_login()
            if not self._logged_in_again:
                self._logged_in_again = True
                raise Passing(reason, 0.0)
            raise FeedError(f"{reason}: the login is refused", retry=False)
        raise FeedError(reason, retry=False)


class _NoSoap(Unreadable):
    """Something broken off, or a page for people: another answer may be better."""


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """A request with its placeholders filled in; None for what holds nothing but placeholders without a value."""
    if isinstance(template, dict):
        filled = {name: _filled(each, values) for name, each in template.items()}
        kept = {name: each for name, each in filled.items() if each is not None}
        return kept if kept or not template else None
    if isinstance(template, list):
        kept_items = [each for each in (_filled(item, values) for item in template) if each is not None]
        return kept_items if kept_items or not template else None
    if not isinstance(template, str):
        return template
    text = template
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text if text or not template else None


__all__ = ["SoapFeed"]
