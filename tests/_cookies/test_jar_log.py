"""What a jar logs of the cookies of a response that it does not keep."""

import logging

import pytest
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.refusals import MAX_WARNINGS


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


def test_the_same_reason_is_a_warning_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    jar = CookieJar()
    for field in ("a=b; Secure", "a=c; Secure", "d=e; Domain=com", "a=b; Secure"):
        jar.update_cookies_from_headers([field], URL("http://a.example.com/"))
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING, logging.DEBUG, logging.WARNING, logging.DEBUG]


def test_a_server_can_make_only_so_many_warnings(caplog: pytest.LogCaptureFixture) -> None:
    jar = CookieJar()
    for number in range(1000):
        jar.update_cookies_from_headers([f"a{number}=b; Secure"], URL("http://a.example/"))
    assert len(caplog.records) == MAX_WARNINGS
