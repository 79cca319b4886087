"""The Keep-Alive field."""

from math import inf

import pytest

from aioclient._http1.keep_alive import seconds_to_keep


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"timeout=5", 4.0),
        (b"timeout=5, max=100", 4.0),
        (b"max=100,timeout=5", 4.0),
        (b"Timeout = 5 ,Max=1", 4.0),
        (b'timeout="60"', 59.0),
        (b"timeout=2", 1.0),
        (b"timeout=1", 0.5),
        (b"timeout=0", 0.0),
        (b"timeout=9, timeout=4", 3.0),
        (b"timeout=60, max=0", 0.0),
    ],
)
def test_a_server_s_time_is_used_less_a_margin(value: bytes, seconds: float) -> None:
    assert seconds_to_keep(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b",",
        b"115",
        b"timeout",
        b"timeout=",
        b"timeout=-1",
        b"timeout=1.5",
        b"timeout=x",
        b"timeout=\xb2",
        b"timeout=" + b"9" * 5000,
        b"x-timeout=5",
        b"max=5",
    ],
)
def test_what_says_no_time_is_not_taken_for_one(value: bytes) -> None:
    assert seconds_to_keep(value) == inf
