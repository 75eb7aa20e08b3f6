"""Documents of NCIP written by hand, in either generation: the judge's own reading of the schemas, no codec.

Content is put together from strings without prefixes; a `Style` says how the root and the names are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAMESPACE = "http://www.niso.org/2008/ncip"
SCHEMA_2 = "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd"
DTD_1 = "http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd"
PUBLIC_1 = "-//NISO//NCIP DTD Version 1.0//EN"
VERSION_SCHEMA = "http://www.niso.org/ncip/v1_0/imp1/xsd/ncip_version.xsd"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NOBODY = "zz-no-such-card-0"
"""An identifier of users, items and requests that no library gives."""


def e(name: str, *content: str) -> str:
    """An element with what is in it, text or other elements."""
    return f"<{name}>{''.join(content)}</{name}>"


def text(value: str) -> str:
    """Text as it stands in an element."""
    return value.replace("&", "&amp;").replace("<", "&lt;")


@dataclass(frozen=True, slots=True)
class Style:
    """How version 2 is written: `version` is the attribute's value, None leaves it out; `qualified`: it stands in the
    namespace. `prefix` is put before every name."""

    namespace: str | None = NAMESPACE
    prefix: str = ""
    version: str | None = SCHEMA_2
    qualified: bool = True
    declaration: str = DECLARATION


@dataclass(frozen=True, slots=True)
class Words:
    """Says things in one generation, between two agencies."""

    generation: int = 2
    sender: str = "JUDGE"
    receiver: str = "LIBRARY"
    secret: str = ""
    style: Style = field(default_factory=Style)

    def code(self, name: str, value: str, scheme: str = "") -> str:
        """A value of a code list."""
        return e(name, e("Scheme", scheme), e("Value", text(value))) if self.generation == 1 else e(name, text(value))

    def agency(self, value: str) -> str:
        return self.code("UniqueAgencyId" if self.generation == 1 else "AgencyId", value)

    def user(self, value: str) -> str:
        return self._identifier("User", value)

    def item(self, value: str) -> str:
        return self._identifier("Item", value)

    def request(self, value: str) -> str:
        """A transaction by the number that we, who ask, gave it."""
        return self._identifier("Request", value, self.sender)

    def elements(self, of: str, *wanted: str) -> str:
        """UserElementType, ItemElementType, ... of these values."""
        return "".join(self.code(f"{of}ElementType", value) for value in wanted)

    def login(self, *inputs: tuple[str, str]) -> str:
        """Authentication inputs: type and what was typed."""
        return "".join(
            e(
                "AuthenticationInput",
                e("AuthenticationInputData", text(data)),
                self.code("AuthenticationDataFormatType", "text/plain"),
                self.code("AuthenticationInputType", kind),
            )
            for kind, data in inputs
        )

    def header(self, name: str = "InitiationHeader") -> str:
        proof = e("FromAgencyAuthentication", text(self.secret)) if self.secret else ""
        return e(name, e("FromAgencyId", self.agency(self.sender)), proof, e("ToAgencyId", self.agency(self.receiver)))

    def say(self, service: str, *content: str, header: bool = True) -> bytes:
        """A whole message."""
        inside = e(service, self.header() if header else "", *content)
        return (self._old(inside) if self.generation == 1 else self._new(inside)).encode()

    def _identifier(self, kind: str, value: str, agency: str = "") -> str:
        inside = e(f"{kind}IdentifierValue", text(value))
        if self.generation == 1:
            return e(f"Unique{kind}Id", self.agency(agency or self.receiver), inside)
        return e(f"{kind}Id", inside)

    def _old(self, inside: str) -> str:
        doctype = f'<!DOCTYPE NCIPMessage PUBLIC "{PUBLIC_1}" "{DTD_1}">\n'
        return f'{DECLARATION}{doctype}<NCIPMessage version="{DTD_1}">{inside}</NCIPMessage>\n'

    def _new(self, inside: str) -> str:
        style = self.style
        mark = f"{style.prefix}:" if style.prefix else ""
        spaces = ""
        if style.namespace is not None:
            spaces = f' xmlns{f":{style.prefix}" if mark else ""}="{style.namespace}"'
        version = ""
        if style.version is not None:
            qualified = style.qualified and style.namespace is not None
            if qualified and not mark:
                spaces += f' xmlns:n="{style.namespace}"'
            version = f' {mark or "n:" if qualified else ""}version="{style.version}"'
        if mark:
            inside = re.sub(r"<(/?)(?=[A-Z])", rf"<\1{mark}", inside)
        return f"{style.declaration}<{mark}NCIPMessage{spaces}{version}>{inside}</{mark}NCIPMessage>\n"
