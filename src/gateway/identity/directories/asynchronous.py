"""A Line on the gateway's own LDAP client: everything happens on the event loop, each step within its seconds."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from gateway.clients.ldap import LdapClient, LdapLinkFailed, LdapTimeout
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import tls
from gateway.identity.directories.line import (
    Answer,
    Entry,
    LineLost,
    Protection,
    Search,
    SearchAnswer,
    Server,
    TlsFacts,
)
from library_protocols.ldap import Control, Result
from library_protocols.ldap.facts import NO_ATTRIBUTES


class AsyncOpener:
    """Opens lines to the servers of one directory. Raises OSError where the file of authorities cannot be read."""

    def __init__(self, config: DirectoryConfig) -> None:
        self._config = config
        self._protection = tls.PROTECTION[config.security]
        self._context = None if self._protection is Protection.NONE else tls.context(config)

    async def open(self, server: Server, *, seconds: float) -> AsyncLine:
        client = LdapClient(server.host, server.port)
        name = tls.expected_name(self._config, server)
        line = AsyncLine(server, client)
        try:
            if self._context is None:
                await client.connect(seconds=seconds)
            elif self._protection is Protection.TLS:
                await client.connect(self._context, server_name=name, seconds=seconds)
            else:
                await client.connect(seconds=seconds)
                left = seconds - client.connect_seconds
                await client.start_tls(self._context, server_name=name, seconds=max(left, 0.0))
        except LdapLinkFailed as failure:
            client.drop()
            raise _lost(failure) from None
        except BaseException:
            client.drop()
            raise
        line.opened(client.encryption)
        return line

    def close(self) -> None:
        """Nothing is shared."""


class AsyncLine:
    def __init__(self, server: Server, client: LdapClient) -> None:
        self.server = server
        self.tls: TlsFacts | None = None
        self.connect_milliseconds = 0.0
        self.tls_milliseconds = 0.0
        self._client = client

    def opened(self, encryption: ssl.SSLObject | None) -> None:
        self.connect_milliseconds = self._client.connect_seconds * 1000
        self.tls_milliseconds = self._client.tls_seconds * 1000
        self.tls = None if encryption is None else tls.facts(encryption)

    async def bind(self, name: str, password: str, controls: Sequence[Control] = (), *, seconds: float) -> Answer:
        try:
            result, found = await self._client.bind(name, password, controls, seconds=seconds)
        except LdapLinkFailed as failure:
            raise _lost(failure) from None
        return Answer(*_said(result), found)

    async def search(self, search: Search, *, seconds: float) -> SearchAnswer:
        try:
            found = await self._client.search(
                search.base,
                search.filter,
                search.attributes or (NO_ATTRIBUTES,),
                scope=search.scope,
                size=search.size,
                controls=search.controls,
                seconds=seconds,
            )
        except LdapLinkFailed as failure:
            raise _lost(failure) from None
        entries = [
            Entry(one.dn, {name: list(values) for name, values in one.attributes}, controls)
            for one, controls in zip(found.entries, found.entry_controls, strict=True)
        ]
        return SearchAnswer(*_said(found.result), found.controls, entries, len(found.references), found.between)

    def drop(self) -> None:
        self._client.drop()


def _said(result: Result) -> tuple[int, str]:
    return result.code, result.diagnostic


def _lost(failure: LdapLinkFailed) -> LineLost:
    return LineLost(failure.step, failure.reason, silent=isinstance(failure, LdapTimeout))
