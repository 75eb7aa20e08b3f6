"""The official schemas, for the tests that have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.protocols.ncip.schemas import FOLDER, Schema, load_dtd, load_xsd


@pytest.fixture(scope="session")
def schemas(shared_data: Callable[[str], Path]) -> dict[str, Schema]:
    """NCIP 1.0, 2.0, 2.01 and 2.02, by version."""
    folder = shared_data(FOLDER)
    found = {
        version: load_xsd(folder / f"ncip2/ncip_v{version.replace('.', '_')}.xsd")
        for version in ("2.0", "2.01", "2.02")
    }
    return found | {"1.0": load_dtd(folder / "ncip1/ncip_v1_0.dtd")}
