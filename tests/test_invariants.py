"""The architecture's invariants, each held by an import rule or by a test here, and each rule shown to bite.

docs/architecture.md names the check of every invariant; the last tests see to it that the check exists.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.requests import Request
from gateway.platforms.port import Platform
from gateway.store.schema import metadata
from tests.sources import ROOT, calls, imported_roots, modules, pyproject, tree, where

PURE = ("library_protocols", "gateway.canonical", "gateway.crosswalks")
CLOCK_OR_FILE = {"now", "utcnow", "today", "open", "read_text", "read_bytes", "input"}
LISTENS = {
    "create_server",
    "create_unix_server",
    "create_datagram_endpoint",
    "start_server",
    "start_unix_server",
    "add_signal_handler",
    "listen",
    "signal.signal",
    "uvicorn.run",
}
THREADS = {"to_thread", "run_in_executor", "ThreadPoolExecutor", "Thread"}

# For each import rule a statement that must break it, and the package it is slipped into.
INTRUDERS = {
    "wire-imports-nothing-of-ours": ("protocols/library_protocols", "import gateway.canonical"),
    "wire-is-pure": ("protocols/library_protocols", "import socket"),
    "judge-never-imports-gateway": ("conformance/library_conformance", "import gateway.canonical"),
    "canonical-stands-alone": ("src/gateway/canonical", "import library_protocols"),
    "crosswalks-are-tables": ("src/gateway/crosswalks", "import gateway.desk"),
    "model-has-no-io": ("src/gateway/canonical", "import asyncio"),
    "doors-call-the-desk": ("src/gateway/adapters/sip2", "import gateway.platforms"),
    "http-door-calls-the-desk": ("src/gateway/api", "import gateway.store"),
    "what-doors-share-knows-no-door": ("src/gateway/doors", "import gateway.desk"),
    "adapters-know-one-standard": ("src/gateway/adapters/sip2", "import gateway.adapters.other"),
    "drivers-are-independent": ("src/gateway/platforms/reference", "import gateway.adapters.sip2"),
    "only-desk-calls-platforms": ("src/gateway/members", "import gateway.platforms.port"),
    "desk-knows-the-port-only": ("src/gateway/desk", "import gateway.platforms.reference"),
    "desk-knows-no-door": ("src/gateway/desk", "import gateway.adapters.sip2"),
    "clients-know-the-wire-only": ("src/gateway/clients", "import gateway.desk"),
    "commands-stand-outside": ("src/gateway/commands", "import gateway.runtime"),
    "doors-read-no-table": ("src/gateway/desk", "import gateway.store"),
    "catalogue-stands-beside": ("src/gateway/catalogue", "import gateway.desk"),
    "doors-read-the-catalogue": ("src/gateway/adapters/sip2", "import gateway.catalogue.ingest"),
    "harvesters-fill-the-catalogue": ("src/gateway/harvesting", "import gateway.desk"),
    "identity-stands-beside": ("src/gateway/identity", "import gateway.platforms"),
    "brokers-stand-beside": ("src/gateway/brokers", "import gateway.platforms"),
    "a-person-is-pure": ("src/gateway/identity", "import gateway.config"),
    "sync-rules-are-pure": ("src/gateway/identity/sync", "import sqlite3"),
    "desk-knows-no-directory": ("src/gateway/desk", "import gateway.identity.model"),
    "words-are-chosen-at-the-door": ("src/gateway/platforms/reference", "import gateway.crosswalks.texts"),
    "masking-parses-nothing": ("protocols/library_protocols/sip2", "import library_protocols.sip2.codec"),
    "masking-ncip-parses-nothing": ("protocols/library_protocols/ncip", "import library_protocols.ncip.codec"),
    "no-clustering-no-retrying": ("src/gateway/journal", "import redis"),
}

# Rules that bind one module: that is the intruder.
MODULES = {
    "masking-parses-nothing": "mask.py",
    "masking-ncip-parses-nothing": "mask.py",
    "a-person-is-pure": "model.py",
    "sync-rules-are-pure": "limits.py",
}

# What intruders import must be there to be seen.
TARGETS = (
    "src/gateway/catalogue/ingest.py",
    "src/gateway/harvesting/__init__.py",
    "src/gateway/adapters/other/__init__.py",
    "src/gateway/crosswalks/texts.py",
    "protocols/library_protocols/sip2/__init__.py",
    "protocols/library_protocols/sip2/codec.py",
)


def lint_imports(root: Path) -> dict[str, bool]:
    """Runs the import rules on the tree at `root`: for each rule's name whether it holds."""
    paths = [str(root / name) for name in ("src", "protocols", "conformance", ".")]
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "250", "NO_COLOR": "1"},
    )
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)$", answer.stdout, re.MULTILINE)
    assert verdicts, answer.stdout + answer.stderr
    return {name: verdict == "KEPT" for name, verdict in verdicts}


