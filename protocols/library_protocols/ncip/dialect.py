"""How a peer writes NCIP: which version, with a namespace or without, and the habits that go with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

NAMESPACE = "http://www.niso.org/2008/ncip"
"""The namespace of all versions 2, for elements and attributes alike."""
SCHEMAS = {
    "2.02": "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd",
    "2.01": "http://www.niso.org/schemas/ncip/v2_01/imp1/xsd/ncip_v2_01.xsd",
    "2.0": "http://www.niso.org/schemas/ncip/v2_0/imp1/xsd/ncip_v2_0.xsd",
    "1.01": "http://www.niso.org/ncip/v1_01/imp1/dtd/ncip_v1_01.dtd",
    "1.0": "http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd",
}
"""What `version` holds, by version."""
PUBLIC_IDS = {
    "1.0": "-//NISO//NCIP DTD Version 1.0//EN",
    "1.01": "-//NISO//NCIP DTD Version 1.01//EN",
}
"""What a document type is called, by version."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write NCIP.

    `generation` 1 or 2; `version` "1.0", "1.01", "2.0", "2.01" or "2.02"; `namespace`: elements are in NCIP's (versions
    2 only); `prefix` of it, None where it is the default; `version_qualified`: the attribute `version` is in the
    namespace, None where there is no such attribute; `scheme_children`: Scheme and Value are elements (in version 1
    always); `doctype`: a document type stands before (version 1); `version_text`: what `version` held, None for
    what the standard has.
    """

    generation: int = 2
    version: str = "2.02"
    namespace: bool = True
    prefix: str | None = None
    version_qualified: bool | None = True
    scheme_children: bool = False
    doctype: bool = False
    version_text: str | None = None

    def for_answer(self) -> Dialect:
        """This dialect as an answer is written: as it was asked, but `version` is always there, and in the namespace
        where there is one (the schema wants it so, and peers that leave it out take it)."""
        return self if self.version_qualified is self.namespace else replace(self, version_qualified=self.namespace)

    @property
    def version_value(self) -> str:
        """What the attribute `version` holds."""
        return self.version_text or SCHEMAS[self.version]


NCIP_2_02 = Dialect(prefix="ns1")
NCIP_2_01 = Dialect(version="2.01", prefix="ns1")
NCIP_2_0 = Dialect(version="2.0", prefix="ns1")
NCIP_1_0 = Dialect(1, "1.0", namespace=False, version_qualified=False, scheme_children=True, doctype=True)
NCIP_1_01 = Dialect(1, "1.01", namespace=False, version_qualified=False, scheme_children=True, doctype=True)
