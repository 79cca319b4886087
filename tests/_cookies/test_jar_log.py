"""What a jar logs of the cookies of a response that it does not keep."""

import logging

import pytest
from yarl import URL

from aioclient import CookieJar


def keep(fields: list[str]) -> CookieJar:
    jar = CookieJar()
    jar.update_cookies_from_headers(fields, URL("https://a.example/"))
    return jar


def test_a_response_without_bad_cookies_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    keep(["a=b"] * 50)
    assert caplog.record_tuples == []


def test_cookies_over_the_limit_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    keep(["a=b"] * 10_000)
    text = "Set-Cookie: 9950 of 10000 ignored: a response has at most 50"
    assert caplog.record_tuples == [("aioclient.cookies", logging.WARNING, text)]


def test_bad_cookies_are_logged_once_and_the_good_ones_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = keep(["a=b", "c=d\0", "", "e\n=f", "g=h"])
    assert [morsel.key for morsel in kept] == ["a", "g"]
    text = "Set-Cookie: 3 of 5 ignored: cookie 'c' has a control character"
    assert caplog.record_tuples == [("aioclient.cookies", logging.WARNING, text)]


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("\x1b[31m\r\n\u202e=secret", r"cookie '\x1b[31m\r\n\u202e'"),
        ("x" * 5000 + "=secret", f"cookie '{'x' * 40}'"),
        ("secret" * 1000, "a cookie"),  # it has no name
        ("secret\0; a=b", "a cookie"),
    ],
)
def test_what_is_logged_is_escaped_and_short_and_shows_no_value(
    caplog: pytest.LogCaptureFixture, field: str, shown: str
) -> None:
    assert len(keep([field])) == 0
    (message,) = caplog.messages
    assert f": {shown} has " in message
    assert len(message) < 150
    assert message.isprintable()
    assert "secret" not in message
