"""What a Close frame carries, both ways."""

import pytest

from aioclient._websocket.close_frames import close_payload, parse_close
from aioclient._websocket.messages import WSCloseCode

MAY_BE_SENT = [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999]
MAY_NOT = [-1, 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536]


@pytest.mark.parametrize("code", MAY_BE_SENT)
def test_a_code_and_a_reason_come_back(code):
    assert parse_close(close_payload(code)) == (code, "")
    assert parse_close(close_payload(code, "weil é")) == (code, "weil é")
    assert parse_close(close_payload(code, "weil é".encode())) == (code, "weil é")


def test_a_code_takes_two_bytes():
    assert close_payload(WSCloseCode.OK, "bye") == b"\x03\xe8bye"


@pytest.mark.parametrize("code", MAY_NOT)
def test_a_code_that_may_not_be_sent_is_refused(code):
    with pytest.raises(ValueError, match=f"{code} is no close code that may be sent"):
        close_payload(code)


@pytest.mark.parametrize("reason", ["x" * 123, "é" * 61 + "x", b"x" * 123])
def test_a_reason_may_have_123_bytes(reason):
    assert len(close_payload(1000, reason)) == 125


@pytest.mark.parametrize("reason", ["x" * 124, "é" * 62, b"x" * 124])
def test_a_longer_reason_is_refused(reason):
    with pytest.raises(ValueError, match="takes 124 bytes, more than 123"):
        close_payload(1000, reason)


@pytest.mark.parametrize("reason", [b"\xff", "\ud800"])
def test_a_reason_that_is_no_utf8_is_refused(reason):
    with pytest.raises(UnicodeError):
        close_payload(1000, reason)
