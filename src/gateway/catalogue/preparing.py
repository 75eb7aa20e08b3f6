"""What is made of a record before it is written: rendered, compressed, its facts for matching, its sets.

Pure but for the dictionaries it is given, so that other processes can do it while one writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.catalogue.matching import Facts, Rules
from gateway.catalogue.materials import CODES
from gateway.catalogue.records import Format, Holding, Provenance, SourceKind
from gateway.catalogue.set_rules import SetRule, Sorter
from gateway.catalogue.store.compress import ORIGINAL, RENDERING, Compression
from gateway.catalogue.store.rows import FORMATS, KINDS, Status, holdings_text, provenance_text, rank_of
from library_protocols.marc import Record, to_marcxml

if TYPE_CHECKING:
    from gateway.catalogue.visibility import Visibility

MAX_CONTROL = 255
"""Characters of a control number: it becomes part of an OAI identifier, which is a URI."""
MAX_RENDERING = 2_000_000
"""Characters of a record as MARCXML: twenty times what ISO 2709 can hold. A directory can name the same octets a
thousand times over, and every door would write them out each time."""
_SHORT = 8_192  # octets of a record as it came that cannot become so long

# Leader/17, MARC 21 Bibliographic: how fully the record was made. UNIMARC uses 1, 2, 3 and blank in the same sense.
_LEVELS = {" ": 9, "1": 8, "4": 7, "2": 6, "I": 6, "L": 6, "K": 5, "M": 5, "7": 4, "5": 3, "3": 3, "J": 2, "8": 1}


@dataclass(slots=True)
class Incoming:
    """One record as it came.

    `record` is the parsed record, None only where `deleted` and `control` is given. `control` overrides the control
    number of field 001. `holdings` None leaves those that are known. `deleted` also where the leader does not say so.
    `repairs` is what reading had to put right, for reports only. `label` names the record to people ("byte 1234").
    """

    original: bytes
    kind: SourceKind
    record: Record | None
    format: Format = Format.MARC21
    repairs: tuple[Any, ...] = ()
    suppressed: bool = False
    private: bool = False
    provenance: Provenance | None = None
    holdings: tuple[Holding, ...] | None = None
    deleted: bool = False
    control: str | None = None
    label: str = ""


class Content(NamedTuple):
    """What is written of a record: `rendering` and `original` with the numbers of their dictionaries."""

    rendering: tuple[int, bytes]
    original: tuple[int, bytes]
    facts: Facts
    rank: int
    material: str
    sets: dict[str, list[str]]


@dataclass(slots=True)
class Prepared:
    """A record on its way. `stated` is the status that its source states, where the member's conditions make it
    another. `refusal` says why it cannot be taken. `content` is None for a deletion, and until it is made from
    `incoming`, which stays in the process that has made it."""

    control: str
    label: str
    status: Status
    stated: Status | None
    digest: bytes
    kind: int
    format: int
    provenance: str | None
    holdings: str | None
    refusal: str | None = None
    content: Content | None = None
    incoming: Incoming | None = field(default=None, repr=False)
    marcxml: bytes | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process goes what is to be written, as cheaply as it can."""
        return Prepared, (
            self.control,
            self.label,
            self.status,
            self.stated,
            self.digest,
            self.kind,
            self.format,
            self.provenance,
            self.holdings,
            self.refusal,
            self.content,
        )


class Preparer:
    """Can be sent to another process; it takes the dictionaries along that are known then. `hiding`: by member."""

    def __init__(
        self, compression: Compression, rules: Rules, sets: Sequence[SetRule], hiding: Mapping[str, Visibility]
    ) -> None:
        self.compression = compression
        self._rules = rules
        self._sorter = Sorter(sets)
        self._hiding = hiding

    def prepare(self, member: str, batch: Iterable[Incoming]) -> list[Prepared]:
        """Everything that can be made beforehand, to be sent to the process that writes."""
        made = [self.begin(member, incoming) for incoming in batch]
        self.fill(member, [one for one in made if one.refusal is None and one.status != Status.DELETED])
        for one in made:
            one.incoming = one.marcxml = None
        return made

    def begin(self, member: str, incoming: Incoming) -> Prepared:
        """What is needed to tell whether a record is new."""
        record = incoming.record
        control = incoming.control or (record.control_number if record is not None else "")
        deleted = incoming.deleted or (record is not None and record.leader[5:6] == "d")
        stated = Status.VISIBLE
        if deleted:
            stated = Status.DELETED
        elif incoming.suppressed:
            stated = Status.SUPPRESSED
        elif incoming.private:
            stated = Status.PRIVATE
        hidden = self._hiding.get(member)
        status = stated if hidden is None or record is None else hidden.status(record, stated)
        return Prepared(
            control,
            incoming.label,
            status,
            None if stated == status else stated,
            blake2b(incoming.original, digest_size=16, person=incoming.format.encode()).digest(),
            KINDS.index(incoming.kind),
            FORMATS.index(incoming.format),
            provenance_text(incoming.provenance),
            None if incoming.holdings is None or deleted else holdings_text(incoming.holdings),
            _problem(control, record, deleted, len(incoming.original)),
            incoming=incoming,
        )

    def render(self, one: Prepared) -> None:
        """Makes its MARCXML, of which dictionaries are trained."""
        assert one.incoming is not None
        assert one.incoming.record is not None
        one.marcxml = to_marcxml(one.incoming.record)

    def fill(self, member: str, batch: Sequence[Prepared]) -> None:
        """Makes their content: one kind of thing after the other, for each has tables that fill a processor's cache."""
        for one in batch:
            if one.marcxml is None:
                self.render(one)
        renderings = [self.compression.pack(RENDERING, one.marcxml) for one in batch if one.marcxml is not None]
        originals = [
            self.compression.pack(ORIGINAL[one.kind], one.incoming.original)
            for one in batch
            if one.incoming is not None
        ]
        for one, rendering, original in zip(batch, renderings, originals, strict=True):
            one.content = self._content(member, one.incoming, rendering, original)

    def _content(
        self, member: str, incoming: Incoming | None, rendering: tuple[int, bytes], original: tuple[int, bytes]
    ) -> Content:
        assert incoming is not None
        record = incoming.record
        assert record is not None
        facts = self._rules.facts(record, incoming.format)
        return Content(
            rendering,
            original,
            facts,
            rank_of(_LEVELS.get(record.leader[17:18], 0), len(incoming.original)),
            CODES[facts.material],
            self._sorter.sets_of(member, record, incoming.format),
        )


def _problem(control: str, record: Record | None, deleted: bool, octets: int) -> str | None:
    if not control:
        return "has no control number (001)"
    if len(control) > MAX_CONTROL or not control.isprintable():
        return "has a control number that cannot be one"
    if record is None:
        return None if deleted else "is empty"
    if octets > _SHORT and (size := _rendered(record)) > MAX_RENDERING:
        return f"would have {size:,} characters as MARCXML, {MAX_RENDERING:,} are taken"
    return None


def _rendered(record: Record) -> int:
    """About how long the record is as MARCXML."""
    of_control = sum(len(text) + 40 for _, text in record.control)
    return of_control + sum(60 + sum(len(text) + 31 for _, text in subfields) for _, _, subfields in record.data)
