"""May this terminal ask this? Permissions are named per terminal and key; off-line transactions need their own."""

from __future__ import annotations

from gateway.canonical.context import Context
from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate, LoanRenew, LoanReturn, Request
from gateway.canonical.vocabulary import Permission

_MAY_BE_OFFLINE = (LoanCreate, LoanReturn, LoanRenew)


def objection(ctx: Context, request: Request) -> Refusal | None:
    """TERMINAL_FORBIDDEN with the permission that is missing, or None."""
    needed = request.permission
    if needed is not None and needed not in ctx.permissions:
        return _forbidden(needed)
    if isinstance(request, _MAY_BE_OFFLINE) and request.offline and Permission.OFFLINE not in ctx.permissions:
        return _forbidden(Permission.OFFLINE)
    return None


def _forbidden(permission: Permission) -> Refusal:
    return Refusal(
        code=RefusalCode.TERMINAL_FORBIDDEN,
        detail={"permission": permission.value},
        messages=(MessageRef(id="refusal.terminal_forbidden"),),
    )
