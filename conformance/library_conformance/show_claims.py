"""`library-conformance claims`: what suppliers say of their products, and where they say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from library_conformance.catalogue import STANDARDS as CATALOGUED
from library_conformance.claims import (
    NAMES,
    ClaimError,
    Direction,
    Product,
    Value,
    plain,
    product_named,
    products,
    today,
)

OwnClaims = Annotated[
    Path | None, typer.Option("--claims", help="Folder with claims of your own, VENDOR/PRODUCT.toml, beside ours.")
]
_SHORT = {Value.CONFIGURABLE: "conf", Value.PARTIAL: "part", Value.UNKNOWN: "?"}


def known_products(own: Path | None) -> Mapping[str, Product]:
    """Ours, and those of a folder of the user's. Raises typer.BadParameter."""
    try:
        return products(own)
    except (ClaimError, OSError) as error:
        raise typer.BadParameter(str(error)) from error


def attach(app: typer.Typer) -> None:
    """Adds `claims` to the command line."""

    @app.command("claims")
    def claims_command(
        product: Annotated[str, typer.Argument(help="VENDOR/PRODUCT or its name; all products without it.")] = "",
        own: OwnClaims = None,
        json_: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
    ) -> None:
        """What suppliers say their products support, and where they say it.

        Exit codes: 0 shown; 2 wrong usage, or there is no such product.
        """
        known = known_products(own)
        chosen = product_named(product, known) if product else None
        if product and chosen is None:
            raise typer.BadParameter(f"there is no product {product!r}; known: {', '.join(known)}")
        day = today()
        if json_:
            wanted = [chosen] if chosen else list(known.values())
            print(json.dumps([_plain_product(one, day) for one in wanted], ensure_ascii=False, indent=1))
        elif chosen:
            _show(chosen, day)
        else:
            _overview(known)


def _plain_product(product: Product, on: date) -> dict[str, Any]:
    return {
        "id": product.id, "vendor": product.vendor, "name": product.name, "versions": product.versions,
        "note": product.note, "claims": [plain(one, on) for one in product.claims],
    }  # fmt: skip


def _show(product: Product, on: date) -> None:
    console = Console(highlight=False)
    console.print(f"{product.name} ({product.vendor}) {product.versions}".strip(), markup=False)
    if product.note:
        console.print(product.note, markup=False)
    for claim in product.claims:
        side = "" if claim.direction is Direction.SERVER else ", as client"
        console.print(f"\n{NAMES[claim.standard]} {claim.scope}{side}: {claim.value}", markup=False)
        if claim.note:
            console.print(f"  {claim.note}", markup=False)
        source = claim.source
        again = "; to be read again" if source.stale(on) else ""
        where = f"{source.title} {source.ref}".strip()
        grade = f"{claim.grade} · " if claim.grade else ""
        console.print(f"  {grade}{where} (read {source.retrieved}{again})", markup=False, style="dim")


def _overview(known: Mapping[str, Product]) -> None:
    table = Table(box=None, pad_edge=False)
    columns = [name for name in NAMES if name in CATALOGUED or name == "iso18626"]
    for heading in ("Product", *columns):
        table.add_column(heading, no_wrap=True)
    for one in known.values():
        table.add_row(one.id, *(_cell(one, name) for name in columns))
    console = Console(highlight=False, width=140)
    console.print(table)
    console.print("conf: where licensed, installed or set; part: in part; c: as client; ?: looked for, nothing found")


def _cell(product: Product, standard: str) -> str:
    sides = {side: product.serves(standard, side) for side in Direction}
    words = [
        _SHORT.get(found.value, found.value.value) + (" c" if side is Direction.CLIENT else "")
        for side, found in sides.items()
        if found.claims
    ]
    return ", ".join(words)
