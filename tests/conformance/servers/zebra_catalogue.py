"""Zebra as Koha runs it, over a handful of records: a target that libraries have, by Z39.50 and by SRU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from library_protocols.marc import to_marcxml
from tests.benchmarks import zebra
from tests.gateway.adapters.z3950.conftest import TITLES
from tests.gateway.catalogue.index.building import record

Z3950_INPUTS = {"database": zebra.DATABASE, "query": "@attr 1=4 wales", "term": "wales"}
SRU_INPUTS = {"query": "wales", "other_query": "history", "index": "dc.title"}


@contextmanager
def zebra_catalogue(folder: Path) -> Iterator[int]:
    """The port at which both are spoken; the register and the records lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        record(f"001 {number}\n008 990101s{year}    xxk||||||||||||||||eng||\n100 1  $a{author}\n245 10 $a{title}")
        for number, (title, author, year) in enumerate(TITLES, 1)
    ]
    records = folder / "records.xml"
    records.write_bytes(b"<collection>" + b"".join(map(to_marcxml, made)) + b"</collection>")
    zebra.index(folder / "register", zebra.KOHA, records, len(made))
    with zebra.server(folder / "register") as (port, _):
        yield port
