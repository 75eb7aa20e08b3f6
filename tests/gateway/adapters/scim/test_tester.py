"""scim2-tester judges the door, over a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from tests.gateway.adapters.scim.conftest import ENTRA, Scim


class Client(BaseSyncSCIMClient):
    """A SCIM client over httpx."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self.client = client

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self.client.base_url.join(endpoint)).startswith(str(self.client.base_url.join("/")))

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        return self.client.request(method, url, **kwargs)


@pytest.fixture
def address(scim: Scim) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(scim.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/scim/v2/aber"
    finally:
        server.should_exit = True
        thread.join(20)


def test_scim2_tester_finds_nothing_wrong(address: str) -> None:
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {ENTRA}"}) as client:
        results = check_server(Client(client))
    bad = [f"{each.title} {each.resource_type}: {each.reason}" for each in results
           if each.status in (Status.ERROR, Status.CRITICAL, Status.DEVIATION)]  # fmt: skip
    assert bad == [], bad
    assert sum(each.status is Status.SUCCESS for each in results) > 60
    assert [each.title for each in results if each.status is Status.SKIPPED] == []
