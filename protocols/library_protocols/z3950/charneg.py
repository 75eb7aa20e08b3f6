"""Negotiation of character sets and languages (charneg-3), in userInformationField or otherInfo of Init.

An origin proposes what it can read; a target picks. UTF-8 is the ISO 10646 form 8, eight-bit sets are ISO 2022
registrations, and any set may go by its name in a private form.
"""

from __future__ import annotations

from dataclasses import dataclass

from library_protocols import asn1, ber
from library_protocols.asn1 import (
    BOOLEAN,
    OID,
    TEXT,
    Choice,
    Composite,
    External,
    Implicit,
    Sequence,
    SequenceOf,
    required,
    sequence,
)
from library_protocols.asn1 import optional as _optional
from library_protocols.ber import CONTEXT, BerError
from library_protocols.z3950.common import OtherInformation, OtherInformationItem
from library_protocols.z3950.facts.oids import CHARNEG_3, UTF_8

CHARSET_ID = "1.2.840.10003.15.1000.81.1"
"""A private set by its name; the form YAZ proposes anything but Unicode in."""
EIGHT_BIT_SETS = {
    "iso-8859-1": 100, "iso-8859-2": 101, "iso-8859-5": 144, "iso-8859-6": 127, "iso-8859-7": 126, "marc-8": 231,
}  # fmt: skip
"""Registration numbers of the upper halves in the ISO register of coded character sets; MARC-8's is ANSEL."""
_NAMES = {
    **{name.replace("-", ""): name for name in ("utf-8", *EIGHT_BIT_SETS)},
    "latin1": "iso-8859-1", "latin2": "iso-8859-2",
    # YAZ's kinds of MARC-8 differ in how it decodes and composes, not in the set.
    "ansel": "marc-8", "marc8c": "marc-8", "marc8s": "marc-8", "marc8lossy": "marc-8", "marc8lossless": "marc-8",
}  # fmt: skip
"""Names of charsets by how they are written without hyphens, underscores and blanks, in small letters."""


@sequence
class Iso10646(Composite):
    collections: str | None = _optional(OID, 1, default=None)
    encoding_level: str = required(OID, 2)


@dataclass(frozen=True, slots=True)
class Raw:
    """A proposal kept as it came: ISO 2022 sets (`number` 1) or a private set (3), contents without the tag."""

    number: int
    contents: bytes


class _RawType(asn1.Type):
    constructed = True

    def __init__(self, number: int) -> None:
        self.tags = (CONTEXT | number,)

    def read(self, reader: ber.Reader, head: ber.Head, depth: int) -> Raw:
        return Raw(head[0] - CONTEXT, reader.data[head[2] : head[3]])

    def contents(self, value: Raw, /) -> bytes:
        return value.contents


class _Set(Choice):
    def __init__(self) -> None:
        super().__init__((Iso10646, Implicit(CONTEXT | 2, Sequence(Iso10646))))
        for number in (1, 3, 4):
            self._by_tag[CONTEXT | number] = _RawType(number)
        self.tags = tuple(self._by_tag)

    def write(self, value: Iso10646 | Raw, /) -> bytes:
        if isinstance(value, Raw):
            return ber.element(CONTEXT | value.number, value.number != 4, value.contents)
        return super().write(value)


_SET = _Set()
NO_SET = Raw(4, b"")
"""The target's word that nothing was agreed about characters."""


@sequence
class Proposal(Composite):
    proposed_char_sets: tuple[Iso10646 | Raw, ...] | None = _optional(SequenceOf(_SET), 1, default=None)
    proposed_languages: tuple[str, ...] | None = _optional(SequenceOf(TEXT), 2, default=None)
    records_in_selected_char_sets: bool | None = _optional(BOOLEAN, 3, default=None)


@sequence
class Selection(Composite):
    selected_char_sets: Iso10646 | Raw | None = _optional(_SET, 1, default=None)
    selected_language: str | None = _optional(TEXT, 2, default=None)
    records_in_selected_char_sets: bool | None = _optional(BOOLEAN, 3, default=None)


_NEGOTIATION = Choice(
    (Proposal, Implicit(CONTEXT | 1, Sequence(Proposal))), (Selection, Implicit(CONTEXT | 2, Sequence(Selection)))
)


def charset_name(written: str) -> str:
    """What a charset is called here, however it is written; one without a name here in small letters."""
    return _NAMES.get(written.casefold().translate(_UNWRITTEN), written.casefold())


_UNWRITTEN = str.maketrans("", "", "-_ ")


def propose(charset: str, languages: tuple[str, ...] = (), *, records_too: bool = False) -> External:
    """An origin's proposal. `charset` is `utf-8`; another one goes by its registration number, MARC-8 by its name,
    which is how targets know it.

    Raises ValueError for a charset that cannot be proposed here.
    """
    name = charset_name(charset)
    if name == "utf-8":
        wanted: Iso10646 | Raw = Iso10646(encoding_level=UTF_8)
    elif name == "marc-8":
        external = External(direct_reference=CHARSET_ID, octets=name.encode())
        wanted = Raw(3, Implicit(CONTEXT | 2, asn1.EXTERNAL).write(external))
    elif name in EIGHT_BIT_SETS:
        wanted = Raw(1, _iso2022_proposal(EIGHT_BIT_SETS[name]))
    else:
        raise ValueError(f"{charset} cannot be proposed")
    proposal = Proposal(
        proposed_char_sets=(wanted,),
        proposed_languages=languages or None,
        records_in_selected_char_sets=records_too or None,
    )
    return External(direct_reference=CHARNEG_3, single=_NEGOTIATION.write(proposal))


