"""Doors to one system, each in its own standard, behind the same few questions.

A door is an input `door.STANDARD` with an address. Inputs are the same for all doors, but that an input
`STANDARD.NAME` stands for NAME at that door alone (kiosks and catalogues log in differently). What a door is asked goes
on the probe's own transcript.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Protocol

from library_conformance.model import NotApplicable, SetupFailed
from library_conformance.probes.ldap import talk as ldap
from library_conformance.probes.ncip import broker, requests
from library_conformance.probes.ncip.undoing import number
from library_conformance.probes.oai import _ask as oai
from library_conformance.probes.sip2.holds import held
from library_conformance.probes.sip2.kiosk import Kiosk, kiosk
from library_conformance.probes.sru import _ask as sru
from library_conformance.probes.z3950 import talk as z3950
from library_conformance.run import Run, Target
from library_protocols.ldap import escape_filter_value

DOOR = "door."
AVAILABLE, ON_LOAN, OTHER, UNKNOWN = "on the shelf", "on loan", "something else", "unknown"

_SIP2_STATUS = {"03": AVAILABLE, "04": ON_LOAN, "05": ON_LOAN, "08": "on the hold shelf", "10": "in transit",
                "12": "lost", "13": "missing", "02": "on order", "07": "recalled"}  # fmt: skip
_NCIP_STATUS = {
    "available on shelf": AVAILABLE, "on loan": ON_LOAN, "available for pickup": "on the hold shelf",
    "in transit between library locations": "in transit", "lost": "lost", "missing": "missing",
    "on order": "on order", "recalled": "recalled",
}  # fmt: skip
_DIGITS = {"JPY": 0, "ISK": 0, "KRW": 0, "CLP": 0, "BHD": 3, "KWD": 3, "TND": 3}
"""Digits of the smaller unit where they are not two (ISO 4217)."""
_CHARGED = "  Y       "
"""The summary of 63 that lists items on loan."""


class People(Protocol):
    """A door that knows people."""

    name: str

    def knows(self, patron: str) -> bool: ...
    def called(self, patron: str) -> frozenset[str]: ...

    """The words of a patron's name, in small letters; none where it is not told."""

    def lets_in(self, patron: str, pin: str) -> bool: ...


class Circulation(People, Protocol):
    """A door for lending."""

    def may_borrow(self, patron: str) -> bool: ...
    def loans(self, patron: str) -> str: ...

    """What is said of a patron's loans, as text in which barcodes can be looked for."""

    def status(self, item: str) -> str: ...
    def title(self, item: str) -> str: ...
    def lend(self, patron: str, item: str) -> bool: ...
    def take_back(self, item: str) -> bool: ...
    def holds(self, patron: str) -> int: ...

    """How many items a patron waits for. Raises NotApplicable where that is not told."""

    def request(self, patron: str, item: str) -> bool: ...
    def withdraw(self, patron: str, item: str) -> bool: ...
    def balance(self, patron: str) -> Decimal | None: ...

    """What a patron owes, in pounds and not pence; None where it is not told."""


class Sip2Door:
    name = "sip2"

    def __init__(self, run: Run, link: Kiosk) -> None:
        self._run, self._kiosk = run, link

    def knows(self, patron: str) -> bool:
        return self._kiosk.ask(self._kiosk.patron_information(patron)).get("BL") == "Y"

    def may_borrow(self, patron: str) -> bool:
        answer = self._kiosk.ask(self._kiosk.patron_status(patron))
        return answer.fixed.get("status", "Y").startswith(" ") and answer.get("BL") == "Y"

    def loans(self, patron: str) -> str:
        return "|".join(self._kiosk.ask(self._kiosk.patron_information(patron, summary=_CHARGED)).all("AU"))

    def status(self, item: str) -> str:
        return _SIP2_STATUS.get(self._kiosk.ask(self._kiosk.item_information(item)).fixed.get("status", ""), OTHER)

    def title(self, item: str) -> str:
        return self._kiosk.ask(self._kiosk.item_information(item)).get("AJ") or ""

    def lend(self, patron: str, item: str) -> bool:
        return self._kiosk.ask(self._kiosk.checkout(patron, item)).ok

    def take_back(self, item: str) -> bool:
        return self._kiosk.ask(self._kiosk.checkin(item)).ok

    def called(self, patron: str) -> frozenset[str]:
        return in_words(self._kiosk.ask(self._kiosk.patron_information(patron)).get("AE") or "")

    def lets_in(self, patron: str, pin: str) -> bool:
        return self._kiosk.ask(self._kiosk.patron_information(patron, pin)).get("CQ") == "Y"

    def holds(self, patron: str) -> int:
        return held(self._kiosk, patron)

    def request(self, patron: str, item: str) -> bool:
        return self._kiosk.ask(self._kiosk.hold("+", patron, item)).ok

    def withdraw(self, patron: str, item: str) -> bool:
        return self._kiosk.ask(self._kiosk.hold("-", patron, item)).ok

    def balance(self, patron: str) -> Decimal | None:
        return _amount(self._kiosk.ask(self._kiosk.patron_information(patron)).get("BV") or "")


