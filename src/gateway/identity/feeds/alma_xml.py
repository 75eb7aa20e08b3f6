"""People from user XML as Alma loads it: `<users>` with a `<user>` each, in a file of its own or several in a zip.

Read as a stream, without entities and without any network; `_Guarded` bounds what a hostile file may cost. Only a file
whose XML ends as it should is everything; what was read before a break is true all the same.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.clock import Clock
from gateway.config.identity import AlmaXmlFeedConfig
from gateway.identity.feeds.files import PAGE, FileFeed, Taken
from gateway.identity.feeds.port import Bad, End, FeedError, Page, SourceRecord, is_key

MAX_UNPACKED = 2 << 30
"""Octets of XML in one file, unpacked: a large university's users are some hundreds of megabytes."""
MAX_RATIO = 300
"""How much larger the content of a zip may be than the zip: user XML packs to a tenth or a thirtieth."""
MAX_USER = 8 << 20
"""Octets of one user."""
MAX_ENTRIES = 1000
"""Files in one zip."""

_ENCRYPTED = 0x1  # APPNOTE.TXT 4.4.4, bit 0
_SECRET = frozenset({"password", "pin_number", "open_id", "rfid"})
# Alma's own: notes, blocks and roles are the library's words about people, which a feed has no business with.
_PASSED_OVER = frozenset(
    {"user_roles", "user_notes", "user_blocks", "rs_libraries", "library_notices", "proxy_for_users"}
)
_ADDRESS = ("line1", "line2", "line3", "line4", "line5", "city", "state_province", "postal_code", "country")


class AlmaXmlFeed(FileFeed):
    """A folder of user XML. The source id is `primary_id` where the settings name nothing else; `wanted` are the
    attributes that somebody asks for: of these an identifier type that a user lacks is empty, not absent."""

    def __init__(self, settings: AlmaXmlFeedConfig, *, clock: Clock | None = None) -> None:
        super().__init__(settings, manifest=False, partial=settings.partial, clock=clock)
        self._source_id = settings.source_id or "primary_id"
        self._min_records = settings.min_records
        self._wanted = frozenset(name for field in settings.fields.values() for name in field.source)

    def _pages(self, taken: Taken, skip: int) -> Generator[Page | End, None, None]:
        reading = _Reading(taken)
        records: list[SourceRecord] = []
        bad: list[Bad] = []
        count = refused = 0
        for user in reading.users():
            count += 1
            record = self._record(user, f"user {count}")
            refused += isinstance(record, Bad)
            if count <= skip:
                continue
            if isinstance(record, Bad):
                bad.append(record)
            else:
                records.append(record)
            if len(records) + len(bad) == PAGE:
                yield Page(records, self._position(taken, count), bad, reading.promised)
                records, bad = [], []
        if records or bad:
            yield Page(records, self._position(taken, count), bad, reading.promised)
        reason = reading.broken or self._missing(count, refused, reading.promised)
        yield End(not reason, reason and f"{taken.name} {reason}")

    def _record(self, user: Any, where: str) -> SourceRecord | Bad:
        attributes = _attributes(user, self._wanted)
        named = attributes.get(self._source_id) or [""]
        if not is_key(named[0]):
            return Bad(where, f"has no usable {self._source_id}")
        return SourceRecord(named[0], attributes, where=where)

    def _missing(self, count: int, refused: int, promised: int | None) -> str:
        if not count:
            return "holds no users"
        if count < self._min_records:
            return f"holds {count} users, fewer than {self._min_records}"
        if promised is not None and promised != count:
            return f"holds {count} users and says {promised}"
        if refused:
            return f"holds {refused} users without a usable {self._source_id}"
        return ""


@dataclass
class _Reading:
    """One file as it is read. `promised` is how many users it says it holds, `broken` why it could not be read on."""

    taken: Taken
    promised: int | None = None
    broken: str = ""

    def users(self) -> Iterator[Any]:
        """The `<user>` elements, each good until the next is asked for. Raises FeedError where it is no user XML."""
        with ExitStack() as stack:
            try:
                for name, stream in _streams(self.taken.path, stack):
                    yield from self._of(stream, name)
            except etree.XMLSyntaxError as error:
                line, column = error.position
                self.broken = f"is broken at line {line}, column {column}"
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                self.broken = "is a zip that cannot be unpacked"

    def _of(self, stream: _Guarded, name: str) -> Iterator[Any]:
        parsing = etree.iterparse(
            stream, events=("end",), tag="{*}user", resolve_entities=False, no_network=True, load_dtd=False
        )
        root = None
        for _, user in parsing:
            if root is None:
                root = self._root(user.getroottree(), name)
            if user.getparent() is not root:
                continue
            stream.since = 0
            yield user
            user.clear()
            while user.getprevious() is not None:
                del root[0]
        if root is None:
            self._root(parsing.root.getroottree(), name)

    def _root(self, tree: Any, name: str) -> Any:
        if tree.docinfo.doctype:
            raise FeedError(f"{name} has a document type declaration, which user XML has not", retry=False)
        root = tree.getroot()
        if etree.QName(root).localname != "users":
            raise FeedError(f"{name} is no user XML: its root is not `users`", retry=False)
        said = root.get("total_record_count", "")
        if said.isdecimal():
            self.promised = (self.promised or 0) + int(said)
        return root


