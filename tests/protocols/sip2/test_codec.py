"""The codec on hand-written octets: what the standard wants, and what the world sends instead."""

from __future__ import annotations

import pytest

from library_protocols.sip2 import Checksum, DecodeError, Dialect, Message, Mould, build, checksum, decode, encode
from library_protocols.sip2.codec import encode_body

UTF8 = Dialect(encoding="utf-8")
DATE = "20261122    044327"
BLANK_DATE = " " * 18

# Each case: the octets in words, the octets, the dialect, the message they are. Read and written both.
SIMPLE_CASES = [
    pytest.param(
        # Login; neither name nor password encrypted; terminal KIOSK, password "let me in", at BR1.
        b"9300CNKIOSK|COlet me in|CPBR1|\r",
        UTF8,
        build("93", uid_algorithm=0, pwd_algorithm=0, fields=[("CN", "KIOSK"), ("CO", "let me in"), ("CP", "BR1")]),
        id="login",
    ),
    pytest.param(
        # Login answered: yes. No coded field, so no delimiter either. Sequence 1, checksum as the standard sums it.
        b"941AY1AZFDFC\r",
        UTF8,
        build("94", ok="1", sequence="1"),
        id="login-response-with-trailer",
    ),
    pytest.param(
        # SC status: 0 = all well, prints 30 columns, speaks 2.00. The protocol definition's worked sum.
        b"9900302.00AY1AZFCA5\r",
        UTF8,
        build("99", status_code="0", max_print_width=30, protocol_version="2.00", sequence="1"),
        id="sc-status",
    ),
    pytest.param(
        # Checkout: renewals allowed, nothing happened off-line, no due date of its own; the terminal has no password.
        b"11YN20261122    044327                  AOABER|AA20100001|AB30100001|AC|\r",
        UTF8,
        build(
            "11",
            sc_renewal_policy="Y",
            no_block="N",
            transaction_date=DATE,
            nb_due_date="",
            fields=[("AO", "ABER"), ("AA", "20100001"), ("AB", "30100001"), ("AC", "")],
        ),
        id="checkout",
    ),
    pytest.param(
        # Item information: on hold shelf, no marker, other fee; title in Welsh, in UTF-8 two octets a circumflexed w.
        b"1808010120261122    044327AB30100024|AJY t\xc5\xb7 a'r d\xc5\xb5r|\r",
        UTF8,
        build(
            "18",
            circulation_status="08",
            security_marker="01",
            fee_type="01",
            transaction_date=DATE,
            fields=[("AB", "30100024"), ("AJ", "Y tŷ a'r dŵr")],
        ),
        id="item-information-utf8",
    ),
    pytest.param(
        # The same letters sit in CP850 as one octet when it has them: e acute is 82 hex.
        b"26              00120261122    044327AOABER|AA20100001|AECaf\x82|\r",
        Dialect(),
        build(
            "26",
            patron_status="",
            language="001",
            transaction_date=DATE,
            fields=[("AO", "ABER"), ("AA", "20100001"), ("AE", "Café")],
        ),
        id="cp850",
    ),
    pytest.param(
        # Patron information: the fields AF and AG come once a line, an unknown field ZQ stands among them.
        b"64              00120261122    044327000000010002000000000000AOABER|AA20100001|AEJo|AFone|ZQ?|AFtwo|AG|\r",
        UTF8,
        build(
            "64",
            language="001",
            transaction_date=DATE,
            hold_items_count=0,
            overdue_items_count=1,
            charged_items_count=2,
            fine_items_count=0,
            recall_items_count=0,
            unavailable_holds_count=0,
            fields=[
                ("AO", "ABER"),
                ("AA", "20100001"),
                ("AE", "Jo"),
                ("AF", "one"),
                ("ZQ", "?"),
                ("AF", "two"),
                ("AG", ""),
            ],
        ),
        id="repeats-and-unknown-fields-keep-their-order",
    ),
    pytest.param(b"97AZFEF5\r", UTF8, build("97"), id="request-acs-resend"),
    pytest.param(b"96AZFEF6\r", UTF8, build("96"), id="request-sc-resend"),
    pytest.param(
        # Another delimiter and terminator; the sum is of other octets then.
        b"9300CNme|x^COpw^\r\n",
        Dialect(encoding="ascii", delimiter="^", terminator="CRLF"),
        build("93", uid_algorithm=0, pwd_algorithm=0, fields=[("CN", "me|x"), ("CO", "pw")]),
        id="circumflex-as-delimiter",
    ),
]


