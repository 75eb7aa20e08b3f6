"""Where MARC records keep the items of their bib."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemFields:
    """Where a record keeps its items: a tag, and per column of ours the subfield. `barcode` must be among them."""

    tag: str
    subfields: Mapping[str, str]


# Koha's 952; MARC 21 Holdings 852; the 949 that American systems export. Each can be changed subfield by subfield.
ITEM_FIELDS = {
    "952": ItemFields(
        "952",
        {
            "barcode": "p",
            "location": "a",
            "item_type": "y",
            "call_number": "o",
            "copy_number": "t",
            "enumeration": "h",
            "collection": "c",
            "price": "v",
        },
    ),
    "852": ItemFields(
        "852", {"barcode": "p", "location": "b", "collection": "c", "call_number": "h", "copy_number": "t"}
    ),
    "949": ItemFields(
        "949", {"barcode": "i", "location": "l", "item_type": "t", "call_number": "a", "copy_number": "g"}
    ),
}
