"""The table of SCIM's attributes agrees with what it speaks of: the person register, and RFC 7643."""

from __future__ import annotations

from dataclasses import fields

from scim2_models import Path
from scim2_models import User as WholeUser

from gateway.adapters.scim.schemas import UserResource
from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.scim import NOT_KEPT, ROWS, TAKEN, USER, Kept
from gateway.identity.model import Person

LOOKUPS = {*IdentifierType, "display", "family", "given", "email", "phone", "category", "affiliation", "department",
           "eppn", "user_name", "external_id"}  # fmt: skip


def test_every_row_is_an_attribute_that_is_published() -> None:
    for row in ROWS:
        path = Path[UserResource](row.key)
        assert path.resolve() is not None, row.key


def test_every_attribute_that_is_published_has_a_row() -> None:
    rows = {row.key for row in ROWS}
    paths = [str(path) for path in Path[UserResource].iter_paths(include_subattributes=False)]
    whole = [path for path in paths if path != "groups" and Path[UserResource](path).resolve() is not None]
    assert [path for path in whole if path not in rows and not any(row.startswith(f"{path}.") for row in rows)] == []


def test_every_row_is_kept_where_it_says() -> None:
    kinds = {each.value for each in IdentifierType}
    names = {each.name for each in fields(Person)}
    for row in ROWS:
        if row.kept is Kept.IDENTIFIER:
            assert row.field in kinds
        elif row.kept is Kept.AS_IS:
            assert (row.field, row.lookup) == ("", "")
        else:
            assert row.field in names
        assert row.lookup in LOOKUPS | {""}
    kept = [row.field for row in ROWS if row.field]
    assert len(set(kept)) == len(kept)
    assert set(TAKEN) <= names | kinds


def test_the_rfcs_attributes_are_kept_or_named() -> None:
    core = {row.attribute.partition(".")[0].lower() for row in ROWS if row.schema == USER} | {"groups"}
    rfc = {str(path).lower() for path in Path[WholeUser].iter_paths(include_subattributes=False)}
    assert core & NOT_KEPT == set()
    assert core | NOT_KEPT == rfc | {"externalid"}
