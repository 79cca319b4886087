"""One case of the table of cookies: what responses said, and what a request is sent.

The table is written from the text of draft-ietf-httpbis-rfc6265bis; each case names the step that
decides it. It lies in modules by section, `cookie_cases_*`.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

#: When each case begins: a Thursday.
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
DAY_S: Final = 24 * 60 * 60
#: Section 5.5.
LIMIT_S: Final = 400 * DAY_S
#: No cookie that has an end lives so long.
AGES_S: Final = 3 * LIMIT_S

HTTP: Final = "http://site.example/"
HTTPS: Final = "https://site.example/"
WWW: Final = "https://www.site.example/"


class Case(NamedTuple):
    """One case. Numbers among what was said are seconds that pass there."""

    step: str
    #: The URL of a response, and the values of its Set-Cookie fields.
    said: list[tuple[str, ...] | float]
    #: The URL of the request.
    asked: str
    #: The value of its Cookie field; None for no field.
    sent: str | None


def alone(step: str, field: str, sent: str | None, asked: str = HTTPS, said: str = "") -> Case:
    """One field of a response from the URL that is asked then, or from another."""
    return Case(step, [(said or asked, field)], asked, sent)


def lasting(step: str, attributes: str, seconds: float | None) -> list[Case]:
    """A cookie with these attributes ends after so many seconds; None: with its session."""
    field = f"a=1; {attributes}"
    if seconds is None:
        return [Case(step, [(HTTPS, field), AGES_S], HTTPS, "a=1")]
    after = Case(step, [(HTTPS, field), max(0, seconds + 1)], HTTPS, None)
    if seconds <= 0:
        return [after]
    return [Case(step, [(HTTPS, field), seconds - 1], HTTPS, "a=1"), after]
