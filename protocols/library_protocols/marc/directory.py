"""ISO 2709 cut into fields where the directory cannot be trusted as it stands.

The field terminators are the better witness: they are cut at first, and the directory's entries are laid over the
pieces by what fits best, so that one wrong length costs nothing and a lost entry one field.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from library_protocols.marc.problems import MarcError, Repair

_FILLER = b" \t\r\n\x00\x1a\x1c\xef\xbb\xbf"
_FIELD_END, _RECORD_END, _SUBFIELD = 0x1E, 0x1D, 0x1F
_LEADER_LENGTH, _ENTRY_LENGTH = 24, 12
_DIRECTORY = re.compile(rb"(?:[0-9A-Za-z]{3}[0-9]{9})+")
_TAGGED = re.compile(rb"[0-9A-Z]{3}")


class Entry(NamedTuple):
    """One directory entry; `length` and `start` are None where they are no numbers."""

    tag: bytes
    length: int | None
    start: int | None


class Fields(NamedTuple):
    """A record cut: the leader's bytes, and tag and content of each field in the directory's order."""

    leader: bytes
    fields: list[tuple[bytes, bytes]]


def cut_fields(data: bytes, repairs: list[Repair]) -> Fields:
    """Cut one record. Raises MarcError when it has no directory, or no field that the directory knows."""
    skipped = len(data) - len(data.lstrip(_FILLER))
    if skipped:
        repairs.append(Repair("filler", f"{skipped} bytes"))
    record = data[skipped:]
    if not record:
        raise MarcError(0, "nothing but filler")
    if record.endswith(b"\x1d"):
        body_end = len(record) - 1
    else:
        repairs.append(Repair("terminator", "missing"))
        body_end = len(record)
    if len(record) < _LEADER_LENGTH + 1:
        raise MarcError(skipped, f"{len(record)} bytes are too short for a leader")
    base = _base(record, skipped, repairs)
    if record[:5] != b"%05d" % len(record):
        repairs.append(Repair("record-length", f"{_shown(record[:5])} for {len(record)} bytes"))
    body = record[base:body_end]
    if body.endswith(b"\x1e"):
        body = body[:-1]
    pieces = body.split(b"\x1e")
    if base == _LEADER_LENGTH + 1:
        fields = _tagged_in_place(pieces, repairs)
        if not fields:
            raise MarcError(skipped + _LEADER_LENGTH, "the directory has no entry")
        return Fields(record[:_LEADER_LENGTH], fields)
    entries = _entries(record[_LEADER_LENGTH : base - 1], repairs)
    missing = max((entry.start or 0) + (entry.length or 0) for entry in entries) - (body_end - base) if entries else 0
    if missing > 0 and len(pieces) < len(entries):
        raise MarcError(skipped + len(record), f"ends {missing} bytes before its directory says")
    fields = _assign(entries, pieces, repairs)
    if not fields:
        raise MarcError(skipped + base, f"{len(pieces)} fields do not fit a directory of {len(entries)} entries")
    return Fields(record[:_LEADER_LENGTH], fields)


def _base(record: bytes, skipped: int, repairs: list[Repair]) -> int:
    """Where the data begin: as claimed where a whole directory ends there, else behind the first terminator."""
    claimed = _number(record[12:17])
    if (
        claimed is not None
        and _LEADER_LENGTH < claimed <= len(record)
        and record[claimed - 1] == _FIELD_END
        and (claimed - 1 - _LEADER_LENGTH) % _ENTRY_LENGTH == 0
    ):
        return claimed
    if claimed is not None and _DIRECTORY.fullmatch(record, _LEADER_LENGTH, claimed - 1):
        repairs.append(Repair("terminator", "the directory ends without one"))
        return claimed
    end = record.find(b"\x1e", _LEADER_LENGTH)
    if end < 0:
        raise MarcError(skipped + _LEADER_LENGTH, "no field terminator ends the directory")
    if claimed != end + 1:
        repairs.append(Repair("base-address", f"{_shown(record[12:17])} for {end + 1}"))
    return end + 1


def _tagged_in_place(pieces: list[bytes], repairs: list[Repair]) -> list[tuple[bytes, bytes]]:
    """Fields of a record without directory, each with its tag in front; none where one has no such tag."""
    if not all(_TAGGED.match(piece) for piece in pieces):
        return []
    repairs.append(Repair("directory-missing", f"{len(pieces)} fields"))
    return [(piece[:3], piece[3:]) for piece in pieces]


def _entries_that_outgrew(directory: bytes) -> list[Entry]:
    """Entries whose positions took six digits beyond 99,999 bytes: each position tells where its entry ends."""
    entries: list[Entry] = []
    at = position = 0
    while at < len(directory):
        start = b"%05d" % position
        length = _number(directory[at + 3 : at + 7])
        if length is None or not directory.startswith(start, at + 7):
            return []
        entries.append(Entry(directory[at : at + 3], length, position))
        at += 7 + len(start)
        position += length
    return entries


def _entries(directory: bytes, repairs: list[Repair]) -> list[Entry]:
    rest = len(directory) % _ENTRY_LENGTH
    if rest:
        if outgrown := _entries_that_outgrew(directory):
            repairs.append(Repair("directory-lengths", "positions of six digits"))
            return outgrown
        repairs.append(Repair("directory-entry", f"{rest} bytes left over"))
    return [
        Entry(
            directory[at : at + 3], _number(directory[at + 3 : at + 7]), _number(directory[at + 7 : at + _ENTRY_LENGTH])
        )
        for at in range(0, len(directory) - rest, _ENTRY_LENGTH)
    ]


def _assign(entries: list[Entry], pieces: list[bytes], repairs: list[Repair]) -> list[tuple[bytes, bytes]]:
    starts: dict[int, int] = {}
    position = 0
    for number, piece in enumerate(pieces):
        starts[position] = number
        position += len(piece) + 1
    exact = [
        entry.start in starts and entry.length == len(pieces[starts[entry.start]]) + 1 for entry in entries
    ]  # fmt: skip
    if all(exact):
        return _as_directed(entries, pieces, starts, repairs)
    if len(entries) == len(pieces):
        return _in_turn(entries, pieces, repairs)
    joined = _join_strays(entries, pieces)
    if joined is not None:
        repairs.append(Repair("stray-terminator", f"{len(pieces) - len(entries)} inside fields"))
        return [(entry.tag, piece) for entry, piece in zip(entries, joined, strict=True)]
    found = [(entry, pieces[starts[entry.start]]) for entry in entries if entry.start in starts]
    lost = len(entries) - len(found)
    if 2 * len(found) < len(entries):
        return []
    repairs.append(Repair("directory-entry", f"{lost} of {len(entries)} point nowhere"))
    if len(found) < len(pieces):
        repairs.append(Repair("directory-lengths", f"{len(pieces) - len(found)} fields that no entry names"))
    return [(entry.tag, piece) for entry, piece in found]


def _as_directed(
    entries: list[Entry], pieces: list[bytes], starts: dict[int, int], repairs: list[Repair]
) -> list[tuple[bytes, bytes]]:
    order = [starts[entry.start] for entry in entries if entry.start is not None]
    if order != sorted(order):
        repairs.append(Repair("directory-order", "fields stand in another order"))
    unnamed = len(pieces) - len(set(order))
    if unnamed:
        repairs.append(Repair("directory-lengths", f"{unnamed} fields that no entry names"))
    return [(entry.tag, pieces[number]) for entry, number in zip(entries, order, strict=True)]


def _in_turn(entries: list[Entry], pieces: list[bytes], repairs: list[Repair]) -> list[tuple[bytes, bytes]]:
    """As many entries as pieces: paired in the directory's order, or in that of the positions if it fits better."""
    by_position = sorted(range(len(entries)), key=lambda number: (entries[number].start or 0, number))
    if by_position != sorted(by_position) and _fitting([entries[i] for i in by_position], pieces) > _fitting(
        entries, pieces
    ):
        placed = dict(zip(by_position, pieces, strict=True))
        pieces = [placed[number] for number in range(len(entries))]
    repairs.append(_wrong_lengths(entries, pieces))
    return [(entry.tag, piece) for entry, piece in zip(entries, pieces, strict=True)]


