"""Gateways for tests: the demo as a process of its own, and nodes inside the test's process that can be held back.

A `Node` runs on a thread with an event loop of its own, so that a test speaks to it through sockets like anybody else.
Its platform is the real one; `brake` stops calls of one operation before they begin or after they have committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvloop
from argon2 import PasswordHasher

from gateway.config import Config
from gateway.demo.config import demo_config
from gateway.runtime.compose import Composition, compose
from gateway.runtime.serve import Server
from gateway.runtime.tls import demo_certificate
from tests.acceptance.consortium import ABER, KIOSK_PASSWORD, Library
from tests.acceptance.sip2_line import Kiosk, login

T = TypeVar("T")
Change = Callable[[dict[str, Any]], None]

START_SECONDS = 180.0  # the demo loads eleven libraries and their catalogue; other work may run on the machine
PATIENCE = 20.0
DEMO_PORTS = (8080, 8443, 6001, 6443, 2100, 3389, 3636, 6002)
STORE_FILE = "gateway.sqlite3"
STORE_URL = f"sqlite:///{STORE_FILE}"


def with_data(demo_data: Path, folder: Path) -> Path:
    """A new data directory with a copy of the demo's store."""
    folder.mkdir()
    shutil.copy(demo_data, folder / STORE_FILE)
    return folder


class Places:
    """What tests have in common whatever runs the gateway: ports, kiosks, HTTP clients, unused patrons and items."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self._patrons = iter(range(12, 61))
        # Every seventh item stands at a branch, which would send it on its way when it comes back here.
        self._items = iter(number for number in range(41, 1201) if number % 7)

    def line(self, listener: str = "sip2", **options: Any) -> Kiosk:
        """A link on which nobody has logged in."""
        return Kiosk(self.ports[listener], **options)

    def kiosk(
        self, library: Library = ABER, *, user: str | None = None, listener: str = "sip2", **options: Any
    ) -> Kiosk:
        """A link that is logged in."""
        kiosk = self.line(listener, **options)
        assert kiosk.ask(login(user or library.login, KIOSK_PASSWORD)).ok
        return kiosk

    def http(self, library: Library = ABER) -> httpx.Client:
        """The canonical API with the library's key."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.ports['http']}/v1",
            headers={"Authorization": f"Bearer {library.key}"},
            timeout=PATIENCE,
        )

    def new_patron(self, library: Library = ABER) -> str:
        """A patron in good standing whom no other test has touched."""
        return library.patron(next(self._patrons))

    def new_item(self, library: Library = ABER) -> str:
        """An item on the shelf that no other test has touched."""
        return library.item(next(self._items))


class Process(Places):
    """A gateway as a process of its own, stopped by its process id."""

    def __init__(self, command: list[str], ready_file: Path, log: Path, data_dir: Path) -> None:
        super().__init__()
        self.data_dir = data_dir
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=Path(__file__).parents[2],
            )
        try:
            self._wait_for(ready_file)
        except BaseException:
            self.stop()
            raise

    def _wait_for(self, ready_file: Path) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the gateway did not start:\n{self.log}")
            time.sleep(0.05)
        for line in ready_file.read_text().splitlines():
            name, port = line.split()
            self.ports[name] = int(port)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait(self) -> int:
        """Waits for the process to end by itself; its return code, negative for a signal."""
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def stop(self) -> int:
        """Asks it to stop, and kills it where it does not; its return code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait(PATIENCE)


def free_offset() -> int:
    """A shift of the demo's ports at which all of them are free."""
    for offset in random.sample(range(10_000, 23_000), 50):  # below the ports that clients are given
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in DEMO_PORTS:
                held.enter_context(socket.create_server(("127.0.0.1", port + offset)))
            return offset
    raise RuntimeError("no room for the demo's ports")


def start_demo(folder: Path, *options: str, name: str = "demo") -> Process:
    """`gateway demo` with its data below `folder`, every port shifted to where it is free."""
    offset = free_offset()
    ready = folder / f"{name}.ready"
    command = [str(Path(sys.executable).with_name("gateway")), "demo", "--port-offset", str(offset)]
    command += ["--data-dir", str(folder / name), "--ready-file", str(ready), *options]
    return Process(command, ready, folder / f"{name}.log", folder / name)


