"""What was done in the course of a login or a test of the connection, for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.identity.directories.line import Line, LineLost
from gateway.identity.directories.port import DirectoryDown, Step


class Note:
    """How a step is going. `detail` and `ok` stand on the step when it is over."""

    def __init__(self) -> None:
        self.ok = True
        self.detail = ""


class Trace:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Note]:
        """Times what is done inside. LineLost and DirectoryDown make it a step that failed, and go on."""
        note = Note()
        started = time.monotonic()
        try:
            yield note
        except (LineLost, DirectoryDown) as error:
            note.ok, note.detail = False, error.reason
            raise
        finally:
            self.steps.append(Step(name, note.ok, note.detail, _since(started)))

    def opened(self, line: Line) -> None:
        """Notes the steps that opening a connection consisted of."""
        self.steps.append(Step("connect", True, str(line.server), line.connect_milliseconds))
        if line.tls is not None:
            detail = f"{line.tls.version}, {line.tls.subject}, valid until {line.tls.not_after:%Y-%m-%d}"
            self.steps.append(Step("tls", True, detail, line.tls_milliseconds))

    def not_opened(self, server: object, lost: LineLost, started: float) -> None:
        """Notes why a connection was not opened; `started` is of time.monotonic()."""
        if lost.step == "tls":
            self.steps.append(Step("connect", True, str(server), 0.0))
        detail = lost.reason if lost.step == "tls" else f"{server}: {lost.reason}"
        self.steps.append(Step(lost.step, False, detail, _since(started)))


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000