def test_import_rules_hold() -> None:
    broken = [name for name, kept in lint_imports(ROOT).items() if not kept]
    assert broken == []


def test_every_import_rule_bites(tmp_path: Path) -> None:
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    names = {contract["id"]: contract["name"] for contract in contracts}
    assert set(names) == set(INTRUDERS)
    for folder in ("src", "protocols", "conformance", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for target in TARGETS:
        (tmp_path / target).parent.mkdir(exist_ok=True)
        (tmp_path / target).touch()
    for rule, (package, statement) in INTRUDERS.items():
        name = MODULES.get(rule, f"intruder_{rule.replace('-', '_')}.py")
        (tmp_path / package / name).write_text(statement + "\n")
    kept = lint_imports(tmp_path)
    assert {rule for rule, name in names.items() if kept[name]} == set()


def test_pure_packages_read_no_clock_and_no_file() -> None:
    found = [
        where(path, line, name)
        for path in modules(*PURE)
        for line, name, _ in calls(path)
        if name.rpartition(".")[2] in CLOCK_OR_FILE
    ]
    assert found == []


def test_only_runtime_listens_or_takes_signals() -> None:
    runtime = ROOT / "src/gateway/runtime"
    found = [
        where(path, line, name)
        for path in modules("gateway", "library_protocols")
        if not path.is_relative_to(runtime)
        for line, name, _ in calls(path)
        if name in LISTENS or name.rpartition(".")[2] in LISTENS
    ]
    assert found == []


def test_sqlite_is_never_handed_to_a_thread() -> None:
    beside = "store/checkpoint.py"  # writes no row
    users = [p for p in modules("gateway") if "sqlite3" in imported_roots(p) and not str(p).endswith(beside)]
    found = [where(path, 1, "imports threading") for path in users if "threading" in imported_roots(path)]
    found += [
        where(path, line, name) for path in users for line, name, _ in calls(path) if name.rpartition(".")[2] in THREADS
    ]
    assert found == []


def test_no_client_retries_by_itself() -> None:
    found = [
        where(path, line, name)
        for path in modules("gateway")
        for line, name, call in calls(path)
        if name.rpartition(".")[2] in {"AsyncHTTPTransport", "HTTPTransport", "AsyncClient", "Client"}
        and any(keyword.arg == "retries" for keyword in call.keywords)
    ]
    assert found == []


def port_methods() -> list[tuple[str, list[inspect.Parameter], dict[str, typing.Any]]]:
    methods = inspect.getmembers(Platform, inspect.iscoroutinefunction)
    return [
        (name, list(inspect.signature(method).parameters.values())[1:], typing.get_type_hints(method))
        for name, method in methods
        if name != "close"
    ]


def test_every_platform_call_carries_the_member() -> None:
    assert "member" in typing.get_type_hints(Context)
    assert len(port_methods()) > 10
    assert [name for name, parameters, hints in port_methods() if hints[parameters[0].name] is not Context] == []


def test_every_platform_command_carries_its_key() -> None:
    wrong: list[str] = []
    for name, parameters, hints in port_methods():
        request = hints[parameters[1].name]
        assert issubclass(request, Request)
        has_key = any(hints[parameter.name] is CommandKey for parameter in parameters)
        if has_key != request.command:
            wrong.append(name)
    assert wrong == []


def test_every_table_carries_the_member() -> None:
    assert metadata.tables
    assert [name for name, table in metadata.tables.items() if "member" not in table.columns] == []


def test_a_refusal_is_a_value_and_a_failure_an_exception() -> None:
    assert issubclass(Refusal, BaseModel)
    assert Refusal.model_config.get("frozen") is True
    assert issubclass(PlatformFailure, Exception)
    raised = {
        name
        for path in modules("gateway")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for name in [ast.unparse(node.exc.func)]
    }
    assert {name for name in raised if name.rpartition(".")[2] == "Refusal"} == set()


def invariants() -> list[str]:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return [part for part in re.split(r"\n\s*\n", text) if "**Architecture Invariant" in part]


def test_the_architecture_states_its_invariants() -> None:
    assert len(invariants()) >= 10


@pytest.mark.parametrize("invariant", invariants(), ids=lambda text: text[:60])
def test_every_invariant_names_a_check_that_exists(invariant: str) -> None:
    rules = {contract["id"] for contract in pyproject()["tool"]["importlinter"]["contracts"]}
    _, held, checks = invariant.partition("*Held by")
    assert held, "an invariant names the check that holds it"
    named = re.findall(r"`([^`]+)`", checks)
    assert named
    for check in named:
        file, _, function = check.partition("::")
        assert check in rules if not function else function in defined_tests(ROOT / file), check


def test_every_import_rule_stands_in_the_architecture() -> None:
    text = "\n".join(invariants())
    assert {rule for rule in INTRUDERS if f"`{rule}`" not in text} == set()


def defined_tests(path: Path) -> set[str]:
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
