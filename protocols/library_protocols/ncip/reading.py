"""A tree to elements, driven by the tables: one pass over the children of each element, one dictionary of tags.

Names of both generations are taken, in any order; what is not known, or stands twice, is kept with its line. Nothing
is guessed beyond what a place in the tables says. What is usual is done inline and first, for speed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.ncip.dialect import NAMESPACE
from library_protocols.ncip.documents import MAX_DEPTH
from library_protocols.ncip.elements.base import Element, Ext, Extensible, Foreign, Kind, SchemeValue
from library_protocols.ncip.elements.common import AgencyReference, ItemId, Problem, RequestId, UserId
from library_protocols.ncip.errors import DecodeError, Departure, Deviation
from library_protocols.ncip.facts import MESSAGING, MESSAGING_ERROR, SCHEMES, version1
from library_protocols.ncip.tables import CLASSES, EXTENSIONS, places

_TEXT, _CODE, _STRUCT, _FLAG, _EXT, _PROBLEM, _WRAPPER = range(7)
_KINDS = {Kind.TEXT: _TEXT, Kind.CODE: _CODE, Kind.STRUCT: _STRUCT, Kind.FLAG: _FLAG}
_SCHEME = f"{{{NAMESPACE}}}Scheme"
_LAST = 1 << 20
_NEW: Any = object.__new__
_PUT: Any = object.__setattr__
_UNIQUE_OF = {"visible_user_id": "user_id", "visible_item_id": "item_id"}
_BARE = {UserId: "user_identifier_value", ItemId: "item_identifier_value", RequestId: "request_identifier_value"}
_IDENTIFIERS = ("_identifier_value", "_identifier")
_OURS = frozenset({"", NAMESPACE, *EXTENSIONS.values()})
_NEW_NAMES = {old: new for new, old in version1.NAMES.items()}
_KNOWN: dict[tuple[str, str | None], SchemeValue] = {
    (value, fact.scheme): SchemeValue(value, fact.scheme) for fact in SCHEMES.values() for value in fact.values
}
_KNOWN |= {(value, MESSAGING_ERROR): SchemeValue(value, MESSAGING_ERROR) for value in MESSAGING}
"""Values that are met again and again, made once."""

MAX_IDENTIFIER = 255
"""Characters of an identifier: the longest real ones are addresses of some eighty, and databases index no long ones."""
MAX_FOREIGN = 10_000
"""Most elements kept that no table has, in one document; the largest extensions known have some hundreds."""
MAX_DEVIATIONS = 1_000
"""Most departures noted; what is kept is noted always."""

Step = tuple[int, str, bool, int, bool, Any]
"""Kind, attribute, whether it repeats, place in the order, whether the name is the other generation's, plan or None."""


class _Plan:
    """How to read one class in documents of one generation, with the namespace or without."""

    __slots__ = ("bare", "cls", "steps", "visible")

    def __init__(self, cls: type[Element], generation: int, namespaced: bool) -> None:
        self.cls = cls
        self.steps: dict[str, Step] = {}
        mark = f"{{{NAMESPACE}}}" if namespaced else ""
        for name, place in places(cls).items():
            row = place.row
            kind, inner = _KINDS[row.kind], None
            if name == version1.WRAPPER:
                kind, inner = _WRAPPER, _plan(CLASSES[name], generation, namespaced)
            elif row.name == "Problem":
                kind = _PROBLEM
            elif kind == _STRUCT:
                inner = _plan(CLASSES[row.name], generation, namespaced)
            other = place.generation == 3 - generation
            self.steps[mark + name] = (kind, row.attribute, row.repeat, place.index, other, inner)
        if issubclass(cls, Extensible):
            self.steps[f"{mark}Ext"] = (_EXT, "ext", False, _LAST, generation == 1, None)
        attributes = {step[1] for step in self.steps.values()}
        pairs = [(visible, unique) for visible, unique in _UNIQUE_OF.items() if {visible, unique} <= attributes]
        self.visible = pairs[0] if pairs else None
        self.bare = "agency_id" if issubclass(cls, AgencyReference) else _BARE.get(cls)


@cache
def _plan(cls: type[Element], generation: int, namespaced: bool) -> _Plan:
    return _Plan(cls, generation, namespaced)


