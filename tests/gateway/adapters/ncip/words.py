"""What several tests say and look up: element types, an item as the desk has it, a title's own number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.canonical import requests as req
from library_protocols.ncip import NCIP_1_0, NCIP_2_0, NCIP_2_01, NCIP_2_02, Dialect, SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Responder
from tests.protocols.ncip.schemas import FOLDER, Schema, load_dtd, load_xsd

ITEM_ELEMENTS = (
    "Bibliographic Description", "Circulation Status", "Electronic Resource", "Hold Queue Length", "Item Description",
    "Item Use Restriction Type", "Location", "Physical Condition", "Security Marker", "Sensitization Flag",
)  # fmt: skip
DIALECTS: dict[str, Dialect] = {"1.0": NCIP_1_0, "2.0": NCIP_2_0, "2.01": NCIP_2_01, "2.02": NCIP_2_02}


def elements(*names: str) -> tuple[SchemeValue, ...]:
    """Element types."""
    return tuple(map(SchemeValue, names))


def login(**typed: str) -> tuple[wire.AuthenticationInput, ...]:
    """AuthenticationInputs by type, with `_` for blanks."""
    return tuple(
        wire.AuthenticationInput(
            authentication_input_data=data,
            authentication_data_format_type=SchemeValue("text"),
            authentication_input_type=SchemeValue(kind.replace("_", " ")),
        )
        for kind, data in typed.items()
    )


async def known(responder: Responder, barcode: str, *, name: str = "broker") -> Any:
    """An item as the desk tells it to the peer `name`."""
    return (await responder.desk_says(req.ItemGet(item=barcode), name=name)).item


async def titles(responder: Responder, count: int, *, name: str = "broker") -> list[str]:
    """Records of Aberystwyth that have items, each once."""
    found: dict[str, None] = {}
    for number in range(1, 30):
        found[(await known(responder, f"301{number:05d}", name=name)).bib_id] = None
    return list(found)[:count]


def schema_of(version: str, shared_data: Any) -> Schema:
    """The official schema or document type of a version; skips the test where it is not there."""
    folder: Path = shared_data(FOLDER)
    name = version.replace(".", "_")
    if version.startswith("1"):
        return load_dtd(folder / f"ncip1/ncip_v{name}.dtd")
    return load_xsd(folder / f"ncip2/ncip_v{name}.xsd")
