"""item.report: what somebody says of an item."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference.core import Core


async def report(core: Core, ctx: Context, request: req.ItemReport, key: CommandKey) -> ItemOutcome | Refusal:
    raise NotImplementedError
