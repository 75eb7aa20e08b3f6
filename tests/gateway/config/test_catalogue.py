"""The catalogue's settings: what is refused, and why."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import Config
from gateway.config.catalogue import seconds

WELSH = {"spec": "welsh", "name": "Yn Gymraeg", "query": "dc.language=wel"}
SOURCE = {"name": "koha", "url": "https://koha.example/oai"}


def config(catalogue: dict[str, Any] | None = None, member: dict[str, Any] | None = None, code: str = "aber") -> Config:
    return Config.model_validate(
        {
            "pepper": "a pepper for these tests",
            "catalogue": catalogue or {},
            "members": {code: {"name": "A", "main_location": "A", "catalogue": member or {}}},
        }
    )


@pytest.mark.parametrize(
    ("catalogue", "member", "said"),
    [
        ({"sets": [{**WELSH, "spec": "format:book"}]}, {}, "made by the gateway"),
        ({"sets": [{**WELSH, "spec": "a b"}]}, {}, "spec"),
        ({"sets": [WELSH, WELSH]}, {}, "there is a set 'welsh' before"),
        ({"repository_identifier": "nodots"}, {}, "repository_identifier"),
        ({"base_url": "https://catalogue.example/oai"}, {}, "base_url"),
        ({}, {"sets": [WELSH, WELSH]}, "there is a set 'welsh' before"),
        ({}, {"harvest": [SOURCE, SOURCE]}, "there is a source 'koha' before"),
        ({}, {"harvest": [{**SOURCE, "every": "soon"}]}, "no length of time"),
        ({}, {"harvest": [{**SOURCE, "every": "0h"}]}, "no length of time"),
        ({}, {"harvest": [{**SOURCE, "url": "file:///etc/passwd"}]}, "url"),
        ({}, {"source": {"url": "ldap://somewhere"}}, "url"),
        (
            {"readers": {"r": {"password_hash": "x"}}},
            {"readers": {"r": {"password_hash": "x"}}},
            "catalogue reader 'r' is taken by catalogue.readers.r",
        ),
    ],
)
def test_what_cannot_be_is_refused(catalogue: dict[str, Any], member: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(catalogue, member)


def test_no_member_may_be_called_as_the_whole_consortium_is() -> None:
    with pytest.raises(ValidationError, match="stands for the whole consortium"):
        config(code="all")


def test_the_same_set_may_stand_in_two_views() -> None:
    made = config({"sets": [WELSH]}, {"sets": [WELSH], "harvest": [{**SOURCE, "every": "6h"}]})
    assert made.catalogue.sets == made.members["aber"].catalogue.sets


@pytest.mark.parametrize(("text", "length"), [("30m", 1800), ("6h", 21_600), ("1d", 86_400)])
def test_lengths_of_time(text: str, length: int) -> None:
    assert seconds(text) == length