class NcipDoor:
    name = "ncip"

    def __init__(self, run: Run) -> None:
        self._run = run
        self._requests: dict[str, str] = {}
        """The numbers of our own requests, by item."""

    def _ask(self, service: str, *content: str) -> broker.Answer:
        answer = broker.ask(self._run, broker.words(self._run).say(service, *content))
        if not answer.readable:
            raise SetupFailed("what came over NCIP cannot be read")
        return answer

    def knows(self, patron: str) -> bool:
        return self._ask("LookupUser", broker.words(self._run).user(patron)).ok

    def may_borrow(self, patron: str) -> bool:
        words = broker.words(self._run)
        answer = self._ask("LookupUser", words.user(patron), words.elements("User", "Block Or Trap"))
        return answer.ok and not any("check out" in one.casefold() for one in answer.texts("BlockOrTrapType"))

    def loans(self, patron: str) -> str:
        words = broker.words(self._run)
        answer = self._ask("LookupUser", words.user(patron), "<LoanedItemsDesired/>")
        return "|".join(answer.texts("LoanedItem", "ItemId", "ItemIdentifierValue"))

    def status(self, item: str) -> str:
        words = broker.words(self._run)
        answer = self._ask("LookupItem", words.item(item), words.elements("Item", "Circulation Status"))
        said = answer.text("CirculationStatus").strip().casefold()
        return _NCIP_STATUS.get(said, OTHER)

    def title(self, item: str) -> str:
        words = broker.words(self._run)
        answer = self._ask("LookupItem", words.item(item), words.elements("Item", "Bibliographic Description"))
        return answer.text("BibliographicDescription", "Title")

    def lend(self, patron: str, item: str) -> bool:
        words = broker.words(self._run)
        return self._ask("CheckOutItem", words.user(patron), words.item(item)).ok

    def take_back(self, item: str) -> bool:
        return self._ask("CheckInItem", broker.words(self._run).item(item)).ok

    def called(self, patron: str) -> frozenset[str]:
        words = broker.words(self._run)
        answer = self._ask("LookupUser", words.user(patron), words.elements("User", "Name Information"))
        return in_words(" ".join(text for one in answer.all("NameInformation") for text in one.itertext()))

    def lets_in(self, patron: str, pin: str) -> bool:
        words = broker.words(self._run)
        return self._ask("LookupUser", words.login(("User Id", patron), ("PIN", pin))).ok

    def holds(self, patron: str) -> int:
        answer = self._ask("LookupUser", broker.words(self._run).user(patron), "<RequestedItemsDesired/>")
        if not answer.ok:
            raise NotApplicable("requests are not told over NCIP")
        return len(answer.all("RequestedItem"))

    def request(self, patron: str, item: str) -> bool:
        self._requests[item] = number(self._run, "request")
        return requests.place(self._run, patron, item, self._requests[item], self._run.input("pickup", "")).ok

    def withdraw(self, patron: str, item: str) -> bool:
        if item in self._requests:
            return requests.cancel(self._run, patron, self._requests.pop(item)).ok
        words = broker.words(self._run)
        kind = words.code("RequestType", "Hold")
        return self._ask("CancelRequestItem", words.user(patron), words.item(item), kind).ok

    def balance(self, patron: str) -> Decimal | None:
        answer = self._ask("LookupUser", broker.words(self._run).user(patron), "<UserFiscalAccountDesired/>")
        said = _amount(answer.text("AccountBalance", "MonetaryValue"))
        digits = _DIGITS.get(answer.text("AccountBalance", "CurrencyCode"), 2)
        return None if said is None else said.scaleb(-digits)


class LdapDoor:
    name = "ldap"

    def __init__(self, run: Run, session: ldap.Session) -> None:
        self._run, self._session = run, session

    def _find(self, patron: str) -> ldap.Found:
        return self._session.search(f"(uid={escape_filter_value(patron)})", "cn")

    def knows(self, patron: str) -> bool:
        return bool(self._find(patron).entries)

    def called(self, patron: str) -> frozenset[str]:
        return in_words(next(iter(self._find(patron).only.get("cn", ())), b"").decode("utf-8", "replace"))

    def lets_in(self, patron: str, pin: str) -> bool:
        name = next(iter(self._find(patron).entries), "")
        with ldap.session(self._run, bound=False) as session:
            return bool(name) and not session.bind(name, pin).code


