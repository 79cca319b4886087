"""Basic authentication (RFC 7617)."""

import pytest

from aioclient import encode_basic_auth


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # section 2
        (("test", "123\u00a3"), "Basic dGVzdDoxMjPCow=="),  # section 2.1
        (("test", "123\u00a3", "latin-1"), "Basic dGVzdDoxMjOj"),
        (("login",), "Basic bG9naW46"),
        (("", ""), "Basic Og=="),
        (("a", "b:c:"), "Basic YTpiOmM6"),
        (("a\r\nb", "\0"), "Basic YQ0KYjoA"),
    ],
)
def test_credentials_are_encoded(arguments, expected):
    assert encode_basic_auth(*arguments) == expected


def test_long_credentials_stay_on_one_line():
    assert "\n" not in encode_basic_auth("x" * 1000, "y" * 1000)


@pytest.mark.parametrize("login", [":", "a:", ":a", "a:b"])
def test_login_with_a_colon_is_refused_and_the_password_not_shown(login):
    with pytest.raises(ValueError, match="must not contain") as raised:
        encode_basic_auth(login, "a-secret")
    assert "a-secret" not in str(raised.value)


def test_credentials_that_the_encoding_lacks_are_refused():
    with pytest.raises(UnicodeEncodeError):
        encode_basic_auth("\u20ac", "", "latin-1")
