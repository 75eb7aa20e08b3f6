"""Elements to text, driven by the tables: for every style and class one list of ready-made tags.

What the style's schema does not have is left out; what NCIP 1 cannot do without is put in. Characters that XML does not
have are replaced.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from library_protocols.ncip.dialect import NAMESPACE, PUBLIC_IDS, SCHEMAS, Dialect
from library_protocols.ncip.elements.base import Element, Ext, Foreign, Kind, SchemeValue
from library_protocols.ncip.elements.common import Amount, Problem
from library_protocols.ncip.errors import EncodeError
from library_protocols.ncip.facts import is_messaging, scheme_value, version1
from library_protocols.ncip.messages import (
    ExtMessage,
    LookupUserResponse,
    LookupVersion,
    LookupVersionResponse,
    Message,
    NotificationResponse,
    Problems,
)
from library_protocols.ncip.messages.others import AuthenticateUser, AuthenticateUserResponse, UserTransaction
from library_protocols.ncip.tables import CLASSES, EXTENSIONS, MESSAGES, Column, columns, visible_columns

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_VERSION_SCHEMA = "http://www.niso.org/ncip/v1_0/imp1/xsd/ncip_version.xsd"
_SPECIAL = re.compile('[&<>"\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]').search
_NAME = re.compile(r"[^\W\d][\w.-]*")
_ESCAPES = {
    **dict.fromkeys([*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"),
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("\t"): "&#9;",
    ord("\n"): "&#10;",
    ord("\r"): "&#13;",
}
_FILLED: dict[str, Any] = {
    "UserElementType": (scheme_value("UserElementType", "Name Information"),),
    "ItemElementType": (scheme_value("ItemElementType", "Bibliographic Description"),),
    "ReminderLevel": "1",
    "Amount": Amount(currency_code=SchemeValue(), monetary_value="0"),
}
"""What stands for an element that has to stand and is not there; others are empty."""

_TEXT, _CODE, _STRUCT, _FLAG, _FIGURE, _PROBLEM, _VISIBLE = range(7)
_KINDS = {Kind.TEXT: _TEXT, Kind.CODE: _CODE, Kind.STRUCT: _STRUCT, Kind.FLAG: _FLAG}
_ALL = 1 << 30
_OF_VERSIONS = frozenset({LookupVersion, LookupVersionResponse})
_OLD_ONLY = frozenset({AuthenticateUser, AuthenticateUserResponse})
_XML = "http://www.w3.org/XML/1998/namespace"

Step = tuple[str, int, str, str, int, Any]
"""Attribute, kind, start tag but its end, end tag, how many of a tuple are written (0: the value is none), and what
stands where there is nothing, None for nothing."""


def encode(message: Message, dialect: Dialect) -> bytes:
    """Write one document, in UTF-8. Raises EncodeError for a message that the dialect's NCIP does not have."""
    kind = type(message)
    if kind in _OF_VERSIONS:
        return _version_document(message)
    if kind in _OLD_ONLY and dialect.generation == 2:
        raise EncodeError("NCIP 2 has no AuthenticateUser")
    prefix = dialect.prefix if dialect.namespace and dialect.prefix and _NAME.fullmatch(dialect.prefix) else None
    writer = _writer(
        dialect.generation,
        dialect.version,
        dialect.namespace,
        prefix,
        dialect.scheme_children or dialect.generation == 1,
    )
    out = [_DECLARATION]
    if dialect.doctype and dialect.version in PUBLIC_IDS:
        out.append(f'<!DOCTYPE NCIPMessage PUBLIC "{PUBLIC_IDS[dialect.version]}" "{SCHEMAS[dialect.version]}">\n')
    out.append(writer.root(dialect))
    writer.message(message, out)
    out.append(f"</{writer.mark}NCIPMessage>\n")
    return "".join(out).encode()


