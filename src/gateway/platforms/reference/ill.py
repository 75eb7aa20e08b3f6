"""Interlibrary loans: the piece that has come, and what the other side says of it."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import IllOutcome
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference.core import Core


async def accept(core: Core, ctx: Context, request: req.IllAccept, key: CommandKey) -> IllOutcome | Refusal:
    raise NotImplementedError


async def note(core: Core, ctx: Context, request: req.IllNote, key: CommandKey) -> IllOutcome | Refusal:
    raise NotImplementedError