@pytest.mark.parametrize(("octets", "dialect", "message"), SIMPLE_CASES)
def test_both_directions(octets: bytes, dialect: Dialect, message: Message) -> None:
    read = decode(octets, dialect)
    assert read == message
    assert read.remarks == ()
    assert encode(message, dialect, with_checksum=b"AZ" in octets[-8:]) == octets


@pytest.mark.parametrize(
    ("octets", "digits"),
    [
        # 9900302.00AY1AZ sums to 35B hex; 990 402.00AY1AZ to 34C.
        (b"9900302.00AY1AZ", "FCA5"),
        (b"990 402.00AY1AZ", "FCB4"),
        (b"97AZ", "FEF5"),
        (b"96AZ", "FEF6"),
        (b"941AY0AZ", "FDFD"),
        (b"940AY0AZ", "FDFE"),
        # The guide's examples of 25 and 17.
        (b"2519980723    094240AOCertification Institute ID|AAPatronID|AY4AZ", "EBF1"),
        (b"1719980723    100000AOCertification Institute ID|ABItemBook|AY1AZ", "EBEB"),
        # A sum just above F000 hex: four digits still, with a zero in front.
        (b"\xff" * 242, "0EF2"),
        (b"", "0000"),
    ],
)
def test_checksum_vectors(octets: bytes, digits: str) -> None:
    assert checksum(octets) == digits


@pytest.mark.parametrize(
    ("octets", "verdict"),
    [
        (b"9900302.00AY1AZFCA5", Checksum.VALID),
        (b"9900302.00AY1AZfca5", Checksum.VALID),
        (b"9900302.00AY1AZFCA5|", Checksum.VALID),
        (b"9900302.00AY1AZFCA5 ", Checksum.VALID),
        (b"9900302.00AY1AZFCA6", Checksum.INVALID),
        (b"9900302.00AY1AZ", Checksum.INVALID),
        (b"9900302.00AY1AZFC?5", Checksum.INVALID),
        (b"9900302.00AY1AZ0FCA5", Checksum.INVALID),
        (b"9900302.00AY1", Checksum.ABSENT),
        (b"9900302.00", Checksum.ABSENT),
    ],
)
def test_checksum_verdicts(octets: bytes, verdict: Checksum) -> None:
    message = decode(octets)
    assert message.checksum is verdict
    assert message.fixed == {"status_code": "0", "max_print_width": "030", "protocol_version": "2.00"}
    assert message.fields == []


def test_three_digits_are_right_when_the_number_is() -> None:
    # A long message whose sum passes F000 hex; clients that forget the leading zero send three digits.
    for filler in range(600, 1100):
        body = b"1720261122    044327AO" + b"x" * filler + b"|AY1AZ"
        digits = checksum(body).encode()
        if digits.startswith(b"0"):
            break
    else:
        pytest.fail("no message with a leading zero found")
    assert decode(body + digits.lstrip(b"0")).checksum is Checksum.VALID
    assert decode(body + digits).checksum is Checksum.VALID
    assert decode(body + digits[:3]).checksum is Checksum.INVALID


def test_a_sum_over_characters_is_accepted_where_the_dialect_says_so() -> None:
    text = "1803000120261122    044327AB1|AJAnam ċara|AY3AZ"
    digits = f"{-sum(map(ord, text)) & 0xFFFF:04X}"
    octets = (text + digits).encode()
    assert decode(octets, UTF8).checksum is Checksum.VALID_AS_CHARACTERS
    assert decode(octets, Dialect(encoding="utf-8", accept_character_sums=False)).checksum is Checksum.INVALID


FIELDS_OF_17 = [("AO", "INST"), ("AB", "B1")]


@pytest.mark.parametrize(
    "octets",
    [
        # 1: a delimiter between fixed part and first field.
        b"1720261122    044327|AOINST|ABB1|",
        # 2: the last field without delimiter, at the end or straight before AY.
        b"1720261122    044327AOINST|ABB1",
        b"1720261122    044327AOINST|ABB1AY0AZ0000",
        # An empty segment in the middle.
        b"1720261122    044327AOINST||ABB1|",
    ],
)
def test_delimiters_where_they_do_not_belong(octets: bytes) -> None:
    message = decode(octets)
    assert message.fixed == {"transaction_date": DATE}
    assert message.fields == FIELDS_OF_17


