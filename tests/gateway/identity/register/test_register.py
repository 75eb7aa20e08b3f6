"""What the register promises, of each kind of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Person, PersonIdentifier, RunState, Stage, blank
from gateway.identity.register.port import (
    COMPARED,
    AllOf,
    AnyOf,
    DropGroup,
    DropPerson,
    Everyone,
    Known,
    Lookup,
    MarkSeen,
    PutGroup,
    PutPerson,
    PutReview,
    PutRun,
    Register,
    StaleVersion,
    Taken,
    Wanted,
)
from tests.gateway.identity.register.people import group, person, review, run

FULL = Person(
    id="p1", member="aber", version=1, created_at=1, changed_at=2, source="scim:entra", source_id="7f-A",
    display="Siân Ŵyn", identifiers=(
        PersonIdentifier(IdentifierType.BARCODE, "20100001"), PersonIdentifier(IdentifierType.BARCODE, "Old-1", False),
        PersonIdentifier(IdentifierType.SIS, "s 1"),
    ),
    family="Ŵyn", given="Siân", middle="M", preferred="Siani", category="student", affiliations=("student", "staff"),
    groups=("Maths",), programmes=("BSc",), department="Physics", home_library="HUGH", language="cy",
    birth_on="2000-01-02", valid_from_on="2024-09-01", expires_on="2027-07-31", emails=("a@x.uk", "b@x.uk"),
    phones=("+44 1",), addresses=("1 Street\nTown",), eppn="sian@x.uk", active=False, stage=Stage.MISSING,
    stage_since=3, digest="d1", user_name="Sian.Wyn", external_id="E-1", extra={"title": "Dr", "n": [1, {"a": None}]},
)  # fmt: skip


async def put(register: Register, *people: Person) -> None:
    for one in people:
        await register.write(one.member, [PutPerson(one, 0)])


async def found(register: Register, wanted: Wanted, **how: int | str) -> list[str]:
    return [one.id for one in await register.search("aber", wanted, **how)]  # type: ignore[arg-type]


async def test_a_person_comes_back_as_it_was_written(register: Register) -> None:
    await put(register, FULL)
    assert await register.person("aber", "p1") == FULL
    assert await register.person("bangor", "p1") is None
    assert await register.persons("aber", ["p1", "p2", "p1", "\0", "\ud800"]) == {"p1": FULL}


async def test_the_version_is_that_of_the_register(register: Register) -> None:
    await put(register, person("a", version=17))
    await register.write("aber", [PutPerson(person("a", given="A"), 1)])
    kept = await register.person("aber", "a")
    assert kept is not None
    assert (kept.version, kept.given) == (2, "A")
    for expect in (0, 1, 3):
        with pytest.raises(StaleVersion) as stale:
            await register.write("aber", [PutPerson(person("a"), expect)])
        assert stale.value.id == "a"
    with pytest.raises(StaleVersion):
        await register.write("aber", [DropPerson("a", 1)])
    with pytest.raises(StaleVersion):
        await register.write("aber", [DropPerson("nobody", 1)])
    with pytest.raises(StaleVersion):
        await register.write("aber", [PutPerson(person("nobody"), 1)])


async def test_all_is_written_or_nothing(register: Register) -> None:
    await put(register, person("a"))
    effects = [PutPerson(person("b"), 0), PutRun(run("r")), PutPerson(person("a"), 7)]
    with pytest.raises(StaleVersion):
        await register.write("aber", effects)
    assert await register.person("aber", "b") is None
    assert await register.runs("aber") == []


@pytest.mark.parametrize(
    ("mine", "theirs", "what"),
    [
        ({"barcode": "2010 A"}, {"barcode": " 2010  a "}, "barcode"),
        ({"barcode": "Ａ１"}, {"barcode": "a1"}, "barcode"),
        ({"user_name": "Sian"}, {"user_name": "sian"}, "user_name"),
        ({"source_id": "k"}, {"source_id": "k"}, "source_id"),
        ({"barcode": "x" * COMPARED + "1"}, {"barcode": "X" * COMPARED + "2"}, "barcode"),
    ],
)
async def test_what_is_unique_is_taken(
    register: Register, mine: dict[str, str], theirs: dict[str, str], what: str
) -> None:
    await put(register, person("a", **mine))
    with pytest.raises(Taken) as taken:
        await put(register, person("b", **theirs))
    assert (taken.value.what, taken.value.owner) == (what, "a")
    with pytest.raises(Taken):
        await register.write("bangor", [PutPerson(person(one, member="bangor", **theirs), 0) for one in ("a", "b")])
    await put(register, person("b", member="bangor", **theirs))


async def test_what_is_not_the_same_is_not_taken(register: Register) -> None:
    await put(
        register,
        person("a", barcode="1", source_id="k", user_name=""),
        person("b", source="feed:hr", source_id="k", identifiers=(PersonIdentifier(IdentifierType.SIS, "1"),)),
        person("c", source_id="K"),
        person("d", source_id=""),
        person("e", source_id=""),
        person("f", identifiers=(PersonIdentifier(IdentifierType.BARCODE, " "),)),
        person("g", identifiers=(PersonIdentifier(IdentifierType.BARCODE, ""),)),
    )
    assert await register.count("aber", Everyone()) == 7


async def test_two_may_swap_what_is_unique_in_one_transaction(register: Register) -> None:
    a, b = person("a", barcode="1", user_name="x"), person("b", barcode="2", user_name="y")
    await put(register, a, b)
    swapped = [
        replace(a, identifiers=b.identifiers, user_name="y", source_id=b.source_id),
        replace(b, identifiers=a.identifiers, user_name="x", source_id=a.source_id),
    ]
    with pytest.raises(Taken):
        await register.write("aber", [PutPerson(swapped[0], 1)])
    await register.write("aber", [PutPerson(one, 1) for one in swapped])
    assert await found(register, Lookup("barcode", "1")) == ["b"]
    assert await register.known("aber", "feed:sis", ["S-a", "S-b"]) == {
        "S-a": Known("b", "S-a", "", Stage.PRESENT),
        "S-b": Known("a", "S-b", "", Stage.PRESENT),
    }


async def test_what_was_given_up_is_free(register: Register) -> None:
    await put(register, person("a", barcode="1"), person("b", barcode="2"))
    await register.write("aber", [PutPerson(person("c", barcode="1"), 0), PutPerson(person("a", barcode="9"), 1)])
    await register.write("aber", [PutPerson(person("d", barcode="2"), 0), DropPerson("b", 1)])
    assert await found(register, AnyOf((Lookup("barcode", "1"), Lookup("barcode", "2")))) == ["c", "d"]


async def test_effects_follow_each_other(register: Register) -> None:
    await register.write("aber", [PutPerson(person("a"), 0), PutPerson(person("a", given="A"), 1), DropPerson("a", 2)])
    assert await register.person("aber", "a") is None
    await register.write("aber", [PutPerson(person("a"), 0), DropPerson("a", 1), PutPerson(person("a", given="B"), 0)])
    assert (await register.persons("aber", ["a"]))["a"].version == 1


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        (Lookup("barcode", " 20100001"), ["p1"]),
        (Lookup("barcode", "OLD-1"), ["p1"]),
        (Lookup("sis", "S  1"), ["p1"]),
        (Lookup("barcode", "s 1"), []),
        (Lookup("identifier", "s 1"), ["p1"]),
        (Lookup("identifier", "2010", prefix=True), ["p1", "p2"]),
        (Lookup("display", "siân ŵyn"), ["p1"]),
        (Lookup("display", "SI", prefix=True), ["p1"]),
        (Lookup("family", "ŵYN"), ["p1"]),
        (Lookup("given", "siân"), ["p1"]),
        (Lookup("email", "B@X.uk"), ["p1"]),
        (Lookup("phone", "+44", prefix=True), ["p1"]),
        (Lookup("category", "student"), ["p1", "p2"]),
        (Lookup("affiliation", "staff"), ["p1", "p3"]),
        (Lookup("group", "maths"), ["p1"]),
        (Lookup("department", "physics"), ["p1"]),
        (Lookup("eppn", "sian@x.uk"), ["p1"]),
        (Lookup("user_name", "SIAN.WYN"), ["p1"]),
        (Lookup("external_id", "e-1"), ["p1"]),
        (Lookup("source_id", "7F-a"), ["p1"]),
        (Lookup("id", "p1"), ["p1"]),
        (Lookup("id", "P1"), []),
        (Lookup("id", "p", prefix=True), ["p1", "p2", "p3"]),
        (Lookup("category", ""), []),
        (Lookup("category", "", prefix=True), ["p1", "p2"]),
        (Lookup("user_name", "", prefix=True), ["p1"]),
        (Lookup("display", "a\0"), []),
        (Lookup("barcode", "\ud800", prefix=True), []),
        (Lookup("id", "\ud800"), []),
        (AllOf((Lookup("category", "student"), Lookup("family", "Jones"))), ["p2"]),
        (AllOf((Lookup("category", "student"), Everyone())), ["p1", "p2"]),
        (AllOf((Lookup("category", "\0"), Lookup("category", "student"))), []),
        (AllOf(()), ["p1", "p2", "p3"]),
        (AnyOf(()), []),
        (AnyOf((Lookup("family", "Jones"), Lookup("affiliation", "staff"))), ["p1", "p2", "p3"]),
        (AnyOf((Lookup("family", "Jones"), Everyone())), ["p1", "p2", "p3"]),
        (AllOf((AnyOf((Lookup("family", "Jones"), Lookup("id", "p3"))), Lookup("affiliation", "staff"))), ["p3"]),
        (Everyone(), ["p1", "p2", "p3"]),
    ],
)
async def test_people_are_found(register: Register, wanted: Wanted, who: list[str]) -> None:
    await put(
        register,
        FULL,
        person("p2", barcode="20100002", family="Jones", category="student"),
        person("p3", affiliations=("staff",), family="Jones-Evans"),
        replace(blank(person("p4"), 9), version=0),
        person("p9", member="bangor", category="student", family="Jones", affiliations=("staff",), barcode="20100003"),
    )
    assert await found(register, wanted) == who
    assert await register.count("aber", wanted) == len(who)
    assert await register.count("aber", wanted, limit=1) == min(1, len(who))
    assert await found(register, wanted, size=1) == who[:1]
    assert await found(register, wanted, after="p1") == [one for one in who if one > "p1"]


async def test_an_unknown_field_is_a_mistake_of_the_caller(register: Register) -> None:
    for wanted in (Lookup("pin", "1"), AllOf((Lookup("barcode", "1"), AnyOf((Lookup("birth_on", "1"),))))):
        with pytest.raises(ValueError, match="is not a field"):
            await register.search("aber", wanted)
        with pytest.raises(ValueError, match="is not a field"):
            await register.count("aber", wanted)


async def test_what_is_no_longer_so_is_no_longer_found(register: Register) -> None:
    await put(register, FULL)
    await register.write("aber", [PutPerson(person("p1", source="scim:entra", source_id="7f-A"), 1)])
    for field in ("barcode", "sis", "user_name", "family", "category", "affiliation", "group", "email"):
        assert await found(register, Lookup(field, "", prefix=True)) == []
    assert await found(register, Lookup("display", "person p1")) == ["p1"]


async def test_an_anonymised_person_is_found_by_the_id_alone(register: Register) -> None:
    gone = replace(FULL, stage=Stage.ANONYMISED)
    await put(register, FULL)
    await register.write("aber", [PutPerson(gone, 1)])
    assert await register.person("aber", "p1") == replace(gone, version=2)
    assert await register.search("aber", Lookup("barcode", "20100001")) == []
    assert await register.known("aber", "scim:entra", ["7f-A"]) == {}
    assert await register.unseen("aber", "scim:entra", "r") == []
    assert await register.tally("aber", "scim:entra") == {Stage.ANONYMISED: 1}
    await put(register, replace(FULL, id="p2"))
    with pytest.raises(Taken):
        await register.write("aber", [PutPerson(FULL, 2)])
    await register.write("aber", [PutPerson(blank(gone, 9), 2)])
    left = await register.person("aber", "p1")
    assert left == Person("p1", "aber", 3, 0, 9, "scim:entra", "", "", active=False, stage=Stage.ANONYMISED,
                          stage_since=9)  # fmt: skip


async def test_known_compares_source_ids_as_they_are_written(register: Register) -> None:
    await put(register, person("a", source_id="K", digest="d"), person("b", source_id="k", stage=Stage.EXPIRED))
    assert await register.known("aber", "feed:sis", ["K", "k", "no", "\0"]) == {
        "K": Known("a", "K", "d", Stage.PRESENT),
        "k": Known("b", "k", "", Stage.EXPIRED),
    }
    assert await register.known("aber", "feed:hr", ["K"]) == {}


async def test_who_was_not_seen(register: Register) -> None:
    await put(register, *(person(one) for one in "abcd"), person("e", source="feed:hr"))
    await register.write("aber", [MarkSeen("r1", ("S-a", "S-c", "unknown")), MarkSeen("r2", ("S-b",))])
    await register.write("aber", [MarkSeen("r1", ("S-a",))])
    assert [one.id for one in await register.unseen("aber", "feed:sis", "r1")] == ["b", "d"]
    assert [one.id for one in await register.unseen("aber", "feed:sis", "r1", after="b")] == ["d"]
    assert [one.id for one in await register.unseen("aber", "feed:sis", "r1", size=1)] == ["b"]
    await register.forget_seen("aber", "r1")
    assert [one.id for one in await register.unseen("aber", "feed:sis", "r1")] == ["a", "b", "c", "d"]
    assert [one.id for one in await register.unseen("aber", "feed:sis", "r2")] == ["a", "c", "d"]
    assert await register.tally("aber", "feed:sis") == {Stage.PRESENT: 4}


async def test_what_is_carried_to_the_platform(register: Register) -> None:
    async def waiting(refused: bool = False) -> list[str]:
        return [one.id for one in await register.unprovisioned("aber", refused=refused)]

    await put(register, person("a"), person("b"), person("c"))
    assert await waiting() == ["a", "b", "c"]
    assert [one.id for one in await register.unprovisioned("aber", after="a", size=1)] == ["b"]
    await register.provisioned("aber", "a", 1, "P-1", "")
    await register.provisioned("aber", "b", 1, "", "the category is not known")
    await register.provisioned("aber", "nobody", 1, "P-9", "")
    assert (await waiting(), await waiting(refused=True)) == (["c"], ["b"])
    kept = await register.persons("aber", ["a", "b"])
    assert (kept["a"].version, kept["a"].provisioned, kept["a"].platform_id) == (1, 1, "P-1")
    assert (kept["b"].provisioned, kept["b"].problem) == (0, "the category is not known")
    # Who writes has read before: what was noted stays, and the new version waits.
    await register.write("aber", [PutPerson(person("a"), 1), PutPerson(person("b"), 1)])
    assert (await waiting(), await waiting(refused=True)) == (["a", "b", "c"], [])
    kept = await register.persons("aber", ["a", "b"])
    assert (kept["a"].provisioned, kept["a"].platform_id, kept["b"].problem) == (1, "P-1", "the category is not known")
    # What was carried is older than what is there.
    await register.provisioned("aber", "b", 1, "P-2", "")
    kept = await register.persons("aber", ["b"])
    assert (kept["b"].provisioned, kept["b"].platform_id, kept["b"].problem) == (1, "P-2", "the category is not known")
    await register.provisioned("aber", "b", 2, "", "")
    kept = await register.persons("aber", ["b"])
    assert (kept["b"].provisioned, kept["b"].platform_id, kept["b"].problem) == (2, "P-2", "")
    assert await waiting() == ["a", "c"]
    assert await register.unprovisioned("bangor") == []
    assert await register.linked("aber", ["P-1", "P-2", "P-9", "", "\0"]) == {"P-1": "a", "P-2": "b"}
    await register.write("aber", [PutPerson(blank(person("a"), 9), 2)])
    assert await register.linked("aber", ["P-1"]) == {}


async def test_groups(register: Register) -> None:
    await put(register, person("a"), person("b"))
    await register.write("aber", [PutGroup(group("g1", "b", "a", "a"), 0), PutGroup(group("g2", "a"), 0)])
    assert await register.group("aber", "g1") == group("g1", "a", "b")
    assert [one.id for one in await register.groups("aber", after="g1")] == ["g2"]
    assert await register.groups_of("aber", ["a", "b", "c"]) == {
        "a": [group("g1", "a", "b"), group("g2", "a")],
        "b": [group("g1", "a", "b")],
    }
    assert await register.groups("bangor") == []
    with pytest.raises(StaleVersion) as stale:
        await register.write("aber", [PutGroup(group("g2", "a", "nobody"), 1)])
    assert stale.value.id == "nobody"
    with pytest.raises(StaleVersion):
        await register.write("aber", [PutGroup(group("g2"), 2)])
    await register.write("aber", [PutGroup(group("g2", "b"), 1), DropPerson("a", 1)])
    assert await register.groups("aber") == [
        replace(group("g1", "b"), version=2),
        replace(group("g2", "b"), version=2),
    ]
    await register.write("aber", [DropGroup("g1", 2)])
    assert await register.groups_of("aber", ["a", "b"]) == {"b": [replace(group("g2", "b"), version=2)]}
    with pytest.raises(StaleVersion):
        await register.write("aber", [DropPerson("b", 1), PutGroup(group("g3", "b"), 0)])


async def test_runs(register: Register) -> None:
    first = run("r1", counters={"read": 3}, position={"cookie": "x"}, started_at=1)
    later = run("r2", feed="hr", started_at=3, dry=True)
    await register.write(
        "aber", [PutRun(first), PutRun(later), PutRun(run("r3", started_at=2)), MarkSeen("r1", ("x",))]
    )
    assert await register.run("aber", "r1") == first
    assert await register.run("bangor", "r1") is None
    assert [one.id for one in await register.runs("aber")] == ["r2", "r3", "r1"]
    assert [one.id for one in await register.runs("aber", "sis")] == ["r3", "r1"]
    assert [one.id for one in await register.runs("aber", size=1)] == ["r2"]
    ended = replace(first, state=RunState.STOPPED, ended_at=9, reason="too many are missing")
    await register.write("aber", [PutRun(ended)])
    assert await register.run("aber", "r1") == ended
    assert await register.prune("aber", 9) == 0
    assert await register.prune("aber", 10) == 1
    assert [one.id for one in await register.runs("aber")] == ["r2", "r3"]


async def test_reviews(register: Register) -> None:
    first = review("v1", "s1")
    await register.write("aber", [PutReview(first), PutReview(review("v2", "s2", feed="hr"))])
    # The same record again: what is known of it takes the place of what was.
    await register.write("aber", [PutReview(review("v3", "s1", reason="three fit", at=99))])
    assert await register.reviews("aber") == [replace(first, reason="three fit"), review("v2", "s2", feed="hr")]
    assert [one.id for one in await register.reviews("aber", feed="hr")] == ["v2"]
    assert [one.id for one in await register.reviews("aber", after="v1", size=1)] == ["v2"]
    decided = replace(first, decision="same:a", decided_by="staff", decided_at=7)
    await register.write("aber", [PutReview(decided)])
    assert await register.review("aber", "v1") == decided
    assert [one.id for one in await register.reviews("aber")] == ["v2"]
    assert await register.reviews("aber", decided=True) == [decided]
    await register.write("aber", [PutReview(review("v4", "s1"))])
    assert await register.reviews_of("aber", "sis", ["s1", "s2", "\0"]) == {"s1": [decided, review("v4", "s1")]}
    assert await register.reviews("bangor") == []
    assert await register.review("aber", "nothing") is None


@pytest.mark.parametrize(
    "effect",
    [
        PutPerson(person("a", member="bangor"), 0),
        PutPerson(person("a\0"), 0),
        PutPerson(person("a", source_id="\ud800"), 0),
        PutPerson(person("a", source_id="x" * (COMPARED + 1)), 0),
        PutGroup(group("g", member="bangor"), 0),
        PutRun(run("r", member="bangor")),
        PutReview(review("v", "s", member="bangor")),
        MarkSeen("r", ("\0",)),
    ],
)
async def test_what_cannot_be_kept_is_refused(register: Register, effect: PutPerson) -> None:
    with pytest.raises(ValueError, match=r"another member|cannot be kept"):
        await register.write("aber", [effect])
    assert await register.count("aber", Everyone()) == 0


async def test_values_that_nobody_can_look_up_are_kept_all_the_same(register: Register) -> None:
    odd = person("a", family="with\0nul", given="x" * 5000, emails=("\0",), barcode="1\0")
    await put(register, odd)
    assert await register.person("aber", "a") == odd
    assert await found(register, Lookup("given", "X" * 5001)) == ["a"]
    assert await found(register, Lookup("family", "with\0nul")) == []
