"""The official schemas of NCIP from the shared data: what is wrong with a document by the one of its version."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

NAMESPACE = "http://www.niso.org/2008/ncip"
_BY_VERSION = (("v2_02", "ncip_v2_02.xsd"), ("v2_01", "ncip_v2_01.xsd"), ("v2_0", "ncip_v2_0.xsd"))
_QUALIFIED = f"{{{NAMESPACE}}}"


def fault(octets: bytes, folder: Path) -> str | None:
    """What the official schema says against it, None where nothing. `folder` is that of the NCIP schemas.

    A document of version 2 without a namespace gets it first, as who reads such a dialect does."""
    root = etree.fromstring(octets)
    if root.tag == "NCIPVersionMessage":
        return _against(_schema(folder / "ncip2-ext" / "ncip_version.xsd"), root)
    version = root.get("version") or root.get(_QUALIFIED + "version") or ""
    if "v1_0" in version and "v2" not in version:
        return _against(_dtd(folder / "ncip1" / "ncip_v1_0.dtd"), root)
    if not root.tag.startswith("{"):
        root = _with_namespace(root)
    if root.find(f"{_QUALIFIED}Ext") is not None:
        return _against(_extended(folder), root)
    name = next((file for mark, file in _BY_VERSION if mark in version), "ncip_v2_02.xsd")
    return _against(_schema(folder / "ncip2" / name), root)


def _with_namespace(root: Any) -> Any:
    for element in root.iter(etree.Element):
        if not element.tag.startswith("{"):
            element.tag = _QUALIFIED + element.tag
        for name in ("version", "Scheme"):
            if name in element.attrib:
                element.set(_QUALIFIED + name, element.attrib.pop(name))
    return etree.fromstring(etree.tostring(root))


def _against(judge: Any, root: Any) -> str | None:
    return None if judge.validate(root) else str(judge.error_log.filter_from_errors()[0].message)


@cache
def _schema(file: Path) -> Any:
    return etree.XMLSchema(etree.parse(file))


@cache
def _extended(folder: Path) -> Any:
    """2.02 with the one extension that has a service in it and a schema of its own."""
    parts = {
        NAMESPACE: "ncip2/ncip_v2_02.xsd",
        "http://www.oclc.org/ncip/renewall/2014": "ncip2-ext/ncip_renewall_extension_v1_0.xsd",
    }
    imports = "".join(
        f'<xs:import namespace="{name}" schemaLocation="{folder / file}"/>' for name, file in parts.items()
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text))


@cache
def _dtd(file: Path) -> Any:
    with file.open("rb") as octets:
        return etree.DTD(octets)