def _version_document(message: Message) -> bytes:
    writer = _writer(1, "1.0", False, None, True)
    out = [_DECLARATION, f'<NCIPVersionMessage version="{_VERSION_SCHEMA}">']
    writer.message(message, out)
    out.append("</NCIPVersionMessage>\n")
    return "".join(out).encode()


def escape(text: str) -> str:
    """Text as it stands in elements and attributes."""
    return text.translate(_ESCAPES) if _SPECIAL(text) else text


class _Writer:
    """Writes in one style."""

    def __init__(self, generation: int, version: str, namespace: bool, prefix: str | None, children: bool) -> None:
        self.generation = generation
        self.namespace = namespace
        self.version = version
        self.mark = f"{prefix}:" if prefix else ""
        self.extension_mark = "ext:" if prefix != "ext" else "ext2:"
        self.scheme_children = children
        # attributes know no default namespace: they need a prefix where elements have none
        self.attribute_mark = "" if not namespace else self.mark or "ncip:"
        self.scheme = f" {self.attribute_mark}Scheme="
        self.scheme_tags = (f"<{self.mark}Scheme>", f"</{self.mark}Scheme><{self.mark}Value>", f"</{self.mark}Value>")
        self.plans: dict[type[Element], list[Step]] = {}
        spaces = ""
        if namespace:
            unprefixed = f' xmlns="{NAMESPACE}" xmlns:ncip="{NAMESPACE}"'
            spaces = f' xmlns:{prefix}="{NAMESPACE}"' if prefix else unprefixed
        self.opening = f"<{self.mark}NCIPMessage{spaces}"

    def root(self, dialect: Dialect) -> str:
        """The root's start tag."""
        if dialect.version_qualified is None:
            return f"{self.opening}>"
        mark = self.attribute_mark if dialect.version_qualified else ""
        return f'{self.opening} {mark}version="{escape(dialect.version_value)}">'

    def message(self, message: Message, out: list[str]) -> None:
        """What stands in the root."""
        if isinstance(message, Problems):
            tag = f"{self.mark}Problem"
            if self.generation == 1:
                self.errors(message.problem, f"<{tag}", f"</{tag}>", out)
            else:
                for problem in message.problem:
                    self.struct(problem, f"<{tag}", f"</{tag}>", out)
        elif isinstance(message, ExtMessage):
            out.append(f"<{self.mark}Ext>")
            if message.service is not None:
                self.extension(message, out)
            for each in message.unknown:
                self.foreign(each, out)
            out.append(f"</{self.mark}Ext>")
        else:
            tag = f"{self.mark}{type(message).__name__}"
            if self.generation == 1 and isinstance(message, LookupUserResponse):
                message = _wrapped(message)
            self.struct(message, f"<{tag}", f"</{tag}>", out)

    def extension(self, message: ExtMessage, out: list[str]) -> None:
        """A service inside Ext, in the namespace it came with, or that of its extension where NCIP has no such one."""
        name = type(message.service).__name__
        namespace = EXTENSIONS.get(name)
        if namespace is None or (name in MESSAGES and message.namespace != namespace):
            tag, spaces = f"{self.mark}{name}", ""
        else:
            tag = f"{self.extension_mark}{name}"
            spaces = f' xmlns:{self.extension_mark[:-1]}="{namespace}"'
        self.struct(message.service, f"<{tag}{spaces}", f"</{tag}>", out)

    def struct(self, element: Any, start: str, end: str, out: list[str]) -> None:
        """An element with elements inside."""
        out.append(start + ">")
        values = element.__dict__
        plan = self.plans.get(element.__class__)
        if plan is None:
            plan = self.plan(element.__class__)
        for attribute, kind, opening, closing, most, missing in plan:
            value = values.get(attribute)
            if value is None:
                if missing is None:
                    continue
                value = missing
            if most:
                for each in (value or missing or ())[:most]:
                    self.one(each, kind, opening, closing, missing, out)
            elif kind == _TEXT:
                out.append(f"{opening}>{value.translate(_ESCAPES) if _SPECIAL(value) else value}{closing}")
            elif kind == _STRUCT:
                self.struct(value, opening, closing, out)
            elif kind == _CODE:
                self.code(value, opening, closing, out)
            else:
                self.one(value, kind, opening, closing, missing, out)
        ext = values.get("ext")
        if ext is not None and self.generation == 2:
            self.ext(ext, out)
        out.append(end)

    def one(self, value: Any, kind: int, opening: str, closing: str, missing: Any, out: list[str]) -> None:
        """One element of a kind; `missing` is None where it need not stand."""
        if kind == _STRUCT:
            self.struct(value, opening, closing, out)
        elif kind == _CODE:
            self.code(value, opening, closing, out)
        elif kind == _TEXT or (kind == _FIGURE and (value or missing is not None)):
            out.append(f"{opening}>{escape(value)}{closing}")
        elif kind == _FLAG and value:
            out.append(f"{opening}/>")
        elif kind == _PROBLEM:
            self.errors(value, opening, closing, out)
        elif kind == _VISIBLE:
            self.visible(value, opening, closing, out)

    def plan(self, cls: type[Element]) -> list[Step]:
        """The steps of a class, made once."""
        found = self.plans[cls] = [self.step(cls, column) for column in columns(cls, self.version)]
        return found

    def step(self, cls: type[Element], column: Column) -> Step:
        """How to write one column."""
        row, name = column.row, column.name
        mark = self.extension_mark if name in EXTENSIONS else self.mark
        opening, closing = f"<{mark}{name}", f"</{mark}{name}>"
        kind = _KINDS[row.kind]
        if kind == _TEXT and row.type != "string":
            kind = _FIGURE
        missing = None
        if column.required and (self.generation == 1 or not row.required or kind == _TEXT):
            missing = _filled(row.name, kind, row.repeat)
        if self.generation == 1:
            if row.name == "Problem":
                kind = _PROBLEM
                if issubclass(cls, NotificationResponse):
                    opening = closing = ""
            elif name in version1.VISIBLE or (
                cls.__name__ in version1.VISIBLE_INSTEAD and row.name in version1.VISIBLE_OF and not row.repeat
            ):
                kind = _VISIBLE
        most = 0 if kind == _PROBLEM or not row.repeat else 1 if column.single else _ALL
        return row.attribute, kind, opening, closing, most, missing

    def code(self, value: SchemeValue, opening: str, closing: str, out: list[str]) -> None:
        """A value of a scheme."""
        scheme, text = value.scheme, value.value
        if _SPECIAL(text):
            text = text.translate(_ESCAPES)
        if self.scheme_children and (scheme or self.generation == 1):
            before, between, after = self.scheme_tags
            out.append(f"{opening}>{before}{escape(scheme or '')}{between}{text}{after}{closing}")
        elif scheme:
            out.append(f'{opening}{self.scheme}"{escape(scheme)}">{text}{closing}')
        else:
            out.append(f"{opening}>{text}{closing}")

    def visible(self, value: Any, opening: str, closing: str, out: list[str]) -> None:
        """An identifier where NCIP 1 has two kinds: one with a type is the visible one."""
        name = type(value).__name__
        kind = value.user_identifier_type if name == "UserId" else value.item_identifier_type
        if kind is None and opening[1:] not in version1.VISIBLE:
            self.struct(value, opening, closing, out)
        else:
            self.visible_identifier(value, version1.VISIBLE_OF[name], out)

    def visible_identifier(self, value: Any, name: str, out: list[str]) -> None:
        """A VisibleUserId or a VisibleItemId."""
        out.append(f"<{name}>")
        for column in visible_columns(name):
            each = getattr(value, column.row.attribute)
            opening, closing = f"<{column.name}", f"</{column.name}>"
            if column.row.kind is Kind.TEXT:
                out.append(f"{opening}>{escape(each or '')}{closing}")
            elif each is not None or column.required:
                self.code(each or SchemeValue(), opening, closing, out)
        out.append(f"</{name}>")

    def errors(self, problems: tuple[Problem, ...], opening: str, closing: str, out: list[str]) -> None:
        """Problems as NCIP 1 has them: errors, all of the first's kind, in a Problem; messaging errors without one
        in the answers to notifications."""
        if not problems:
            return
        if opening:
            out.append(f"{opening}>")
        kind = "MessagingError" if not opening or is_messaging(problems[0].problem_type) else "ProcessingError"
        for problem in problems:
            out.append(f"<{kind}>")
            self.code(problem.problem_type or SchemeValue(), f"<{kind}Type", f"</{kind}Type>", out)
            names = [version1.NAMES.get(name, name) for name in (problem.problem_element or "").split("/")]
            out.extend(f"<{kind}Element><ElementName>{escape(name)}</ElementName>" for name in names)
            if problem.problem_value is not None:
                out.append(f"<{kind}Value>{escape(problem.problem_value)}</{kind}Value>")
            out.append(f"</{kind}Element>" * len(names) + f"</{kind}>")
        out.append(closing)

    def ext(self, ext: Ext, out: list[str]) -> None:
        """An extension."""
        out.append(f"<{self.mark}Ext>")
        for each in ext.content:
            self.foreign(each, out)
        out.append(f"</{self.mark}Ext>")

    def foreign(self, element: Foreign, out: list[str], default: str | None = None) -> None:
        """An element of any namespace; `default` is the namespace without a prefix around it."""
        if default is None:
            default = NAMESPACE if self.namespace and not self.mark else ""
        namespace = NAMESPACE if self.namespace and not element.namespace and not element.line else element.namespace
        if not self.namespace and namespace == NAMESPACE:
            namespace = ""
        tag, attributes = element.name, ""
        if namespace == NAMESPACE and self.mark:
            tag = self.mark + tag
        elif namespace != default:
            attributes, default = f' xmlns="{escape(namespace)}"', namespace
        for index, (name, value) in enumerate(element.attributes):
            attributes += self.attribute(index, name, value)
        out.append(f"<{tag}{attributes}>{escape(element.text)}")
        for child in element.children:
            self.foreign(child, out, default)
        out.append(f"</{tag}>")

    def attribute(self, index: int, name: str, value: str) -> str:
        """An attribute of any namespace."""
        namespace, _, local = name.rpartition("}")
        if namespace and not (namespace[1:] == NAMESPACE and not self.namespace):
            if namespace[1:] == NAMESPACE:
                return f' {self.attribute_mark}{local}="{escape(value)}"'
            if namespace[1:] == _XML:
                return f' xml:{local}="{escape(value)}"'
            return f' xmlns:a{index}="{escape(namespace[1:])}" a{index}:{local}="{escape(value)}"'
        return f' {local}="{escape(value)}"'


def _wrapped(message: LookupUserResponse) -> LookupUserResponse:
    """With the element that NCIP 1 has around requests and loans."""
    if not message.requested_item and not message.loaned_item:
        return message
    around = UserTransaction(requested_item=message.requested_item, loaned_item=message.loaned_item)
    made = LookupUserResponse()
    made.__dict__.update(message.__dict__, user_transaction=around)
    return made


def _filled(name: str, kind: int, repeat: bool) -> Any:
    value = _FILLED.get(name)
    if value is not None:
        return value
    made: Any = SchemeValue() if kind == _CODE else CLASSES[name]() if kind == _STRUCT else ""
    return (made,) if repeat else made


@lru_cache(maxsize=64)
def _writer(generation: int, version: str, namespace: bool, prefix: str | None, children: bool) -> _Writer:
    return _Writer(generation, version, namespace, prefix, children)
