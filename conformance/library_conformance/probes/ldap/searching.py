"""Searches: scopes, filters, which attributes come, and limits."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.ldap.talk import (
    BASE,
    FOUND,
    ONE,
    SIZE_LIMIT,
    SUB,
    Found,
    by_uid,
    session,
    unless,
)
from library_conformance.run import Run
from library_protocols.ldap import Control, escape_filter_value, folded_dn

_NO_CONTROL = "1.3.6.1.4.1.4203.666.999.1"
_NEEDS = (FOUND,)


def _filter(name: str, pattern: str, finds: bool, says: str) -> None:
    @probe(f"ldap.search.filter.{name}/person", needs=_NEEDS)
    def look(run: Run) -> Seen:
        uid = run.input("uid")
        text = pattern.format(
            uid=escape_filter_value(uid), begin=escape_filter_value(uid[:-1]), end=escape_filter_value(uid[1:]),
            swapped=escape_filter_value(uid.swapcase()),
        )  # fmt: skip
        with session(run) as talk:
            expected = talk.person("1.1").entries
            found = talk.search(text, "1.1", size=5)
        if found.code not in (0, SIZE_LIMIT):
            return breaks(f"result {found.code}")
        there = next(iter(expected)) in found.entries
        return meets("as it should") if there is finds else breaks("found" if there else "not found")

    look.__doc__ = says


for _row in (
    ("equality.folded", "(uid={swapped})", True, "Asks for a login in letters of the other case."),
    ("present", "(&(uid={uid})(objectClass=*))", True, "Asks whether there is an attribute."),
    ("substrings.initial", "(&(uid={begin}*)(uid={uid}))", True, "Asks by the beginning of a value."),
    ("substrings.final", "(&(uid=*{end})(uid={uid}))", True, "Asks by the end of a value."),
    ("and", "(&(uid={uid})(uid=conformance-nobody))", False, "Joins a filter that is true with one that is not."),
    ("or", "(|(uid={uid})(uid=conformance-nobody))", True, "Joins a filter that is true with one that is not."),
    ("not", "(&(uid={uid})(!(uid=conformance-nobody)))", True, "Negates a filter that is not true."),
    (
        "escaped",
        "(|(uid=\\00\\28\\29\\5c)(uid={uid}))",
        True,
        "Asks for a value of octets that filters' texts escape, or a login.",
    ),
    ("star-is-literal", "(&(uid=\\2a)(uid={uid}))", False, "Asks for the person by a login that is a star as well."),
    ("undefined", "(|(uid={uid})(conformanceNoSuch=x))", True, "Joins an attribute that nobody defines by or."),
    (
        "undefined.negated",
        "(&(uid={uid})(!(conformanceNoSuch=x)))",
        False,
        "Negates what is undefined: still not true.",
    ),
    ("approximate", "(uid~={uid})", True, "Asks for about the same login."),
    ("true-false", "(&(&)(uid={uid}))", True, "Joins a filter with an empty and."),
    ("extensible", "(uid:caseIgnoreMatch:={uid})", True, "Names the matching rule."),
):
    _filter(*_row)


def _names(found: Found) -> set[tuple[object, ...]]:
    return {folded_dn(name) for name in found.entries}


@probe("ldap.search.scope.base/person", verifies=("ldap.search.scope.base",), needs=_NEEDS)
def base_scope(run: Run) -> Seen:
    """Reads the person's entry by its name alone."""
    with session(run) as talk:
        name = next(iter(talk.person("1.1").entries))
        found = talk.search(base=name, scope=BASE)
    if found.code:
        return breaks(f"result {found.code}")
    return meets("that entry alone") if _names(found) == {folded_dn(name)} else breaks("other entries")


@probe("ldap.search.scope.one/parent", needs=_NEEDS)
def one_scope(run: Run) -> Seen:
    """Looks right below the entry above the person's: the person is there, and the entry itself is not."""
    with session(run) as talk:
        name = next(iter(talk.person("1.1").entries))
        parent = name.partition(",")[2]
        if "\\," in name:
            raise NotApplicable("the name has a comma in it")
        found = talk.search(by_uid(run), "1.1", base=parent, scope=ONE)
        itself = talk.search("(objectClass=*)", "1.1", base=parent, scope=ONE, size=50)
    if folded_dn(name) not in _names(found):
        return breaks("the person is not there")
    return breaks("the base is there too") if folded_dn(parent) in _names(itself) else meets("what is below alone")


