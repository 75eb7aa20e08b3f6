"""Messages in octets and back: vectors written by hand, every operation, and octets that are none."""

from __future__ import annotations

import pytest

from library_protocols.ldap import (
    TAGS,
    And,
    BindRequest,
    BindResponse,
    DecodeError,
    Equality,
    ExtendedResponse,
    Filter,
    LdapMessage,
    Or,
    OtherAuthentication,
    Present,
    Result,
    SearchRequest,
    SearchResultEntry,
    Simple,
    Substrings,
    UnbindRequest,
    UnknownFilter,
    decode,
    encode,
)
from library_protocols.ldap.facts import OPERATIONS
from tests.protocols.ldap.samples import MESSAGES


def octets(text: str) -> bytes:
    """Octets from hexadecimal digits, with the words behind `--` left out of each line."""
    return bytes.fromhex("".join(line.partition("--")[0] for line in text.splitlines()))


def ids(message: LdapMessage) -> str:
    return type(message.op).__name__


VECTORS = [
    (
        # The anonymous bind of RFC 4511 4.2: version 3, no name, an empty password.
        """30 0c              -- LDAPMessage
           02 01 01           -- messageID 1
           60 07              -- [APPLICATION 0] BindRequest
           02 01 03 04 00     -- version 3, no name
           80 00              -- [0] simple, empty""",
        LdapMessage(1, BindRequest(3, "", Simple(b""))),
    ),
    (
        # Its answer: success, no matchedDN, no diagnostic.
        "30 0c 02 01 01 61 07 0a 01 00 04 00 04 00",
        LdapMessage(1, BindResponse(Result())),
    ),
    (
        # A client goes: unbind has no contents at all (4.3).
        "30 05 02 01 02 42 00",
        LdapMessage(2, UnbindRequest()),
    ),
    (
        # What every tool asks first: the root DSE, (objectClass=*), all user and operational attributes.
        """30 2b 02 01 03
           63 26              -- [APPLICATION 3] SearchRequest
           04 00              -- baseObject ""
           0a 01 00 0a 01 00  -- scope base, never follow aliases
           02 01 00 02 01 00  -- no limits
           01 01 00           -- types and values
           87 0b 6f 62 6a 65 63 74 43 6c 61 73 73  -- [7] present objectClass
           30 06 04 01 2a 04 01 2b                 -- * and +""",
        LdapMessage(3, SearchRequest("", 0, 0, 0, 0, False, Present("objectClass"), ("*", "+"))),
    ),
    (
        # An entry with one attribute of two values.
        """30 1a 02 01 03
           64 15              -- [APPLICATION 4] SearchResultEntry
           04 04 64 63 3d 78  -- objectName dc=x
           30 0d              -- attributes
           30 0b 04 02 64 63  -- dc
           31 05 04 01 78 04 00  -- SET of x and an empty value""",
        LdapMessage(3, SearchResultEntry("dc=x", (("dc", (b"x", b"")),))),
    ),
    (
        # The server closes: messageID 0, [10] responseName (4.4.1).
        """30 24 02 01 00
           78 1f 0a 01 34 04 00 04 00
           8a 16 31 2e 33 2e 36 2e 31 2e 34 2e 31 2e 31 34 36 36 2e 32 30 30 33 36""",
        LdapMessage(0, ExtendedResponse(Result(52), "1.3.6.1.4.1.1466.20036")),
    ),
]


@pytest.mark.parametrize(("text", "message"), VECTORS, ids=[ids(message) for _, message in VECTORS])
def test_vectors_both_ways(text: str, message: LdapMessage) -> None:
    assert decode(octets(text)) == message
    assert encode(message) == octets(text)


@pytest.mark.parametrize("message", MESSAGES, ids=ids)
def test_what_is_written_is_read_again(message: LdapMessage) -> None:
    assert decode(encode(message)) == message


def test_every_operation_has_a_sample_and_a_row() -> None:
    assert {type(message.op) for message in MESSAGES} == set(TAGS)
    assert set(TAGS.values()) == set(OPERATIONS)
    assert {cls.__name__.lower(): tag for cls, tag in TAGS.items()} == {
        fact.name.lower(): fact.tag for fact in OPERATIONS.values()
    }


