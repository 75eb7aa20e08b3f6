"""patron.notify: words left for a patron."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference.core import Core


async def notify(core: Core, ctx: Context, request: req.PatronNotify, key: CommandKey) -> PatronOutcome | Refusal:
    raise NotImplementedError
