"""The tests of the judge. A package, so that the gateways they share end with them and hold up nobody behind them."""

from __future__ import annotations
