"""Runs a composed gateway: listeners, background work, signals, reload, and an orderly end.

SIGTERM and SIGINT drain: nothing new is accepted, what runs is finished, every file is closed. SIGHUP reloads: a bad
file leaves the running configuration in place and the log says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog

from gateway.catalogue.catalogue import Catalogue
from gateway.config import Config, ConfigError, ListenerConfig, Problem
from gateway.platforms.reference import housekeeping
from gateway.runtime import beside, tls
from gateway.runtime.compose import Composition, problems
from gateway.runtime.listeners import HttpListener, TcpListener, bind

DRAIN_SECONDS = 15.0  # a kiosk that waits longer than its own timeout has given up
HOUSEKEEPING_SECONDS = 300.0
REFRESH_SECONDS = 0.5  # between two looks at what has been indexed
# Objects made and not yet gone: a message makes about a hundred, nearly none of them in cycles.
GC_THRESHOLDS = (20_000, 20, 20)

log = structlog.get_logger(__name__)

Listener = TcpListener | HttpListener


class Server:
    """A gateway that listens. `reload` gives a fresh configuration, or raises ConfigError."""

    def __init__(self, gateway: Composition, *, reload: Callable[[], Config] | None = None) -> None:
        self.gateway = gateway
        self._reload = reload
        self._listeners: list[Listener] = []
        self._background: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()

    @property
    def ports(self) -> dict[str, int]:
        """The port of each listener by its name in the configuration."""
        return {listener.name: listener.port for listener in self._listeners}

    async def start(self) -> None:
        """Binds every port, then serves. Raises PortInUse, OSError and ssl.SSLError; nothing listens then."""
        config = self.gateway.config
        certificate = _certificate(config)
        try:
            for name, wanted in config.listeners.items():
                self._listeners.append(self._listener(name, wanted, certificate))
            for listener in self._listeners:
                await listener.start()
        except BaseException:
            await self._stop_listeners()
            raise
        self._spawn("housekeeping", self._keep_house())
        self._spawn("retention", self.gateway.recorder.keep_retention(config.exchanges.retention_days))
        self._spawn("brokers", self.gateway.ncip.brokers.run())
        self._spawn("replay", self.gateway.journal.replayer(self.gateway.desk))
        for child in self.gateway.children.values():
            self._spawn(child.name, child.run())
        if self.gateway.doors is not None:
            self._spawn("refresh", self._refresh(self.gateway.doors.catalogue))
        log.info("gateway.started", ports=self.ports)

    async def run(self, *, ready: Callable[[], None] = lambda: None, with_catalogue: bool = False) -> None:
        """Serves until SIGTERM, SIGINT or `stop`; `ready` is called once every listener answers, `with_catalogue` once
        what the catalogue holds can be searched as well."""
        loop = asyncio.get_running_loop()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wanted, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        thresholds = gc.get_threshold()
        try:
            await self.start()
            # What stands now stays: the collector need not walk it again, nor come after every tenth message.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            if not with_catalogue or await self._unless_stopped(self.catalogue_ready()):
                ready()
            await self._stopping.wait()
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
            await self.close()
            for wanted in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(wanted)

    def stop(self) -> None:
        self._stopping.set()

    def reload(self) -> None:
        """Takes the configuration as it is on disk now. Ports, store and data directory stay as they are."""
        if self._reload is None:
            log.warning("reload.refused", reason="this gateway has no configuration file")
            return
        try:
            config = self._reload()
            if found := problems(config):
                raise ConfigError(found)
        except ConfigError as error:
            log.error("reload.refused", problems=[str(problem) for problem in error.problems])
            return
        kept = {
            name: getattr(self.gateway.config, name)
            for name in ("data_dir", "store", "listeners", "pepper", "tls", "exchanges", "journal")
        }
        waiting = [name for name, value in kept.items() if getattr(config, name) != value]
        config = config.model_copy(update=kept)
        self.gateway.replace(config)
        for child in self.gateway.children.values():
            child.renew(beside.orders(config))
        log.info("reload.done", members=len(config.members), needs_restart=waiting)

    async def close(self) -> None:
        """Drains and closes everything, within DRAIN_SECONDS."""
        log.info("gateway.stopping")
        await self._stop_listeners(tcp_only=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.gateway.drain()
        await self._stop_listeners()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.gateway.close()
        log.info("gateway.stopped")

    def _listener(self, name: str, wanted: ListenerConfig, certificate: tuple[Path, Path] | None) -> Listener:
        if wanted.tls and certificate is None:
            raise ConfigError([_no_certificate(name)])
        bound = bind(wanted.host, wanted.port)
        if wanted.protocol == "http":
            own = certificate if wanted.tls else None
            client_ca = self.gateway.config.tls.client_ca
            return HttpListener(name, bound, self.gateway.http, own, client_ca, wanted.proxies)
        context = self._tls_context(certificate) if wanted.tls else None
        factory: Callable[[], asyncio.BaseProtocol]
        if wanted.protocol == "ldap":
            start_tls = None if wanted.tls else self._tls_context(certificate)
            factory = self.gateway.people.ldap.factory(start_tls, wanted.member)
        elif wanted.protocol == "ncip":
            factory = self.gateway.ncip.tcp.factory(wanted.member, tls.requested_name)
        elif wanted.protocol == "z3950":
            assert self.gateway.doors is not None  # the configuration agrees with itself
            factory = self.gateway.doors.z3950.factory()
        else:
            factory = self.gateway.sip2.factory(
                listener_member=wanted.member, prompts=wanted.prompts, requested_name=tls.requested_name
            )
        return TcpListener(name, bound, factory, context)

    def _tls_context(self, certificate: tuple[Path, Path] | None) -> ssl.SSLContext | None:
        """What a listener speaks TLS with, None without a certificate. Raises OSError and ssl.SSLError."""
        if certificate is None:
            return None
        config = self.gateway.config.tls
        names = {asked: (files.certificate, files.key) for asked, files in config.names.items()}
        return tls.server_context(*certificate, client_ca=config.client_ca, by_name=names)

    async def _stop_listeners(self, *, tcp_only: bool = False) -> None:
        for listener in list(self._listeners):
            if isinstance(listener, TcpListener) or not tcp_only:
                await listener.stop()
                self._listeners.remove(listener)

    def _spawn(self, name: str, work: Awaitable[Any]) -> None:
        async def supervised() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("background.died", task=name)

        self._background.add(asyncio.create_task(supervised(), name=name))

    async def catalogue_ready(self) -> None:
        """Returns once what the platform held at the start can be searched."""
        if self.gateway.doors is None:
            return
        for child in self.gateway.children.values():
            await child.ready()
        while not await self.gateway.doors.catalogue.is_current():  # noqa: ASYNC110  another process's work
            await asyncio.sleep(REFRESH_SECONDS / 10)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work was done before the gateway was told to stop."""
        tasks = [asyncio.create_task(work), asyncio.create_task(self._stopping.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        return not self._stopping.is_set()

    async def _refresh(self, catalogue: Catalogue) -> None:
        """Sees what has been indexed since, again and again."""
        while True:
            catalogue.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _keep_house(self) -> None:
        while True:
            for member in self.gateway.config.members:
                try:
                    await housekeeping.run(self.gateway.platform, member)
                except Exception:
                    log.exception("housekeeping.failed", member=member)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)


def _certificate(config: Config) -> tuple[Path, Path] | None:
    if config.tls.certificate and config.tls.key:
        return config.tls.certificate, config.tls.key
    return None


def _no_certificate(name: str) -> Problem:
    return Problem("", f"listeners.{name}.tls", "TLS needs a certificate", "set tls.certificate and tls.key")


def write_ready_file(path: Path, ports: dict[str, int]) -> None:
    """Writes the file at once or not at all: one line a listener, `name port`."""
    lines = "".join(f"{name} {port}\n" for name, port in ports.items())
    temporary = path.with_name(path.name + f".{os.getpid()}")
    temporary.write_text(lines, encoding="ascii")
    temporary.replace(path)