def start_process(
    folder: Path, data_dir: Path, *, dies_after: str = "-", hangs_after: str = "", store_url: str | None = None
) -> Process:
    """A gateway on the demo's data in a process of its own, which dies, or hangs, after its first call of a method."""
    name = f"process-{secrets.token_hex(4)}"
    ready = folder / f"{name}.ready"
    command = [
        sys.executable,
        "-m",
        "tests.acceptance.killed_node",
        str(data_dir),
        str(ready),
        f"{hangs_after}+" if hangs_after else dies_after,
    ]
    return Process(command + ([store_url] if store_url else []), ready, folder / f"{name}.log", data_dir)


class TurnedClock:
    """The system's clock, put forward by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


class Brake:
    """Holds calls of one operation back. `reached` is set when a call stands at it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reached = threading.Event()
        self.passed = 0
        self._loop = loop
        self._open = asyncio.Event()

    async def hold(self) -> None:
        self.reached.set()
        await self._open.wait()
        self.passed += 1

    def wait(self) -> None:
        """Waits until a call stands here."""
        assert self.reached.wait(PATIENCE), "the call never came"

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)


class BrakedPlatform:
    """A platform behind brakes; one that `suspends` says so, as every platform away from here does.

    `counts` says how often each operation was carried out to its end; operations named in `faults` raise what no
    driver should.
    """

    def __init__(self, platform: Any, *, suspends: bool) -> None:
        self._platform = platform
        self.inline = platform.inline and not suspends
        self.before: dict[str, Brake] = {}
        self.after: dict[str, Brake] = {}
        self.counts: dict[str, int] = {}
        self.faults: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def call(*arguments: Any) -> Any:
            if name in self.before:
                await self.before[name].hold()
            if name in self.faults:
                raise RuntimeError("a fault of the driver")
            answer = await found(*arguments)
            self.counts[name] = self.counts.get(name, 0) + 1
            if name in self.after:
                await self.after[name].hold()
            return answer

        return call


class Node(Places):
    """A gateway in this process. `change` edits the demo's configuration before it is read; `suspends` makes its
    platform one whose answers take their time, `catalogue` serves the catalogue as well."""

    def __init__(
        self,
        data_dir: Path,
        change: Change | None = None,
        *,
        store_url: str = STORE_URL,
        suspends: bool = False,
        catalogue: bool = False,
    ) -> None:
        super().__init__()
        self.data_dir = data_dir
        self.clock = TurnedClock()
        certificate, key = demo_certificate(data_dir / "tls")
        document = demo_config(data_dir, store_url=store_url, certificate=certificate, key=key, catalogue=catalogue)
        for listener in document["listeners"].values():
            listener["port"] = 0
        if change is not None:
            change(document)
        self.config = Config.model_validate(document)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._thread.start()
        self._running = True
        self._server: Server
        self.composition: Composition
        self.platform: BrakedPlatform
        try:
            self.run(self._start(suspends))
        except BaseException:
            self._end_loop()
            raise

    async def _start(self, suspends: bool) -> None:
        self.composition = await compose(self.config, clock=self.clock)
        self.platform = BrakedPlatform(self.composition.platform, suspends=suspends)
        policies = {code: member.policies for code, member in self.config.members.items()}
        platforms: Any = dict.fromkeys(self.config.members, self.platform)
        self.composition.desk.replace(platforms, policies)
        self._server = Server(self.composition)
        await self._server.start()
        self.ports = self._server.ports

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Carries something out on the node's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE * 2)

    @contextlib.contextmanager
    def brake(self, operation: str, *, after: bool = False) -> Iterator[Brake]:
        """Holds back calls of this method of the port while the block runs, or until `release`."""

        async def put() -> Brake:
            brake = Brake(self._loop)
            (self.platform.after if after else self.platform.before)[operation] = brake
            return brake

        brake = self.run(put())
        try:
            yield brake
        finally:
            (self.platform.after if after else self.platform.before).pop(operation, None)
            brake.release()

    def settle(self) -> None:
        """Waits for the commands that still run, reconciliation included."""
        self.run(self.composition.desk.drain())

    def stop(self) -> None:
        if self._running:
            self._running = False
            try:
                self.run(self._server.close())
            finally:
                self._end_loop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


def terminal(**settings: Any) -> dict[str, Any]:
    """A terminal of the configuration with the demo's password."""
    hashed = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(KIOSK_PASSWORD)
    return {"password_hash": hashed, "location": ABER.ao, **settings}
