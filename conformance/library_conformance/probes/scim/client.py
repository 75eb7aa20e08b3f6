"""The identity manager that probes are: requests with the key, and bodies as they came. No person but those that were
made by a probe is ever asked for: answers are kept as evidence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from library_conformance.foreign import readable
from library_conformance.model import Behaviour, Seen, SetupFailed
from library_conformance.run import Run

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TYPE = "application/scim+json"


def ask(
    run: Run,
    method: str,
    path: str,
    body: Any = None,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
) -> httpx.Response:
    """One request below the address; `body` is written as JSON, octets as they are. `key` "": none is shown."""
    if not run.target.url:
        raise SetupFailed("SCIM is spoken over HTTP: the target is an address")
    shown = run.input("api_key") if key is None else key
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {
        "Accept": TYPE,
        **({"Content-Type": TYPE} if content is not None else {}),
        **({"Authorization": f"Bearer {shown}"} if shown else {}),
        **(headers or {}),
    }
    return run.http(method, path, query=query, content=content, headers=sent)


def read(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer, {} where there is none."""
    found = readable(response.json)
    return found if isinstance(found, dict) else {}


def is_error(response: httpx.Response, status: int) -> bool:
    """Whether this is an error of SCIM's own form: the schema, and the status once more as text."""
    found = read(response)
    return response.status_code == status and ERROR in found.get("schemas", ()) and found.get("status") == str(status)


def judged(of: dict[str, bool], good: str) -> Seen:
    """What several requirements come to: an observation that names those that are not met."""
    amiss = [name.removeprefix("scim.") for name, fine in of.items() if not fine]
    return Seen(
        f"amiss: {', '.join(amiss)}" if amiss else good,
        behaviours={name: Behaviour.MEETS if fine else Behaviour.BREAKS for name, fine in of.items()},
    )
