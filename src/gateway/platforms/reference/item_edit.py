"""Items made, changed and taken away."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference import items
from gateway.platforms.reference.core import Core


async def create(core: Core, ctx: Context, request: req.ItemCreate, key: CommandKey) -> ItemOutcome | Refusal:
    raise NotImplementedError


async def delete(core: Core, ctx: Context, request: req.ItemDelete, key: CommandKey) -> ItemOutcome | Refusal:
    raise NotImplementedError


async def update(core: Core, ctx: Context, request: req.ItemUpdate, key: CommandKey) -> ItemOutcome | Refusal:
    return await items.update(core, ctx, request, key)