class _Guarded:
    """A stream that ends in FeedError where it holds too much. `since` are the octets since the last user."""

    def __init__(self, stream: Any, name: str, limit: int) -> None:
        self._stream = stream
        self._name = name
        self.left = limit
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        octets = self._stream.read(min(size, 1 << 16) if size > 0 else 1 << 16)
        self.left -= len(octets)
        self.since += len(octets)
        if self.left < 0:
            raise FeedError(f"{self._name} holds more than is read of one file", retry=False)
        if self.since > MAX_USER:
            raise FeedError(f"{self._name} has a user of more than {MAX_USER:,} octets", retry=False)
        return octets


def _streams(path: Path, stack: ExitStack) -> Iterator[tuple[str, _Guarded]]:
    """The XML in a file: itself, or what a zip holds, in the order of the names."""
    file: BinaryIO = stack.enter_context(path.open("rb"))
    packed = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    name = path.name.partition("~")[2]
    if not packed:
        yield name, _Guarded(file, name, MAX_UNPACKED)
        return
    archive = stack.enter_context(zipfile.ZipFile(file))
    entries = [entry for entry in archive.infolist() if _meant(entry.filename)]
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise FeedError(f"{name} has a password", retry=False)
    if not entries or len(entries) > MAX_ENTRIES:
        raise FeedError(f"{name} holds {len(entries)} XML files", retry=False)
    # What the entries say of their size is not believed; the octets that come out are counted, of all together.
    left = min(MAX_UNPACKED, MAX_RATIO * path.stat().st_size)
    for entry in sorted(entries, key=lambda entry: entry.filename):
        with archive.open(entry) as unpacked:
            guarded = _Guarded(unpacked, name, left)
            yield name, guarded
            left = guarded.left


def _meant(name: str) -> bool:
    """XML, and none of the hidden files that some systems pack as well (`__MACOSX/._users.xml`)."""
    return name.casefold().endswith(".xml") and not name.rpartition("/")[2].startswith(".")


def _attributes(user: Any, wanted: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for child in user.iterchildren("{*}*"):
        name = etree.QName(child).localname
        if name == "user_identifiers":
            _identifiers(child, found, wanted)
        elif name == "contact_info":
            for kind in child.iterchildren("{*}emails", "{*}phones", "{*}addresses"):
                _contacts(kind, found, wanted)
        elif name == "user_statistics":
            _empty(found, "user_statistic", wanted)
            for one in child.iterchildren("{*}user_statistic"):
                _add(found, "user_statistic", _said(one, "category_type"), _said(one, "statistic_category"))
        elif name not in _SECRET and name not in _PASSED_OVER:
            value = _text(child)
            # A day with a zone, as XML Schema has it, is that day.
            _add(found, name, "", value[:10] if name.endswith("_date") else value)
    return found


def _identifiers(parent: Any, found: dict[str, list[str]], wanted: Iterable[str]) -> None:
    _empty(found, "user_identifier", wanted)
    for one in parent.iterchildren("{*}user_identifier"):
        value = "" if _said(one, "status").upper() == "INACTIVE" else _said(one, "value")
        _add(found, "user_identifier", _said(one, "id_type"), value)


def _contacts(parent: Any, found: dict[str, list[str]], wanted: Iterable[str]) -> None:
    """Emails, phones or addresses: those preferred first, and by their types."""
    kind = etree.QName(parent).localname.removesuffix("es" if parent.tag.endswith("addresses") else "s")
    _empty(found, kind, wanted)
    ones = sorted(parent.iterchildren(f"{{*}}{kind}"), key=lambda one: one.get("preferred") != "true")
    for one in ones:
        if kind == "address":
            value = ", ".join(filter(None, (_said(one, part) for part in _ADDRESS)))
        else:
            value = _said(one, f"{kind}_address" if kind == "email" else f"{kind}_number")
        types = one.iterchildren("{*}" + f"{kind}_types")
        _add(found, kind, "", value)
        for type_ in (type_ for parent_ in types for type_ in parent_.iterchildren("{*}*")):
            _add(found, f"{kind}[{_text(type_)}]", "", value)


def _empty(found: dict[str, list[str]], name: str, wanted: Iterable[str]) -> None:
    """Where a list is there, what it does not hold is said to be empty."""
    found.setdefault(name, [])
    for asked in wanted:
        if asked.startswith(f"{name}["):
            found.setdefault(asked, [])


def _add(found: dict[str, list[str]], name: str, type_: str, value: str) -> None:
    """A value under its name, and under its name and type where it has one."""
    for key in (name, f"{name}[{type_}]") if type_ else (name,):
        found.setdefault(key, []).extend([value] if value else [])


def _said(parent: Any, name: str) -> str:
    child = next(parent.iterchildren("{*}" + name), None)
    return "" if child is None else _text(child)


def _text(element: Any) -> str:
    return " ".join((element.text or "").split())


__all__ = ["AlmaXmlFeed"]