def test_lengths_may_be_longer_than_needed() -> None:
    # As Active Directory writes them: every length in four octets.
    text = "30 84 00 00 00 10 02 01 01 61 84 00 00 00 07 0a 01 00 04 00 04 00"
    assert decode(octets(text)) == LdapMessage(1, BindResponse(Result()))


def test_any_octet_but_zero_is_true() -> None:
    written = bytearray(encode(MESSAGES[6]))
    at = written.index(b"\x01\x01\xff")
    written[at + 2] = 1
    assert decode(bytes(written)) == MESSAGES[6]


def test_an_unknown_way_to_bind_is_kept() -> None:
    # Active Directory's package discovery: [9] with no contents.
    text = "30 0c 02 01 01 60 07 02 01 03 04 00 89 00"
    found = decode(octets(text))
    assert found.op == BindRequest(3, "", OtherAuthentication(9, b"\x89\x00"))
    assert encode(found) == octets(text)


def test_an_unknown_filter_is_kept() -> None:
    text = "30 1b 02 01 03 63 16 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 8b 01 78 30 00"
    found = decode(octets(text))
    assert isinstance(found.op, SearchRequest)
    assert found.op.filter == UnknownFilter(11, b"\x8b\x01x")
    assert encode(found) == octets(text)


def test_elements_of_a_later_standard_are_kept() -> None:
    # Behind the result an element [20], behind the operation an element [5].
    text = "30 12 02 01 01 61 0a 0a 01 00 04 00 04 00 94 01 00 85 01 01"
    found = decode(octets(text))
    assert found.op == BindResponse(Result(), unknown=b"\x94\x01\x00")
    assert found.unknown == b"\x85\x01\x01"
    assert encode(found) == octets(text)


def test_elements_of_a_later_standard_inside_others_are_passed_over() -> None:
    # Behind the one attribute of an entry, in its sequence, an element [1].
    text = "30 16 02 01 03 64 11 04 00 30 0d 30 0b 04 01 61 31 03 04 01 62 81 01 00"
    assert decode(octets(text)).op == SearchResultEntry("", (("a", (b"b",)),))


def test_octets_that_are_no_text_are_kept() -> None:
    message = LdapMessage(1, BindRequest(3, "cn=\udcff", Simple(b"\xff")))
    assert b"cn=\xff" in encode(message)
    assert decode(encode(message)) == message


def test_passwords_do_not_show() -> None:
    assert "reader-demo" not in repr(MESSAGES[0])
    assert "\\x00u" not in repr(MESSAGES[2])


