"""Zebra with the same records: its configurations, its registers, its server.

`KOHA` is as Koha runs it in production (see `zebra_koha`). `SAME_FIELDS` indexes what we index, through an XSLT that is
made from our own index map. `PLAIN` is Debian's example for MARC 21: Zebra's own filter in C, four indexes. All serve
USMARC over Z39.50 and MARCXML over SRU.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import psutil

from gateway.catalogue.index_map import CONTEXT_SETS, INDEXES, Source
from tests.benchmarks import zebra_koha
from tests.benchmarks.machine import SERVER_CPU, pin

PROGRAMS = ("zebraidx", "zebrasrv", "yaz-ztest")
DATABASE = "Default"
_TABLES = "/usr/share/idzebra-2.0/tab"
_MODULES = "/usr/lib/*/idzebra-2.0/modules"
_ANY = 1016

_TAKEN = 0.99
"""Zebra passes over a record or two of thousands without a word; at some it stops reading the file."""
_INSERTED = re.compile(r"i/u/d ([0-9]+)/0/0")

KOHA, SAME_FIELDS, PLAIN = "koha", "same_fields", "plain"
CONFIGURATIONS = (KOHA, SAME_FIELDS, PLAIN)
_MEMORY = {KOHA: 50, SAME_FIELDS: 256, PLAIN: 256}
"""Megabytes that zebraidx may fill before it writes. Koha's are its own."""


@dataclass(frozen=True, slots=True)
class Indexing:
    """What it took to index: seconds by the clock and of processor time, and octets of the register on disk, of which
    `stored` hold the records themselves."""

    records: int
    seconds: float
    processor_seconds: float
    octets: int
    stored: int


def missing() -> str | None:
    """What is not installed of Zebra and YAZ, in words; None where nothing is."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def index(folder: Path, configuration: str, records: Path, count: int) -> Indexing:
    """Makes a register of a file: in MARCXML for `KOHA`, else in ISO 2709. Raises RuntimeError where Zebra did not take
    it."""
    _configure(folder, configuration)
    _zebraidx(folder, "init")
    began = time.perf_counter()
    spent = _zebraidx(folder, "update", str(records))
    seconds = time.perf_counter() - began
    taken = int(([0, *_INSERTED.findall((folder / "zebraidx.log").read_text("utf-8", "replace"))])[-1])
    if taken < count * _TAKEN:
        raise RuntimeError(f"Zebra did not take {count} records: see {folder}/zebraidx.log")
    sizes = {file.name: file.stat().st_size for file in (folder / "register").iterdir()}
    stored = sum(size for name, size in sizes.items() if name.startswith("rec"))
    return Indexing(taken, seconds, spent, sum(sizes.values()), stored)


def _zebraidx(folder: Path, *command: str) -> float:
    """Runs it, and says how much processor time it took."""
    with (folder / "zebraidx.log").open("wb") as log:
        process = subprocess.Popen(["zebraidx", "-c", "zebra.cfg", *command], cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(
            f"zebraidx {' '.join(command)} failed: {(folder / 'zebraidx.log').read_text('utf-8')[-500:]}"
        )
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def server(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """zebrasrv over a register, Z39.50 and SRU on one port; on the processor that servers have here."""
    port = _free_port()
    (folder / "yazgfs.xml").write_text(_frontend(folder, port), encoding="utf-8")
    with _serving(["zebrasrv", "-v", "none", "-f", "yazgfs.xml"], folder, port) as process:
        yield port, process


@contextlib.contextmanager
def ceiling() -> Iterator[tuple[int, psutil.Process]]:
    """YAZ's test server: canned answers, what the protocol costs in C with no catalogue behind it."""
    port = _free_port()
    with _serving(["yaz-ztest", "-v", "none", f"tcp:127.0.0.1:{port}"], Path.cwd(), port) as process:
        yield port, process


@contextlib.contextmanager
def _serving(command: list[str], folder: Path, port: int) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: pin(SERVER_CPU)
    )
    try:
        _answering(port, process)
        yield psutil.Process(process.pid)
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        for one in (*children, process):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGTERM)
        process.wait(20)


