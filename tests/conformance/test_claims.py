"""Suppliers' claims: every one names what there is, has a source and a day, and decides as much as it says."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from typer.testing import CliRunner

from library_conformance import announced as announced_module
from library_conformance import claims
from library_conformance.announced import announced, of
from library_conformance.catalogue import STANDARDS, catalogue, requirements_of
from library_conformance.claims import (
    NAMES,
    SUPPORTS,
    Claim,
    ClaimError,
    Direction,
    Grade,
    Product,
    Source,
    Value,
    product_named,
    products,
    strangers,
)
from library_conformance.cli import app
from library_conformance.model import Force, Level, Requirement, Role
from library_conformance.probes.sru._ask import Explained
from library_conformance.probes.sru.explain import told_by_explain

ANNOUNCED: dict[str, dict[str, Any]] = {
    "sip2": {f"{number:02}": True for number in range(100)},
    "oai": {
        "protocolVersion": "2.0", "deletedRecord": "no", "compression": ["gzip"], "sets": [], "formats": ["oai_dc"],
    },
    "sru": {
        "version": ["1.1", "1.2", "2.0"], "method": ["GET", "POST", "SOAP"], "indexes": ["dc.title"], "scan": [],
        "sort": [], "schemas": ["dc"], "supports": [*announced_module._SRU_SUPPORTS],
        "relations": [*announced_module._SRU_RELATIONS],
    },
    "ncip": {"versions": ["2.02"]},
    "z3950": {"versions": [2, 3], "options": []},
    "ldap": {
        "supportedLDAPVersion": ["3"], "supportedControl": [], "supportedExtension": ["1.3.6.1.4.1.1466.20037"],
    },
    "scim": {"patch": True, "filter": True, "etag": True, "bulk": False},
}  # fmt: skip
"""What a subject of each standard may announce, all of it."""
READ = date(2026, 11, 22)
PAPER = Source("vendor-doc", "A manual", READ, "https://manual.example/")
EVERY = [(product.id, claim) for product in products().values() for claim in product.claims]


def row(name: str = "sip2.hold.answer", **change: Any) -> Requirement:
    made = {
        "id": name, "standard": "sip2", "edition": "2.00", "clause": "1", "statement": "So.", "level": Level.MUST,
        "force": Force.NORMATIVE, "role": Role.SERVER, "group": "holds", "capability": "hold",
    }  # fmt: skip
    return Requirement(**{**made, **change})


def claim(value: Value, **change: Any) -> Claim:
    return Claim("sip2", value, Direction.SERVER, PAPER, Grade.DOCUMENTED, **change)


def test_the_products_of_the_field_are_there() -> None:
    names = {key.partition("/")[2] for key in products()}
    assert names >= {
        "alma", "primo-ve", "wms", "folio", "koha", "evergreen", "sierra", "polaris", "symphony", "horizon",
        "millennium", "voyager", "aleph", "library-solution", "spydus", "soprano", "axiell", "insignia", "bibliofil",
        "auto-graphics", "library-gateway",
    }  # fmt: skip


def test_every_claim_names_what_the_catalogue_has() -> None:
    assert [wrong for product in products().values() for wrong in strangers(product)] == []


def test_every_claim_has_a_source_that_was_read_on_a_day() -> None:
    for product, one in EVERY:
        assert one.source.title, product
        assert one.source.retrieved <= claims.today(), product
        assert one.source.ref == "" or one.source.ref.startswith(("https://", "http://", "docs/", "protocols/")), (
            product
        )
        assert (one.value is Value.UNKNOWN) == (one.source.kind == "search") == (one.grade is None), product


def test_our_own_claims_rest_on_pages_that_exist() -> None:
    ours = products()["library-gateway/library-gateway"].claims
    root = Path(__file__).parents[2]
    assert [one.source.ref for one in ours if not (root / one.source.ref).is_file()] == []


def test_nothing_contradicts_itself_within_one_product() -> None:
    disputed = [
        f"{product.id} {one.id}"
        for product in products().values()
        for one in catalogue().values()
        if product.documented(one).value is Value.DISPUTED
    ]
    assert disputed == []


def test_what_alma_lacks_is_a_no_and_what_nobody_said_is_unknown() -> None:
    alma, symphony = products()["ex-libris/alma"], products()["sirsidynix/symphony"]
    rows = catalogue()
    for name in ("sip2.hold.answer", "sip2.block.answer", "sip2.enable.answer", "sip2.item-update.answer"):
        assert alma.documented(rows[name]).value is Value.NO
        assert symphony.documented(rows[name]).value is Value.UNKNOWN
    assert alma.documented(rows["sip2.checkout.lend"]).value is Value.YES
    evergreen = products()["evergreen/evergreen"]
    assert evergreen.documented(rows["sip2.hold.cancel"]).value is Value.YES
    assert evergreen.documented(rows["sip2.hold.answer"]).value is Value.PARTIAL
    assert evergreen.documented(rows["sip2.hold.place"]).value is Value.NO


def test_the_narrower_claim_decides() -> None:
    whole, group = claim(Value.YES), claim(Value.NO, groups=("holds",))
    itself = claim(Value.YES, requirements=("sip2.hold.answer",))
    product = Product("a/b", "A", "B", (whole, group, itself))
    assert product.documented(row()).value is Value.YES
    assert product.documented(row("sip2.hold.place")).value is Value.NO
    assert product.documented(row("sip2.hold.place")).background == (whole,)


def test_a_whole_standard_is_claimed_in_its_core_and_denied_in_all() -> None:
    yes, no = (Product("a/b", "A", "B", (claim(value),)) for value in (Value.YES, Value.NO))
    core = row("sip2.frame.fixed", group="framing", capability="connect")
    assert (yes.documented(core).value, yes.documented(row()).value) == (Value.YES, Value.UNKNOWN)
    assert (no.documented(core).value, no.documented(row()).value) == (Value.NO, Value.NO)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Value.YES),
        ({"level": Level.CONDITIONAL, "when": "so"}, Value.YES),
        ({"level": Level.SHOULD}, Value.UNKNOWN),
        ({"force": Force.PRACTICE}, Value.UNKNOWN),
        ({"role": Role.CLIENT}, Value.UNKNOWN),
        ({"role": Role.BOTH}, Value.YES),
        ({"standard": "ncip"}, Value.UNKNOWN),
    ],
)
def test_a_capability_is_claimed_as_far_as_the_standard_obliges(change: dict[str, Any], expected: Value) -> None:
    product = Product("a/b", "A", "B", (claim(Value.YES, capabilities=("hold",)),))
    assert product.documented(row(**change)).value is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((Value.YES, Value.NO), Value.DISPUTED),
        ((Value.YES, Value.CONFIGURABLE), Value.CONFIGURABLE),
        ((Value.CONFIGURABLE, Value.PARTIAL), Value.PARTIAL),
        ((Value.UNKNOWN, Value.YES), Value.YES),
        ((Value.UNKNOWN, Value.NO), Value.NO),
        ((Value.UNKNOWN,), Value.UNKNOWN),
        ((), Value.UNKNOWN),
    ],
)
def test_several_claims_come_to_the_most_cautious_answer(values: tuple[Value, ...], expected: Value) -> None:
    product = Product("a/b", "A", "B", tuple(claim(value, groups=("holds",)) for value in values))
    assert product.documented(row()).value is expected
    assert len(product.documented(row()).claims) == len(values)


def test_a_claim_is_to_be_read_again_after_eighteen_months() -> None:
    assert not PAPER.stale(date(2028, 5, 22))
    assert PAPER.stale(date(2028, 5, 23))
    assert not Source("vendor-doc", "x", date(2026, 8, 31)).stale(date(2028, 2, 29))


GOOD = """
[product]
vendor = "A"
name = "B"
[source.manual]
kind = "vendor-doc"
title = "A manual"
retrieved = 2026-11-22
[[claim]]
standard = "sip2"
value = "yes"
grade = "D"
source = "manual"
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('value = "yes"', 'value = "perhaps"', "perhaps"),
        ('value = "yes"', 'value = "disputed"', "disputed"),
        ('grade = "D"', 'grade = "K"', "K"),
        ('grade = "D"\n', "", "grade"),
        ('standard = "sip2"', 'standard = "sip3"', "sip3"),
        ('kind = "vendor-doc"', 'kind = "hearsay"', "hearsay"),
        ("retrieved = 2026-11-22", "", "retrieved"),
        ('source = "manual"', 'source = "other"', "other"),
        ('source = "manual"', 'source = "manual"\ncolour = "red"', "colour"),
        ("[[claim]]", '[source.more]\nkind = "press"\ntitle = "x"\nretrieved = 2026-11-22\n[[claim]]', "more"),
        ("[[claim]]", '[searched]\non = 2026-11-22\nstandards = ["sip2"]\n[[claim]]', "sip2"),
        ('name = "B"', 'name = "B"\nmirrors = "a/none"', "mirrored"),
    ],
)
def test_files_that_are_wrong_are_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.toml").write_text(GOOD)
    assert list(claims._read_all(tmp_path)) == ["a/b"]
    (tmp_path / "c" / "a").mkdir(parents=True)
    (tmp_path / "c" / "a" / "b.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(ClaimError, match=complaint):
        claims._read_all(tmp_path / "c")


def test_a_fork_inherits_what_it_does_not_say_itself(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.toml").write_text(
        GOOD + GOOD.partition("[[claim]]")[2].replace("sip2", "oai").join(["[[claim]]", ""])
    )
    (tmp_path / "a" / "fork.toml").write_text(
        GOOD.replace("[source", 'mirrors = "a/b"\n[source').replace('"yes"', '"no"')
    )
    fork = claims._read_all(tmp_path)["a/fork"]
    assert {one.standard: one.value for one in fork.claims} == {"sip2": Value.NO, "oai": Value.YES}


def test_claims_of_ones_own_stand_beside_ours(tmp_path: Path) -> None:
    for place in ("koha/koha.toml", "us/ours.toml"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(GOOD.replace("sip2", "lcf").replace('"D"', '"D"\ncapability = ["renew"]'))
    found = products(tmp_path)
    koha = found["koha/koha"]
    assert (koha.name, koha.claims[:-1], koha.claims[-1].capabilities) == (
        "Koha", products()["koha/koha"].claims, ("renew",),
    )  # fmt: skip
    assert product_named("B", found) is found["us/ours"]
    assert products().keys() == found.keys() - {"us/ours"}
    shown = CliRunner().invoke(app, ["claims", "us/ours", "--claims", str(tmp_path)])
    assert (shown.exit_code, "BIC LCF renew: yes" in shown.output) == (0, True), shown.output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace('"D"', '"D"\ncapability = ["knitting"]'), "sip2 has no capability 'knitting'"),
        (GOOD.replace("2026-11-22", '"yesterday"'), "the day on which it was read"),
        ("", "has no file VENDOR/PRODUCT.toml"),
    ],
)
def test_claims_of_ones_own_that_are_wrong_are_refused(text: str, complaint: str, tmp_path: Path) -> None:
    if text:
        (tmp_path / "us").mkdir()
        (tmp_path / "us" / "ours.toml").write_text(text)
    for command in (["claims"], ["matrix", "--out", str(tmp_path / "map")]):
        said = CliRunner().invoke(app, [*command, "--claims", str(tmp_path)])
        assert said.exit_code == 2
        assert complaint in " ".join(said.output.replace("│", " ").split())
    assert not (tmp_path / "map").exists()


