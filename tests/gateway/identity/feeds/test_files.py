"""The drop folder: what is taken, when, by whom, and where it goes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.identity.feeds.files import DropFolder, Taken
from gateway.identity.feeds.port import FeedError, NothingNew


def put(folder: Path, name: str, text: str = "x", *, age: int = 0) -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (2_000_000_000 - age, 2_000_000_000 - age))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def put_away(folder: Path) -> list[str]:
    """Names in done/ or failed/ without the time and mark in front."""
    return sorted(name.split("-", 2)[2] for name in names(folder))


def test_of_files_with_everybody_the_newest_is_read_and_older_ones_are_passed_over(tmp_path: Path) -> None:
    for name, age in (("tuesday.csv", 5), ("monday.csv", 10), ("sunday.csv", 20)):
        put(tmp_path, name, name, age=age)
    drop = DropFolder(tmp_path, "*.csv")
    assert drop.take().name == "tuesday.csv"
    drop.settle(done=False)  # a threshold stopped it: it is the newest still
    assert drop.take().name == "tuesday.csv"
    drop.refuse("it is no CSV")
    drop.settle(done=False)
    assert drop.take().name == "monday.csv"
    put(tmp_path, "wednesday.csv", "later")
    drop.settle(done=True)
    assert names(tmp_path) == ["wednesday.csv"]
    assert put_away(tmp_path / "done") == ["monday.csv", "sunday.csv", "sunday.csv.reason.txt"]
    assert put_away(tmp_path / "failed") == ["tuesday.csv", "tuesday.csv.reason.txt"]
    [reason] = (tmp_path / "done").glob("*.reason.txt")
    assert reason.read_text() == "monday.csv, which is newer, was read instead\n"
    assert drop.take().name == "wednesday.csv"


def test_of_files_with_changes_the_oldest_comes_first_and_goes_to_done(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", "1", age=10)
    put(tmp_path, "a.csv", "2", age=5)
    drop = DropFolder(tmp_path, "*.csv", partial=True)
    taken = drop.take()
    assert taken.name == "b.csv"
    assert taken.path.read_text() == "1"
    assert names(tmp_path) == ["a.csv"]
    drop.settle(done=True)
    assert put_away(tmp_path / "done") == ["b.csv"]
    assert drop.take().name == "a.csv"
    drop.settle(done=True)
    with pytest.raises(NothingNew):
        drop.take()


@pytest.mark.parametrize(
    "name", [".a.csv", "a.csv.part", "a.csv.filepart", "a.csv.tmp", "a.csv.done", "a.csv.manifest", "a.txt"]
)
def test_what_is_not_meant_is_left_alone(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    with pytest.raises(NothingNew):
        DropFolder(tmp_path, "*.csv*").take()
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", [b"a\n.csv", b"a\xff.csv"])
def test_a_name_that_cannot_be_told_is_refused(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")
    with pytest.raises(FeedError, match="rename it"):
        DropFolder(tmp_path).take()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.csv").symlink_to(put(tmp_path, "secret"))
    with pytest.raises(NothingNew):
        DropFolder(folder).take()


def test_a_done_file_makes_ready_and_goes_with_it(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    drop = DropFolder(tmp_path, "*.csv", ready="done-file")
    with pytest.raises(NothingNew):
        drop.take()
    put(tmp_path, "a.csv.done", "")
    drop.take()
    # The next upload of that name is not made ready by the last one's mark.
    put(tmp_path, "a.csv", "next")
    with pytest.raises(NothingNew):
        DropFolder(tmp_path, "*.csv", ready="done-file").take()
    drop.settle(done=True)
    assert names(tmp_path) == ["a.csv"]
    assert put_away(tmp_path / "done") == ["a.csv"]


def test_without_its_manifest_it_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    drop = DropFolder(tmp_path, "*.csv", manifest=True)
    with pytest.raises(NothingNew):
        drop.take()
    put(tmp_path, "a.csv.manifest", "rows=1\nSHA256 = ab\n")
    drop.take()
    assert drop.manifest() == {"rows": "1", "sha256": "ab"}
    drop.settle(done=True)
    assert put_away(tmp_path / "done") == ["a.csv", "a.csv.manifest"]


def test_what_was_not_done_goes_back_with_what_makes_it_ready(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    put(tmp_path, "a.csv.done", "")
    drop = DropFolder(tmp_path, "*.csv", ready="done-file")
    drop.take()
    drop.settle(done=False)
    assert names(tmp_path) == ["a.csv", "a.csv.done"]
    assert drop.take().name == "a.csv"


def test_what_goes_back_never_overwrites_a_newer_one(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "old")
    drop = DropFolder(tmp_path)
    drop.take()
    put(tmp_path, "a.csv", "new")
    drop.settle(done=False)
    assert (tmp_path / "a.csv").read_text() == "new"
    assert drop.take().path.read_text() == "old"


def test_what_was_refused_goes_to_failed_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    drop = DropFolder(tmp_path)
    drop.take()
    drop.refuse("it is no good")
    drop.settle(done=True)
    assert put_away(tmp_path / "failed") == ["a.csv", "a.csv.reason.txt"]
    assert names(tmp_path / "done") == []


def test_two_nodes_do_not_take_the_same_file(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", age=2)
    put(tmp_path, "b.csv", "y", age=1)
    one, two, three = DropFolder(tmp_path), DropFolder(tmp_path), DropFolder(tmp_path)
    assert one.take().name == "b.csv"
    assert two.take().name == "a.csv"
    with pytest.raises(NothingNew):
        three.take()


@pytest.mark.parametrize("partial", [True, False])
def test_many_at_once_take_each_file_once(tmp_path: Path, partial: bool) -> None:
    for number in range(60):
        put(tmp_path, f"{number}.csv", str(number), age=number)

    def work() -> list[str]:
        drop, found = DropFolder(tmp_path, partial=partial), []
        with suppress(NothingNew):
            while True:
                found.append(drop.take().path.read_text())
                drop.settle(done=True)
        return found

    with ThreadPoolExecutor(6) as threads:
        found = [name for each in [threads.submit(work) for _ in range(6)] for name in each.result()]
    assert len(set(found)) == len(found)
    assert "0" in found, "the newest"
    if partial:
        assert len(found) == 60
    away = [name for name in names(tmp_path / "done") if name.endswith(".csv")]
    assert sorted(name.split("-", 2)[2] for name in away) == sorted(f"{number}.csv" for number in range(60))
    assert names(tmp_path) == names(tmp_path / "working") == []


def test_what_a_killed_process_had_is_found_again(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", age=2)
    put(tmp_path, "b.csv", "y", age=9)
    code = (
        "import os, signal; from pathlib import Path; from gateway.identity.feeds.files import DropFolder\n"
        f"DropFolder(Path({str(tmp_path)!r}), 'a*').take(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == -9
    assert names(tmp_path) == ["b.csv"]
    drop = DropFolder(tmp_path)
    assert drop.take().name == "a.csv"
    drop.settle(done=True)
    assert names(tmp_path / "working") == []


def test_the_one_that_was_being_read_is_asked_for_by_name_and_content(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "old", age=2)
    drop = DropFolder(tmp_path)
    taken = drop.take()
    drop.release()
    put(tmp_path, "a.csv", "new", age=9)
    assert drop.take("a.csv", taken.digest).path.read_text() == "old"
    drop.settle(done=True)
    with pytest.raises(FeedError, match="not there any more"):
        drop.take("a.csv", taken.digest)


def test_the_last_file_again_is_read_and_told(tmp_path: Path) -> None:
    drop = DropFolder(tmp_path)
    for name in ("a.csv", "b.csv"):
        put(tmp_path, name, "same")
        taken = drop.take()
        drop.settle(done=True)
    assert taken.remark.startswith("b.csv is what a.csv was")


def read_in_turn(folder: Path, files: list[tuple[str, str]], *, partial: bool = False) -> Taken:
    """Takes files of these names and contents one after the other, and gives the last as it was taken."""
    drop = DropFolder(folder, partial=partial)
    taken = None
    for name, text in files:
        put(folder, name, text)
        try:
            taken = drop.take()
        finally:
            drop.settle(done=True)
    assert taken is not None
    return taken


@pytest.mark.parametrize(
    ("files", "partial"),
    [
        ([("monday.csv", "1"), ("tuesday.csv", "2"), ("monday.csv", "1")], False),
        ([("monday.csv", "1"), ("tuesday.csv", "2"), ("again.csv", "1")], True),
        ([("changes.csv", "1"), ("changes.csv", "2"), ("changes.csv", "1")], True),
    ],
)
def test_an_older_file_once_more_is_refused(tmp_path: Path, files: list[tuple[str, str]], partial: bool) -> None:
    with pytest.raises(FeedError, match=f"is what {files[0][0]} was") as refused:
        read_in_turn(tmp_path, files, partial=partial)
    assert not refused.value.retry
    assert put_away(tmp_path / "failed") == [files[-1][0], f"{files[-1][0]}.reason.txt"]


@pytest.mark.parametrize("names", [("monday.csv", "tuesday.csv", "wednesday.csv"), ("all.csv", "all.csv", "all.csv")])
def test_everybody_may_be_as_they_once_were(tmp_path: Path, names: tuple[str, str, str]) -> None:
    taken = read_in_turn(tmp_path, list(zip(names, ("1", "2", "1"), strict=True)))
    assert taken.remark.startswith(f"{names[2]} is what {names[0]} was")


def test_what_was_refused_is_put_away_even_where_nobody_settles(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    drop = DropFolder(tmp_path)
    drop.take()
    drop.refuse("it is no good")
    drop.close()
    assert put_away(tmp_path / "failed") == ["a.csv", "a.csv.reason.txt"]


def test_a_file_that_is_written_to_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv")
    with path.open("a") as late:
        drop = DropFolder(tmp_path)
        drop.take()
        assert drop.unchanged()
        late.write("more")
    assert not drop.unchanged()


def test_a_folder_that_is_not_there_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as away:
        DropFolder(tmp_path / "share").take()
    assert away.value.retry
    assert not isinstance(away.value, NothingNew)
