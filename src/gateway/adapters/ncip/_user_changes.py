"""Users made and changed, and words left for them: CreateUser, UpdateUser, SendUserNotice.

A message may mean several commands: who the user is, then each block. What cannot be kept is refused before any of
them; the first refusal among them is the answer, what came before it stays done, and a repetition finds it done and
goes on. No PIN and no password is ever kept.
"""

from __future__ import annotations

from typing import Any

from gateway.adapters.ncip._common import (
    agency,
    clean,
    moment,
    typed_user_id_out,
    user_id_out,
    user_needed,
    value,
    written,
)
from gateway.adapters.ncip._kept import first_unkept, says
from gateway.adapters.ncip._user_told import UNKNOWN_VALUE, Told, identifiers_of, told_of, typed_of
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Block, Identifier, Patron
from gateway.canonical.outcomes import PatronOutcome, ProvisionOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronBlock, PatronEnable, PatronGet, PatronNotify, PatronProvision
from gateway.canonical.vocabulary import BlockSource, PatronStatus
from gateway.crosswalks.ncip_values import (
    block_types,
    folded,
    restraint_of,
)
from library_protocols.ncip import messages as wire

_NAMES = frozenset(
    {"visible_user_id", "name_information", "user_address_information", "date_of_birth", "user_language"}
)
_NAME = {
    wire.NameInformation: frozenset({"personal_name_information", "organization_name_information"}),
    wire.PersonalNameInformation: frozenset({"structured_personal_user_name", "unstructured_personal_user_name"}),
    wire.UserPrivilege: frozenset(
        {
            "agency_id",
            "agency_user_privilege_type",
            "valid_from_date",
            "valid_to_date",
            "user_privilege_status",
            "user_privilege_description",
        }
    ),
}
_KEPT = {wire.AddUserFields: _NAMES | {"user_privilege", "block_or_trap"}, **_NAME}
_EMPTIED = {
    wire.DeleteUserFields: frozenset({"user_address_information", "date_of_birth", "user_language", "block_or_trap"})
}
"""What can be emptied: a patron has a name and a category always."""
_MISSING = {
    "name": "NameInformation",
    "category": "UserPrivilege/UserPrivilegeStatus/UserPrivilegeStatusType",
    "identifiers": "UserId/UserIdentifierValue",
}
_UNKNOWN = frozenset({"category", "home_library"})
_TEXT = 500
"""Characters of a notice that are sent on."""


async def create_user(work: Work, message: Any) -> wire.CreateUserResponse:
    """A user whom nobody knows yet; an identifier that somebody has makes it a duplicate."""
    told = told_of(work, message, "")
    identifiers = identifiers_of(work, message)
    if told.name is None:
        raise work.missing("NameInformation")
    if not identifiers:
        raise work.missing("UserId/UserIdentifierValue")
    request = PatronProvision(
        identifiers=identifiers,
        name=told.name,
        category=told.category,
        home_library=told.home_library,
        status=told.status or PatronStatus.ACTIVE,
        new=True,
        **_plain(told),
    )
    patron_id = _provisioned(work, await work.perform(request), told, "").patron_id
    await _block(work, message, patron_id, told, "")
    made, typed = await work.perform(PatronGet(patron_id=patron_id)), identifiers[0].value
    known = isinstance(made, PatronOutcome)
    return wire.CreateUserResponse(
        user_id=user_id_out(work, made.patron, typed) if known else typed_user_id_out(work, typed)
    )


async def update_user(work: Work, message: Any) -> wire.UpdateUserResponse:
    """Changes what is kept of a user: names and days are replaced, addresses and blocks are added and taken away."""
    added = message.add_user_fields or wire.AddUserFields()
    deleted = message.delete_user_fields or wire.DeleteUserFields()
    if not says(added) and not says(deleted):
        raise work.missing("AddUserFields")
    if (path := first_unkept(added, _KEPT, "AddUserFields")) is not None:
        raise work.stop_with("Unable To Add Element", path, detail="NOT_KEPT: This is not kept of a user.")
    if (path := first_unkept(deleted, _EMPTIED, "DeleteUserFields")) is not None:
        raise work.stop_with("Unable To Delete Element", path, detail="NOT_EMPTIED: This cannot be emptied.")
    told, gone = told_of(work, added, "AddUserFields/"), told_of(work, deleted, "DeleteUserFields/")
    user = await user_needed(work, message)
    patron = user.patron or (await work.get(PatronOutcome, PatronGet(**user.named), element=user.path)).patron
    lifted = _to_lift(work, patron, gone)
    if (request := _changes(work, patron, message, told, gone)) is not None:
        _provisioned(work, await work.perform(request), told, "AddUserFields/")
    for block in lifted:
        request = PatronEnable(patron_id=patron.id, block_id=block.id)
        await work.get(PatronOutcome, request, str(block.id), element="DeleteUserFields/BlockOrTrap/BlockOrTrapType")
    await _block(work, added, patron.id, told, "AddUserFields/")
    return wire.UpdateUserResponse(user_id=user_id_out(work, patron, user.typed))