def test_a_product_is_found_by_its_names() -> None:
    assert product_named("ex-libris/alma") is product_named("Alma") is not None
    assert product_named("no such thing") is None
    assert product_named("library-gateway") is products()["library-gateway/library-gateway"]


def test_announcements_are_read_for_each_standard() -> None:
    sip2 = announced("sip2", {"15": False, "11": True})
    assert [said.offered for name in ("sip2.hold.place", "sip2.checkout.lend") if (said := of(name, sip2))] == [
        False,
        True,
    ]
    assert of("sip2.frame.fixed", sip2) is None
    oai = announced("oai", {"deletedRecord": "no", "compression": ["gzip"], "sets": [], "formats": ["oai_dc"]})
    assert {name: said.offered for name, said in oai.items()} == {
        "oai.deletions.": False, "oai.http.gzip": True, "oai.sets.": False, "oai.formats.marc": False,
        "oai.formats.dublin-core": True,
    }  # fmt: skip
    z3950 = announced("z3950", {"options": ["search", "present"]})
    assert z3950["z3950.search."].offered
    assert not z3950["z3950.sort."].offered
    ldap = announced("ldap", {"supportedControl": [], "supportedExtension": ["1.3.6.1.4.1.1466.20037"]})
    assert {name for name, said in ldap.items() if said.offered} == {"ldap.tls."}
    assert not announced("scim", {"patch": True, "bulk": False})["scim.bulk."].offered
    assert announced("lcf", {"x": 1}) == {}


