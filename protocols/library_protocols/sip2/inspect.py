"""Octets explained: every one of them belongs to a span that says what it is and in which clause.

Built on the codec's own functions for where things begin and end, so that what is shown is what was read.
`explain` answers for a message, a field, a code table or one of its values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

from library_protocols.sip2.charset import decode_text, printable
from library_protocols.sip2.codec import DecodeError, Trailer, body_start, checksum, decode, find_trailer
from library_protocols.sip2.dates import parse_sip_date
from library_protocols.sip2.dialect import STANDARD, Dialect
from library_protocols.sip2.facts import FIELDS, MESSAGES, TABLES, FieldFact, FixedField, MessageFact
from library_protocols.sip2.messages import Checksum, Message

_CHECKSUM_CLAUSE = "P error detection"
_FORMAT_CLAUSE = "P message format"


@dataclass(frozen=True, slots=True)
class Span:
    """Some octets and what they are. `offset` counts from the start of the inspected data.

    `kind` is command, fixed, field, delimiter, sequence, checksum, terminator or unknown; `code` is the command
    or field code or the fixed field's name; `value` is text; `meaning` says it in words where a table or a
    format does; `remarks` are deviations.
    """

    offset: int
    length: int
    kind: str
    code: str
    title: str
    value: str
    meaning: str
    clause: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """All octets of `data` as spans, in order and without gaps; the messages in them; what is wrong at large."""

    data: bytes
    spans: tuple[Span, ...]
    messages: tuple[Message, ...]
    remarks: tuple[str, ...]


def inspect(data: bytes, dialect: Dialect | None = None) -> Inspection:
    """Explain one message, or several one after the other. Never raises, whatever `data` holds."""
    inspector = _Inspector(data, dialect or STANDARD)
    inspector.run()
    return Inspection(data, tuple(inspector.spans), tuple(inspector.messages), tuple(inspector.remarks))


class _Inspector:
    def __init__(self, data: bytes, dialect: Dialect) -> None:
        self.data = data
        self.dialect = dialect
        self.spans: list[Span] = []
        self.messages: list[Message] = []
        self.remarks: list[str] = []

    def run(self) -> None:
        data, at = self.data, 0
        while at < len(data):
            stop = at
            while stop < len(data) and data[stop] not in b"\r\n":
                stop += 1
            if stop > at:
                self._line(at, stop)
            at = stop
            while stop < len(data) and data[stop] in b"\r\n":
                stop += 1
            if stop > at:
                remark = () if self.spans else ("left over from the message before",)
                self._add(at, stop, "terminator", title="end of message", clause=_FORMAT_CLAUSE, remarks=remark)
            at = stop

    def _add(
        self,
        start: int,
        end: int,
        kind: str,
        *,
        code: str = "",
        title: str,
        value: str = "",
        meaning: str = "",
        clause: str,
        remarks: tuple[str, ...] = (),
    ) -> None:
        if end > start:
            self.spans.append(Span(start, end - start, kind, code, title, value, meaning, clause, remarks))

    def _line(self, start: int, end: int) -> None:
        begin = start
        while begin < end and self.data[begin] in b"\0 ":
            begin += 1
        self._add(start, begin, "unknown", title="padding before the message", clause=_FORMAT_CLAUSE)
        frame = self.data[begin:end]
        if not frame:
            return
        try:
            message = decode(frame, self.dialect)
        except DecodeError as error:
            text = printable(decode_text(frame, self.dialect))
            self._add(begin, end, "unknown", title="no message", value=text, clause=error.clause,
                      remarks=(error.reason,))  # fmt: skip
            self.remarks.append(error.reason)
            return
        self.messages.append(message)
        self.remarks.extend(remark.reason for remark in message.remarks)
        trailer = find_trailer(frame, self.dialect)
        body_end = trailer.start if trailer else len(frame)
        fact = MESSAGES.get(message.code)
        if fact is None:
            self._add(begin, begin + 2, "command", code=message.code, title="unknown command", clause=_FORMAT_CLAUSE,
                      remarks=("no message of SIP 2.00: it gets no answer",))  # fmt: skip
            self._add(begin + 2, begin + body_end, "unknown", title="text of an unknown message",
                      value=printable(message.fixed["body"]), clause=_FORMAT_CLAUSE)  # fmt: skip
        else:
            self._known(fact, frame, begin, body_end)
            self._missing(fact, message)
        if trailer:
            self._trailer(trailer, frame, begin, message.checksum)

    def _known(self, fact: MessageFact, frame: bytes, base: int, body_end: int) -> None:
        side = "SC to ACS" if fact.sender == "SC" else "ACS to SC"
        self._add(base, base + 2, "command", code=fact.code, title=fact.title, meaning=side, clause=fact.clause)
        start = body_start(frame, fact.code, body_end, self.dialect.delimiter_octet)
        for item, (name, part) in zip(fact.fixed, fact.slices, strict=True):
            octets = frame[part.start : min(part.stop, start)]
            value = octets.decode("ascii", "surrogateescape")
            short = (f"{len(octets)} of {item.width} characters",) if 0 < len(octets) < item.width else ()
            self._add(base + part.start, base + part.start + len(octets), "fixed", code=name,
                      title=name.replace("_", " "), value=printable(value), meaning=describe(item, value),
                      clause=item.clause, remarks=short)  # fmt: skip
        self._fields(fact, frame, base, start, body_end)

    def _fields(self, fact: MessageFact, frame: bytes, base: int, at: int, body_end: int) -> None:
        delimiter = self.dialect.delimiter_octet
        seen: Counter[str] = Counter()
        for segment, length in self._segments(frame[at:body_end]):
            if length:
                seen[segment[:2]] += 1
                self._field(fact, segment[:2], segment[2:], base + at, length, seen[segment[:2]])
            at += length
            if at < body_end:
                self._add(base + at, base + at + len(delimiter), "delimiter", title="delimiter", clause=_FORMAT_CLAUSE)
                at += len(delimiter)

    def _segments(self, body: bytes) -> list[tuple[str, int]]:
        """What stands between delimiters, as text and as its length in octets.

        Cut on characters, as the codec does, for the delimiter's octet may be half of one; on octets where
        the charset does not give back the same octets for its text.
        """
        encoding, delimiter = self.dialect.encoding, self.dialect.delimiter_octet
        texts = decode_text(body, self.dialect).split(self.dialect.delimiter_character)
        try:
            octets = [text.encode(encoding, "surrogateescape") for text in texts]
        except UnicodeEncodeError:
            octets = []
        if delimiter.join(octets) != body:
            octets = body.split(delimiter)
            texts = [decode_text(item, self.dialect) for item in octets]
        return [(text, len(item)) for text, item in zip(texts, octets, strict=True)]

    def _field(self, fact: MessageFact, code: str, value: str, offset: int, length: int, count: int) -> None:
        field = FIELDS.get(code)
        if field is None:
            self._add(offset, offset + length, "field" if len(code) == 2 else "unknown", code=printable(code),
                      title="unknown field", value=printable(value), clause=_FORMAT_CLAUSE,
                      remarks=("in no table: it is kept and ignored",))  # fmt: skip
            return
        remarks: list[str] = []
        if code not in fact.required and code not in fact.optional:
            remarks.append(f"not a field of message {fact.code}")
        if count > 1 and not field.repeatable:
            remarks.append("comes more than once")
        if len(value) > field.max_length:
            remarks.append(f"longer than {field.max_length} characters")
        elif field.exact and value and len(value) < field.max_length:
            remarks.append(f"shorter than {field.max_length} characters")
        self._add(offset, offset + length, "field", code=code, title=field.title, value=printable(value),
                  meaning=describe(field, value), clause=field.clause, remarks=tuple(remarks))  # fmt: skip

    def _missing(self, fact: MessageFact, message: Message) -> None:
        absent = [code for code in fact.required if not message.has(code)]
        if absent:
            self.remarks.append(f"required and not there: {', '.join(absent)}")

    def _trailer(self, trailer: Trailer, frame: bytes, base: int, verdict: Checksum) -> None:
        at = trailer.checksum_at
        sequence_end = trailer.end if at < 0 else at
        delimiter = self.dialect.delimiter_octet
        if trailer.sequence is not None or sequence_end > trailer.start:
            bare_end = trailer.start + 2 + len(trailer.sequence or "")
            self._add(base + trailer.start, base + bare_end, "sequence", code="AY", title=FIELDS["AY"].title,
                      value=trailer.sequence or "", clause=FIELDS["AY"].clause)  # fmt: skip
            self._add(base + bare_end, base + sequence_end, "delimiter", title="delimiter", clause=_FORMAT_CLAUSE,
                      remarks=("AY has none",))  # fmt: skip
        if at >= 0:
            given = frame[at + 2 : trailer.end].decode("ascii", "surrogateescape")
            expected = checksum(frame[: at + 2])
            self._add(base + at, base + trailer.end, "checksum", code="AZ", title=FIELDS["AZ"].title,
                      value=printable(given), meaning=verdict.value.replace("_", " "), clause=_CHECKSUM_CLAUSE,
                      remarks=_checksum_remarks(verdict, given, expected))  # fmt: skip
        rest = base + trailer.end
        self._add(rest, base + len(frame), "delimiter" if frame.endswith(delimiter) else "unknown",
                  title="delimiter", clause=_FORMAT_CLAUSE, remarks=("AZ has none",))  # fmt: skip


def _checksum_remarks(verdict: Checksum, given: str, expected: str) -> tuple[str, ...]:
    if verdict is Checksum.VALID:
        return ()
    if given.strip("*") == "":
        return ("covered, as the message held a secret",)
    return (f"expected {expected}",)


def describe(item: FixedField | FieldFact, value: str) -> str:
    """`value` in words, where a table or a format has any for it; else an empty string."""
    if item.table is not None:
        words = TABLES[item.table].describe(value)
        if words:
            return words
    if item.kind == "tenths" and value.isdecimal():
        return f"{int(value) / 10:g} seconds"
    if item.kind in ("date", "date_text"):
        if not value.strip("0 "):
            return "no date" if item.kind == "date" else ""
        moment = parse_sip_date(value, UTC)
        if moment is None:
            return "" if item.kind == "date_text" else "not a date"
        marker = value[8:12].strip(" 0") if len(value) >= 16 else ""
        return f"{moment:%Y-%m-%d %H:%M:%S}, {f'zone {marker}' if marker.isalpha() else 'local time'}"
    return ""


class Explanation(NamedTuple):
    """A row of an answer: what the term is (message, field, fixed field, table or value), and what it means."""

    kind: str
    term: str
    title: str
    text: str
    clause: str


def explain(term: str) -> list[Explanation]:
    """Everything the tables say about `term`; empty when they say nothing.

    Understood are a command or field code (`17`, `AY`), the name or title of a message, a field, a fixed field
    or a table (`checkout`, `circulation status`), and a value after any that has one (`circulation status 08`).
    """
    wanted = " ".join(term.replace("_", " ").split())
    folded = wanted.lower()
    rows: list[Explanation] = []
    for message in MESSAGES.values():
        if folded in (message.code, message.title.lower(), message.name.replace("_", " ")):
            rows.append(_explain_message(message))
    for field in FIELDS.values():
        if wanted.upper() == field.code or folded in (field.title.lower(), field.name.replace("_", " ")):
            rows.append(_explain_field(field))
            rows.extend(_explain_table(field.table))
    named_fixed = _fixed_fields().get(folded)
    if named_fixed:
        rows.append(_explain_fixed(named_fixed))
        if folded not in (TABLES[name].title for name in TABLES):
            rows.extend(_explain_table(named_fixed.table))
    if folded.replace(" ", "_") in TABLES:
        rows.extend(row for row in _explain_table(folded.replace(" ", "_")) if row not in rows)
    if not rows and " " in wanted:
        rows.extend(_explain_value(*wanted.rsplit(" ", 1)))
    return rows


def _fixed_fields() -> dict[str, FixedField]:
    return {item.name.replace("_", " "): item for message in MESSAGES.values() for item in message.fixed}


def _explain_message(fact: MessageFact) -> Explanation:
    parts = [f"sent by the {fact.sender}"]
    if fact.answers:
        parts.append(f"answered by {', '.join(fact.answers)}")
    asked = [other.code for other in MESSAGES.values() if fact.code in other.answers]
    if asked:
        parts.append(f"answers {', '.join(asked)}")
    if fact.fixed:
        parts.append("fixed: " + ", ".join(f"{item.name} ({item.width})" for item in fact.fixed))
    if fact.required:
        parts.append("required: " + " ".join(fact.required))
    if fact.optional:
        parts.append("optional: " + " ".join(fact.optional))
    return Explanation("message", fact.code, fact.title, "; ".join(parts), fact.clause)


def _explain_field(fact: FieldFact) -> Explanation:
    length = f"{fact.max_length} characters" if fact.exact else f"up to {fact.max_length} characters"
    parts = [fact.meaning, f"{fact.kind.replace('_', ' ')}, {length}", fact.origin]
    if fact.repeatable:
        parts.append("may be repeated")
    users = [m.code for m in MESSAGES.values() if fact.code in m.required or fact.code in m.optional]
    if users:
        parts.append(f"in {' '.join(users)}")
    parts.extend(f"elsewhere {conflict}" for conflict in fact.conflicts)
    return Explanation("field", fact.code, fact.title, "; ".join(parts), fact.clause)


def _explain_fixed(item: FixedField) -> Explanation:
    users = [m.code for m in MESSAGES.values() if any(other.name == item.name for other in m.fixed)]
    text = f"{item.meaning}; {item.kind}, {item.width} characters; in the fixed part of {' '.join(users)}"
    return Explanation("fixed", item.name, item.name.replace("_", " "), text, item.clause)


def _explain_table(name: str | None) -> list[Explanation]:
    if name is None:
        return []
    table = TABLES[name]
    kind = "position" if table.positional else "value"
    return [Explanation(kind, row.code, table.title, row.meaning, row.clause) for row in table.rows]


def _explain_value(name: str, value: str) -> list[Explanation]:
    folded = name.lower()
    field = FIELDS.get(name.upper())
    fixed = _fixed_fields().get(folded)
    table_name = folded.replace(" ", "_")
    if field is not None and field.table:
        table_name = field.table
    elif fixed is not None and fixed.table:
        table_name = fixed.table
    else:
        table_name = next((f.table for f in FIELDS.values() if f.table and f.title.lower() == folded), table_name)
    table = TABLES.get(table_name)
    if table is None:
        return []
    row = table.row(value) or table.row(value.upper())
    if row:
        kind = "position" if table.positional else "value"
        return [Explanation(kind, row.code, table.title, row.meaning, row.clause)]
    if table.positional and len(value) > 1:
        return [Explanation("value", value, table.title, table.describe(value.upper()), table.clause)]
    return []


__all__ = ["Explanation", "Inspection", "Span", "describe", "explain", "inspect"]
