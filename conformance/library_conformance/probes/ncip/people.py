"""LookupUser: who is found, what is told of him and what is not, how he proves who he is."""

from __future__ import annotations

import re

from library_conformance.model import Behaviour, NotApplicable, Seen, SetupFailed, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, local, refusal, words
from library_conformance.probes.ncip.session import HELLO
from library_conformance.probes.ncip.words import NOBODY
from library_conformance.run import Run

FOUND = "ncip.lookup-user.found/by-card"
PERSONAL = ("NameInformation", "UserAddressInformation", "DateOfBirth")
ACCOUNT = ("LoanedItem", "RequestedItem", "UserFiscalAccount")


def look(run: Run, card: str, *elements: str, more: str = "") -> Answer:
    say = words(run)
    return ask(run, say.say("LookupUser", say.user(card), say.elements("User", *elements), more))


def known(run: Run, answer: Answer) -> Answer:
    """Raises SetupFailed where the card that we were given is nobody's."""
    if answer.problem("Unknown User"):
        raise SetupFailed("the input 'patron' is not a user here")
    return answer


@probe(FOUND, verifies=("ncip.lookup-user.found", "ncip.lookup-user.same-id"), needs=(HELLO,), inputs=("patron",),
       octets=True)  # fmt: skip
def found(run: Run) -> Seen:
    """Looks up the patron by card."""
    answer = known(run, look(run, run.input("patron"), "User Privilege"))
    if seen := refusal(answer):
        return seen
    if not answer.ok or not answer.has("LookupUserResponse", "UserId"):
        return breaks(answer.types or "found without a UserId")
    same = run.input("patron") in answer.texts("UserIdentifierValue")
    return Seen("found" if same else "found under another identifier", behaviours={
        "ncip.lookup-user.found": Behaviour.MEETS,
        "ncip.lookup-user.same-id": Behaviour.MEETS if same else Behaviour.BREAKS,
    })  # fmt: skip


@probe("ncip.privacy.elements.asked/one-element", needs=(FOUND,), inputs=("patron",), octets=True)
def only_asked(run: Run) -> Seen:
    """Asks for the patron's privileges alone, and looks whether name, address or birthday come with them."""
    answer = look(run, run.input("patron"), "User Privilege")
    return breaks("personal data that nobody asked for") if _personal(answer) else meets("nothing else")


@probe("ncip.privacy.elements.none-asked/no-element", needs=(FOUND,), inputs=("patron",), octets=True)
def none_asked(run: Run) -> Seen:
    """Asks for no element at all, where version 2 allows it, and looks whether name, address or birthday come."""
    if words(run).generation == 1:
        raise NotApplicable("version 1 wants at least one element")
    answer = look(run, run.input("patron"))
    if answer.problems:
        return told("refused")
    return breaks("personal data that nobody asked for") if _personal(answer) else meets("none of a person")


@probe("ncip.privacy.account.not-asked/no-flags", needs=(FOUND,), inputs=("patron_blocked",), octets=True)
def account_not_asked(run: Run) -> Seen:
    """Looks up a patron who owes money, without asking for loans, requests or charges."""
    answer = look(run, run.input("patron_blocked"), "User Privilege")
    if not answer.ok:
        return meets("refused")
    return breaks("loans, requests or charges come unasked") if any(map(answer.has, ACCOUNT)) else meets("none of them")


def _personal(answer: Answer) -> bool:
    return any(map(answer.has, PERSONAL))


@probe("ncip.lookup-user.elements.asked/name-and-privilege", needs=(FOUND,), inputs=("patron",), octets=True)
def asked(run: Run) -> Seen:
    """Asks for name and privileges: one of them at least is told, or a problem says why not."""
    answer = look(run, run.input("patron"), "Name Information", "User Privilege")
    if answer.problems:
        return told(f"refused: {answer.types}")
    names = [name for name in ("NameInformation", "UserPrivilege") if answer.has("UserOptionalFields", name)]
    return meets(" and ".join(names)) if names else breaks("neither")


@probe("ncip.lookup-user.privilege.form/privilege", needs=(FOUND,), inputs=("patron",), octets=True)
def privilege(run: Run) -> Seen:
    """Looks whether each privilege says whose it is and of which kind."""
    answer = look(run, run.input("patron"), "User Privilege")
    parts = [{local(child).removeprefix("Unique") for child in each} for each in answer.all("UserPrivilege")]
    if not parts:
        raise NotApplicable("no privilege is told")
    whole = all({"AgencyId", "AgencyUserPrivilegeType"} <= each for each in parts)
    return meets("agency and type") if whole else breaks("no agency or no type")


@probe("ncip.lookup-user.blocked.told/blocked-and-good", needs=(FOUND,), inputs=("patron", "patron_blocked"),
       octets=True)  # fmt: skip
