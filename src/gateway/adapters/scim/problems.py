"""What goes wrong, in SCIM's own form (RFC 7644 3.12): every status, HTTP's own ones too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import scim2_models as scim
from pydantic import ValidationError

from gateway.crosswalks.scim import TAKEN
from gateway.identity.register.port import Taken


class Refused(Exception):
    """A request that is not carried out. `kind` is a detail keyword of RFC 7644 3.12; `detail` goes to the client, who
    may read there what it has sent, and nowhere else."""

    def __init__(self, status: int, detail: str, kind: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {kind}".strip())
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The error resource."""
        return scim.Error(status=self.status, scim_type=self.kind or None, detail=self.detail).model_dump()


def not_found() -> Refused:
    """Nothing there, or nothing that this client may see."""
    return Refused(404, "There is no such resource.")


def invalid(detail: str, kind: str = "invalidValue") -> Refused:
    """A request that says what cannot be."""
    return Refused(400, detail, kind)


def changed() -> Refused:
    """Somebody else was faster, again and again."""
    return Refused(409, "The resource is being changed by others; ask again.")


def unavailable() -> Refused:
    """The register does not answer."""
    return Refused(503, "People cannot be looked up at present.", headers={"Retry-After": "30"})


def taken(error: Taken) -> Refused:
    """Something that is to be unique is another person's. Whose and what, the client does not learn."""
    return Refused(409, f"{TAKEN.get(str(error.what), 'A value')} is taken already.", "uniqueness")


def refused(error: scim.SCIMException | ValidationError) -> Refused:
    """What scim2-models objects to."""
    known = isinstance(error, scim.SCIMException)
    first = error.to_error() if known else scim.Error.from_validation_errors(error)[0]
    return Refused(first.status or 400, (first.detail or "")[:500], first.scim_type or "")
