"""When a cookie expires (RFC 6265bis sections 5.1.1, 5.6.1, 5.6.2 and 5.7).

Dates are what servers made of them over thirty years, so the algorithm looks for a time, a day, a
month and a year among the words of a text, in any order, and ignores the rest. Nearly all are in
one form, which one expression reads at once, to the same result.

Times are seconds since the epoch. Nothing here asks what time it is.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from .parse import MAX_ATTRIBUTE_VALUE_BYTES

#: No cookie is kept for longer: the 400 days of RFC 6265bis section 5.5.
MAX_AGE_S: Final = 400 * 24 * 60 * 60
#: The earliest time that a cookie can expire at: long past, and a number in any format.
EARLIEST: Final = 0.0
#: A longer date is none. The value of an attribute is never longer (section 5.6).
MAX_DATE_CHARACTERS: Final = MAX_ATTRIBUTE_VALUE_BYTES

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
# Names of days only: another word in front could be taken for the month.
_USUAL_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), "
    r"([0-9]{2})[ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -]([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
# What is between delimiters. Where a production allows anything behind it that does not begin with
# a digit, this looks for no digit.
_TOKEN: Final = re.compile(r"[^\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]++")
_TIME: Final = re.compile(r"([0-9]{1,2}+):([0-9]{1,2}+):([0-9]{1,2}+)(?![0-9])")
_DAY: Final = re.compile(r"([0-9]{1,2}+)(?![0-9])")
_YEAR: Final = re.compile(r"([0-9]{2,4}+)(?![0-9])")
_FIRST_YEAR: Final = 1601
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

_INTEGER: Final = re.compile(r"(-?+)(?=[0-9])0*+([0-9]*+)")
_AGE_DIGITS: Final = len(str(MAX_AGE_S))


class Lifetime(NamedTuple):
    """What the attributes of a cookie say of its end; each time that it is set that is anew."""

    #: Max-Age, within `MAX_AGE_S`; None if there is none that can be read.
    age_s: int | None
    #: Expires, as it was written; None likewise.
    date: float | None

    def ends_at(self, now: float) -> float | None:
        """The time from which on a cookie is expired that was set now; None if it has no such.

        One without is kept for as long as its session. Max-Age counts before Expires; no result is
        before `EARLIEST`, or more than `MAX_AGE_S` after `now`. A cookie is expired when the time
        that it is has come up to this one.
        """
        if self.age_s is not None:  # RFC 6265bis section 5.7 step 6
            return now + self.age_s if self.age_s > 0 else EARLIEST  # section 5.6.2 step 7
        if self.date is not None:
            return max(EARLIEST, min(self.date, now + MAX_AGE_S))  # section 5.6.1 steps 4 and 5
        return None


def lifetime_of(attributes: Sequence[tuple[str, str]]) -> Lifetime:
    """Of Max-Age and Expires the last that can be read; no date is read if there is an age."""
    dates = []
    for name, value in reversed(attributes):
        known = name.lower()
        if known == "max-age":
            age_s = parse_max_age(value)
            if age_s is not None:
                return Lifetime(age_s, None)
        elif known == "expires":
            dates.append(value)
    for text in dates:
        expiry = parse_cookie_date(text)
        if expiry is not None:
            return Lifetime(None, expiry)
    return Lifetime(None, None)


def expiry_of(attributes: Sequence[tuple[str, str]], now: float) -> float | None:
    """`Lifetime.ends_at` for these attributes."""
    return lifetime_of(attributes).ends_at(now)


def parse_max_age(text: str) -> int | None:
    """The seconds of a Max-Age attribute (RFC 6265bis section 5.6.2); None if it has to be ignored.

    Ages are limited to `MAX_AGE_S`, in both directions.
    """
    found = _INTEGER.fullmatch(text)  # steps 1 to 3
    if found is None:
        return None
    sign, digits = found.groups()
    # Python refuses to read numbers of many thousand digits.
    age_s = int(digits or "0") if len(digits) <= _AGE_DIGITS else MAX_AGE_S
    age_s = min(age_s, MAX_AGE_S)  # step 6
    return -age_s if sign else age_s


def parse_cookie_date(text: str) -> float | None:
    """The time of an Expires attribute (RFC 6265bis section 5.1.1); None if it is not a date.

    Without a zone, or with any, it is UTC.
    """
    usual = _USUAL_DATE.fullmatch(text)
    if usual is not None:
        day, month, year, *clock = usual.groups()
        return _time(year, _MONTHS[month.lower()], day, *clock)
    if len(text) > MAX_DATE_CHARACTERS:
        return None
    return _time_among(_TOKEN.findall(text))


def _time_among(tokens: Sequence[str]) -> float | None:
    """Step 2: each token is the first of these that it can be, and that was not found before."""
    clock = day = month = year = None
    for token in tokens:
        if clock is None and (found := _TIME.match(token)):
            clock = found.groups()
        elif day is None and (found := _DAY.match(token)):
            day = found[1]
        elif month is None and (number := _MONTHS.get(token[:3].lower())):
            month = number
        elif year is None and (found := _YEAR.match(token)):
            year = found[1]
    if clock is None or day is None or month is None or year is None:  # step 5
        return None
    return _time(year, month, day, *clock)


def _time(year_digits: str, month: int, day: str, *clock: str) -> float | None:
    year = int(year_digits)
    if year < 70:  # step 4
        year += 2000
    elif year < 100:  # step 3
        year += 1900
    if year < _FIRST_YEAR:  # step 5
        return None
    hour, minute, second = map(int, clock)
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, int(day)).toordinal() - _EPOCH_DAY
    except ValueError:  # step 6: the month has no such day
        return None
    return float((days * 24 + hour) * 3600 + minute * 60 + second)
