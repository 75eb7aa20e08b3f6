"""A SOAP service as its WSDL describes it, read by zeep from files alone; messages are made and checked, not sent.

zeep gets a transport of ours that hands a message back instead of sending it, so that every octet goes through `web`:
zeep's own would log people and passwords, and read answers of any length. Reading the WSDL and checking an answer
against it block and run in threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from zeep import AsyncClient, Settings
from zeep.exceptions import Error, Fault
from zeep.wsdl.bindings.soap import SoapBinding
from zeep.wsdl.utils import etree_to_string
from zeep.wsse.username import UsernameToken

from gateway.config.identity import SoapFeedConfig
from gateway.identity.feeds.answers import Unreadable, read_xml
from gateway.identity.feeds.port import FeedError

MAX_FILE = 16 << 20
"""Octets of a WSDL or a schema; the largest of Workday's have four millions."""
_LONGEST = 200  # characters of zeep's own words that are shown


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent by POST."""

    address: str
    content: bytes
    headers: Mapping[str, str]


class Service:
    """One operation of a service. Raises FeedError where the WSDL cannot be read or lacks what the settings name.
    Blocks while it is made."""

    def __init__(self, settings: SoapFeedConfig) -> None:
        self._operation = settings.operation
        self._strict = settings.strict
        options = cast("Any", Settings)(
            strict=settings.strict, forbid_dtd=True, forbid_entities=True, forbid_external=True, force_https=False,
            raw_response=True,
        )  # fmt: skip
        try:
            client = AsyncClient(
                str(settings.wsdl.resolve()), wsse=_token(settings), transport=cast("Any", _Transport(settings.wsdl)),
                settings=options,
            )  # fmt: skip
            service, port = _port(client, settings)
        except (Error, etree.LxmlError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
            raise FeedError(f"the WSDL cannot be read: {_words(error)}", retry=False) from error
        if settings.address:
            port.binding_options["address"] = settings.address
        known = sorted(port.binding.all())
        if self._operation not in known:
            raise FeedError(f"the service has no operation {self._operation!r}; it has {', '.join(known)}", retry=False)
        self._binding = port.binding
        self._proxy: Any = client.bind(service, port.name)

    async def message(self, request: Mapping[str, Any]) -> Message:
        """The message of a request. Raises FeedError where the request does not fit the WSDL."""
        try:
            return await self._proxy[self._operation](**request)
        except (Error, ValueError, TypeError, KeyError, AttributeError) as error:
            raise FeedError(f"`request` does not fit the WSDL: {_words(error)}", retry=False) from error

    def body(self, content: bytes) -> Any:
        """The answer in an envelope: the one element in its body. Raises Unreadable, zeep's Fault for a fault, and
        FeedError for what does not keep to the schema, where the settings are strict. Blocks."""
        envelope = read_xml(content)
        if etree.QName(envelope).localname != "Envelope":
            raise Unreadable("the answer is no SOAP")
        body = next(envelope.iterchildren("{*}Body"), None)
        if body is None:
            raise Unreadable("the answer has no Body")
        inside = next(body.iterchildren("{*}*"), None)
        if inside is not None and etree.QName(inside).localname == "Fault":
            self._binding.process_error(envelope, self._binding.get(self._operation))
        if self._strict:
            try:
                self._binding.get(self._operation).process_reply(envelope)
            except (Error, etree.LxmlError, ValueError, TypeError, KeyError, AttributeError) as error:
                # zeep's words may quote what is in the answer.
                reason = f"the answer does not keep to the schema ({type(error).__name__})"
                raise FeedError(reason, retry=False) from error
        return inside


class _Transport:
    """What zeep loads with, files below the WSDL's folder, and what it believes to send with."""

    def __init__(self, wsdl: Path) -> None:
        self._folder = wsdl.resolve().parent

    def load(self, url: str) -> bytes:
        """A file. Raises FeedError for anything else, and for files elsewhere."""
        parts = urlsplit(url)
        if parts.scheme not in ("", "file") or parts.netloc:
            raise FeedError(f"the WSDL names {url}, and nothing is fetched: put it beside the WSDL", retry=False)
        path = Path(unquote(parts.path) if parts.scheme else url).resolve()
        if not path.is_relative_to(self._folder):
            raise FeedError(f"the WSDL names {path.name}, which is not in its folder", retry=False)
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise FeedError(f"{path.name} is longer than {MAX_FILE:,} octets", retry=False)
        return content

    async def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> Message:
        """A message that zeep has made."""
        return Message(address, etree_to_string(envelope), headers)


def _token(settings: SoapFeedConfig) -> UsernameToken | None:
    """WS-Security's UsernameToken, with a new nonce for each message where it is a digest."""
    if not settings.authentication.startswith("username-token"):
        return None
    return UsernameToken(
        settings.user,
        settings.password.get_secret_value(),
        use_digest=settings.authentication == "username-token-digest",
        zulu_timestamp=True,
    )


def _port(client: AsyncClient, settings: SoapFeedConfig) -> tuple[str, Any]:
    """The service's name and the port that is named, or the first that speaks SOAP. Raises FeedError."""
    services: dict[str, Any] = client.wsdl.services
    name = settings.service or next(iter(services), "")
    if name not in services:
        raise FeedError(f"the WSDL has no service {name!r}; it has {', '.join(services) or 'none'}", retry=False)
    ports = {key: port for key, port in services[name].ports.items() if isinstance(port.binding, SoapBinding)}
    wanted = settings.port or next(iter(ports), "")
    if wanted not in ports:
        raise FeedError(f"the service has no SOAP port {wanted!r}; it has {', '.join(ports) or 'none'}", retry=False)
    return name, ports[wanted]


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


__all__ = ["Fault", "Message", "Service"]