def blocked(run: Run) -> Seen:
    """Looks up a good and a blocked patron: a broker has to be able to tell them apart."""
    said: list[tuple[list[str], list[str]]] = []
    for card in (run.input("patron"), run.input("patron_blocked")):
        answer = look(run, card, "Block Or Trap", "User Privilege")
        if answer.problems:
            return meets("the blocked one is refused") if said else breaks("the good one is refused")
        said.append((answer.texts("BlockOrTrapType"), answer.texts("UserPrivilegeStatusType")))
    good, bad = said
    if len(bad[0]) > len(good[0]):
        return meets("by a block")
    return meets("by the status") if bad[1] != good[1] else breaks("they look the same")


@probe("ncip.lookup-user.flags.answered/loans-requests-account", needs=(FOUND,), inputs=("patron_blocked",),
       octets=True)  # fmt: skip
def flags(run: Run) -> Seen:
    """Asks for loans, requests and account of a patron who owes money."""
    more = "<LoanedItemsDesired/><RequestedItemsDesired/><UserFiscalAccountDesired/>"
    answer = look(run, run.input("patron_blocked"), "User Privilege", more=more)
    if not answer.ok:
        return told(f"refused: {answer.types}")
    return meets("the account is told") if answer.has("UserFiscalAccount") else breaks("no account")


@probe("ncip.money.whole-number/account", verifies=("ncip.money.whole-number", "ncip.money.currency"), needs=(FOUND,),
       inputs=("patron_blocked",), octets=True)  # fmt: skip
def money(run: Run) -> Seen:
    """Looks at the amounts of an account: whole numbers of the smallest unit, with a currency of three letters."""
    answer = look(run, run.input("patron_blocked"), "User Privilege", more="<UserFiscalAccountDesired/>")
    values, currencies = answer.texts("MonetaryValue"), answer.texts("CurrencyCode")
    if not values:
        raise NotApplicable("no amount is told")
    whole = all(re.fullmatch(r"-?\d+", each) for each in values)
    coded = all(re.fullmatch(r"[A-Z]{3}", each) for each in currencies) and len(currencies) >= len(values)
    return Seen(
        f"{'whole numbers' if whole else 'no whole numbers'}, {'a currency' if coded else 'no currency'}",
        behaviours={
            "ncip.money.whole-number": Behaviour.MEETS if whole else Behaviour.BREAKS,
            "ncip.money.currency": Behaviour.MEETS if coded else Behaviour.BREAKS,
        },
    )


@probe("ncip.lookup-user.login.right/card-and-pin", needs=(FOUND,), inputs=("patron", "patron_pin"), octets=True)
def right_pin(run: Run) -> Seen:
    """Looks up the patron by card and PIN as a catalogue does, as authentication inputs."""
    answer = _login(run, run.input("patron"), run.input("patron_pin"))
    if seen := refusal(answer):
        return seen
    if _echoed(run, answer):
        return breaks("the PIN stands in the answer")
    return meets("let in") if answer.ok else breaks(answer.types or "no user")


@probe("ncip.lookup-user.login.wrong/once", verifies=("ncip.lookup-user.login.wrong", "ncip.problem.pin.not-repeated"),
       needs=(FOUND,), inputs=("patron",), octets=True)  # fmt: skip
def wrong_pin(run: Run) -> Seen:
    """Looks up the patron with a wrong PIN, once: more would slow the patron down."""
    answer = _login(run, run.input("patron"), "zz-wrong-0")
    if seen := refusal(answer):
        return seen
    told_again = b"zz-wrong-0" in answer.octets
    if answer.ok:
        return Seen("let in", Behaviour.BREAKS)
    right = answer.problem("User Authentication Failed", "Unknown User", "User Access Denied")
    return Seen(
        "the PIN stands in the answer" if told_again else answer.types,
        behaviours={
            "ncip.lookup-user.login.wrong": Behaviour.MEETS if right else Behaviour.BREAKS,
            "ncip.problem.pin.not-repeated": Behaviour.BREAKS if told_again else Behaviour.MEETS,
        },
    )


@probe("ncip.security.login.no-oracle/nobody-and-wrong", needs=("ncip.lookup-user.login.wrong/once",),
       inputs=("patron",), octets=True)  # fmt: skip
def oracle(run: Run) -> Seen:
    """Tries a card that nobody has with a PIN: whoever guesses learns which cards there are where it is told."""
    answer = _login(run, NOBODY, "zz-wrong-0")
    if not answer.problems:
        return breaks("let in")
    return meets("as for a wrong PIN") if answer.problem("User Authentication Failed") else breaks(answer.types)


def _login(run: Run, card: str, pin: str) -> Answer:
    say = words(run)
    inputs = say.login(("User Id", card), ("PIN", pin))
    return ask(run, say.say("LookupUser", inputs, say.elements("User", "User Privilege")))


def _echoed(run: Run, answer: Answer) -> bool:
    """Whether the PIN is an element's whole text."""
    return run.input("patron_pin") in (("".join(each.itertext())).strip() for each in answer.root.iter("*"))
