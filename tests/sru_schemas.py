"""The schemas of SRU 1.x and 2.0 from the shared data, compiled without a network, to judge responses by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.sru import Version

_SYSTEM = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}system"
_XS = "http://www.w3.org/2001/XMLSchema"
_PARTS = {
    "1": {
        "http://www.loc.gov/zing/srw/": "sru1/srw-types.xsd",
        "http://explain.z3950.org/dtd/2.0/": "sru1/zeerex-2.0.xsd",
        "http://purl.org/dc/terms/": "dc/dcterms.xsd",
    },
    "2": {
        "http://docs.oasis-open.org/ns/search-ws/sruResponse": "sru2/sruResponse.xsd",
        "http://docs.oasis-open.org/ns/search-ws/scan": "sru2/scan.xsd",
        "http://explain.z3950.org/dtd/2.0/": "sru2/explain.xsd",
        "http://purl.org/dc/terms/": "dc/dcterms.xsd",
    },
}

Judge = Callable[[bytes, Version], etree._Element]


class _Offline(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        rows = etree.parse(folder / "catalog.xml").iter(_SYSTEM)
        self._known = {row.get("systemId"): folder / row.get("uri") for row in rows}

    def resolve(self, system_url: str, public_id: str, context: object) -> object:
        found = self._known.get(system_url)
        return self.resolve_filename(str(found), context) if found else None


def judge_of(shared_data: Callable[[str], Path]) -> Judge:
    """Gives what parses a response and fails unless it is valid against the schemas of its version."""
    folder = shared_data("schemas")
    schemas: dict[str, etree.XMLSchema] = {}
    for major, parts in _PARTS.items():
        imports = "".join(
            f'<xs:import namespace="{uri}" schemaLocation="{folder / name}"/>' for uri, name in parts.items()
        )
        parser = etree.XMLParser(no_network=True)
        parser.resolvers.add(_Offline(folder))
        schemas[major] = etree.XMLSchema(etree.fromstring(f'<xs:schema xmlns:xs="{_XS}">{imports}</xs:schema>', parser))

    def check(octets: bytes, version: Version) -> etree._Element:
        root = etree.fromstring(octets)
        schemas[version.value[0]].assertValid(root)
        return root

    return check