def _changes(work: Work, patron: Patron, message: Any, told: Told, gone: Told) -> PatronProvision | None:
    """What the register of patrons is told; None where only blocks are."""
    contacts = {name: _after(patron, told, gone, name) for name in ("emails", "phones", "addresses")}
    added = message.add_user_fields or wire.AddUserFields()
    more = typed_of(work, added.visible_user_id)
    identifiers: tuple[Identifier, ...] = ()
    if more:
        kinds = {one.type for one in more}
        identifiers = (*(one for one in patron.identifiers if one.type in kinds), *more)
    cleared = {name for name, values in contacts.items() if values == ()}
    cleared |= {"birth_on"} if gone.birth_on is not None and told.birth_on is None else set()
    cleared |= {"language"} if gone.language is not None and told.language is None else set()
    plain: dict[str, Any] = _plain(told) | {name: values or () for name, values in contacts.items()}
    request = PatronProvision(
        patron_id=patron.id,
        identifiers=identifiers,
        name=told.name,
        category=told.category,
        home_library=told.home_library,
        status=told.status,
        cleared=frozenset(cleared),
        **plain,
    )
    nothing = PatronProvision(patron_id=patron.id, status=None)
    return None if request == nothing else request


def _plain(told: Told) -> dict[str, Any]:
    names = ("expires_on", "valid_from_on", "birth_on", "language", "emails", "phones", "addresses")
    return {name: getattr(told, name) for name in names}


def _after(patron: Patron, told: Told, gone: Told, name: str) -> tuple[str, ...] | None:
    """The patron's addresses of a kind without those deleted and with those added; None where neither is said."""
    more, less = getattr(told, name), {one.casefold() for one in getattr(gone, name)}
    if not more and not less:
        return None
    known = (one for one in getattr(patron.contacts, name) if one.casefold() not in less)
    return tuple(dict.fromkeys((*known, *more)))


def _provisioned(work: Work, answer: object, told: Told, below: str) -> ProvisionOutcome:
    """Raises Stopped with the element that a refusal is about."""
    if isinstance(answer, ProvisionOutcome):
        return answer
    assert isinstance(answer, Refusal)
    kind, fields = answer.detail.get("kind"), answer.detail.get("fields") or ()
    if kind == "incomplete" and (element := next((_MISSING[name] for name in fields if name in _MISSING), None)):
        raise work.missing(element)
    if kind == "unknown_value":
        name = next((name for name in fields if name in _UNKNOWN), "category")
        said = told.category if name == "category" else told.home_library
        raise work.stop_with(
            UNKNOWN_VALUE, f"{below}UserPrivilege", said, f"CONFLICT.unknown_value: The library has no such {name}."
        )
    raise work.stop(answer)


# Blocks


async def _block(work: Work, fields: Any, patron_id: str, told: Told, below: str) -> None:
    ends = {folded(one.block_or_trap_type): one.valid_to_date for one in fields.block_or_trap}
    for kind, restraint in told.blocks.items():
        until = moment(work, ends.get(kind), f"{below}BlockOrTrap/ValidToDate")
        request = PatronBlock(
            patron_id=patron_id,
            reason=restraint.reason,
            scope=restraint.scope,
            severity=restraint.severity,
            expires_at=until,
        )
        await work.get(PatronOutcome, request, kind, element=f"{below}BlockOrTrap/BlockOrTrapType")


def _to_lift(work: Work, patron: Patron, gone: Told) -> list[Block]:
    """The stored blocks of the types deleted. One that is not there is lifted already; one that follows from the
    account, such as too much owed, cannot be. Raises Stopped."""
    found: list[Block] = []
    for restraint in gone.blocks.values():
        same = [block for block in patron.blocks if _restraint(block) == restraint.reason]
        stored = [block for block in same if block.id is not None and block.source is not BlockSource.DERIVED]
        if same and not stored:
            raise work.stop(Refusal(code=RefusalCode.BLOCK_NOT_FOUND), "DeleteUserFields/BlockOrTrap/BlockOrTrapType")
        found += stored
    return found


def _restraint(block: Block) -> object:
    """What the type of a block is read as: several reasons have one type."""
    read = restraint_of(block_types(block.reason, block.scope, block.severity)[0])
    return read.reason if read is not None else None


# Notices


async def send_user_notice(work: Work, message: Any) -> wire.SendUserNoticeResponse:
    """Leaves words for a user, now: what is to be sent later is refused."""
    details: wire.UserNoticeDetails | None = message.user_notice_details
    text = _words(details) if details is not None else ""
    if not text:
        raise work.missing("UserNoticeDetails/NoticeContent")
    when = moment(work, getattr(message, "date_to_send", None), "DateToSend")
    if when is not None and when > work.now:
        raise work.stop_with("Unsupported Notice", "DateToSend", detail="NOT_LATER: Notices are left at once.")
    user = await user_needed(work, message)
    await work.get(PatronOutcome, PatronNotify(**user.named, text=text), element=user.path)
    sent = message.user_id
    return wire.SendUserNoticeResponse(
        user_id=wire.UserId(
            agency_id=sent.agency_id or agency(work),
            user_identifier_type=sent.user_identifier_type,
            user_identifier_value=sent.user_identifier_value,
        )
        if sent is not None
        else typed_user_id_out(work, user.typed or ""),
        date_sent=written(work.now),
    )


def _words(details: wire.UserNoticeDetails) -> str:
    """The notice's own words, else what it is about: its type and the titles."""
    own = clean(details.notice_content)
    if own is not None:
        return own[:_TEXT]
    described = (
        one.item_details.bibliographic_description for one in details.notice_item if one.item_details is not None
    )
    titles = [text for one in described if one is not None and (text := clean(one.title))]
    kind = value(details.notice_type)
    return f"{kind}: {', '.join(titles)}"[:_TEXT] if kind and titles else kind or ", ".join(titles)[:_TEXT]
