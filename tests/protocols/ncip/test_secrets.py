"""Every element that the tables have is known to hold a secret, something about a person, or neither."""

from __future__ import annotations

from library_protocols.ncip.elements.base import Kind as Form
from library_protocols.ncip.elements.base import rows
from library_protocols.ncip.facts.secrets import CONTENTS, ECHOES, PROBLEMS, ROOTS, Kind
from library_protocols.ncip.facts.version1 import ERRORS, NAMES, VISIBLE, WRAPPER
from library_protocols.ncip.services import SERVICES
from library_protocols.ncip.tables import CLASSES, MESSAGES, VERSION_MESSAGES

ROWS = {row.name: row for cls in {*CLASSES.values(), *VERSION_MESSAGES.values()} for row in rows(cls)}


def test_every_element_is_classified() -> None:
    assert {*ROWS, *MESSAGES, *VERSION_MESSAGES, *ERRORS, *NAMES.values(), *VISIBLE} <= set(CONTENTS)
    assert {name for renamed in VISIBLE.values() for name in renamed.values()} <= set(CONTENTS)
    assert {f"{name}{ending}" for name in SERVICES for ending in ("", "Response")} <= set(CONTENTS)
    assert CONTENTS[WRAPPER] is Kind.STRUCTURE


def test_what_holds_elements_or_nothing_holds_no_text() -> None:
    for name, row in ROWS.items():
        if row.kind in (Form.STRUCT, Form.FLAG):
            assert CONTENTS[name] is Kind.STRUCTURE, name
        else:
            assert CONTENTS[name] is not Kind.STRUCTURE, name


def test_what_the_messages_never_show_is_a_secret_here_too() -> None:
    secret = {name for name, row in ROWS.items() if row.secret}
    assert secret
    assert {name for name, kind in CONTENTS.items() if kind is Kind.SECRET} == secret


def test_the_parts_fit() -> None:
    assert {*PROBLEMS, *ROOTS} <= set(CONTENTS)
    assert {CONTENTS[name] for name in ECHOES} == {Kind.PERSONAL}
