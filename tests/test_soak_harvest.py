"""The judge of the long harvests: what is lost, comes twice or comes otherwise is found, a list goes on."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks import harvest_clients
from tests.benchmarks.soak_harvest import Harvested, Held, Servers, Wrong, compare, harvest

STORE = Held([("a", False), ("b", True), ("c", False)])


@pytest.mark.parametrize(
    ("came", "found"),
    [
        ([("a", False), ("b", True)], "1 lost"),
        ([("a", False), ("b", True), ("c", False), ("a", False)], "1 twice"),
        ([("a", False), ("b", True), ("c", True)], "1 lost"),
        ([("a", False), ("b", True), ("c", False), ("d", False)], "1 that the store has not"),
    ],
)
def test_what_disagrees_is_found(came: list[tuple[str, bool]], found: str) -> None:
    with pytest.raises(Wrong, match=found):
        compare("a list", Harvested(came), STORE)


def test_what_agrees_is_right_in_any_order() -> None:
    done = Harvested([("c", False), ("b", True), ("a", False)])
    compare("a list", done, STORE)
    assert done.live({"b", "z"}) == {"a", "c", "z"}


# A harvester that tells two records and a token, begins the next part and breaks; with the token it tells the rest.
SCRIPT = """
import sys
asked = sys.argv[1:]
if asked == ["resumptionToken", "t1"]:
    print("c deleted"); print("part 2024-01-02 ")
else:
    print("a live"); print("b live"); print("part 2024-01-01 t1"); print("c live"); sys.exit(3)
"""


def test_a_list_goes_on_from_its_last_whole_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Servers, "url", "http://nowhere")

    def command(_client: str, _url: str, _verb: str, asked: dict[str, str]) -> list[str]:
        return [sys.executable, "-c", SCRIPT, *(word for pair in asked.items() for word in pair)]

    monkeypatch.setattr(harvest_clients, "command", command)
    done = harvest("sickle", object.__new__(Servers), "ListRecords", {"metadataPrefix": "x"}, 3)
    assert done.came == [("a", False), ("b", False), ("c", True)]
    assert (done.parts, done.broken_off, done.since) == (2, 1, "2024-01-01")