WRONG = {
    "nothing": ("", "LDAPMessage is missing", 0, None),
    "no sequence": ("31 00", "[UNIVERSAL 17] where LDAPMessage belongs", 0, None),
    "octets behind it": ("30 05 02 01 02 42 00 00", "octets after the message", 7, None),
    "cut off": ("30 05 02 01 02 42", "an element of 5 octets goes beyond its container", 0, None),
    "a negative number": ("30 05 02 01 ff 42 00", "messageID is -1", 2, None),
    "a number above maxInt": ("30 08 02 04 80 00 00 00 42 00", "messageID is -2147483648", 2, None),
    "no operation": ("30 03 02 01 07", "protocolOp is missing", 5, 7),
    "an unknown operation": ("30 05 02 01 07 5e 00", "[APPLICATION 30] is no operation", 5, 7),
    "a primitive operation": ("30 05 02 01 07 43 00", "an operation that is primitive", 5, 7),
    "a constructed one": ("30 05 02 01 07 62 00", "an operation that is constructed", 5, 7),
    "an unbind with contents": ("30 06 02 01 07 42 01 00", "an UnbindRequest with contents", 7, 7),
    "an empty bind": ("30 05 02 01 07 60 00", "version is missing", 7, 7),
    "a bind without a password": ("30 0a 02 01 07 60 05 02 01 03 04 00", "authentication is missing", 12, 7),
    "a constructed password": ("30 0c 02 01 07 60 07 02 01 03 04 00 a0 00", "[0] is no authentication", 12, 7),
    "a string in pieces": ("30 0c 02 01 07 60 07 02 01 03 24 00 80 00", "name is constructed", 10, 7),
    "an indefinite length": ("30 80 02 01 07 42 00 00 00", "an element of indefinite length", 0, None),
    "an indefinite length inside": (
        "30 10 02 01 07 61 0b 0a 01 00 04 00 04 00 a3 80 00 00", "an element of indefinite length", 14, 7,
    ),
    "controls that are none": ("30 09 02 01 07 42 00 a0 02 04 00", "[UNIVERSAL 4] where control belongs", 9, 7),
    "a negative size limit": (
        "30 1a 02 01 07 63 15 04 00 0a 01 00 0a 01 00 02 01 80 02 01 00 01 01 00 87 00 30 00",
        "sizeLimit is -128", 15, 7,
    ),
    "a filter of another class": (
        "30 1a 02 01 07 63 15 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 04 00 30 00",
        "[UNIVERSAL 4] is no filter", 24, 7,
    ),
    "an empty not": (
        "30 1a 02 01 07 63 15 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 a2 00 30 00",
        "filter is missing", 26, 7,
    ),
    "an empty substring": (
        "30 1e 02 01 07 63 19 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 a4 04 04 00 30 00 30 00",
        "a substring without pieces", 30, 7,
    ),
    "a substring that goes on behind its end": (
        "30 22 02 01 07 63 1d 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 a4 08 04 00 30 04 82 00 81 00 30 00",
        "pieces of a substring out of order", 32, 7,
    ),
    "octets inside a control that are no element": (
        "30 0d 02 01 07 42 00 a0 06 30 04 04 01 78 70", "an element begins where its container ends", 14, 7,
    ),
    "an extensible match of nothing": (
        "30 1c 02 01 07 63 17 04 00 0a 01 00 0a 01 00 02 01 00 02 01 00 01 01 00 a9 02 83 00 30 00",
        "an extensible match of neither a rule nor an attribute", 26, 7,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_message_says_where_and_which(what: str) -> None:
    text, reason, offset, message_id = WRONG[what]
    with pytest.raises(DecodeError) as refused:
        decode(octets(text))
    assert (refused.value.reason, refused.value.offset, refused.value.message_id) == (reason, offset, message_id)


def nested(depth: int) -> bytes:
    """A search whose filter is a `not` in a `not`, that many around one present."""
    filter_ = b"\x87\x01x"
    for _ in range(depth - 1):
        filter_ = b"\xa2\x84" + len(filter_).to_bytes(4, "big") + filter_
    op = bytes.fromhex("0400 0a0100 0a0100 020100 020100 010100") + filter_ + b"\x30\x00"
    body = b"\x02\x01\x07\x63\x84" + len(op).to_bytes(4, "big") + op
    return b"\x30\x84" + len(body).to_bytes(4, "big") + body


def test_filters_may_be_nested_so_deep_and_no_deeper() -> None:
    assert isinstance(decode(nested(64)).op, SearchRequest)
    for depth in (65, 100, 20_000):
        with pytest.raises(DecodeError) as refused:
            decode(nested(depth))
        assert refused.value.reason == "more than 64 filters inside one another"
        assert refused.value.message_id == 7


def test_a_filter_has_so_many_parts_and_no_more() -> None:
    def asked(filter_: Filter) -> bytes:
        return encode(LdapMessage(7, SearchRequest("", 2, 0, 0, 0, False, filter_)))

    people = tuple(Equality("uid", b"%d" % number) for number in range(4095))
    assert decode(asked(Or(people)))
    half = Or(people[:2048])
    for filter_ in (Or((*people, people[0])), And((half, half)), Substrings("cn", None, (b"a",) * 4096)):
        with pytest.raises(DecodeError, match="more than 4096 parts") as refused:
            decode(asked(filter_))
        assert refused.value.message_id == 7


def test_equal_filters_are_equal() -> None:
    assert Equality("uid", b"x") == Equality("uid", b"x") != Equality("uid", b"y")
