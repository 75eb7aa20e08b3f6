"""loan.recall and loan.recall_cancel."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import LoanOutcome
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference.core import Core


async def recall(core: Core, ctx: Context, request: req.LoanRecall, key: CommandKey) -> LoanOutcome | Refusal:
    raise NotImplementedError


async def cancel(core: Core, ctx: Context, request: req.LoanRecallCancel, key: CommandKey) -> LoanOutcome | Refusal:
    raise NotImplementedError
