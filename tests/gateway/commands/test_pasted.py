"""Pasted text to octets: the layouts people paste, and lines that hold no message."""

from __future__ import annotations

import pytest

from gateway.commands.pasted import find_messages
from library_protocols.sip2 import STANDARD, checksum

STATUS = b"9900302.00AY1AZFCA5"
LOGIN = b"9300CNaber-kiosk-1|COkiosk-demo|CPX|"

XXD = """\
00000000: 3939 3030 3330 322e 3030 4159 3141 5a46  9900302.00AY1AZF
00000010: 4341 350d                                CA5.
"""
HEXDUMP_C = """\
00000000  39 39 30 30 33 30 32 2e  30 30 41 59 31 41 5a 46  |9900302.00AY1AZF|
00000010  43 41 35 0d                                       |CA5.|
"""
WIRESHARK_DUMP = """\
0000   39 39 30 30 33 30 32 2e 30 30 41 59 31 41 5a 46   9900302.00AY1AZF
0010   43 41 35 0d                                       CA5.
"""
# The octets of a TCP segment with its IP header before the message, as tcpdump -X shows them.
TCPDUMP_X = """\
\t0x0000:  4500 0028 1c46 4000 4006 0000 7f00 0001  E..(.F@.@.......
\t0x0010:  7f00 0001 d431 1771 3939 3030 3330 322e  .....1.q9900302.
\t0x0020:  3030 4159 3141 5a46 4341 350d            00AY1AZFCA5.
"""
STREAM = "393930303330322e30304159314" + "15a464341350d"
ESCAPED = "".join(f"\\x{octet:02x}" for octet in STATUS)
C_ARRAY = "{ " + ", ".join(f"0x{octet:02x}" for octet in STATUS) + " }"
COLONS = ":".join(f"{octet:02X}" for octet in STATUS)


@pytest.mark.parametrize(
    "text", [XXD, HEXDUMP_C, WIRESHARK_DUMP, TCPDUMP_X, STREAM, ESCAPED, C_ARRAY, COLONS],
    ids=["xxd", "hexdump -C", "Wireshark dump", "tcpdump -X", "stream", "escaped", "C array", "colons"],
)  # fmt: skip
def test_hex_dumps(text: str) -> None:
    found = find_messages(text, None, STANDARD)
    assert [(message.data, message.origin) for message in found] == [(STATUS, "hex dump")]


@pytest.mark.parametrize(
    "line",
    [
        "Nov 22 09:15:01 sip koha-sip[2011]: INPUT MSG: '9900302.00AY1AZFCA5'",
        "<13>1 2026-11-22T09:15:00.123Z sip sipserver 99 - - 9900302.00AY1AZFCA5#015",
        'DEBUG: SipServer: received "9900302.00AY1AZFCA5\\r" from 10.0.0.9:49152',
        "2026-11-22 09:15:00,123 INFO [10.0.0.17] <-- 9900302.00AY1AZFCA5<CR>",
        "  9900302.00AY1AZFCA5  ",
    ],
)
def test_log_lines_with_a_checksum(line: str) -> None:
    assert [message.data for message in find_messages(line, None, STANDARD)] == [STATUS]


def test_a_log_line_without_checksum_is_cut_at_its_closing_quote() -> None:
    line = "Nov 22 09:15:01 sip[63]: OUTPUT: '1801010120261122    091500AB30100001|AJO'Brien's book|' (0.003 s)"
    (found,) = find_messages(line, None, STANDARD)
    assert found.data == b"1801010120261122    091500AB30100001|AJO'Brien's book|"
    assert found.origin == "log line"


def test_several_lines_are_several_messages() -> None:
    text = "9300CNa|COb|\n\nnothing here\n941\n"
    assert [message.data for message in find_messages(text, None, STANDARD)] == [b"9300CNa|COb|", b"941"]


@pytest.mark.parametrize("code", ["96", "97"])
def test_a_bare_request_to_resend(code: str) -> None:
    assert [message.data for message in find_messages(code, None, STANDARD)] == [code.encode()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello world",
        "Nov 22 09:15:01 host kernel: 97 packets lost, 11 retried, 17 dropped",
        "2026-11-22 09:15:00 link from 10.0.0.17:49152 closed after 63 messages",
        "deadbeef",
        "0000: zz",
    ],
)
def test_what_is_no_message(text: str) -> None:
    assert find_messages(text, None, STANDARD) == []


@pytest.mark.parametrize("charset", ["utf-8", "cp850", "latin-1"])
def test_the_charset_is_the_one_that_makes_the_checksum_right(charset: str) -> None:
    body = "1803010120261122    091500AB30100001|AJCafé|AY3AZ".encode(charset)
    sealed = body + checksum(body).encode()
    (found,) = find_messages(sealed.decode(charset), None, STANDARD)
    assert (found.encoding, found.data) == (charset, sealed)


def test_a_charset_that_is_named_is_taken() -> None:
    (found,) = find_messages("1803010120261122    091500AB1|AJCafé|", "latin-1", STANDARD)
    assert (found.encoding, found.data[-2:]) == ("latin-1", "é|".encode("latin-1"))


def test_octets_that_are_not_utf8_are_taken_for_the_standards_default() -> None:
    dump = "1803010120261122    091500AB1|AJCafé|".encode("cp850").hex()
    (found,) = find_messages(dump, None, STANDARD)
    assert found.encoding == "cp850"
