"""Messages of real systems, as their repositories have them: read whole, written again in their own dialect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from library_protocols.ncip import Departure, decode, encode
from tests.protocols.ncip.schemas import Schema

FOLDER = "ncip/messages"
FLAWED = {
    "LookupAgencyResponse-1.xml": "writes physicalAddress and electronicAddress in lower case",
    "LookupItemSetResponse-6.xml": "gives a set of holdings two locations",
}
"""Documents with elements that no version has there, as the manifest says too."""
VERSIONS = ("2.0", "2.01", "2.02")


@pytest.fixture(scope="module")
def documents(shared_data: Callable[[str], Path]) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted(shared_data(FOLDER).glob("*.xml"))}
    assert len(found) > 150
    return found


@pytest.fixture(scope="module")
def manifest(shared_data: Callable[[str], Path]) -> dict[str, dict[str, str]]:
    names, *lines = (line.split("\t") for line in (shared_data(FOLDER) / "MANIFEST.tsv").read_text().splitlines())
    return {line[0]: dict(zip(names, line, strict=False)) for line in lines}


def test_nothing_in_them_is_unknown(documents: dict[str, bytes]) -> None:
    lost = {Departure.UNKNOWN_ELEMENT, Departure.REPEATED_ELEMENT}
    for name, octets in documents.items():
        found = [each for each in decode(octets).deviations if each.departure in lost]
        assert bool(found) == (name in FLAWED), (name, found)


def test_they_are_what_the_manifest_says(documents: dict[str, bytes], manifest: dict[str, dict[str, str]]) -> None:
    for name, octets in documents.items():
        envelope, row = decode(octets), manifest[name]
        family = "v1" if envelope.dialect.generation == 1 else "v2" if envelope.dialect.namespace else "no-namespace"
        assert family == row["family"], name
        if not name.startswith(("Ext-", "Problem-")):
            assert type(envelope.message).__name__ == row["service"].split("/")[0], name


def test_they_are_written_as_they_came(
    documents: dict[str, bytes], manifest: dict[str, dict[str, str]], schemas: dict[str, Schema]
) -> None:
    valid = 0
    for name, octets in documents.items():
        envelope = decode(octets)
        written = encode(envelope.message, envelope.dialect)
        again = decode(written)
        assert again.dialect == envelope.dialect, name
        versions = [version for version in VERSIONS if version in manifest[name]["valid_against"].split(",")]
        if manifest[name]["valid_against"] == "dtd1.0=yes":
            versions = ["1.0"]
        if name in FLAWED or not versions:
            continue
        version = envelope.dialect.version if envelope.dialect.version in versions else versions[-1]
        assert not schemas[version].complaint(written), name
        valid += 1
        if version in ("1.0", "2.02") and envelope.dialect.version == version:
            assert again.message == envelope.message, name
    assert valid > 120


def test_answers_in_their_dialect_are_valid(documents: dict[str, bytes], schemas: dict[str, Schema]) -> None:
    for name, octets in documents.items():
        envelope = decode(octets)
        if not envelope.dialect.namespace or name.startswith("Ext-"):
            continue
        answer = encode(decode(_problem()).message, envelope.dialect.for_answer())
        assert not schemas[envelope.dialect.version].complaint(answer), name


def _problem() -> bytes:
    return b"<NCIPMessage><Problem><ProblemType>Unsupported Service</ProblemType></Problem></NCIPMessage>"
