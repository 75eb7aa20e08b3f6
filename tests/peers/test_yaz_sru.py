"""YAZ's clients against our SRU server: what half of the field is built on reads every answer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.presence import missing
from tests.sru_server import TITLES, sru_server


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sru_server(tmp_path_factory.mktemp("yaz")) as url:
        yield f"{url}/aber"


def talk(program: str, *lines: str) -> str:
    """What a client prints when it is told these lines."""
    path = shutil.which(program)
    if path is None:
        missing(f"{program} is not installed")
    said = "".join(f"{line}\n" for line in (*lines, "quit"))
    return subprocess.run([path], input=said, capture_output=True, text=True, timeout=30, check=False).stdout


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
@pytest.mark.parametrize("way", ["get", "post", "soap"])
def test_zoom_searches_sorts_and_fetches(base: str, way: str, version: str) -> None:
    said = talk(
        "zoomsh", f"set sru {way}", f"set sru_version {version}", "set schema dc", f"connect {base}",
        "search cql:dc.title=wales sortby dc.date/sort.descending", "show 0 2",
    )  # fmt: skip
    assert f"{base}: 2 hits" in said
    assert said.index("Wales in the Middle Ages</dc:title>") < said.index("A history of Wales</dc:title>")


@pytest.mark.parametrize("way", ["get", "soap"])
def test_zoom_scans_and_reads_diagnostics(base: str, way: str) -> None:
    said = talk(
        "zoomsh",
        f"set sru {way}",
        "set sru_version 1.2",
        f"connect {base}",
        "scan cql:dc.title=a",
        "search cql:dc.title=",
    )
    assert all(f"{title} 1" in said for title, *_ in TITLES)
    assert "error: Query syntax error (info:srw/diagnostic/1:10)" in said


def test_zoom_reads_facets(base: str) -> None:
    said = talk(
        "zoomsh", "set sru get", "set sru_version 2.0", 'set facets "@attr 1=dc.language @attr 3=2"', f"connect {base}",
        "search cql:cql.allRecords=1",
    )  # fmt: skip
    assert "facet: dc.language\nterm: eng 5\nterm: wel 2\n" in said


def test_yaz_client(base: str) -> None:
    said = talk(
        "yaz-client", "sru get 1.2", f"open {base}", "querytype cql", "find dc.creator any jones", "schema marcxml",
        "show 1+2", "scan dc.title=a", "find shoe.size=1",
    )  # fmt: skip
    assert "Number of hits: 3" in said
    assert said.count("schema=info:srw/schema/1/marcxml-v1.1") == 2
    assert "A history of Wales: 1 first" in said
    assert "SRW diagnostic info:srw/diagnostic/1/15" in said