def test_a_delimiter_after_a_message_without_fields() -> None:
    message = decode(b"9900002.00|AY1AZFC2C")
    assert message.fixed["protocol_version"] == "2.00"
    assert message.fields == []
    assert (message.sequence, message.checksum) == ("1", Checksum.VALID)
    assert [remark.offset for remark in message.remarks] == [10]


@pytest.mark.parametrize(
    ("octets", "fields", "sequence"),
    [
        # A title that says AY, with its delimiter and without.
        (b"1720261122    044327AOX|ABMONDAY1|", [("AO", "X"), ("AB", "MONDAY1")], None),
        (b"1720261122    044327AOX|ABMONDAY1", [("AO", "X"), ("AB", "MONDAY1")], None),
        (b"1720261122    044327AOX|ABMAYAZTECS", [("AO", "X"), ("AB", "MAYAZTECS")], None),
        (b"1720261122    044327AOX|ABBAZ1234", [("AO", "X"), ("AB", "BAZ1234")], None),
        (b"1720261122    044327AOX|ABLADY AZALEA", [("AO", "X"), ("AB", "LADY AZALEA")], None),
        # A value that ends in AY, then a checksum of its own field.
        (b"1720261122    044327AOX|ABPLAY|AZ0000", [("AO", "X"), ("AB", "PLAY")], None),
        # Sequence without checksum; two digits; none.
        (b"1720261122    044327AOX|ABY|AY7", [("AO", "X"), ("AB", "Y")], "7"),
        (b"1720261122    044327AOX|ABY|AY10AZ0000", [("AO", "X"), ("AB", "Y")], "10"),
        (b"1720261122    044327AOX|ABY|AYAZ0000", [("AO", "X"), ("AB", "Y")], None),
        # AY and AZ with a delimiter each, like any coded field.
        (b"1720261122    044327AOX|ABY|AY3|AZ0000|", [("AO", "X"), ("AB", "Y")], "3"),
    ],
)
def test_what_is_trailer_and_what_is_value(octets: bytes, fields: list[tuple[str, str]], sequence: str | None) -> None:
    message = decode(octets)
    assert message.fields == fields
    assert message.sequence == sequence


def test_a_left_out_date_is_recovered() -> None:
    # A checkout of a client that never sends the due date: the fields begin eighteen characters early.
    message = decode(b"11YN20261122    044326AOINST|AAP001|ABB001|AC|")
    assert message.fixed["transaction_date"] == "20261122    044326"
    assert message.fixed["nb_due_date"] == BLANK_DATE
    assert message.fields == [("AO", "INST"), ("AA", "P001"), ("AB", "B001"), ("AC", "")]
    assert [remark.offset for remark in message.remarks] == [22]


def test_a_cut_fixed_part_is_padded() -> None:
    message = decode(b"64FOOBAR|AY1AZFBFB")
    assert message.fixed["patron_status"] == "FOOBAR        "
    assert message.fixed["hold_items_count"] == "    "
    assert message.checksum is Checksum.VALID


def test_an_unknown_command_keeps_its_text_and_its_checksum() -> None:
    body = b"41something|AY2AZ"
    message = decode(body + checksum(body).encode())
    assert not message.known
    assert message.fixed == {"body": "something|"}
    assert (message.sequence, message.checksum) == ("2", Checksum.VALID)
    assert encode(message) == body + checksum(body).encode() + b"\r"


