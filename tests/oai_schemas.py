"""The official schemas of OAI-PMH and of what it carries, compiled together from the shared data, without a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

_PARTS = {
    "http://www.openarchives.org/OAI/2.0/": "oai/OAI-PMH.xsd",
    "http://www.openarchives.org/OAI/2.0/oai_dc/": "oai/oai_dc.xsd",
    "http://www.openarchives.org/OAI/2.0/oai-identifier": "oai/oai-identifier.xsd",
    "http://www.openarchives.org/OAI/2.0/provenance": "oai/provenance.xsd",
    "http://www.loc.gov/MARC21/slim": "marc/MARC21slim.xsd",
    "http://www.loc.gov/mods/v3": "mods/mods-3-7.xsd",
}
# Its schema of Dublin Core is another than the one oai_dc is built on: the two cannot be compiled together.
_QUALIFIED = {
    "http://www.openarchives.org/OAI/2.0/": "oai/OAI-PMH.xsd",
    "http://www.openarchives.org/OAI/2.0/provenance": "oai/provenance.xsd",
    "http://purl.org/dc/terms/": "dc/dcterms.xsd",
}
_TERMS = b"http://purl.org/dc/terms/"
_XS = "http://www.w3.org/2001/XMLSchema"
_SYSTEM = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}system"


class _Offline(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        rows = etree.parse(folder / "catalog.xml").iter(_SYSTEM)
        self._known = {row.get("systemId"): folder / row.get("uri") for row in rows}

    def resolve(self, system_url: str, public_id: str, context: object) -> object:
        found = self._known.get(system_url)
        return self.resolve_filename(str(found), context) if found else None


# friends.xsd is not among the shared schemas; its one element holds base URLs.
_FRIENDS = f"""<xs:schema xmlns:xs="{_XS}" targetNamespace="http://www.openarchives.org/OAI/2.0/friends/"
 elementFormDefault="qualified"><xs:element name="friends"><xs:complexType><xs:sequence>
 <xs:element name="baseURL" type="xs:anyURI" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""

# The DCMI's container has no namespace of its own: whoever uses it gives it one.
_QDC = "http://worldcat.org/xmlschemas/qdc-1.0/"
_CONTAINER = f'''<xs:schema xmlns:xs="{_XS}" targetNamespace="{_QDC}" xmlns="{_QDC}" elementFormDefault="qualified">
 <xs:include schemaLocation="{{included}}"/></xs:schema>'''


def marcxchange(folder: Path) -> str:
    """MarcXchange 2.0 as text, made of 1.1, which is among the shared schemas: the same elements in a namespace of
    their own, and stricter, as 2.0 asks for no leader."""
    return (folder / "marc/marcxchange-1-1.xsd").read_text().replace("marcxchange-v1", "marcxchange-v2")


@cache
def _schema(folder: Path, scratch: Path, *, qualified: bool) -> etree.XMLSchema:
    friends = scratch / "friends.xsd"
    friends.write_text(_FRIENDS)
    parts = {uri: folder / name for uri, name in (_QUALIFIED if qualified else _PARTS).items()}
    parts["http://www.openarchives.org/OAI/2.0/friends/"] = friends
    exchanged = scratch / "marcxchange.xsd"
    exchanged.write_text(marcxchange(folder))
    parts["info:lc/xmlns/marcxchange-v2"] = exchanged
    if qualified:
        container = scratch / "container.xsd"
        container.write_text(_CONTAINER.format(included=folder / "dc/qualifieddc.xsd"))
        parts[_QDC] = container
    imports = "".join(f'<xs:import namespace="{uri}" schemaLocation="{path}"/>' for uri, path in parts.items())
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Offline(folder))
    return etree.XMLSchema(etree.fromstring(f'<xs:schema xmlns:xs="{_XS}">{imports}</xs:schema>', parser))


def judge(shared_data: Callable[[str], Path], scratch: Path) -> Callable[[bytes], None]:
    """Gives a check that fails with the schema's complaint when a response is not valid."""
    folder = shared_data("schemas")

    def check(response: bytes) -> None:
        _schema(folder, scratch, qualified=_TERMS in response).assertValid(etree.fromstring(response))

    return check
