"""Names and entries of real directories, as their exports hold them: read, written and read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from library_protocols.ldap import LdapMessage, SearchResultEntry, decode, dn_text, encode, folded_dn, parse_dn
from tests.ldif import ldif


def test_names_and_entries_of_real_directories(shared_data: Callable[[str], Path]) -> None:
    found = [entry for path in sorted(shared_data("identity").glob("*.ldif")) for entry in ldif(path)]
    assert len(found) > 50
    for dn, attributes in found:
        name = parse_dn(dn)
        assert parse_dn(dn_text(name)) == name
        assert folded_dn(dn_text(name)) == folded_dn(dn.upper())
        entry = SearchResultEntry(dn, tuple((kind, tuple(values)) for kind, values in attributes.items()))
        assert decode(encode(LdapMessage(1, entry))).op == entry


def test_names_that_active_directory_links(shared_data: Callable[[str], Path]) -> None:
    entries = dict(ldif(shared_data("identity/samba_ad_export.ldif")))
    names = {folded_dn(dn) for dn in entries}
    members = [value.decode() for attributes in entries.values() for value in attributes.get("memberOf", [])]
    assert members
    assert any("\\," in dn for dn in entries)
    for dn, attributes in entries.items():
        assert folded_dn(attributes["distinguishedName"][0].decode()) == folded_dn(dn)
    assert {folded_dn(member) for member in members} & names
