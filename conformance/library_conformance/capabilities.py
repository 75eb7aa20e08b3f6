"""What a librarian wants to do: the closed list that requirements are grouped by, in the order of a day at the desk."""

from __future__ import annotations

from collections.abc import Mapping

CAPABILITIES: Mapping[str, str] = {
    "checkout": "Borrow at a kiosk or desk",
    "checkin": "Return",
    "renew": "Renew loans",
    "hold": "Place a hold",
    "cancel-hold": "Take a hold back",
    "recall": "Recall what is on loan",
    "fees": "Pay what is owed",
    "identify-patron": "Know the patron's card and standing",
    "authenticate-patron": "Check a PIN or password",
    "patron-account": "Show patrons their loans, holds and charges",
    "item-status": "See where an item is",
    "item-maintenance": "Change what is known of an item",
    "patron-maintenance": "Block, enable or change a card",
    "interlibrary-loan": "Lend between libraries",
    "notices": "Tell patrons and partners",
    "offline": "Go on working when the system is away",
    "undo": "Take back what was just done",
    "search": "Search the catalogue",
    "browse": "Browse an index",
    "retrieve-record": "Fetch a record",
    "formats": "Have records in a usable format",
    "harvest": "Harvest the catalogue",
    "sets": "Harvest a part of it",
    "deletions": "Learn what was deleted",
    "directory-bind": "Log in at the directory",
    "directory-search": "Look people up in the directory",
    "provisioning": "Bring people in from another system",
    "connect": "Connect, and be understood",
    "announce": "Say what is supported",
    "errors": "Say what went wrong",
    "robustness": "Stand up to lost, broken and repeated messages",
    "character-sets": "Keep ŵ, ŷ and every other letter",
    "privacy": "Tell nobody more than is needed",
    "security": "Keep strangers out",
}