def _answering(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server on port {port} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _configure(folder: Path, configuration: str) -> None:
    """Writes what Zebra reads into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("register", "tmp"):
        (folder / name).mkdir(parents=True)
    modules = sorted(Path("/").glob(_MODULES[1:]))
    common = [
        f"profilePath: {folder}:{_TABLES}",
        f"modulePath: {modules[0] if modules else ''}",
        f"register: {folder}/register:100G",
        f"keyTmpDir: {folder}/tmp",
        "encoding: utf-8",
        "storeKeys: 1",
        "storeData: 1",
        f"memMax: {_MEMORY[configuration]}",
    ]
    if configuration == PLAIN:
        written = {}
        own = ["recordType: grs.marcxml.marc21", "attset: bib1.att"]
    else:
        written = _koha(folder) if configuration == KOHA else _same_fields(folder)
        own = [f"recordType: dom.{folder}/dom.xml", "attset: map.att"]
    written["cql.properties"] = _names()
    written["zebra.cfg"] = "\n".join([*common, *own, ""])
    written["configuration"] = configuration
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def _koha(folder: Path) -> dict[str, str]:
    extract = "".join(f'<xslt stylesheet="{escape(str(folder))}/{name}"/>' for name in ("linked.xsl", "index.xsl"))
    shown = f'<xslt stylesheet="{escape(str(folder))}/copy.xsl"/>'
    registers = Path(_TABLES, "default.idx").read_text(encoding="utf-8").replace("string.chr", "letters.chr")
    return {
        "dom.xml": _DOM.format(input='<xmlreader level="1"/>', extract=extract, shown=shown),
        "linked.xsl": zebra_koha.LINKED,
        "index.xsl": zebra_koha.stylesheet(),
        "copy.xsl": zebra_koha.COPY,
        "default.idx": registers,
        "letters.chr": zebra_koha.characters(),
        "map.att": _attributes(zebra_koha.indexes()),
    }


def _same_fields(folder: Path) -> dict[str, str]:
    extract = f'<xslt stylesheet="{escape(str(folder))}/index.xsl"/>'
    return {
        "dom.xml": _DOM.format(input='<marc inputcharset="utf-8"/>', extract=extract, shown=""),
        "index.xsl": _stylesheet(),
        "map.att": _attributes({index.name for index in INDEXES.values() if not index.of}),
    }


_DOM = """<dom xmlns="http://indexdata.com/zebra-2.0">
  <input>{input}</input>
  <extract>{extract}</extract>
  <retrieve name="F">{shown}</retrieve>
  <retrieve name="marcxml">{shown}</retrieve>
</dom>
"""


def _attributes(indexed: set[str]) -> str:
    """Use attributes as names of indexes."""
    rows = {use: index.name for index in INDEXES.values() for use in index.bib1 if index.name in indexed}
    rows[_ANY] = "any"
    return "\n".join(["name bib1", "reference Bib-1", *(f"att {use} {name}" for use, name in sorted(rows.items())), ""])


def _names() -> str:
    """CQL's names as Use attributes, by which Zebra knows an index."""
    sets = [f"set.{prefix} = {identifier}" for prefix, identifier in CONTEXT_SETS.items()]
    uses = [f"index.{name} = 1={found.bib1[0]}" for found in INDEXES.values() if found.bib1 for name in found.cql]
    return "\n".join([*sets, f"set = {CONTEXT_SETS['dc']}", *uses, *_RELATIONS, ""])


_RELATIONS = (
    "position.any = 3=3 6=1",
    "relation.eq = 2=3",
    "relation.scr = 2=3",
    "structure.* = 4=1",
    "truncation.right = 5=1",
    "truncation.none = 5=100",
)


def _stylesheet() -> str:
    """Every field of the index map into the indexes that take it: a field as words and as a phrase, its subfields as
    phrases too where ours can be asked for them, values to sort by and to count."""
    taken: dict[str, list[_Rule]] = defaultdict(list)
    for found in INDEXES.values():
        kinds = ["w", "p"] + ["n"] * found.ranges + ["0"] * found.facet
        for place, source in enumerate(found.marc21_sources):
            sorts = found.sortable and place == 0
            names = " ".join(f"{found.name}:{kind}" for kind in [*kinds, *["s"] * sorts])
            taken[source.tag].append(_Rule(source, names, f"{found.name}:p" if found.anchored else None))
    templates = [
        _control(tag, rules) if rules[0].source.codes == "" else _data(tag, rules)
        for tag, rules in sorted(taken.items())
    ]
    return _STYLESHEET.format(templates="\n".join(templates))


class _Rule(NamedTuple):
    """What is done with a field: the names of Zebra's indexes that take it whole, and its subfields one by one."""

    source: Source
    whole: str
    parts: str | None


_STYLESHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:z="http://indexdata.com/zebra-2.0" xmlns:m="http://www.loc.gov/MARC21/slim" exclude-result-prefixes="m">
  <xsl:output method="xml" encoding="UTF-8"/>
  <xsl:template match="text()"/>
  <xsl:template match="/m:record | /m:collection/m:record">
    <z:record z:id="{{normalize-space(m:controlfield[@tag='001'])}}">
      <xsl:apply-templates/>
      <xsl:apply-templates mode="any"/>
    </z:record>
  </xsl:template>
  <xsl:template mode="any" match="m:leader | m:controlfield"/>
  <xsl:template mode="any" match="m:subfield">
    <z:index name="any:w any:p"><xsl:value-of select="."/></z:index>
  </xsl:template>
{templates}
</xsl:stylesheet>
"""


def _control(tag: str, rules: list[_Rule]) -> str:
    values = [f'<z:index name="{rule.whole}"><xsl:value-of select="{_part(rule.source)}"/></z:index>' for rule in rules]
    return f"  <xsl:template match=\"m:controlfield[@tag='{tag}']\">{''.join(values)}</xsl:template>"


def _part(source: Source) -> str:
    if source.first is None or source.last is None:
        return "."
    return f"substring(., {source.first + 1}, {source.last - source.first + 1})"


def _data(tag: str, rules: list[_Rule]) -> str:
    values: list[str] = []
    for source, whole, parts in rules:
        codes = "abcdefghijklmnopqrstvxyz" if source.codes == "*" else source.codes
        where = f"[@ind{source.indicator}='{source.value}']" if source.indicator else ""
        chosen = quoteattr(f"self::m:datafield{where}/m:subfield[contains('{codes}', @code)]")
        joined = f"<xsl:for-each select={chosen}><xsl:value-of select=\"concat(., ' ')\"/></xsl:for-each>"
        values.append(f'<xsl:if test={chosen}><z:index name="{whole}">{joined}</z:index></xsl:if>')
        if parts is not None:
            each = f'<z:index name="{parts}"><xsl:value-of select="."/></z:index>'
            values.append(f"<xsl:for-each select={chosen}>{each}</xsl:for-each>")
    return f"  <xsl:template match=\"m:datafield[@tag='{tag}']\">{''.join(values)}</xsl:template>"


def _frontend(folder: Path, port: int) -> str:
    """YAZ's front end before the register: Z39.50 with USMARC, SRU with MARCXML."""
    plain = (folder / "configuration").read_text(encoding="ascii") == PLAIN
    formats = _FROM_MARC if plain else _FROM_XML
    return _FRONTEND.format(folder=escape(str(folder)), port=port, formats=formats)


_FRONTEND = """<yazgfs>
  <listen id="here">tcp:127.0.0.1:{port}</listen>
  <server id="records" listenref="here">
    <directory>{folder}</directory>
    <config>zebra.cfg</config>
    <cql2rpn>cql.properties</cql2rpn>
    <retrievalinfo>{formats}</retrievalinfo>
    <explain xmlns="http://explain.z3950.org/dtd/2.0/">
      <serverInfo><host>127.0.0.1</host><port>{port}</port><database>Default</database></serverInfo>
    </explain>
  </server>
</yazgfs>
"""
_FROM_XML = """
      <retrieval syntax="usmarc" name="F">
        <backend syntax="xml" name="F"><marc inputformat="xml" outputformat="marc" outputcharset="utf-8"/></backend>
      </retrieval>
      <retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1"/>"""
_FROM_MARC = """
      <retrieval syntax="usmarc" name="F"/>
      <retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1">
        <backend syntax="usmarc" name="F">
          <marc inputformat="marc" outputformat="marcxml" inputcharset="utf-8"/>
        </backend>
      </retrieval>"""
