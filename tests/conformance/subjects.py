"""`make judge`: what the judge sees of the gateway's demo, of targets and directories that others wrote, and of servers
of the tests' own that are wrong on purpose, into `conformance/results`; and the map, the example of a tender and the
conformance statement made of it all.

Each subject is started on loopback and stopped again. One whose program is missing is left as it was.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from library_conformance.model import Safety
from library_conformance.probes.cross.doors import DOOR
from library_conformance.run import Target
from library_conformance.runner import Plan, run
from tests.acceptance.nodes import start_demo
from tests.benchmarks import zebra
from tests.conformance.judging import demo_inputs
from tests.conformance.servers.ncip_v1_tcp import BARCODE, CARD, old_responder
from tests.conformance.servers.ncip_v2_http import careless_responder
from tests.conformance.servers.sip2_line import serving
from tests.conformance.servers.sip2_sloppy import Sloppy
from tests.conformance.servers.sip2_strict import Strict
from tests.conformance.servers.zebra_catalogue import SRU_INPUTS, Z3950_INPUTS, zebra_catalogue
from tests.slapd import READER, READER_PASSWORD, Slapd, person

ROOT = Path(__file__).parents[2] / "conformance"
RESULTS, MAP = ROOT / "results", ROOT / "map"
SUFFIX = "dc=campus,dc=example"


def judged(folder: str, subject: str, standard: str, target: str, inputs: dict[str, str], **plan: Any) -> None:
    """One run, written into a folder of its own."""
    doors = [word for name, value in inputs.items() if name.startswith(DOOR) for word in ("--set", f"{name}={value}")]
    settings: dict[str, Any] = {
        "subject": subject,
        "verify": False,
        "replay": ("library-conformance", "run", standard, target, "--out", "DIR", *doors),
    }
    document = run(Plan(standard, Target.parse(target), inputs, RESULTS / folder / standard, **settings, **plan))
    print(folder, standard, dict(Counter(row["verdict"] for row in document["results"])), flush=True)


def gateway(folder: Path) -> None:
    """The demo as a newcomer starts it, by every standard, and through all its doors at once."""
    demo = start_demo(folder)
    try:
        at = {name: f"127.0.0.1:{port}" for name, port in demo.ports.items()}
        web = f"http://{at['http']}"
        doors = {
            "sip2": at["sip2"],
            "ncip": f"{web}/ncip/aber",
            "oai": f"{web}/oai/aber",
            "sru": f"{web}/sru/aber",
            "z3950": at["z3950"],
            "ldap": at["ldap"],
        }
        several = {
            **demo_inputs("ldap"),
            **demo_inputs("cross"),
            **{DOOR + name: address for name, address in doors.items()},
        }
        for standard, target in (*doors.items(), ("scim", f"{web}/scim/v2/aber"), ("cross", at["sip2"])):
            inputs = several if standard == "cross" else demo_inputs(standard)
            if standard == "oai":
                inputs["other_door"] = f"{web}/oai/bangor"
            judged("gateway", "library-gateway", standard, target, inputs, allow=Safety.WRITE_REVERSIBLE)
    finally:
        demo.stop()


def others(folder: Path) -> None:
    """Programs that others wrote."""
    if not (absent := zebra.missing()):
        with zebra.ceiling() as (port, _):
            inputs = {**Z3950_INPUTS, "query": "@attr 1=4 12"}
            judged("yaz-ztest", "yaz-ztest", "z3950", f"127.0.0.1:{port}", inputs)
            judged("yaz-ztest", "yaz-ztest", "sru", f"http://127.0.0.1:{port}/{zebra.DATABASE}", {"query": "12"})
        with zebra_catalogue(folder / "zebra") as port:
            name = "Zebra with the breadth of Koha's configuration"
            judged("zebra", name, "z3950", f"127.0.0.1:{port}", Z3950_INPUTS)
            judged("zebra", name, "sru", f"http://127.0.0.1:{port}/{zebra.DATABASE}", SRU_INPUTS)
    else:
        print(absent)
    (folder / "slapd").mkdir()
    slapd = Slapd.start(folder / "slapd", people=20)
    try:
        inputs = {"base": SUFFIX, "uid": person(3).login, "bind_dn": READER, "bind_password": READER_PASSWORD}
        judged("slapd", "slapd", "ldap", f"127.0.0.1:{slapd.ldap_port}", inputs)
    finally:
        slapd.stop()


def our_own_wrong_ones() -> None:
    """Servers that are wrong on purpose, each in its way."""
    for folder, name, kind in (
        ("sip2-strict", "a strict SIP2 server with little to offer", Strict),
        ("sip2-sloppy", "a sloppy SIP2 server", Sloppy),
    ):
        with serving(kind) as server:
            allow = Safety.WRITE_REVERSIBLE
            judged(folder, name, "sip2", f"127.0.0.1:{server.port}", demo_inputs("sip2"), allow=allow, patience=2.0)
    with old_responder() as port:
        inputs = {"patron": CARD.decode(), "item": BARCODE.decode()}
        judged("ncip-old", "an old NCIP 1 responder", "ncip", f"tcp://127.0.0.1:{port}", inputs, patience=1.0)
    with careless_responder() as port:
        name = "a careless NCIP 2 responder"
        judged("ncip-careless", name, "ncip", f"http://127.0.0.1:{port}/", {"patron": "1001"}, patience=2.0)


def commanded(*arguments: str) -> None:
    """A command of the judge. Raises CalledProcessError."""
    subprocess.run(
        [str(Path(sys.executable).with_name("library-conformance")), *arguments], check=True, cwd=ROOT.parent
    )


def main(wanted: list[str]) -> None:
    """All of them, or `gateway`, `others`, `wrong`."""
    with tempfile.TemporaryDirectory(prefix="judge-") as made:
        if not wanted or "gateway" in wanted:
            gateway(Path(made))
        if not wanted or "others" in wanted:
            others(Path(made))
    if not wanted or "wrong" in wanted:
        our_own_wrong_ones()
    runs = sorted(str(path.parent.relative_to(ROOT.parent)) for path in RESULTS.glob("*/*/results.json"))
    commanded("matrix", *runs, "--out", str(MAP))
    example = ROOT / "examples"
    written = ("--out", str(example / "recommendation.md"), "--results", str(RESULTS))
    commanded("recommend", "--local-systems", str(example / "member-systems.toml"), *written)
    excuses = str(ROOT / "library_conformance" / "expectations" / "gateway.toml")
    page = str(ROOT.parent / "docs" / "reference" / "conformance-statement.md")
    commanded("statement", str(RESULTS / "gateway"), "--expect", excuses, "--out", page)


if __name__ == "__main__":
    main(sys.argv[1:])