def in_words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.casefold()))


def _amount(said: str) -> Decimal | None:
    try:
        return Decimal(said.strip())
    except InvalidOperation:
        return None


def at(run: Run, standard: str) -> Run:
    """The same surroundings at a door, with what the inputs have for it alone. Raises SetupFailed."""
    own = f"{standard}."
    inputs = {
        **run.inputs,
        **{name.removeprefix(own): value for name, value in run.inputs.items() if name.startswith(own)},
    }
    try:
        return replace(run, target=Target.parse(run.input(DOOR + standard)), inputs=inputs)
    except ValueError as error:
        raise SetupFailed(str(error)) from error


def given(run: Run, *standards: str) -> list[str]:
    """Those of these doors that the inputs have. Raises NotApplicable where they are fewer than two."""
    found = [name for name in standards if DOOR + name in run.inputs]
    if len(found) < 2:
        raise NotApplicable(f"two doors of {', '.join(standards)} are needed")
    return found


@contextlib.contextmanager
def circulation(run: Run) -> Iterator[list[Circulation]]:
    """The doors for lending, open."""
    given(run, "sip2", "ncip")
    with kiosk(at(run, "sip2")) as link:
        yield [Sip2Door(run, link), NcipDoor(at(run, "ncip"))]


@contextlib.contextmanager
def lending(run: Run) -> Iterator[Circulation]:
    """One door for lending, open. Raises NotApplicable where there is none."""
    if DOOR + "sip2" in run.inputs:
        with kiosk(at(run, "sip2")) as link:
            yield Sip2Door(run, link)
    elif DOOR + "ncip" in run.inputs:
        yield NcipDoor(at(run, "ncip"))
    else:
        raise NotApplicable("a door for lending is needed")


@contextlib.contextmanager
def people(run: Run) -> Iterator[list[People]]:
    """The doors that know people, open."""
    names = given(run, "sip2", "ncip", "ldap")
    with contextlib.ExitStack() as opened:
        doors: list[People] = []
        if "sip2" in names:
            doors.append(Sip2Door(run, opened.enter_context(kiosk(at(run, "sip2")))))
        if "ncip" in names:
            doors.append(NcipDoor(at(run, "ncip")))
        if "ldap" in names:
            doors.append(LdapDoor(at(run, "ldap"), opened.enter_context(ldap.session(at(run, "ldap")))))
        yield doors


def counts(run: Run, word: str) -> dict[str, int | None]:
    """How many titles have this word, by the doors for searching; None where it was not told."""
    names = given(run, "sru", "z3950")
    found: dict[str, int | None] = {}
    for name in names:
        if name == "sru":
            found[name] = sru.search(at(run, name), f'dc.title = "{word}"').count
        else:
            with z3950.association(at(run, name)) as talk:
                found[name] = talk.search(f'@attr 1=4 @attr 4=2 "{word}"').result_count
    return found


def titles(run: Run, number: int = 3) -> list[str]:
    """The first titles that harvesters are given. Raises NotApplicable where there are none."""
    page = oai.ask(at(run, "oai"), "ListRecords", metadataPrefix="oai_dc")
    found = [
        element.text
        for header in page.headers
        if not header.deleted
        for metadata in header.metadata
        for element in metadata.iter("{http://purl.org/dc/elements/1.1/}title")
        if element.text
    ]
    if not found:
        raise NotApplicable("harvesters are given no titles")
    return found[:number]


def search_doors(run: Run) -> Sequence[str]:
    """The doors for searching beside one for harvesting. Raises NotApplicable."""
    names = given(run, "oai", "sru", "z3950")
    if "oai" not in names:
        raise NotApplicable("a door for harvesters is needed")
    return [name for name in names if name != "oai"]


def finds(run: Run, door: str, title: str) -> bool:
    """Whether a title is found by its longer words."""
    words = long_words(title)
    if not words:
        return True
    if door == "sru":
        return bool(sru.search(at(run, door), cql_of(words)).count)
    with z3950.association(at(run, door)) as talk:
        return bool(talk.search(pqf_of(words)).result_count)


def long_words(title: str) -> list[str]:
    return [word for word in re.findall(r"\w+", title) if len(word) > 3][:3]


def cql_of(words: Sequence[str]) -> str:
    """All of these in titles."""
    return " and ".join(f'dc.title = "{word}"' for word in words)


def pqf_of(words: Sequence[str]) -> str:
    """All of these in titles."""
    return "@and " * (len(words) - 1) + " ".join(f'@attr 1=4 "{word}"' for word in words)
