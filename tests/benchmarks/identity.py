"""People from a directory, their logins, and our LDAP view, each beside a bare program that does the same with slapd.

How many people is `--people`; without it so many that a scenario takes some minutes.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.config.identity import LdapFeedConfig
from tests.benchmarks import ldap_node, ldap_peer, logins_process, searchers
from tests.benchmarks.machine import LOAD_CPU, SERVER_CPU, pin_process, python
from tests.benchmarks.scenarios import Figures, folder, server
from tests.slapd import PEOPLE, READER, READER_PASSWORD, Slapd, person

SYNCED, SYNCED_QUICK = 170_000, 5_000
CHANGED = 1_000
KNOWN, KNOWN_QUICK = 2_000, 200
SEARCHED, SEARCHED_QUICK = 20_000, 1_000
QUESTIONS = 4_000
SAMPLE = 20
CONCURRENCY = (1, 16)
SECONDS, SECONDS_QUICK = 4.0, 0.5
ROUNDS = 3
LONG_AGO = datetime(2018, 1, 1, tzinfo=UTC)
"""The people of a directory were changed last one after the other since then, as those of a real one: a delta reads
some minutes back behind the last change, and must not meet all of them."""

MEMBER, FEED, DIRECTORY = "aber", "campus", "campus"
FILTER = "(objectClass=inetOrgPerson)"
KEY = "entryUUID"
FIELDS: dict[str, dict[str, str]] = {
    "family": {"from": "sn"}, "given": {"from": "givenName"}, "display": {"from": "displayName"},
    "emails": {"from": "mail"}, "eppn": {"from": "eduPersonPrincipalName"}, "department": {"from": "departmentNumber"},
    "affiliations": {"from": "eduPersonAffiliation"}, "username": {"from": "uid"}, "sis": {"from": "employeeNumber"},
    "expires_on": {"from": "schacExpiryDate", "date_format": "ldap"},
}  # fmt: skip
CATEGORIES = ("staff", "student")


def directory(slapd: Slapd) -> dict[str, Any]:
    """Settings of the directory as a member's. By its address, for the name would be tried by IPv6 first. A machine
    that others use does not make a login fail by being slow."""
    return {
        "servers": [f"ldaps://127.0.0.1:{slapd.ldaps_port}"],
        "ca": str(slapd.authority),
        "base": PEOPLE,
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "deadline_seconds": 30.0,
    }


def toml(data_dir: Path, slapd: Slapd) -> str:
    """The configuration of a gateway with one member, whose people come from a directory."""
    at = f"members.{MEMBER}"
    parts: dict[str, dict[str, Any]] = {
        f"[{at}]": {"name": "Aberystwyth", "main_location": "ABER"},
        f"[{at}.identity.directories.{DIRECTORY}]": directory(slapd),
        f"[[{at}.identity.feeds]]": {"kind": "ldap", "name": FEED, "directory": DIRECTORY, "filter": FILTER},
        **{f"[{at}.identity.feeds.fields.{name}]": source for name, source in FIELDS.items()},
    }
    lines = [f"data_dir = {json.dumps(str(data_dir))}", 'pepper = "the pepper of a benchmark, as long as one is"']
    for header, settings in parts.items():
        lines += ["", header, *(f"{name} = {json.dumps(value)}" for name, value in settings.items())]
    for category in CATEGORIES:
        rule = f'category = "{category}"\nwhen = {{ affiliations = "{category}" }}'
        lines += ["", f"[[{at}.identity.feeds.categories]]", rule]
    return "\n".join([*lines, ""])


def people(quick: bool, people: int | None) -> Figures:
    """`gateway sync run` for everybody, for nobody changed, and for some changed, against a bare paged read."""
    if absent := ldap_peer.missing():
        return {"skipped": absent}
    count = people or (SYNCED_QUICK if quick else SYNCED)
    changed = min(CHANGED, count // 10)
    with folder() as made:
        slapd = Slapd.start(_below(made, "slapd"), people=count, changed=LONG_AGO)
        try:
            pin_process(slapd.pid, LOAD_CPU)
            config = made / "gateway.toml"
            config.write_text(toml(made / "data", slapd), encoding="utf-8")
            first = sync(config, count, {"read": count, "added": count}, "--full")
            again = sync(config, count, {"read": count, "unchanged": count}, "--full")
            # The last ones: the very last change before is looked at once more.
            slapd.change("".join(_change(number) for number in range(count - changed + 1, count + 1)))
            delta = sync(config, count, {"read": changed, "changed": changed}, "--delta")
            bare = _best([ldapsearch(slapd, count) for _ in range(1 if quick else ROUNDS)])
        finally:
            slapd.stop()
    figures: Figures = {"people": count, "changed": changed}
    for name, found in (("first", first), ("unchanged", again), ("delta", delta)):
        read = found["counters"]["read"]
        figures[name] = {
            "per_second": read / found["seconds"],
            "processor_us": found["processor_seconds"] / read * 1e6,
            "seconds": found["seconds"],
        }
    figures["first"] |= {
        "own_megabytes_at_quarter": first["quarter_megabytes"],
        "own_megabytes_at_end": first["end_megabytes"],
        "end_to_quarter": first["end_megabytes"] / first["quarter_megabytes"],
    }
    figures["ldapsearch"] = bare
    figures["of_ldapsearch"] = {
        name: figures[name]["per_second"] / bare["per_second"] for name in ("first", "unchanged")
    }
    return figures


def sync(config: Path, people: int, expected: dict[str, int], kind: str) -> dict[str, Any]:
    """One run of the feed: see `people_process`. Raises RuntimeError where it did not do what was expected."""
    command = python("tests.benchmarks.people_process", str(config), MEMBER, FEED, str(people), kind, "--json")
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(answer.stdout.splitlines()[-1])
    if found["state"] != "done" or found["counters"] != expected:
        raise RuntimeError(f"{kind}: {found['state']}, {found['counters']} and not {expected}")
    return found


def ldapsearch(slapd: Slapd, people: int) -> Figures:
    """The same entries and attributes in pages of the same size, into a file. Raises RuntimeError where some are
    missing."""
    named = list(dict.fromkeys(source["from"] for source in FIELDS.values()))
    page = LdapFeedConfig.model_fields["page_size"].default
    command = [
        "ldapsearch", "-x", "-LLL", "-H", f"ldaps://127.0.0.1:{slapd.ldaps_port}", "-D", READER, "-w", READER_PASSWORD,
        "-b", PEOPLE, "-E", f"pr={page}/noprompt", FILTER, KEY, "modifyTimestamp", *named,
    ]  # fmt: skip
    into = slapd.folder / "read.ldif"
    with into.open("wb") as written:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=written, env={**os.environ, "LDAPTLS_CACERT": str(slapd.authority)})
        pin_process(process.pid, SERVER_CPU)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    with into.open("rb") as read:
        found = sum(line.startswith(b"dn:") for line in read)
    if process.returncode or found != people:
        raise RuntimeError(f"ldapsearch ended with {process.returncode} and found {found} of {people}")
    return {"per_second": people / seconds, "processor_us": (usage.ru_utime + usage.ru_stime) / people * 1e6}


def _change(number: int) -> str:
    return f"dn: {person(number).dn}\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: moved\n\n"


def campus(quick: bool, people: int | None) -> Figures:
    """Logins with the password of a directory, each a search on a kept connection and a bind on one of its own, against
    python-ldap doing just that."""
    if absent := ldap_peer.missing() or _without_python_ldap():
        return {"skipped": absent}
    count = people or (KNOWN_QUICK if quick else KNOWN)
    with folder() as made:
        slapd = Slapd.start(made, people=count)
        try:
            pin_process(slapd.pid, LOAD_CPU)
            everybody = [(one.login, one.password) for one in map(person, range(1, count + 1))]
            load = logins_process.Logins(directory(slapd), everybody, 1, SECONDS_QUICK if quick else SECONDS)
            figures: Figures = {"people": count}
            for at in CONCURRENCY:
                asked = dataclasses.replace(load, concurrency=at)
                figures[f"at_{at}"] = _by_turns(
                    quick,
                    ours=lambda asked=asked: logins_process.check(asked),
                    python_ldap=lambda asked=asked: logins_process.check(asked, bare=True),
                )
        finally:
            slapd.stop()
    return figures


def _without_python_ldap() -> str | None:
    asked = subprocess.run([logins_process.DEBIAN, "-c", "import ldap"], check=False, stderr=subprocess.DEVNULL)
    return f"{logins_process.DEBIAN} has no python-ldap" if asked.returncode else None


def ldap(quick: bool, people: int | None) -> Figures:
    """Searches for one person each in our LDAP view, against slapd with the same entries."""
    if absent := ldap_peer.missing():
        return {"skipped": absent}
    count = people or (SEARCHED_QUICK if quick else SEARCHED)
    asked = questions(count)
    with folder() as made:
        data = made / "data"
        ldap_node.fill(ldap_node.configuration(data), count)
        node = server(python("tests.benchmarks.ldap_node", str(data)))
        with node as (port, process), ldap_peer.slapd(made / "slapd", port, ldap_node.SUFFIX) as slapd:
            pin_process(slapd.pid, SERVER_CPU)
            sample = ldap_peer.same(made, (port, slapd.ldap_port), ldap_node.SUFFIX, asked[:SAMPLE])
            figures: Figures = {"people": count, "questions": len(asked), "compared": sample}
            seconds = SECONDS_QUICK if quick else SECONDS
            for at in CONCURRENCY:
                load = searchers.Load(port, "ldap", ldap_node.SUFFIX, at, asked, seconds=seconds, server=process.pid)
                theirs = dataclasses.replace(load, port=slapd.ldap_port, server=slapd.pid)
                figures[f"at_{at}"] = _by_turns(
                    quick, ours=lambda load=load: search(load), slapd=lambda load=theirs: search(load)
                )
    return figures


def questions(people: int) -> list[str]:
    """Filters for different people, some by barcode, some by user name; the same at every run."""
    numbers = random.Random(7).sample(range(1, people + 1), min(people, QUESTIONS))
    return [
        f"(uid={ldap_node.barcode(number) if number % 2 else person(number).login})" for number in numbers
    ]  # fmt: skip


def search(load: searchers.Load) -> Figures:
    """Raises RuntimeError where a search did not find just one."""
    found = searchers.search(load, "tests.benchmarks.ldap_searchers")
    if found["hits"] != found["searches"]:
        raise RuntimeError(f"{found['hits']} entries in {found['searches']} searches on port {load.port}")
    return {
        "per_second": found["searches_per_second"],
        **{name: found[name] for name in ("processor_us", "p50_ms", "p99_ms")},
    }


def _by_turns(quick: bool, **measured: Callable[[], Figures]) -> Figures:
    """Ours and the other's by turns, the best of each, ours as a part of the other's rate, and the other's processor
    time as a part of ours."""
    found: dict[str, list[Figures]] = {name: [] for name in measured}
    for name in itertools.chain.from_iterable(itertools.repeat(list(measured), 1 if quick else ROUNDS)):
        found[name].append(measured[name]())
    best = {name: _best(runs) for name, runs in found.items()}
    (ours, theirs) = best.values()
    return {
        **best,
        "ratio": ours["per_second"] / theirs["per_second"],
        "ratio_of_processor_time": theirs["processor_us"] / ours["processor_us"],
    }


def _best(runs: list[Figures]) -> Figures:
    """The largest rate, and of everything else, which is time, the least."""
    names = runs[0].keys()
    return {name: (max if name in ("per_second", "logins") else min)(run[name] for run in runs) for name in names}


def _below(made: Path, name: str) -> Path:
    (made / name).mkdir()
    return made / name


class Scenario(Protocol):
    def __call__(self, quick: bool, people: int | None) -> Figures: ...


SCENARIOS: dict[str, Scenario] = {
    "people": people,
    "campus": campus,
    "ldap": ldap,
}
