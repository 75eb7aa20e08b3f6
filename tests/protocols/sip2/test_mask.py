"""Secrets do not survive masking, however badly the message is written; the rest stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sip2 import FIELDS, MESSAGES, Dialect, build, encode
from library_protocols.sip2.mask import _mask_carefully, _mask_ordinary, _plain, mask

HEAD = b"6300020261122    044327          "


@pytest.mark.parametrize(
    ("octets", "masked"),
    [
        # A PIN in the middle; the checksum goes with it, for it tells the sum of the digits.
        (HEAD + b"AOX|AA1|AD1234|AY2AZF366\r", HEAD + b"AOX|AA1|AD****|AY2AZ****\r"),
        # First field, with and without a delimiter after the fixed part.
        (HEAD + b"AD1234|AOX|", HEAD + b"AD****|AOX|"),
        (HEAD + b"|AD1234|AOX|", HEAD + b"|AD****|AOX|"),
        # Last field without delimiter: at the end, and straight before the trailer.
        (HEAD + b"AOX|AD1234", HEAD + b"AOX|AD****"),
        (HEAD + b"AOX|AD1234AY2AZF366", HEAD + b"AOX|AD****AY2AZ****"),
        # What looks like half a trailer is still PIN.
        (HEAD + b"AOX|AD1AZ1234", HEAD + b"AOX|AD*******"),
        # Lower case, a blank in front, twice, empty.
        (HEAD + b"AOX|ad1234|", HEAD + b"AOX|ad****|"),
        (HEAD + b"AOX| AD1234|", HEAD + b"AOX| AD****|"),
        (HEAD + b"AD1234|AOX|AD5678|", HEAD + b"AD****|AOX|AD****|"),
        (HEAD + b"AOX|AC|AD|AY2AZF366", HEAD + b"AOX|AC|AD|AY2AZF366"),
        # A delimiter in the PIN: what follows it is no field.
        (HEAD + b"AD12|34|AOX|", HEAD + b"AD**|**|AOX|"),
        # The peer's own delimiter, which nobody told us.
        (HEAD + b"AOX^AA1^AD1234^", HEAD + b"AOX^AA1^AD*****"),
        # One that stands in titles too: digits after the code tell; without them it is a title.
        (HEAD + b"AOX,AA1,AC,AD1234,", HEAD + b"AOX,AA1,AC,AD*****"),
        (HEAD + b"AOX AA1 AC AD1234 |AA|", HEAD + b"AOX AA1 AC AD*****|AA|"),
        (HEAD + b"AOX|AJRome, AD 1066 (AD)|", HEAD + b"AOX|AJRome, AD 1066 (AD)|"),
        # The terminal's password and the login's.
        (b"9300CNkiosk|COlet me in|CPBR1|\r", b"9300CNkiosk|CO*********|CPBR1|\r"),
        (HEAD + b"AOX|ACterm|", HEAD + b"AOX|AC****|"),
        # Nothing secret: nothing changes.
        (b"9900302.00AY1AZFCA5\r\n", b"9900302.00AY1AZFCA5\r\n"),
        (HEAD + b"AOADMIN|AAACAD|AY2AZF366", HEAD + b"AOADMIN|AAACAD|AY2AZF366"),
        # A fixed part that is none may hold anything.
        (b"93CNkiosk|COpw|", b"93*******|CO**|"),
        (b"1234", b"12**"),
        (b"11hunter2", b"11*******"),
        (b"3520261122    0443AD1234|AOX|", b"35" + b"*" * 22 + b"|AOX|"),
        # An unknown field where the first one should be may be a shifted secret.
        (HEAD + b"0AD1234|AOX|", HEAD + b"*******|AOX|"),
        # Several messages.
        (b"\n" + HEAD + b"AD1234|\r\n\0" + HEAD + b"AD5|\r", b"\n" + HEAD + b"AD****|\r\n\0" + HEAD + b"AD*|\r"),
    ],
)
def test_what_is_covered(octets: bytes, masked: bytes) -> None:
    assert mask(octets) == masked


@pytest.mark.parametrize("delimiter", [b"^", b";", b",", b" ", b"\t", b"\xc2\xa6"])
def test_a_card_behind_the_peers_own_delimiter_is_covered_as_personal(delimiter: bytes) -> None:
    sent = HEAD + delimiter.join((b"AOX", b"AA20100001", b"AC", b"AD1234", b""))
    covered = mask(sent, personal=True)
    assert covered is not None
    assert len(covered) == len(sent)
    assert b"20100001" not in covered
    assert b"1234" not in covered


@pytest.mark.parametrize("octets", [b"kiosk\r\n", b"login: kiosk", b"kiosk-demo\r", b"\xff\xff", b"9", b"41ADx|"])
def test_what_is_no_sip2_is_not_kept_at_all(octets: bytes) -> None:
    assert mask(octets) is None
    assert mask(b"9900302.00\r" + octets) is None


def test_nothing_is_nothing() -> None:
    assert mask(b"") == b""
    assert mask(b"\r\n") == b"\r\n"


def test_another_delimiter() -> None:
    assert mask(b"9300CNme^COpw^AY1AZ0000", b"^") == b"9300CNme^CO**^AY1AZ****"


def test_personal_fields_too() -> None:
    octets = b"24              00120261122    044327AOX|AA2010|AEMair|BEm@x|ZQ??|BLY|AY1AZ1234"
    assert mask(octets, personal=True) == (
        b"24              00120261122    044327AOX|AA****|AE****|BE***|ZQ**|BLY|AY1AZ****"
    )


SECRETS = st.text("0123456789abcdefghijkXYZ@!? .ŵé", min_size=1)
TEXTS = st.text("abcdefghij XYZ0123456789", max_size=12)
CODES = st.sampled_from([*FIELDS, "ZQ", "Q1"])
COMMANDS = st.sampled_from(sorted(code for code, fact in MESSAGES.items() if fact.width > 0))


@given(
    COMMANDS,
    st.lists(st.tuples(CODES.filter(lambda code: code not in ("AC", "AD", "CO", "AY", "AZ")), TEXTS), max_size=6),
    st.sampled_from(["AC", "AD", "CO"]),
    SECRETS,
    st.integers(0, 6),
    st.sampled_from(["", "|", " "]),
    st.booleans(),
    st.booleans(),
)
def test_no_secret_leaks_from_any_message(
    code: str,
    fields: list[tuple[str, str]],
    secret_code: str,
    secret: str,
    position: int,
    before: str,
    with_checksum: bool,
    last_delimiter: bool,
) -> None:
    # The secret is marked, so that finding it again cannot be chance.
    marked = f"<{secret}>"
    fields.insert(position, (secret_code, marked))
    message = build(code, fields=fields, sequence="1" if with_checksum else None)
    octets = encode(message, Dialect(encoding="utf-8"), with_checksum=with_checksum)
    if not last_delimiter:
        octets = octets.replace(b"|\r", b"\r").replace(b"|AY1AZ", b"AY1AZ")
    width = 2 + MESSAGES[code].width
    octets = octets[:width] + before.encode() + octets[width:]
    masked = mask(octets)
    assert masked is not None
    assert len(masked) == len(octets)
    assert b"<" not in masked
    assert b">" not in masked
    assert all(new in (old, ord("*")) for old, new in zip(octets, masked, strict=True))


@given(st.binary(), st.booleans(), st.sampled_from([b"|", b"^", b"\x80"]))
def test_any_octets_keep_their_length_or_are_given_up(octets: bytes, personal: bool, delimiter: bytes) -> None:
    masked = mask(octets, delimiter, personal)
    assert masked is None or len(masked) == len(octets)


VALUES = TEXTS.map(str.encode) | st.binary(max_size=12) | st.sampled_from(
    [b"AD 1066", b"x;AD1234", b"x,AA2010", b" AC12", b"^AD", b"AZ12", b"AY1AZ12", b"AY1AZ1234", b"AZ", b"12AY3"]
)  # fmt: skip


@given(
    COMMANDS,
    st.lists(st.tuples(st.sampled_from(["", "", "", " "]), CODES | st.sampled_from(["aa", "Ad"]), VALUES), max_size=6),
    st.sampled_from([b"|", b"|", b"^"]),
    st.sampled_from([b"", b"|", b"|AY1AZ0A1f", b"AY1AZ0A1F|", b"|AY12AZ0A1F", b"|AZ12", b"|AY1"]),
    st.sampled_from([b"", b"\r", b"\r\n", b"\r9900302.00\r"]),
    st.booleans(),
)
def test_what_is_seen_quickly_is_what_is_seen_carefully(
    code: str, fields: list[tuple[str, str, bytes]], between: bytes, trailer: bytes, end: bytes, personal: bool
) -> None:
    octets = encode(build(code), Dialect(), with_checksum=False).rstrip(b"\r")
    octets += between.join((before + field).encode() + value for before, field, value in fields) + trailer + end
    for delimiter in (b"|", b"^"):
        careful = _mask_carefully(octets, delimiter, personal)
        assert _mask_ordinary(octets, delimiter, personal) in (None, careful)
        assert mask(octets, delimiter, personal) == careful  # whatever fields are remembered by now


def test_an_ordinary_message_is_seen_quickly() -> None:
    octets = (
        b"64              00120261122    124422" + b"0" * 24 + b"AOABER|AA20100024|AEAled Maddox|BLY|BV0.00|AY1AZDE13\r"
    )
    masked = octets.replace(b"20100024", b"********").replace(b"Aled Maddox", b"***********").replace(b"DE13", b"****")
    assert _mask_ordinary(octets, b"|", True) == mask(octets, personal=True) == masked


@given(st.binary(max_size=40), st.sampled_from([b"AO", b"AA", b"AB", b"AE"]))
def test_what_is_covered_is_not_remembered(value: bytes, code: bytes) -> None:
    octets = HEAD + b"AOX|AA<" + value + b">|AD<" + value + b">|" + code + b"^AD<" + value + b">|AY1AZ0000"
    mask(octets, personal=True)
    mask(octets)
    assert not [field for field in _plain if b"<" in field and b">" in field]


@given(COMMANDS, st.binary(max_size=60), st.integers(0, 60))
def test_a_secret_in_garbage(code: str, garbage: bytes, cut: int) -> None:
    octets = code.encode() + garbage[:cut] + b"|AD<1234>|" + garbage[cut:]
    masked = mask(octets)
    assert masked is None or b"<1234>" not in masked
