"""Every request of real systems is answered by its own service, in its own dialect, validly: as it came, which is about
people and things that nobody knows here, and about those of the demo."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.adapters.ncip.session import claim_of, service_of
from gateway.crosswalks.ncip import SERVICES as SERVED
from gateway.crosswalks.ncip_problems import allowed
from library_protocols.ncip import NAMESPACE, SERVICES, ExtMessage
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode
from tests.gateway.adapters.ncip.responder import BROKER, Open, Responder, item, patron
from tests.protocols.ncip.schemas import FOLDER, Schema, load_dtd, load_xsd

_OURS = {
    rb"UserIdentifierValue": patron(1),
    rb"ItemIdentifierValue": item(1),
    rb"PickupLocation": "ABER",
    rb"CurrencyCode": "GBP",
}


@pytest.fixture(scope="module")
def schemas(shared_data: Callable[[str], Path]) -> dict[str, Schema]:
    folder = shared_data(FOLDER)
    found = {
        version: load_xsd(folder / f"ncip2/ncip_v{version.replace('.', '_')}.xsd")
        for version in ("2.0", "2.01", "2.02")
    }
    old = load_dtd(folder / "ncip1/ncip_v1_0.dtd")
    return found | {"1.0": old, "1.01": old}


@pytest.fixture(scope="module")
def requests(shared_data: Callable[[str], Path]) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted(shared_data("ncip/messages").glob("*.xml"))}
    return {name: octets for name, octets in found.items() if service_of(decode(octets).message)}


@pytest.fixture
async def responder(node: Open, requests: dict[str, bytes]) -> Responder:
    """Everybody on this machine is known by whatever names the messages have."""
    claims = [claim_of(_asked(octets)) for octets in requests.values()]
    names = sorted({claim.to_agency for claim in claims if claim.to_agency} - {"BANGOR"})
    anybody = {
        **BROKER,
        "agency_ids": [],
        "our_ids": names,
        "api_key_sha256": None,
        "networks": ["127.0.0.0/8"],
        "elements_unasked": "all",
    }

    def change(document: dict[str, Any]) -> None:
        document["members"]["aber"]["ncip"]["peers"] = {"anybody": anybody}
        document["members"]["bangor"]["ncip"]["peers"] = {}

    return await node(change=change)


def _asked(octets: bytes) -> Any:
    message = decode(octets).message
    return message.service if isinstance(message, ExtMessage) else message


def about_the_demo(octets: bytes) -> bytes:
    """The same message about a patron and an item that there are."""
    typed = iter(itertools.cycle((patron(1).encode(), b"1234")))  # a name, then a PIN
    octets = re.sub(rb"(AuthenticationInputData>)[^<]*(</)", lambda at: at[1] + next(typed) + at[2], octets)
    for element, word in _OURS.items():
        start = rb"(<(?:[\w.-]+:)?" + element + rb"(?:\s[^>]*)?>)"
        # Scheme and Value are elements in NCIP 1 and in some of NCIP 2
        octets = re.sub(start + rb"[^<]*(</)", rb"\g<1>" + word.encode() + rb"\g<2>", octets)
        octets = re.sub(start + rb"(.*?<(?:\w+:)?Value>)[^<]*", rb"\g<1>\g<2>" + word.encode(), octets, flags=re.DOTALL)
    return octets


def in_namespace(octets: bytes) -> bytes:
    """The same document in the namespace, for the schema."""
    root = etree.fromstring(octets)
    for element in root.iter(etree.Element):
        if not element.tag.startswith("{"):
            element.tag = f"{{{NAMESPACE}}}{element.tag}"
        for name in ("version", "Scheme"):
            if name in element.attrib:
                element.set(f"{{{NAMESPACE}}}{name}", element.attrib.pop(name))
    return etree.tostring(root)


def complaint(answer: bytes, schemas: dict[str, Schema]) -> str:
    envelope = decode(answer)
    dialect = envelope.dialect
    if isinstance(envelope.message, wire.LookupVersionResponse | ExtMessage):
        return ""  # they have schemas of their own
    row = SERVICES.get(type(envelope.message).__name__.removesuffix("Response"))
    if dialect.generation == 1 and row is not None and not row.in_1_0:
        return ""  # asked for in NCIP 1 all the same
    if dialect.generation == 2 and not dialect.namespace:
        if dialect.scheme_children:
            return ""  # no schema has Scheme and Value as elements in NCIP 2
        answer = in_namespace(answer)
    return schemas[dialect.version].complaint(answer)


@pytest.mark.parametrize("ours", [False, True], ids=["as they came", "about the demo"])
async def test_each_is_answered_validly_by_its_own_service(
    responder: Responder, requests: dict[str, bytes], schemas: dict[str, Schema], ours: bool
) -> None:
    assert len(requests) > 80
    well = 0
    for name, octets in requests.items():
        service = service_of(decode(octets).message)
        asked = decode(octets).dialect
        answer = await responder.octets(about_the_demo(octets) if ours else octets, key=None)
        assert complaint(answer, schemas) == "", name
        told = decode(answer)
        assert (told.dialect.generation, told.dialect.namespace) == (asked.generation, asked.namespace), name
        message: Any = told.message.service if isinstance(told.message, ExtMessage) else told.message
        assert type(message).__name__ == f"{service}Response", name
        problems = getattr(message, "problem", ())
        for problem in problems:
            kind = problem.problem_type.value
            values = allowed(service)
            assert values is None or kind in values, (name, kind)
            assert kind not in ("Temporary Processing Failure", "Agency Authentication Failed"), name
            assert (kind == "Unsupported Service") <= (service not in SERVED), name
        well += not problems
    assert well > (40 if ours else 10)