class Reader:
    """Reads the elements of one document, and notes how they depart from the standard."""

    __slots__ = ("deviations", "generation", "kept", "namespaced", "scheme_children")

    def __init__(self, generation: int, namespaced: bool, deviations: list[Deviation]) -> None:
        self.generation = generation
        self.namespaced = namespaced
        self.deviations = deviations
        self.scheme_children = False
        self.kept = 0

    def read(self, element: Any, cls: type[Element]) -> Any:
        """An element with elements inside, as its class."""
        return self._struct(element, _plan(cls, self.generation, self.namespaced))

    def _struct(self, element: Any, plan: _Plan) -> Any:
        steps = plan.steps
        values: dict[str, Any] = {}
        repeated: list[str] | None = None
        last = -1
        for child in element:
            try:
                kind, attribute, repeat, index, other, inner = steps[child.tag]
            except KeyError:
                step = self._stranger(child, steps, values)
                if step is None:
                    continue
                kind, attribute, repeat, index, other, inner = step
            if index >= last:
                last = index
            else:
                self._note(Departure.WRONG_ORDER, child)
            if other:
                self._note(Departure.OTHER_GENERATION, child)
            if kind == _STRUCT:
                value = self._struct(child, inner)
            elif kind == _TEXT:
                if len(child):
                    self._inside(child, values)
                value = child.text
                value = value.strip() if value else ""
                if len(value) > MAX_IDENTIFIER and attribute.endswith(_IDENTIFIERS):
                    raise DecodeError(f"an identifier of more than {MAX_IDENTIFIER} characters", line=child.sourceline)
            elif kind == _CODE:
                if len(child):
                    value = self._code_of_elements(child, values)
                else:
                    text = child.text
                    text = text.strip() if text else ""
                    scheme = child.get(_SCHEME)
                    if scheme is None:
                        scheme = child.get("Scheme")
                        if scheme is not None and self.namespaced:
                            self._note(Departure.SCHEME_UNQUALIFIED, child)
                    value = _KNOWN.get((text, scheme))
                    if value is None:
                        value = _NEW(SchemeValue)
                        _PUT(
                            value, "__dict__", {"value": text, "scheme": (scheme and (scheme.strip() or None)) or None}
                        )
            elif kind == _FLAG:
                if len(child):
                    self._inside(child, values)
                value = True
            elif kind == _EXT:
                value = Ext(tuple([self.foreign(each) for each in child]))
            else:
                found = {attribute: self.problems(child)} if kind == _PROBLEM else self._struct(child, inner).__dict__
                for name, several in found.items():
                    values[name] = [*values.get(name, ()), *several]
                    repeated = [*(repeated or ()), name]
                continue
            if repeat:
                if attribute in values:
                    values[attribute].append(value)
                else:
                    values[attribute] = [value]
                    if repeated is None:
                        repeated = [attribute]
                    else:
                        repeated.append(attribute)
            elif attribute in values:
                self._keep(child, Departure.REPEATED_ELEMENT, values)
            else:
                values[attribute] = value
        if repeated:
            for attribute in repeated:
                values[attribute] = tuple(values[attribute])
        if not values or plan.visible:
            self._special(element, plan, values)
        made = _NEW(plan.cls)
        _PUT(made, "__dict__", values)
        return made

    def _special(self, element: Any, plan: _Plan, values: dict[str, Any]) -> None:
        """What some classes have besides: text without the elements that should be around it, two identifiers."""
        if plan.bare and not values:
            self._bare(element, plan.bare, values)
        if plan.visible and plan.visible[0] in values:
            _promote(plan.visible, values)

    def _code_of_elements(self, element: Any, values: dict[str, Any]) -> SchemeValue:
        scheme: str | None = None
        value: str | None = None
        for child in element:
            name = _local(child)
            if name == "Value" and value is None and not len(child):
                value = _text(child)
            elif name == "Scheme" and scheme is None and not len(child):
                scheme = _text(child)
            else:
                self._keep(child, Departure.UNKNOWN_ELEMENT, values)
        if self.generation == 2 and not self.scheme_children and value is not None:
            self.scheme_children = True
            self._note(Departure.SCHEME_ELEMENTS, element)
        if value is None:
            value = _text(element)
        return _KNOWN.get((value, scheme)) or SchemeValue(value, scheme or None)

    def problems(self, element: Any) -> list[Problem]:
        """The problems that an element holds: one of NCIP 2, or the errors of one of NCIP 1."""
        if _local(element) in version1.ERRORS:
            return [self._error(element)]
        if len(element) and _local(element[0]) in version1.ERRORS:
            return [self._error(each) for each in element]
        return [self.read(element, Problem)]

    def _error(self, element: Any) -> Problem:
        """An error of NCIP 1: its type, and elements inside one another, with a value in the innermost."""
        kind = _local(element)
        values: dict[str, Any] = {}
        names: list[str] = []
        waiting = list(element)
        for child in waiting:
            name = _local(child)
            if name == f"{kind}Type" and "problem_type" not in values:
                values["problem_type"] = self._code_of_elements(child, values)
            elif name == f"{kind}Element" and len(waiting) < MAX_DEPTH:
                waiting.extend(child)
            elif name == "ElementName":
                names.append(_NEW_NAMES.get(_text(child), _text(child)))
            elif name == f"{kind}Value" and "problem_value" not in values:
                values["problem_value"] = _text(child)
            else:
                self._keep(child, Departure.UNKNOWN_ELEMENT, values)
        if names:
            values["problem_element"] = "/".join(names)
        return _made(Problem, values)

    def _bare(self, element: Any, attribute: str, values: dict[str, Any]) -> None:
        """An identifier without the elements that should be around it."""
        text = _text(element)
        if text:
            values[attribute] = SchemeValue(text) if attribute == "agency_id" else text
            self._note(Departure.STRAY_TEXT, element)

    def _stranger(self, child: Any, steps: dict[str, Step], values: dict[str, Any]) -> Step | None:
        """A child whose tag is not in the plan: known but for its namespace, or unknown."""
        name = etree.QName(child)
        mark = f"{{{NAMESPACE}}}" if self.namespaced else ""
        step = steps.get(mark + name.localname)
        if step is None or (name.namespace or "") not in _OURS:
            self._keep(child, Departure.UNKNOWN_ELEMENT, values)
            return None
        if name.localname not in EXTENSIONS:
            self._note(Departure.OTHER_NAMESPACE, child)
        return step

    def _inside(self, element: Any, values: dict[str, Any]) -> None:
        for child in element:
            self._keep(child, Departure.UNKNOWN_ELEMENT, values)

    def _keep(self, child: Any, departure: Departure, values: dict[str, Any]) -> None:
        kept = self.foreign(child)
        values["unknown"] = (*values.get("unknown", ()), kept)
        self.deviations.append(Deviation(departure, _path(child), kept.line, kept))

    def _note(self, departure: Departure, element: Any) -> None:
        if len(self.deviations) < MAX_DEVIATIONS:
            self.deviations.append(Deviation(departure, _path(element), element.sourceline or 0))

    def foreign(self, element: Any, depth: int = 1) -> Foreign:
        """An element whole. Raises DecodeError where it is too deep, or there are too many."""
        self.kept += 1
        if depth > MAX_DEPTH or self.kept > MAX_FOREIGN:
            reason = f"elements more than {MAX_DEPTH} deep" if depth > MAX_DEPTH else "too many elements of no service"
            raise DecodeError(reason, line=element.sourceline or 1)
        namespace, _, name = element.tag.rpartition("}")
        values: dict[str, Any] = {"name": name, "line": element.sourceline or 0}
        text = element.text
        if text:
            values["text"] = text.strip()
        if namespace:
            values["namespace"] = namespace[1:]
        attributes = element.items()
        if attributes:
            values["attributes"] = tuple(attributes)
        if len(element):
            values["children"] = tuple([self.foreign(child, depth + 1) for child in element])
        return _made(Foreign, values)


def _made(cls: type[Any], values: dict[str, Any]) -> Any:
    """An element of a class with these values, and its defaults for the others."""
    made = _NEW(cls)
    _PUT(made, "__dict__", values)
    return made


def _promote(pair: tuple[str, str], values: dict[str, Any]) -> None:
    """Where nothing else says who or what is meant, the first visible identifier does."""
    visible, unique = pair
    if unique not in values and "authentication_input" not in values:
        first, *others = values.pop(visible)
        values[unique] = first
        if others:
            values[visible] = tuple(others)


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2]


def _path(element: Any) -> str:
    """Names from the message's element on."""
    names = [_local(element), *(_local(each) for each in element.iterancestors())]
    return "/".join(reversed(names[:-1]))
