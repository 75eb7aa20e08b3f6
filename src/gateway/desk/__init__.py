"""The desk: every rule that all doors share, between the doors and the platforms.

Permission, PIN, capability, circuit, running commands, journal, reconciliation; then the Platform port.
"""

from __future__ import annotations

from gateway.desk.circuit import Circuit
from gateway.desk.desk import Desk
from gateway.desk.pin import CheckUnavailable, Verifier
from gateway.desk.tally import Attempts

__all__ = ["Attempts", "CheckUnavailable", "Circuit", "Desk", "Verifier"]