def test_explain_is_read_for_what_it_names_and_denies_only_what_it_lists_in_full() -> None:
    record = """<explain xmlns="http://explain.z3950.org/dtd/2.0/">
      <serverInfo protocol="SRU" version="1.1/1.2" transport="http" method="GET POST"/>
      <indexInfo>
        <index scan="false" sort="true"><map><name set="dc">title</name></map></index>
        <index search="false" scan="false"><map><name set="dc">date</name></map></index>
      </indexInfo>
      <schemaInfo><schema name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1"/></schemaInfo>
      <configInfo><supports type="proximity">true</supports><supports type="resultSets">false</supports>
      <supports type="relation">within</supports></configInfo></explain>"""
    found = told_by_explain(Explained(etree.fromstring(record)))
    assert found == {
        "version": ["1.1", "1.2"], "method": ["GET", "POST"], "indexes": ["dc.title"], "relations": ["within"],
        "schemas": ["marcxml", "info:srw/schema/1/marcxml-v1.1"], "supports": ["proximity", "relation"],
        "scan": [], "sort": ["dc.title"],
    }  # fmt: skip
    said = announced("sru", found)
    offers = {
        name: one.offered
        for name in ("sru.version.v1-1", "sru.version.v2-0", "sru.http.post", "sru.http.soap", "sru.scan.terms",
                     "sru.sort.cql", "sru.schema.marcxml", "sru.schema.dublin-core", "sru.cql.proximity.distance",
                     "sru.result-set.kept", "sru.cql.within")
        if (one := of(name, said))
    }  # fmt: skip
    assert offers == {
        "sru.version.v1-1": True, "sru.http.post": True, "sru.scan.terms": False, "sru.sort.cql": True,
        "sru.schema.marcxml": True, "sru.schema.dublin-core": False, "sru.cql.proximity.distance": True,
        "sru.cql.within": True,
    }  # fmt: skip
    for silent in ("<explain/>", "<explain><serverInfo protocol='SRU' version=''/></explain>"):
        assert told_by_explain(Explained(etree.fromstring(silent))) == {}


