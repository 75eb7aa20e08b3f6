"""The settings of identity: what is refused, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import Config, ConfigError, load
from gateway.config.identity import FEED_FIELDS
from gateway.identity.model import FIELDS

CAMPUS = {"servers": ["ldaps://ldap.example.ac.uk"], "base": "dc=example,dc=ac,dc=uk"}
STUDENTS = {"kind": "csv", "name": "students", "folder": "drop"}


def config(identity: dict[str, Any], more: dict[str, Any] | None = None) -> Config:
    member = {"name": "A", "main_location": "A", "identity": identity}
    return Config.model_validate({"pepper": "a pepper for these tests", "members": {"aber": member}, **(more or {})})


@pytest.mark.parametrize(
    ("directory", "said"),
    [
        ({"servers": ["ldap://ldap.example.ac.uk"]}, "is not encrypted"),
        ({"servers": ["ldap://ldap.example.ac.uk"], "security": "none"}, "for servers on loopback"),
        ({"servers": ["ldap://localhost.example"], "security": "none"}, "for servers on loopback"),
        ({"security": "starttls"}, "every server is ldap://"),
        ({"servers": []}, "at least 1 item"),
        ({"servers": ["http://ldap.example.ac.uk"]}, "servers"),
        ({"login_filter": "(uid=*)"}, "needs `{login}`"),
        ({"bind_as": "template", "bind_template": "uid=x"}, "needs `{login}`"),
        ({"bind_as": "upn"}, "`upn_suffix` is missing"),
    ],
)
def test_a_directory_that_cannot_be_asked_safely_is_refused(directory: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config({"directories": {"campus": {**CAMPUS, **directory}}})


@pytest.mark.parametrize("server", ["ldap://localhost", "ldap://127.0.0.1:3389", "ldap://[::1]:3389"])
def test_clear_text_is_for_loopback(server: str) -> None:
    made = config({"directories": {"campus": {**CAMPUS, "servers": [server], "security": "none"}}})
    assert made.members["aber"].identity.directories["campus"].servers == (server,)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ({"feeds": [STUDENTS, STUDENTS]}, "there is a feed 'students' before"),
        ({"feeds": [{"kind": "ldap", "name": "ad", "directory": "campus"}]}, "there is no directory 'campus'"),
        ({"feeds": [{**STUDENTS, "fields": {"shoe_size": {"from": "SIZE"}}}]}, "the register has no such field"),
        ({"feeds": [{**STUDENTS, "every": "soon"}]}, "no length of time"),
        ({"feeds": [{**STUDENTS, "kind": "fax"}]}, "does not match any of the expected tags"),
        ({"authentication": {"checks": [{"by": "directory:campus"}]}}, "there is no directory 'campus'"),
        ({"authentication": {"checks": [{"by": "platform"}, {"by": "platform"}]}}, "'platform' is asked before"),
        ({"authentication": {"checks": []}}, "nobody's PIN is ever right"),
        ({"authentication": {"checks": [{"by": "guessing"}]}}, "by"),
        ({"ldap": {"suffix": "library"}}, "is no distinguished name"),
        ({"ldap": {"suffix": "cn=library,dc=demo"}}, "begins with one of `dc=`"),
        (
            {"ldap": {"accounts": {"proxy": {"password_hash": "x", "attributes": ["uid", "shoeSize"]}}}},
            "nobody has an attribute 'shoeSize'",
        ),
    ],
)
def test_what_cannot_be_is_refused(identity: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(identity)


def test_two_members_have_no_suffix_in_common() -> None:
    members = {
        code: {"name": code, "main_location": "A", "identity": {"ldap": {"suffix": suffix}}}
        for code, suffix in (("aber", "dc=Wales, dc=demo"), ("bangor", "dc=wales,dc=demo"))
    }
    with pytest.raises(ValidationError, match=r"LDAP suffix 'dc=wales,dc=demo' is taken by members\.aber"):
        Config.model_validate({"pepper": "a pepper for these tests", "members": members})


@pytest.mark.parametrize(
    ("identity", "listener", "said"),
    [
        ({}, {"host": "127.0.0.1"}, "no member has an identity.ldap.suffix"),
        ({"ldap": {"suffix": "dc=a"}}, {"host": "192.0.2.1"}, "is for listeners on loopback"),
    ],
)
def test_a_listener_that_would_serve_nothing_or_passwords_is_refused(
    identity: dict[str, Any], listener: dict[str, Any], said: str
) -> None:
    listeners = {"ldap": {"protocol": "ldap", "port": 3389, **listener}}
    with pytest.raises(ValidationError, match=said):
        config(identity, {"listeners": listeners, "identity": {"ldap_clear_binds": True}})


def test_feeds_are_told_apart_and_corrected(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        'pepper = "a pepper for these tests"\n'
        '[members.aber]\nname = "A"\nmain_location = "A"\n'
        '[[members.aber.identity.feeds]]\nkind = "csv"\nname = "x"\nfoldr = "drop"\nfolder = "drop"\n'
        'fields.family = { from = "SURNAME", ownr = "library" }\n'
    )
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert {(problem.key, problem.hint) for problem in refused.value.problems} == {
        ("members.aber.identity.feeds.0.foldr", "did you mean 'folder'?"),
        ("members.aber.identity.feeds.0.fields.family.ownr", "did you mean 'owner'?"),
    }


def test_a_relative_folder_of_a_feed_lies_beside_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        'pepper = "a pepper for these tests"\n'
        '[members.aber]\nname = "A"\nmain_location = "A"\n'
        '[[members.aber.identity.feeds]]\nkind = "csv"\nname = "x"\nfolder = "drop"\n'
    )
    (feed,) = load(file).members["aber"].identity.feeds
    assert feed.kind == "csv"
    assert feed.folder == tmp_path / "drop"


def test_the_fields_of_the_configuration_are_those_of_the_register() -> None:
    assert frozenset(FIELDS) == FEED_FIELDS
