"""Messages that real systems have sent: every one is answered, validly, and in its own dialect.

As they are, they name people and books that nobody has here. Put on the demo's people and books, what brokers ask for
every day is done.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from tests.acceptance.consortium import ABER
from tests.acceptance.ncip_line import NAMESPACE, Answer, post
from tests.acceptance.nodes import Node, with_data
from tests.ncip_schemas import fault

# What no schema at hand can judge: a service of version 1.01, of which there is the document type of 1.0 alone, and an
# extension in a namespace that has no schema.
UNJUDGED = frozenset({
    "LookupRequest-5.xml", "LookupRequestResponse-4.xml", "LookupRequestResponse-5.xml", "Ext-LookupItemSet-4.xml",
})  # fmt: skip
BROKEN = frozenset({"Temporary Processing Failure"})
DONE_EVERY_DAY = ("AcceptItem", "CheckInItem", "CheckOutItem", "LookupItem", "LookupUser", "RenewItem", "RequestItem")
DATES = ("DateForReturn", "NeedBeforeDate", "PickupExpiryDate", "DesiredDateDue")
LATER = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%dT17:00:00Z")
USERS = ("UserIdentifierValue", "VisibleUserIdentifier")
# Each borrows so little that nobody comes to a limit.
PATRONS = cycle(range(12, 61))
ITEMS = ("ItemIdentifierValue", "VisibleItemIdentifier")


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"))
    yield running
    running.stop()


@pytest.fixture
def files(shared_data: Callable[[str], Path]) -> list[tuple[Path, str]]:
    """Each message with the service that its manifest names."""
    folder = shared_data("ncip/messages")
    with (folder / "MANIFEST.tsv").open(encoding="utf-8") as text:
        return [(folder / row["file"], row["service"]) for row in csv.DictReader(text, delimiter="\t")]


@pytest.fixture
def schemas(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("schemas/ncip-lcf-iso18626")


def local(name: str) -> str:
    return f"*[local-name()='{name}']"


def sent(node: Node, octets: bytes) -> Answer:
    answer = post(node.ports["http"], octets)
    assert answer.status == 200
    return answer


def test_every_one_is_answered_validly_and_in_its_dialect(
    node: Node, files: list[tuple[Path, str]], schemas: Path
) -> None:
    wrong: list[str] = []
    for path, service in files:
        octets = path.read_bytes()
        answer = sent(node, octets)
        said = fault(answer.octets, schemas)
        if said and path.name not in UNJUDGED:
            wrong.append(f"{path.name}: {said}")
        if BROKEN.intersection(answer.problems):
            wrong.append(f"{path.name}: {answer.problems}")
        if (etree.fromstring(octets).tag.startswith("{")) != answer.root.tag.startswith("{"):
            wrong.append(f"{path.name}: another dialect")
        request = not service.endswith("Response") and service != "Problem" and not service.startswith("Ext-")
        if request and answer.service != f"{service}Response":
            wrong.append(f"{path.name}: answered by {answer.service}")
        if not request and not service.startswith("Ext-") and answer.ok:
            wrong.append(f"{path.name}: an answer was taken for a question")
        if answer.root.tag.startswith("{"):
            assert answer.root.get(f"{{{NAMESPACE}}}version")
    assert len(files) == 185
    assert wrong == [], "\n".join(wrong)


def test_put_on_people_and_books_that_are_here_they_are_done(
    node: Node, files: list[tuple[Path, str]], schemas: Path
) -> None:
    done: Counter[str] = Counter()
    for path, service in files:
        if service in DONE_EVERY_DAY:
            answer = sent(node, at_home(path.read_bytes(), service, node))
            assert fault(answer.octets, schemas) is None, path.name
            done[service] += answer.ok
            if not answer.ok:
                print(path.name, answer.problems, answer.all("ProblemElement"), answer.all("ProblemDetail"))
    assert {service: done[service] for service in DONE_EVERY_DAY if not done[service]} == {}
    assert sum(done.values()) >= 40


def at_home(octets: bytes, service: str, node: Node) -> bytes:
    """A message with a patron and an item of the demo in the places of those that it names."""
    root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))
    patron, barcode = ABER.patron(next(PATRONS)), node.new_item()
    on_loan = service in ("RenewItem", "CheckInItem")
    if on_loan:
        with node.http() as api:
            lent = api.post("/loans", json={"patron": patron, "item": barcode}, headers={"Idempotency-Key": barcode})
            assert lent.status_code == 201, lent.text
        node.clock.ahead += 2 * 86_400
    if service == "AcceptItem":
        barcode = f"88{barcode}"
    put(root, USERS, patron)
    put(root, ITEMS, barcode)
    put(root, ("PickupLocation",), "ABER")
    put(root, DATES, LATER)
    put(root, ("RequestIdentifierValue",), f"R{barcode}")
    if root.xpath(f"//{local('BibliographicRecordIdentifier')}"):
        with node.http() as api:
            bib = api.get("/items", params={"barcode": barcode}).json()["item"]["bib_id"]
        put(root, ("BibliographicRecordIdentifier",), bib)
    for agency in root.xpath(f"//{local('AgencyId')}|//{local('UniqueAgencyId')}/{local('Value')}"):
        agency.text = ABER.ao
    for kind in root.xpath(f"//{local('AuthenticationInput')}"):
        word = "".join(kind.xpath(f".//{local('AuthenticationInputType')}//text()")).lower()
        put(kind, ("AuthenticationInputData",), "1234" if "pin" in word or "password" in word else patron)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=root.getroottree().docinfo.doctype)


def put(root: Any, names: tuple[str, ...], text: str) -> None:
    for name in names:
        for found in root.xpath(f".//{local(name)}"):
            for child in list(found):
                found.remove(child)
            found.text = text