def proposal_in(user_information: External | None, other: OtherInformation | None) -> Proposal | None:
    """An origin's proposal wherever it stands in its Init. Raises BerError when it is misshapen."""
    found = _find(user_information, other)
    return found if isinstance(found, Proposal) else None


def selection_in(user_information: External | None, other: OtherInformation | None) -> Selection | None:
    """A target's selection wherever it stands in its answer. Raises BerError when it is misshapen."""
    found = _find(user_information, other)
    return found if isinstance(found, Selection) else None


def _find(user_information: External | None, other: OtherInformation | None) -> Proposal | Selection | None:
    candidates = [user_information, *(item.externally_defined_info for item in other or ())]
    for external in candidates:
        if external is not None and external.direct_reference == CHARNEG_3 and external.single is not None:
            return asn1.read_whole(_NEGOTIATION, external.single)
    return None


def charsets_of(proposal: Proposal) -> tuple[str, ...]:
    """The charsets proposed that have a name here, in the origin's order of preference."""
    return tuple(name for one in proposal.proposed_char_sets or () for name in _names_in(one))


def charset_of(selection: Selection) -> str | None:
    """The charset a target picked; None when it picked none that has a name here."""
    chosen = selection.selected_char_sets
    return next(iter(_names_in(chosen)), None) if chosen is not None else None


def _names_in(one: Iso10646 | Raw) -> list[str]:
    if isinstance(one, Iso10646):
        return ["utf-8"] if one.encoding_level == UTF_8 else []
    if one.number == 1:
        return _names_of(_registrations(one.contents))
    name = _private_name(one.contents) if one.number == 3 else None
    return [name] if name else []


def select(proposal: Proposal, charset: str | None, language: str | None = None, *, records_too: bool) -> External:
    """A target's answer, in the form the origin proposed. `charset` is one of `charsets_of(proposal)`, or None
    for none of them. Raises ValueError when it is neither."""
    chosen: Iso10646 | Raw | None = None
    if proposal.proposed_char_sets is not None:
        chosen = _chosen(proposal.proposed_char_sets, charset) if charset is not None else NO_SET
    records = records_too if proposal.records_in_selected_char_sets is not None else None
    selection = Selection(selected_char_sets=chosen, selected_language=language, records_in_selected_char_sets=records)
    return External(direct_reference=CHARNEG_3, single=_NEGOTIATION.write(selection))


def _chosen(proposed: tuple[Iso10646 | Raw, ...], charset: str) -> Iso10646 | Raw:
    for one in proposed:
        if charset in _names_in(one):
            if isinstance(one, Iso10646):
                return Iso10646(encoding_level=UTF_8)
            return one if one.number == 3 else Raw(1, _iso2022_selection(EIGHT_BIT_SETS[charset]))
    raise ValueError(f"{charset} was not proposed")


def as_other_information(negotiation: External) -> OtherInformation:
    """A negotiation for `other_info`, where origins that set the option for it look."""
    return (OtherInformationItem(externally_defined_info=negotiation),)


# ISO 2022: an 8-bit environment with ASCII (6) in G0 and the upper half of the charset in G1, controls of ISO 6429


def _sets(numbers: tuple[int, ...]) -> bytes:
    return b"".join(asn1.INTEGER.write(number) for number in numbers)


def _initial(upper: int) -> bytes:
    return b"".join(
        ber.element(CONTEXT | slot, False, ber.write_integer(number)) for slot, number in ((0, 6), (1, upper), (4, 1))
    )


_LEFT_AND_RIGHT = ber.element(CONTEXT | 3, False, b"\0") + ber.element(CONTEXT | 4, False, b"\1")
_EIGHT_BIT = ber.element(CONTEXT, True, ber.element(CONTEXT | 2, False, b""))


def _iso2022_proposal(upper: int) -> bytes:
    return ber.element(
        CONTEXT | 1,
        True,
        _EIGHT_BIT
        + ber.element(CONTEXT | 1, True, _sets((1, 6, upper)))
        + ber.element(CONTEXT | 2, True, ber.element(ber.SEQUENCE, True, _initial(upper)))
        + ber.element(CONTEXT | 3, True, _LEFT_AND_RIGHT),
    )


def _iso2022_selection(upper: int) -> bytes:
    return ber.element(
        CONTEXT | 2,
        True,
        _EIGHT_BIT
        + ber.element(CONTEXT | 1, True, _sets((1, 6, upper)))
        + ber.element(CONTEXT | 2, True, _initial(upper))
        + ber.element(CONTEXT | 3, True, _LEFT_AND_RIGHT),
    )


def _registrations(contents: bytes) -> tuple[int, ...]:
    """The registration numbers a proposal or selection of ISO 2022 lists. Raises BerError."""
    reader = ber.Reader(contents)
    head = reader.head(0, len(contents))
    for item in reader.children(head[2], head[3]):
        if item[0] == CONTEXT | 1:
            return asn1.SequenceOf(asn1.INTEGER).read(reader, item, 0)
    raise BerError("ISO 2022 without its sets", 0)


def _private_name(contents: bytes) -> str | None:
    """The name of a private set that is given by its name alone. Raises BerError."""
    reader = ber.Reader(contents)
    head = reader.head(0, len(contents))
    if head[0] != CONTEXT | 2:
        return None
    external = asn1.EXTERNAL.read(reader, head, 0)
    if external.direct_reference != CHARSET_ID or external.octets is None:
        return None
    return charset_name(external.octets.decode("latin-1"))


def _names_of(numbers: tuple[int, ...]) -> list[str]:
    return [name for name, number in EIGHT_BIT_SETS.items() if number in numbers]