@probe("ldap.search.scope.sub/base-too", needs=_NEEDS)
def sub_scope(run: Run) -> Seen:
    """Searches at and below the person's entry."""
    with session(run) as talk:
        name = next(iter(talk.person("1.1").entries))
        found = talk.search(base=name, scope=SUB)
    return meets("the base is there") if folded_dn(name) in _names(found) else breaks("the base is not there")


# Attributes


@probe("ldap.search.attributes.selected/uid", needs=_NEEDS)
def selected(run: Run) -> Seen:
    """Asks for one attribute, in other letters, and one that nobody defines."""
    with session(run) as talk:
        found = talk.person("UID", "conformanceNoSuch")
    if seen := unless(found.code, 0):
        return seen
    return meets("that one alone") if set(found.only) == {"uid"} else breaks("other attributes")


@probe("ldap.search.attributes.none/one-point-one", needs=_NEEDS)
def none(run: Run) -> Seen:
    """Asks for no attributes."""
    with session(run) as talk:
        found = talk.person("1.1")
    return breaks("attributes") if found.only else meets("none")


@probe("ldap.search.attributes.all/star-and-nothing", needs=_NEEDS)
def everything(run: Run) -> Seen:
    """Asks for all user attributes by a star and by an empty list."""
    with session(run) as talk:
        star, nothing = talk.person("*").only, talk.person().only
    if set(star) != set(nothing):
        return breaks("not the same")
    return meets("the same") if "objectclass" in star else breaks("without objectClass")


@probe("ldap.search.attributes.operational/plus", needs=_NEEDS)
def operational(run: Run) -> Seen:
    """Asks for all operational attributes by a plus."""
    with session(run) as talk:
        plus = talk.person("+").only
    if not plus:
        return absent("none")
    return breaks("user attributes too") if "objectclass" in plus else meets("operational ones")


@probe("ldap.search.types-only/person", needs=_NEEDS)
def types_only(run: Run) -> Seen:
    """Asks for names of attributes without their values."""
    with session(run) as talk:
        found = talk.search(by_uid(run), types_only=True).only
    if not found:
        return breaks("no attributes")
    return breaks("values") if any(found.values()) else meets("names alone")


# Limits and controls


@probe("ldap.search.size-limit/one", needs=_NEEDS)
def size_limit(run: Run) -> Seen:
    """Asks for everything below the base, one entry at most."""
    with session(run) as talk:
        found = talk.search("(objectClass=*)", "1.1", size=1)
    if len(found.entries) > 1:
        return breaks("more than asked for")
    if found.code == SIZE_LIMIT:
        return meets("one entry, and said that there are more")
    return breaks(f"result {found.code}")


@probe("ldap.control.critical-unknown/search", needs=_NEEDS)
def critical(run: Run) -> Seen:
    """Sends a critical control that nobody defines with a search."""
    with session(run) as talk:
        found = talk.person("1.1", controls=(Control(_NO_CONTROL, critical=True),))
    return meets("refused with the result for it") if found.code == 12 else breaks(f"result {found.code}")


@probe("ldap.control.unknown/search", needs=_NEEDS)
def not_critical(run: Run) -> Seen:
    """Sends a control that nobody defines, and that is not critical, with a search."""
    with session(run) as talk:
        found = talk.person("1.1", controls=(Control(_NO_CONTROL),))
    return meets("passed over") if found.code == 0 and found.entries else breaks(f"result {found.code}")


@probe("ldap.search.nobody/made-up", needs=_NEEDS)
def nobody(run: Run) -> Seen:
    """Looks for a login that nobody has."""
    with session(run) as talk:
        found = talk.search("(uid=conformance-nobody)", "1.1")
    if found.code:
        return breaks(f"result {found.code}")
    return breaks("finds somebody") if found.entries else meets("finds nobody, successfully")
