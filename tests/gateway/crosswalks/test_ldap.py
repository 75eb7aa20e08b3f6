"""The attributes of the LDAP view: each is made of something, is looked up where it is kept, and is about somebody."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gateway.canonical.entities import Block, Patron, PatronName
from gateway.canonical.vocabulary import BlockReason, BlockScope, BlockSeverity, IdentifierType, PatronStatus
from gateway.crosswalks.ldap import (
    PEOPLE,
    attribute,
    block_reasons,
    may_borrow,
    suffix_problem,
    unknown_attributes,
    with_subtypes,
)
from gateway.identity.model import Person
from gateway.identity.register.port import Lookup
from tests.gateway.identity.memory_register import fits

SOMEBODY = Person("1", "aber", 1, 0, 0, "library", "", "A B")


def patron(*blocks: Block, status: PatronStatus = PatronStatus.ACTIVE) -> Patron:
    return Patron(id="1", name=PatronName(display="A B"), blocks=blocks, status=status)


def test_what_attributes_are_made_of_is_there() -> None:
    known = {one.name for one in fields(Person)}
    for row in PEOPLE:
        field, _, kind = row.made_of.partition(":")
        assert not field or field in known
        assert not kind or kind in set(IdentifierType)


def test_what_attributes_are_looked_up_by_is_known_to_the_register() -> None:
    for row in PEOPLE:
        for name in row.lookups:
            assert fits(SOMEBODY, Lookup(name, "nobody at all")) is False


@pytest.mark.parametrize("name", ["mail", "MAIL", "rfc822mailbox", "0.9.2342.19200300.100.1.3"])
def test_attributes_by_any_name(name: str) -> None:
    row = attribute(name)
    assert row is not None
    assert row.name == "mail"


@pytest.mark.parametrize("name", ["", "mail;lang-cy", "mail;binary", "nothing", "*"])
def test_names_of_nothing(name: str) -> None:
    assert attribute(name) is None


def test_subtypes() -> None:
    name = attribute("name")
    assert name is not None
    assert [row.name for row in with_subtypes(name)] == ["name", "cn", "sn", "givenName", "o", "ou"]


def test_attributes_that_nobody_has_are_told_of() -> None:
    assert unknown_attributes(("uid", "*", "SURNAME", "libraryCatgory", "2.5.4.4")) == ("libraryCatgory",)


@pytest.mark.parametrize(
    ("blocks", "lends"),
    [
        ((), True),
        ((Block(reason=BlockReason.EXCESS_FINES),), False),
        ((Block(reason=BlockReason.BORROW_DENIED, scope=BlockScope.BORROW),), False),
        ((Block(reason=BlockReason.HOLD_DENIED, scope=BlockScope.HOLD),), True),
        ((Block(reason=BlockReason.BAD_ADDRESS, severity=BlockSeverity.TRAP),), True),
    ],
)
def test_what_keeps_somebody_from_borrowing(blocks: tuple[Block, ...], lends: bool) -> None:
    assert may_borrow(patron(*blocks)) is lends
    assert may_borrow(patron(*blocks, status=PatronStatus.EXPIRED)) is False


def test_each_reason_stands_once() -> None:
    fines, trap = (
        Block(reason=BlockReason.EXCESS_FINES),
        Block(reason=BlockReason.CARD_LOST, severity=BlockSeverity.TRAP),
    )
    assert block_reasons(patron(fines, trap, fines)) == ("EXCESS_FINES",)


@pytest.mark.parametrize(
    ("suffix", "fits_"),
    [
        ("dc=library,dc=example", True),
        ("o=Library", True),
        ("OU=library,O=Example", True),
        ("", False),
        ("library", False),
        ("cn=library", False),
        ("dc=a+dc=b,dc=example", False),
        ("dc=Schülerei", False),
    ],
)
def test_suffixes(suffix: str, fits_: bool) -> None:
    assert (suffix_problem(suffix) is None) is fits_