def _wrong_lengths(entries: list[Entry], pieces: list[bytes]) -> Repair:
    wrong = sum(entry.length != len(piece) + 1 for entry, piece in zip(entries, pieces, strict=True))
    in_characters = all(
        entry.length == len(piece.decode("utf-8", "replace")) + 1 for entry, piece in zip(entries, pieces, strict=True)
    )
    detail = f"{wrong} of {len(entries)} lengths" if wrong else "positions"
    return Repair("lengths-in-characters" if wrong and in_characters else "directory-lengths", detail)


def _fitting(entries: list[Entry], pieces: list[bytes]) -> int:
    return sum(_fits(entry, piece) for entry, piece in zip(entries, pieces, strict=True))


def _fits(entry: Entry, piece: bytes) -> bool:
    """Whether a piece looks like a field with this tag: two indicators and a subfield, or none."""
    return (_SUBFIELD not in piece) if entry.tag.startswith(b"00") else piece[2:3] == b"\x1f"


def _join_strays(entries: list[Entry], pieces: list[bytes]) -> list[bytes] | None:
    """More pieces than entries: those that do not begin like a data field belong to the one before."""
    if len(pieces) < len(entries):
        return None
    joined: list[bytes] = []
    surplus = len(pieces) - len(entries)
    for piece in pieces:
        number = len(joined)
        expected = entries[number] if number < len(entries) else None
        if joined and surplus and (expected is None or not _fits(expected, piece)):
            joined[-1] += b" " + piece
            surplus -= 1
        else:
            joined.append(piece)
    return joined if len(joined) == len(entries) and _fitting(entries, joined) * 2 > len(entries) else None


def _number(digits: bytes) -> int | None:
    return int(digits) if digits.isdigit() else None


def _shown(data: bytes) -> str:
    return repr(data.decode("latin-1"))
