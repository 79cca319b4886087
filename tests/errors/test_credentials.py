"""No text about an error shows a login's password."""

import traceback

import pytest
from error_examples import SECRETS, examples, request_info
from yarl import URL

from aioclient import errors


def last_lines(error):
    return "".join(traceback.format_exception_only(error))


@pytest.mark.parametrize("error", examples(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("show", [str, repr, format, last_lines])
def test_exception_does_not_show_credentials(error, show):
    text = show(error)
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize(
    "error",
    [error for error in examples() if not isinstance(error, errors.EofStream)],
    ids=lambda error: type(error).__name__,
)
def test_exception_says_something_else(error):
    assert len(str(error)) > 5


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/", "http://a.example/"),
        ("http://a.example:81/b@c", "http://a.example:81/b@c"),
        ("http://a.example/?b@c#d@e", "http://a.example/?b@c#d@e"),
        ("http://[::1]/b@c", "http://[::1]/b@c"),
        ("http://[::1]:81/b@c", "http://[::1]:81/b@c"),
        ("http://me@a.example/", "http://a.example/"),
        ("http://me:a-secret@a.example:81/b@c", "http://a.example:81/b@c"),
        ("http://me:a-secret@[::1]/b@c", "http://[::1]/b@c"),
        ("http://me@there:a-secret@a.example/", "http://a.example/"),
        ("http://me:a secret@a.example:x/", "http://a.example:x/"),
        ("//me:a-secret@a.example/", "//a.example/"),
        ("http://a.example/?to=http://me:a-secret@b.example/", "http://a.example/?to=http://b.example/"),
        # A password that was not percent-encoded.
        ("http://me:a/secret@a.example/", "http://a.example/"),
        ("http://me:a?secret@a.example/", "http://a.example/"),
        ("http://me:a#secret@a.example:81/", "http://a.example:81/"),
        ("http://me:a#sec@ret@a.example/", "http://a.example/"),
        # A URL without a scheme.
        ("me:a-secret@a.example/b", "a.example/b"),
        ("a.example/b@c", "a.example/b@c"),
        ("", ""),
    ],
)  # fmt: skip
def test_url_is_shown_without_user_info(url, expected):
    assert errors.without_user_info(url) == expected
    assert str(errors.InvalidURL(url)) == expected


def test_url_of_any_length_is_shown_in_time():
    for part in ("/", "@", ":", "a", "//@", "//:", "?#"):
        errors.without_user_info("http://" + part * 200_000)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("x http://me:a-secret@a.example/b@c y", "x http://a.example/b@c y"),
        ("x http://a.example mails me@a.example", "x http://a.example mails me@a.example"),
        ("http://me@a.example, http://me:b@c.example", "http://a.example, http://c.example"),
    ],
)
def test_words_are_shown_without_credentials(words, expected):
    assert str(errors.ClientError(words)) == expected
    assert repr(errors.ClientError(words)) == f"ClientError({expected!r})"


def test_credentials_stay_in_the_arguments():
    url = URL("ftp://me:a-secret@a.example/")
    error = errors.NonHttpUrlClientError(url)
    assert error.args == (url,)
    assert str(error) == "ftp://a.example/"


def test_request_info_shows_neither_credentials_nor_headers():
    assert repr(request_info()) == "RequestInfo(method='GET', url='http://a.example:81/b?c=d')"