@pytest.mark.parametrize(
    ("octets", "offset"), [(b"", 0), (b"9", 1), (b"\r\n", 0), (b"\xff\xff", 0), (b"|1", 0), (b"17" + b"x" * 8191, 8192)]
)
def test_what_is_no_message(octets: bytes, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(octets)
    assert caught.value.offset == offset
    assert caught.value.reason
    assert caught.value.clause


def test_octets_outside_the_charset_go_back_unchanged() -> None:
    octets = b"1803000120261122    044327AB1|AJ\xff\xfe caf\xc3\xa9|\r"
    assert encode(decode(octets, UTF8), UTF8) == octets


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: build("88"), "no message"),
        (lambda: build("94", okay="1"), "no fixed field"),
        (lambda: build("94", ok="10"), "holds 1"),
        (lambda: build("37", currency_type="£££"), "ASCII"),
        (lambda: build("94", ok="1", fields=[("A|", "x")]), "field code"),
        (lambda: encode(Message("94", {}, [])), "lacks"),
        (lambda: encode(Message("94", {"ok": "10"}, [])), "characters"),
    ],
)
def test_our_own_mistakes_are_value_errors(call: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        call()  # type: ignore[operator]


def test_build_pads_and_leaves_out() -> None:
    message = build("66", ok=1, renewed_count=3, unrenewed_count="", fields=[("AO", "X"), ("AF", None)])
    assert message.fixed == {
        "ok": "1",
        "renewed_count": "0003",
        "unrenewed_count": "    ",
        "transaction_date": BLANK_DATE,
    }
    assert message.fields == [("AO", "X")]


def test_build_composes_letters() -> None:
    assert build("24", fields=[("AE", "Sia\u0302n")]).get("AE") == "Siân"


def test_a_mould_gives_the_octets_of_the_message_with_its_open_field_filled() -> None:
    answer = build("18", fields=[("AB", "1"), ("AJ", "Tŷ")], transaction_date="20261122    124422")
    dialect = Dialect(encoding="utf-8")
    mould = Mould(answer, "transaction_date", dialect)
    for date in ("20261122    124422", "20991231   Z235959"):
        made = mould.fill(date)
        answer.fixed["transaction_date"] = date
        assert (made.code, made.octets) == ("18", encode_body(answer, dialect))
    with pytest.raises(ValueError, match="18 characters"):
        mould.fill("20261122")
    with pytest.raises(ValueError, match="no fixed field"):
        Mould(answer, "currency", dialect)


def test_looking_up_fields() -> None:
    message = build("24", fields=[("AF", "one"), ("AF", "two"), ("AE", "")])
    assert message.get("AF") == "one"
    assert message.get_all("AF") == ["one", "two"]
    assert message.get("AE", "?") == ""
    assert message.get("BL") is None
    assert message.get("BL", "N") == "N"
    assert message.has("AE")
    assert not message.has("BL")


def test_a_message_in_a_log_shows_no_value() -> None:
    assert "1234" not in repr(build("23", fields=[("AD", "1234")]))


def test_messages_compare_by_value() -> None:
    one, other = build("94", ok="1"), build("94", ok="1")
    assert one == other
    assert one != build("94", ok="0")
    assert one != "94"
    with pytest.raises(TypeError):
        hash(one)


class TestLongText:
    WORDS = "alpha beta gamma delta epsilon zeta eta theta"

    def test_screen_text_continues_in_another_field_at_a_blank(self) -> None:
        octets = encode(build("24", fields=[("AF", self.WORDS)]), Dialect(max_field_length=20))
        assert decode(octets).get_all("AF") == ["alpha beta gamma", "delta epsilon zeta", "eta theta"]

    def test_a_word_longer_than_a_field_is_cut_between_characters(self) -> None:
        dialect = Dialect(encoding="utf-8", max_field_length=21)
        octets = encode(build("24", fields=[("AF", "ŵ" * 25)]), dialect)
        # Two octets a letter: ten go into twenty-one octets.
        assert decode(octets, dialect).get_all("AF") == ["ŵ" * 10, "ŵ" * 10, "ŵ" * 5]

    def test_other_text_is_cut_and_identifiers_never(self) -> None:
        octets = encode(build("18", fields=[("AB", "9" * 30), ("AJ", self.WORDS)]), Dialect(max_field_length=20))
        assert decode(octets).fields == [("AB", "9" * 30), ("AJ", "alpha beta gamma")]

    def test_no_limit(self) -> None:
        octets = encode(build("24", fields=[("AF", "x" * 400)]), Dialect(max_field_length=0))
        assert decode(octets).get_all("AF") == ["x" * 400]

    def test_the_standard_limit_is_255(self) -> None:
        octets = encode(build("24", fields=[("AF", "x" * 400)]))
        assert [len(value) for value in decode(octets).get_all("AF")] == [255, 145]
