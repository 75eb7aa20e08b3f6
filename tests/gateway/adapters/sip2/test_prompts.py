"""Login by prompts, pure: what is asked, what is understood, what is dropped."""

from __future__ import annotations

import pytest

from gateway.adapters.sip2.prompts import PASSWORD, Credentials, LoginPrompts


def told(*pieces: bytes) -> tuple[bytes, Credentials | None, bytes]:
    prompts, out = LoginPrompts(), b""
    for piece in pieces:
        said, credentials = prompts.feed(piece)
        out += said
        if credentials:
            return out, credentials, prompts.rest
    return out, None, prompts.rest


ME = Credentials("me", "word")


@pytest.mark.parametrize(
    "pieces",
    [
        (b"me\rword\r",),
        (b"me\r\nword\r\n",),
        (b"me\nword\n",),
        (b"me\r\0word\r\0",),
        (b"m", b"e\r", b"\nwo", b"rd\r"),
        (b"\r\n\r\nme\r\nword\r\n",),
        (b"\xff\xfb\x18\xff\xfd\x03me\r\n\xff\xfa\x18\x00vt100\xff\xf0word\r\n",),  # telnet: WILL, DO, a terminal type
    ],
)
def test_name_and_password_however_they_come(pieces: tuple[bytes, ...]) -> None:
    out, credentials, _ = told(*pieces)
    assert (out, credentials) == (PASSWORD, ME)


def test_what_comes_behind_the_password_is_kept() -> None:
    assert told(b"me\rword\r9900802.00\r") == (PASSWORD, ME, b"9900802.00\r")


def test_a_line_without_end_is_given_up() -> None:
    prompts = LoginPrompts()
    with pytest.raises(ValueError, match="without end"):
        prompts.feed(b"x" * 300)


def test_three_attempts() -> None:
    prompts = LoginPrompts()
    assert prompts.failed() is not None
    assert prompts.failed() is not None
    assert prompts.failed() is None
