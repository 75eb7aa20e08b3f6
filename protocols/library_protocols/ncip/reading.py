"""A tree to elements, driven by the tables: one pass over the children of each element, one dictionary of tags.

Names of both generations are taken, in any order; what is not known, or stands twice, is kept with its line. Nothing
is guessed beyond what a place in the tables says.
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
from library_protocols.ncip.facts import version1
from library_protocols.ncip.tables import CLASSES, EXTENSIONS, places

_TEXT, _CODE, _STRUCT, _FLAG, _EXT, _PROBLEM, _WRAPPER = range(7)
_KINDS = {Kind.TEXT: _TEXT, Kind.CODE: _CODE, Kind.STRUCT: _STRUCT, Kind.FLAG: _FLAG}
_SCHEME = f"{{{NAMESPACE}}}Scheme"
_LATE = 1 << 20
_UNIQUE_OF = {"visible_user_id": "user_id", "visible_item_id": "item_id"}
_BARE = {UserId: "user_identifier_value", ItemId: "item_identifier_value", RequestId: "request_identifier_value"}
_OURS = frozenset({"", NAMESPACE, *EXTENSIONS.values()})
_PLAIN_NAMES = {old: new for new, old in version1.NAMES.items()}

Step = tuple[str, int, bool, int, int, Any]
"""Attribute, kind, whether it repeats, place in the order, generation, class."""


class _Plan:
    """How to read one class in one namespace."""

    __slots__ = ("bare", "cls", "new", "repeats", "steps", "visible")

    def __init__(self, cls: type[Element], namespace: str) -> None:
        self.cls = cls
        self.new = cls.__new__
        self.steps: dict[str, Step] = {}
        for name, place in places(cls).items():
            row = place.row
            kind = _KINDS[row.kind]
            if name == version1.WRAPPER:
                kind = _WRAPPER
            elif row.name == "Problem":
                kind = _PROBLEM
            struct = CLASSES[row.name] if kind == _STRUCT else None
            self.steps[_tag(namespace, name)] = (row.attribute, kind, row.repeat, place.index, place.generation, struct)
        if issubclass(cls, Extensible):
            self.steps[_tag(namespace, "Ext")] = ("ext", _EXT, False, _LATE, 2, None)
        self.repeats = tuple({step[0] for step in self.steps.values() if step[2]})
        self.visible = next((name for name in _UNIQUE_OF if any(step[0] == name for step in self.steps.values())), None)
        if self.visible and not any(step[0] == _UNIQUE_OF[self.visible] for step in self.steps.values()):
            self.visible = None
        self.bare = "agency_id" if issubclass(cls, AgencyReference) else _BARE.get(cls)


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


@cache
def _plan(cls: type[Element], qualified: bool) -> _Plan:
    return _Plan(cls, NAMESPACE if qualified else "")


class Reader:
    """Reads the elements of one document."""

    __slots__ = ("deviations", "generation", "namespaced", "scheme_children")

    def __init__(self, generation: int, namespaced: bool, deviations: list[Deviation]) -> None:
        self.generation = generation
        self.namespaced = namespaced
        self.deviations = deviations
        self.scheme_children = False

    def struct(self, element: Any, cls: type[Element], path: str) -> Any:
        """An element with elements inside."""
        plan = _plan(cls, self.namespaced)
        values: dict[str, Any] = {}
        self._children(element, plan, values, path)
        if not values and plan.bare:
            self._bare(element, plan.bare, values, path)
        for attribute in plan.repeats:
            if attribute in values:
                values[attribute] = tuple(values[attribute])
        if plan.visible and plan.visible in values and _UNIQUE_OF[plan.visible] not in values:
            first, *rest = values.pop(plan.visible)
            values[_UNIQUE_OF[plan.visible]] = first
            if rest:
                values[plan.visible] = tuple(rest)
        if "unknown" in values:
            values["unknown"] = tuple(values["unknown"])
        made = plan.new(cls)
        object.__setattr__(made, "__dict__", values)
        return made

    def _children(self, element: Any, plan: _Plan, values: dict[str, Any], path: str, ordered: bool = True) -> None:
        steps = plan.steps
        generation = 3 - self.generation
        last = -1
        for child in element:
            step = steps.get(child.tag)
            if step is None:
                step = self._stranger(child, plan, values, path)
                if step is None:
                    continue
            attribute, kind, repeat, index, origin, cls = step
            if index >= last:
                last = index
            elif ordered:
                self._note(Departure.WRONG_ORDER, child, path)
            if origin == generation:
                self._note(Departure.OTHER_GENERATION, child, path)
            if kind == _TEXT:
                if len(child):
                    self._inside(child, values, path)
                text = child.text
                value = text.strip() if text else ""
            elif kind == _CODE:
                value = self._code(child, values, path)
            elif kind == _STRUCT:
                value = self.struct(child, cls, f"{path}/{_local(child.tag)}")
            elif kind == _PROBLEM:
                values.setdefault(attribute, []).extend(self.problems(child, f"{path}/{_local(child.tag)}"))
                continue
            elif kind == _FLAG:
                if len(child):
                    self._inside(child, values, path)
                value = True
            elif kind == _EXT:
                value = Ext(tuple(foreign(each) for each in child))
            else:
                self._children(child, plan, values, f"{path}/{version1.WRAPPER}", ordered=False)
                continue
            if repeat:
                if attribute in values:
                    values[attribute].append(value)
                else:
                    values[attribute] = [value]
            elif attribute in values:
                self._repeated(child, values, path)
            else:
                values[attribute] = value

    def _code(self, element: Any, values: dict[str, Any], path: str) -> SchemeValue:
        if len(element):
            return self._code_of_elements(element, values, path)
        text = element.text
        scheme = element.get(_SCHEME)
        if scheme is None:
            scheme = element.get("Scheme")
            if scheme is not None and self.namespaced:
                self._note(Departure.SCHEME_UNQUALIFIED, element, path)
        return SchemeValue(text.strip() if text else "", scheme.strip() or None if scheme else None)

    def _code_of_elements(self, element: Any, values: dict[str, Any], path: str) -> SchemeValue:
        scheme: str | None = None
        value: str | None = None
        for child in element:
            name = _local(child.tag)
            text: str = (child.text or "").strip()
            if name == "Value" and value is None and not len(child):
                value = text
            elif name == "Scheme" and scheme is None and not len(child):
                scheme = text
            else:
                self._keep(child, Departure.UNKNOWN_ELEMENT, values, f"{path}/{_local(element.tag)}")
        if self.generation == 2 and not self.scheme_children and value is not None:
            self.scheme_children = True
            self._note(Departure.SCHEME_ELEMENTS, element, path)
        if value is None:
            value = (element.text or "").strip()
        return SchemeValue(value, scheme or None)

    def problems(self, element: Any, path: str) -> list[Problem]:
        """The problems that an element holds: one of NCIP 2, or the errors of one of NCIP 1."""
        name = _local(element.tag)
        if name in version1.ERRORS:
            return [self._error(element, name, path)]
        if len(element) and _local(element[0].tag) in version1.ERRORS:
            return [self._error(each, _local(each.tag), path) for each in element]
        return [self.struct(element, Problem, path)]

    def _error(self, element: Any, name: str, path: str) -> Problem:
        """An error of NCIP 1: its type, and an element within elements with a value in the innermost."""
        values: dict[str, Any] = {}
        names: list[str] = []
        waiting = list(element)
        for child in waiting:
            local = _local(child.tag)
            if local == f"{name}Type" and "problem_type" not in values:
                values["problem_type"] = self._code(child, values, path)
            elif local == f"{name}Element" and len(waiting) < MAX_DEPTH:
                waiting.extend(child)
            elif local == "ElementName":
                text = (child.text or "").strip()
                names.append(_PLAIN_NAMES.get(text, text))
            elif local == f"{name}Value" and "problem_value" not in values:
                values["problem_value"] = (child.text or "").strip()
            else:
                self._keep(child, Departure.UNKNOWN_ELEMENT, values, path)
        if names:
            values["problem_element"] = "/".join(names)
        if "unknown" in values:
            values["unknown"] = tuple(values["unknown"])
        return Problem(**values)

    def _bare(self, element: Any, attribute: str, values: dict[str, Any], path: str) -> None:
        text = (element.text or "").strip()
        if text:
            values[attribute] = SchemeValue(text) if attribute == "agency_id" else text
            self._note(Departure.STRAY_TEXT, element, path)

    def _stranger(self, child: Any, plan: _Plan, values: dict[str, Any], path: str) -> Step | None:
        """A child whose tag is not in the plan: of another namespace that is known to be mixed in, or unknown."""
        name = etree.QName(child)
        step = plan.steps.get(_tag(NAMESPACE if self.namespaced else "", name.localname))
        if step is None or (name.namespace or "") not in _OURS:
            self._keep(child, Departure.UNKNOWN_ELEMENT, values, path)
            return None
        if name.localname not in EXTENSIONS:
            self._note(Departure.OTHER_NAMESPACE, child, path)
        return step

    def _inside(self, element: Any, values: dict[str, Any], path: str) -> None:
        for child in element:
            self._keep(child, Departure.UNKNOWN_ELEMENT, values, f"{path}/{_local(element.tag)}")

    def _repeated(self, child: Any, values: dict[str, Any], path: str) -> None:
        self._keep(child, Departure.REPEATED_ELEMENT, values, path)

    def _keep(self, child: Any, departure: Departure, values: dict[str, Any], path: str) -> None:
        kept = foreign(child)
        values.setdefault("unknown", []).append(kept)
        self.deviations.append(Deviation(departure, f"{path}/{kept.name}", kept.line, kept))

    def _note(self, departure: Departure, element: Any, path: str) -> None:
        self.deviations.append(Deviation(departure, f"{path}/{_local(element.tag)}", element.sourceline or 0))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def foreign(element: Any, depth: int = 1) -> Foreign:
    """An element whole. Raises DecodeError where it is too deep."""
    if depth > MAX_DEPTH:
        raise DecodeError(f"elements more than {MAX_DEPTH} deep", line=element.sourceline or 1)
    namespace, _, name = element.tag.rpartition("}")
    return Foreign(
        name,
        namespace[1:],
        (element.text or "").strip(),
        tuple(element.attrib.items()),
        tuple(foreign(child, depth + 1) for child in element),
        element.sourceline or 0,
    )