def test_lookup_version_tells_whether_version_one_is_spoken_and_nothing_of_services() -> None:
    both = announced("ncip", {"versions": ["http://www.niso.org/ncip/v1_01/imp1/dtd/ncip_v1_01.dtd", "2.02"]})
    assert both["ncip.v1."].offered
    assert not announced("ncip", {"versions": ["2.02"]})["ncip.v1."].offered
    assert of("ncip.check-out.lend", both) is None


def test_announcements_speak_of_requirements_there_are() -> None:
    for standard, found in ANNOUNCED.items():
        ids = [one.id for one in requirements_of(standard)]
        prefixes = announced(standard, found)
        assert prefixes
        assert [prefix for prefix in prefixes if not any(name.startswith(prefix) for name in ids)] == []


def test_the_command_shows_claims_with_their_sources() -> None:
    shown = CliRunner().invoke(app, ["claims", "alma"])
    assert shown.exit_code == 0
    assert "15, 01, 25 and 19 are not answered" in " ".join(shown.output.split())
    assert "read 2026-11-22" in shown.output
    every = CliRunner().invoke(app, ["claims"])
    assert set(products()) == {line.split()[0] for line in every.output.splitlines()[1:-1]}
    document = json.loads(CliRunner().invoke(app, ["claims", "koha", "--json"]).output)
    assert document[0]["claims"][0]["source"]["title"]
    assert CliRunner().invoke(app, ["claims", "nobody"]).exit_code == 2


def test_names_are_there_for_every_standard_of_the_catalogue() -> None:
    assert set(STANDARDS) <= set(NAMES)
    assert {one.standard for _, one in EVERY if one.value in SUPPORTS} <= set(NAMES)
