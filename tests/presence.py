"""What a test does when something it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"


def missing(what: str) -> NoReturn:
    """Ends the running test because `what` is not there: a failure under CI=true, a skip elsewhere."""
    if IN_CI:
        pytest.fail(f"{what}, and CI=true", pytrace=False)
    pytest.skip(what)
