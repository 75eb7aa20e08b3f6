"""The house keeps its own rules: layout, size of files, words that do not belong, what the wheel holds."""

from __future__ import annotations

import ast
import re
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.sources import ROOT, modules, pyproject, tracked_files, tree
from tools.check_docs import broken_links

LINES = 500
PACKAGES = {"gateway", "library_protocols", "library_conformance"}
ADAPTER_FILES = {"mapping.py", "session.py", "server.py"}

# Written apart, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a package registry's host": "|".join(
        re.escape(host) for host in ("pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "deb." + "debian.org")
    ),
    "a path of one machine": r"(?<![\w.])/(wo" + r"rk|ro" + r"ot|ho" + r"me)/\w",
    "a reference to how it was made": r"(?i)\b(hel" + r"pers?|sess" + r"ion \d{1,3}\b|issu" + r"e #?\d+)\b",
}


def test_every_package_has_an_init_that_says_what_it_is_for() -> None:
    folders = {path.parent for path in modules()}
    assert [str(f) for f in folders if not (f / "__init__.py").exists()] == []
    assert [str(path) for path in modules() if ast.get_docstring(tree(path)) is None] == []


def test_every_module_postpones_annotations() -> None:
    def postpones(module: ast.Module) -> bool:
        return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in module.body)

    assert [str(path) for path in modules() if len(tree(path).body) > 1 and not postpones(tree(path))] == []


def test_files_stay_short() -> None:
    sources = [path for path in tracked_files() if path.suffix == ".py"]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert lengths
    assert {str(path): length for path, length in lengths.items() if length > LINES} == {}


def test_every_adapter_has_the_same_files() -> None:
    adapters = [path.parent for path in (ROOT / "src/gateway/adapters").glob("*/__init__.py")]
    assert adapters
    begun = {folder.name: {path.name for path in folder.iterdir()} for folder in adapters}
    begun = {name: files for name, files in begun.items() if files & ADAPTER_FILES}
    if not begun:
        pytest.skip("no adapter has been begun")
    assert {name: ADAPTER_FILES - files for name, files in begun.items() if not files >= ADAPTER_FILES} == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_files_do_not_name(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found: list[str] = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number} {match.group()}"
            for number, line in enumerate(text.splitlines(), 1)
            if (match := pattern.search(line))
        ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry's host", "https://py" + "pi.org/simple"),
        ("a path of one machine", "see /wo" + "rk/main/x"),
        ("a reference to how it was made", "as the hel" + "per of Sess" + "ion 3 said"),
    ],
)
def test_the_search_for_words_finds_them(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)


def test_every_make_target_is_documented() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*?## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split())
    assert targets == phony
    documents = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    pages = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    assert {target for target in targets if f"`make {target}`" not in pages} == set()


def test_links_between_pages_lead_somewhere() -> None:
    assert broken_links() == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Here\n[b](b.md) [here](#here) [there](#there) [web](https://example.org/x)")
    assert broken_links(tmp_path) == ["a.md: b.md", "a.md: #there"]


def test_everything_that_is_installed_is_pinned() -> None:
    pinned = {
        re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    project = pyproject()["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", entry)[0]).lower() for entry in wanted}
    assert names - pinned == set()


def test_the_wheel_holds_three_packages_and_nothing_else(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
