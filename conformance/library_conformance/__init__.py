"""The judge: measures, requirement by requirement, which standards a supplier's system really supports.

It will hold the requirement catalogue and suppliers' claims as data, the probes, the runner, the evidence and
the reports. It speaks through library_protocols and never imports gateway: it knows nothing of the accused.
"""

from __future__ import annotations
