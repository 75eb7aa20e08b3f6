"""What staff see and do over HTTP, by hand: the second witness of what a kiosk was told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from tests.acceptance.consortium import ABER, Library
from tests.acceptance.nodes import Places


class Staff:
    """The canonical API of one library. Every method fails the test where the API does not answer as it should."""

    def __init__(self, place: Places, library: Library = ABER) -> None:
        self.api: httpx.Client = place.http(library)

    def __enter__(self) -> Staff:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = self.api.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = self.api.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def all(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **parameters, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def item(self, barcode: str) -> dict[str, Any]:
        return self.get("/items", barcode=barcode)["item"]

    def patron(self, barcode: str) -> dict[str, Any]:
        return self.get("/patrons", identifier=barcode)["patron"]

    def bib(self, bib_id: str) -> dict[str, Any]:
        return self.get(f"/bibs/{bib_id}")["bib"]

    def account(self, barcode: str) -> dict[str, Any]:
        return self.get(f"/patrons/{self.patron(barcode)['id']}/account")

    def loans(self, barcode: str) -> list[str]:
        """Barcodes of what the patron has on loan."""
        return sorted(loan["item_barcode"] for loan in self.account(barcode)["loans"])

    def owed(self, barcode: str) -> str:
        return self.patron(barcode)["balance"]["amount"]

    def charge(self, barcode: str, amount: str) -> str:
        """Charges the patron; the charge's id."""
        money = {"amount": amount, "currency": "GBP"}
        return self.post("/fees", {"patron": barcode, "type": "OTHER", "amount": money})["fee"]["id"]

    def events(self, barcode: str, kind: str) -> int:
        """How often this happened to the item, by the event log."""
        item = self.item(barcode)["id"]
        return sum(event["item_id"] == item and event["type"] == kind for event in self.all("/events", limit="200"))

    def conflicts(self, barcode: str) -> list[dict[str, Any]]:
        """Open conflicts about this item."""
        return [found for found in self.all("/conflicts", limit="200") if found["item_barcode"] == barcode]
