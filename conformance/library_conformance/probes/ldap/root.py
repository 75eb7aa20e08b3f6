"""What a directory says of itself, and whether it is so."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ldap.talk import BASE, BOUND, FOUND, NO_SUCH_OBJECT, ROOT, Session, by_uid, session
from library_conformance.run import Run
from library_protocols.ldap import DnError, PagedResults, folded_dn
from library_protocols.ldap.facts import oids

SCHEMA = "ldap.schema.readable/subschema-entry"


def texts(values: tuple[bytes, ...]) -> list[str]:
    return [value.decode("utf-8", "replace") for value in values]


@probe(ROOT)
def before_bind(run: Run) -> Seen:
    """Reads the root without a bind and keeps what it announces."""
    with session(run, bound=False) as talk:
        found = talk.root()
    if found.code or not found.entries:
        return breaks(f"not readable: result {found.code}")
    root = found.only
    run.found["announced"] = {
        name: texts(root.get(name.lower(), ()))
        for name in ("supportedLDAPVersion", "supportedControl", "supportedExtension", "supportedSASLMechanisms")
    }
    run.found["root"] = root
    return meets("readable")


def kept(run: Run) -> dict[str, tuple[bytes, ...]]:
    """The root, by the names of its attributes in small letters. Raises NotApplicable where nobody has read it."""
    if "root" not in run.found:
        raise NotApplicable("the root cannot be read")
    return run.found["root"]


@probe("ldap.root.version/three", needs=(ROOT,))
def version(run: Run) -> Seen:
    """Looks for version 3 in the root."""
    return meets("announced") if b"3" in kept(run).get("supportedldapversion", ()) else breaks("not announced")


@probe("ldap.root.naming-contexts/base-below", needs=(ROOT,))
def naming_contexts(run: Run) -> Seen:
    """Looks whether one of the naming contexts is at or above the base of the inputs."""
    contexts = texts(kept(run).get("namingcontexts", ()))
    if not contexts:
        return breaks("no naming context")
    base = folded_dn(run.input("base", contexts[0]))
    for one in contexts:
        try:
            names = folded_dn(one)
        except DnError:
            return breaks("a naming context that is no name")
        if not names or base[-len(names) :] == names:
            return meets("the base is below one")
    return breaks("the base is below none")


@probe("ldap.root.whole-operational/star-alone", needs=(ROOT,))
def operational(run: Run) -> Seen:
    """Asks for user attributes of the root alone: its own are operational."""
    with session(run, bound=False) as talk:
        shown = talk.root("*").only
    return told("operational ones too" if "supportedldapversion" in shown else "user attributes alone")


@probe("ldap.root.controls-true/paging", needs=(ROOT, FOUND))
def controls_true(run: Run) -> Seen:
    """Where paging is announced, sends its control as critical."""
    if oids.PAGED_RESULTS.encode() not in kept(run).get("supportedcontrol", ()):
        raise NotApplicable("paging is not announced")
    with session(run) as talk:
        code = talk.person("1.1", controls=(PagedResults(5).control(critical=True),)).code
    return meets("announced and there") if code == 0 else breaks(f"announced: result {code}")


@probe("ldap.root.vendor/name", needs=(ROOT,))
def vendor(run: Run) -> Seen:
    """Looks whether the directory says which program it is."""
    root = kept(run)
    return meets("names itself") if root.get("vendorname") or root.get("vendorversion") else absent("says no name")


@probe(SCHEMA, verifies=("ldap.schema.readable", "ldap.root.subschema"), needs=(ROOT,))
def subschema(run: Run) -> Seen:
    """Reads the subschema entry that the root names."""
    named = texts(kept(run).get("subschemasubentry", ()))
    if not named:
        return absent("no subschema is named")
    with session(run) as talk:
        found = talk.search("(objectClass=subschema)", "attributeTypes", "objectClasses", base=named[0], scope=BASE)
    if found.code or not found.entries:
        return breaks(f"not readable: result {found.code}")
    if not found.only.get("attributetypes") or not found.only.get("objectclasses"):
        return breaks("without definitions")
    run.found["classes"] = " ".join(texts(found.only["objectclasses"])).lower()
    run.found["types"] = " ".join(texts(found.only["attributetypes"])).lower()
    return meets("readable")


@probe("ldap.schema.covers-entries/person", needs=(SCHEMA, FOUND))
def covers(run: Run) -> Seen:
    """Looks for a person's classes and attributes among the definitions."""
    with session(run) as talk:
        person = talk.person("*").only
    classes = texts(person.get("objectclass", ()))
    missing = [one for one in classes if f"'{one.lower()}'" not in run.found["classes"]]
    missing += [one for one in person if f"'{one.partition(';')[0]}'" not in run.found["types"]]
    return breaks("something is not defined") if missing else meets("all is defined")


@probe(
    "ldap.search.base.missing/made-up", verifies=("ldap.search.base.missing", "ldap.search.matched-dn"), needs=(BOUND,)
)
def missing_base(run: Run) -> Seen:
    """Searches below a name that does not exist, right below the base."""
    with session(run) as talk:
        result = talk.search(base=_nowhere(run)).result
    if result.code != NO_SUCH_OBJECT:
        return breaks(f"result {result.code}")
    if not result.matched_dn:
        return _matched("no such object", False)
    try:
        above = folded_dn(result.matched_dn)
    except DnError:
        return _matched("a matched name that is none", False)
    below = folded_dn(_nowhere(run))
    return _matched("no such object, with what is above", below[-len(above) :] == above)


def _matched(said: str, right: bool) -> Seen:
    return Seen(said, behaviours={"ldap.search.matched-dn": Behaviour.MEETS if right else Behaviour.BREAKS})


def _nowhere(run: Run) -> str:
    return f"cn=conformance-nobody,{run.input('base')}"


@probe("ldap.search.base.invalid/no-name", needs=(BOUND,))
def invalid_base(run: Run) -> Seen:
    """Searches below something that is no name."""
    with session(run) as talk:
        code = talk.search(base="this is, no name").code
    return meets("refused with the result for it") if code == 34 else breaks(f"result {code}")


@probe("ldap.search.base.folded/case-and-spaces", needs=(BOUND, FOUND))
def folded(run: Run) -> Seen:
    """Writes the base with other letters and with spaces, and finds the same person."""
    base = run.input("base")
    types = ",".join(f" {kind.swapcase()} = {value.swapcase()}" for kind, _, value in map(_parted, base.split(",")))
    with session(run) as talk:
        found = _under(talk, run, types)
        plain = _under(talk, run, base)
    return meets("the same") if found == plain and plain else breaks("not found")


def _parted(rdn: str) -> tuple[str, str, str]:
    kind, equals, value = rdn.partition("=")
    return kind.strip(), equals, value.strip()


def _under(talk: Session, run: Run, base: str) -> list[str]:
    return list(talk.search(by_uid(run), "1.1", base=base).entries)
