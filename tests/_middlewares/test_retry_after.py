"""What Retry-After asks for (RFC 9110 section 10.2.3), by tables."""

import math

import pytest
from multidict import CIMultiDict

from aioclient._middlewares.retry_after import retry_after_s

#: Sun, 06 Nov 1994 08:49:37 GMT, the date that RFC 9110 section 5.6.7 writes in three forms.
NOW = 784111777.0


def asked(value, **others):
    return retry_after_s(CIMultiDict({"Retry-After": value, **others}), NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        ("120", 120),
        ("007", 7),
        (" 5\t", 5),
        ("999999999999999", 999999999999999),
        ("1000000000000000", math.inf),
        ("9" * 10_000, math.inf),
        ("0" * 10_000 + "3", 3),
    ],
)
def test_delay_is_seconds(value, seconds):
    assert asked(value) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
        ("Sun Nov  6 08:50:37 1994", 60),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Mon, 07 Nov 1994 08:49:37 GMT", 24 * 60 * 60),
    ],
)
def test_date_is_the_time_until_then(value, seconds):
    assert asked(value) == seconds


@pytest.mark.parametrize(
    "value", ["Sun, 06 Nov 1994 08:49:36 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_date_that_is_past_is_no_time(value):
    assert asked(value) == 0


def test_date_is_told_by_the_clock_of_the_server():
    later = "Sun, 06 Nov 1994 12:00:30 GMT"
    assert asked(later, Date="Sun, 06 Nov 1994 12:00:00 GMT") == 30
    assert asked(later, Date="Sun, 06 Nov 1994 12:00:40 GMT") == 0


def test_date_of_the_response_that_is_not_valid_is_ignored():
    assert asked("Sun, 06 Nov 1994 08:50:37 GMT", Date="noon") == 60


def test_seconds_do_not_depend_on_any_clock():
    assert asked("30", Date="Sun, 06 Nov 2094 12:00:00 GMT") == 30


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "1_000",
        "0x10",
        "5 seconds",
        "5, 5",
        "\u0665",  # a digit, but not one of ASCII
        "inf",
        "nan",
        "tomorrow",
        "Sun, 06 Nov 1994",
        "Sun, 36 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
    ],
)
def test_what_is_not_valid_counts_as_nothing(value):
    assert asked(value) is None


def test_response_without_the_field_asks_for_nothing():
    assert retry_after_s(CIMultiDict(), NOW) is None
