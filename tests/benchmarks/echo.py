"""The ceiling: a bare uvloop protocol that sends back what it gets. Prints its port, runs until it is stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop

from tests.benchmarks.machine import SERVER_CPU, pin


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    pin(SERVER_CPU)
    uvloop.run(main())
