"""When a cookie expires (RFC 6265bis sections 5.1.1, 5.6.1, 5.6.2 and 5.7)."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._cookies.expiry import (
    EARLIEST,
    MAX_AGE_S,
    MAX_DATE_CHARACTERS,
    expiry_of,
    parse_cookie_date,
    parse_max_age,
)

NOW = 1_800_000_000.0
DAY_S = 24 * 60 * 60
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def at(*fields):
    return datetime(*fields, tzinfo=UTC).timestamp()


JUNE = at(2021, 6, 9, 10, 18, 14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(text, expected, id=name)
        for name, text, expected in [
            ("usual", "Wed, 09 Jun 2021 10:18:14 GMT", JUNE),
            ("usual with hyphens", "Wed, 09-Jun-2021 10:18:14 GMT", JUNE),
            ("RFC 850", "Wednesday, 09-Jun-21 10:18:14 GMT", JUNE),
            ("asctime", "Wed Jun  9 10:18:14 2021", JUNE),
            ("any order", "10:18:14 2021 jun 09", JUNE),
            ("no day of the week, no zone", "9 Jun 2021 10:18:14", JUNE),
            ("another zone is not looked at", "Wed, 09 Jun 2021 10:18:14 +0200", JUNE),
            ("the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
            ("the last second", "Fri, 31 Dec 9999 23:59:59 GMT", at(9999, 12, 31, 23, 59, 59)),
            # step 1: delimiters
            ("tab", "09\tJun\t2021\t10:18:14", JUNE),
            ("many", "  ,, 09 --- Jun ... 2021 ((( 10:18:14 )))", JUNE),
            ("a lone surrogate stays with its day", "09\udcff Jun 2021 10:18:14", JUNE),
            # step 1: what may follow a number, if it does not begin with a digit
            ("time and text", "09 Jun 2021 10:18:14Z", JUNE),
            ("time and more of it", "09 Jun 2021 10:18:14:99", JUNE),
            ("time with short fields", "09 Jun 2021 1:2:3", at(2021, 6, 9, 1, 2, 3)),
            ("time with a long field", "09 Jun 2021 010:18:14", None),
            ("time with a long last field", "09 Jun 2021 10:18:140", None),
            ("time of two fields", "09 Jun 2021 10:18", None),
            ("day and text", "9th Jun 2021 10:18:14", JUNE),
            ("day of three digits", "009 Jun 2021 10:18:14", None),
            ("year and text", "09 Jun 2021AD 10:18:14", JUNE),
            ("year of five digits", "09 Jun 20210 10:18:14", None),
            ("year of one digit", "09 Jun 1 10:18:14", None),
            ("month and text", "09 June-ish 2021 10:18:14", JUNE),
            ("month in capitals", "09 JUNE 2021 10:18:14", JUNE),
            ("month cut off", "09 Ju 2021 10:18:14", None),
            ("digits that are not ASCII", "\u0660\u0669 Jun 2021 10:18:14", None),
            # step 2: a token is the first that it can be and that is not found yet
            ("the first time", "09 Jun 2021 10:18:14 11:11:11", JUNE),
            ("the day comes before the year", "09 Jun 21 10:18:14", JUNE),
            ("the year is what comes second", "21 Jun 09 10:18:14", at(2009, 6, 21, 10, 18, 14)),
            ("a year in front", "2021 Jun 09 10:18:14", JUNE),
            ("the first month", "09 Jun Jul 2021 10:18:14", JUNE),
            (
                "a word in front that is a month",
                "Mar, 09 Jun 2021 10:18:14 GMT",
                at(2021, 3, 9, 10, 18, 14),
            ),
            ("a second time can be the day", "10:18:14 Jun 2021 9:00:00", JUNE),
            # steps 3 and 4: short years
            ("69 is to come", "09 Jun 69 10:18:14", at(2069, 6, 9, 10, 18, 14)),
            ("70 is past", "09 Jun 70 10:18:14", at(1970, 6, 9, 10, 18, 14)),
            ("99", "09 Jun 99 10:18:14", at(1999, 6, 9, 10, 18, 14)),
            ("00", "09 Jun 00 10:18:14", at(2000, 6, 9, 10, 18, 14)),
            ("short in four digits", "Wed, 09 Jun 0021 10:18:14 GMT", JUNE),
            ("three digits", "09 Jun 100 10:18:14", None),
            # step 5
            ("no time", "09 Jun 2021", None),
            ("no day", "Jun 2021 10:18:14", None),
            ("no month", "09 2021 10:18:14", None),
            ("no year", "09 Jun 10:18:14", None),
            ("nothing", "", None),
            ("day 0", "00 Jun 2021 10:18:14", None),
            ("day 32", "32 Jul 2021 10:18:14", None),
            ("1600", "Fri, 31 Dec 1600 23:59:59 GMT", None),
            ("1601", "Mon, 01 Jan 1601 00:00:00 GMT", at(1601, 1, 1)),
            ("hour 24", "Wed, 09 Jun 2021 24:00:00 GMT", None),
            ("minute 60", "Wed, 09 Jun 2021 10:60:00 GMT", None),
            ("second 60", "Wed, 09 Jun 2021 10:18:60 GMT", None),
            # step 6
            ("30 February", "Tue, 30 Feb 2021 10:18:14 GMT", None),
            ("29 February", "Mon, 29 Feb 2021 10:18:14 GMT", None),
            (
                "29 February, leap year",
                "Thu, 29 Feb 2024 10:18:14 GMT",
                at(2024, 2, 29, 10, 18, 14),
            ),
            ("31 June", "Thu, 31 Jun 2021 10:18:14 GMT", None),
        ]
    ],
)
def test_a_date_is_found_among_the_words_of_a_text(text, expected):
    assert parse_cookie_date(text) == expected


# The grammar of section 5.1.1 step 1.
DELIMITERS = {0x09, *range(0x20, 0x30), *range(0x3B, 0x41), *range(0x5B, 0x61), *range(0x7B, 0x7F)}


@pytest.mark.parametrize("octet", range(0x100))
def test_words_end_at_delimiters_and_at_no_other_octet(octet):
    expected = JUNE if octet in DELIMITERS else None
    assert parse_cookie_date(f"09{chr(octet)}Jun 2021 10:18:14") == expected


@given(
    st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)),
    st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
    st.sampled_from(" -"),
)
def test_a_date_of_the_usual_form_is_the_same_in_any_other(moment, weekday, separator):
    day = separator.join((f"{moment.day:02}", MONTHS[moment.month - 1], f"{moment.year:04}"))
    usual = f"{weekday}, {day} {moment:%H:%M:%S} GMT"
    expected = moment.replace(microsecond=0, tzinfo=UTC).timestamp()
    assert parse_cookie_date(usual) == parse_cookie_date(f"{usual} ") == expected


@given(st.text() | st.text(alphabet="0129:-, JunMarGT\x00\xff", max_size=40))
def test_any_text_is_a_date_or_none(text):
    found = parse_cookie_date(text)
    assert found is None or at(1601, 1, 1) <= found < at(9999, 12, 31) + DAY_S


def test_a_date_may_be_as_long_as_an_attribute_and_no_longer():
    text = "09 Jun 2021 10:18:14"
    padding = " " * (MAX_DATE_CHARACTERS - len(text))
    assert parse_cookie_date(padding + text) == JUNE
    assert parse_cookie_date(padding + " " + text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # steps 1 to 3
        ("", None),
        ("-", None),
        ("--1", None),
        ("+1", None),
        (" 1", None),
        ("1 ", None),
        ("1\n", None),
        ("1.5", None),
        ("1e3", None),
        ("0x10", None),
        ("1_000", None),
        ("\u0661", None),
        ("a1", None),
        # step 4
        ("0", 0),
        ("-0", 0),
        ("1", 1),
        ("-1", -1),
        ("3600", 3600),
        ("0003600", 3600),
        ("-0003600", -3600),
        ("0" * 5000 + "9", 9),
        # step 6
        (str(MAX_AGE_S), MAX_AGE_S),
        (str(MAX_AGE_S + 1), MAX_AGE_S),
        ("99999999", MAX_AGE_S),
        (str(2**31), MAX_AGE_S),
        (str(2**63), MAX_AGE_S),
        ("9" * 5000, MAX_AGE_S),
        ("-" + "9" * 5000, -MAX_AGE_S),
    ],
)
def test_max_age_is_digits_and_perhaps_a_minus_limited_to_400_days(text, expected):
    assert parse_max_age(text) == expected


@given(st.integers())
def test_max_age_is_the_number_that_it_says_up_to_the_limit(number):
    assert parse_max_age(str(number)) == max(-MAX_AGE_S, min(number, MAX_AGE_S))


LATER = "Sun, 24 Jan 2027 08:00:00 GMT"  # nine days after NOW
LATER_AT = at(2027, 1, 24, 8)
LATEST = NOW + MAX_AGE_S


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        # section 5.7 step 6
        ([], None),
        ([("Path", "/"), ("Secure", "")], None),
        ([("Max-Age", "60")], NOW + 60),
        ([("MAX-age", "60")], NOW + 60),
        ([("Expires", LATER)], LATER_AT),
        ([("eXPIRES", LATER)], LATER_AT),
        ([("Max-Age", "60"), ("Expires", LATER)], NOW + 60),
        ([("Expires", LATER), ("Max-Age", "60")], NOW + 60),
        ([("Max-Age", "60"), ("Path", "/"), ("Max-Age", "70")], NOW + 70),
        ([("Expires", "09 Jun 2021 10:18:14"), ("Expires", LATER)], LATER_AT),
        # section 5.6.1 step 2 and section 5.6.2 steps 1 to 3: what cannot be read is not there
        ([("Max-Age", "soon")], None),
        ([("Max-Age", "")], None),
        ([("Expires", "never")], None),
        ([("Expires", "")], None),
        ([("Max-Age", "60"), ("Max-Age", "soon")], NOW + 60),
        ([("Expires", LATER), ("Expires", "never")], LATER_AT),
        ([("Max-Age", "soon"), ("Expires", LATER)], LATER_AT),
        # section 5.6.1 step 4, section 5.6.2 step 6: no later than in 400 days
        ([("Max-Age", str(MAX_AGE_S - 1))], LATEST - 1),
        ([("Max-Age", str(MAX_AGE_S))], LATEST),
        ([("Max-Age", str(MAX_AGE_S + 1))], LATEST),
        ([("Expires", "Fri, 31 Dec 9999 23:59:59 GMT")], LATEST),
        # section 5.6.2 step 7, section 5.6.1 step 5: no earlier than the earliest time
        ([("Max-Age", "0")], EARLIEST),
        ([("Max-Age", "-1")], EARLIEST),
        ([("Max-Age", "0"), ("Expires", LATER)], EARLIEST),
        ([("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")], EARLIEST),
        ([("Expires", "Mon, 01 Jan 1601 00:00:00 GMT")], EARLIEST),
    ],
)
def test_a_cookie_expires_when_its_attributes_say(attributes, expected):
    assert expiry_of(attributes, NOW) == expected


@pytest.mark.parametrize("clock", [0.0, 1.5, NOW])
def test_a_cookie_that_is_to_be_deleted_has_expired_whatever_the_time(clock):
    assert expiry_of([("Max-Age", "0")], clock) <= clock


MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        "1" * MEGABYTE,
        "-" + "0" * MEGABYTE,
        "0" * MEGABYTE + "x",
        "-" * MEGABYTE,
        " " * MEGABYTE,
        "1:" * (MEGABYTE // 2),
        "1 " * (MEGABYTE // 2),
        "Mon, " * (MEGABYTE // 5),
        "Mon, 09 Jun 2021 10:18:14 " * (MEGABYTE // 26),
    ],
    ids=lambda text: repr(text[:6]),
)
@pytest.mark.parametrize("parse", [parse_cookie_date, parse_max_age])
def test_a_megabyte_is_looked_at_in_linear_time(parse, text):
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 1  # quadratic time would be minutes
