"""Basic authentication (RFC 7617)."""

import pytest
from yarl import URL

from aioclient import BasicAuth, encode_basic_auth


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
    with pytest.raises(ValueError, match="cannot be encoded in latin-1") as raised:
        encode_basic_auth("me", "a-secret \u20ac", "latin-1")
    # Python's own error has what was to be encoded.
    assert raised.value.__context__ is None
    assert "a-secret" not in repr(raised.value)


@pytest.mark.parametrize(
    ("login", "password"),
    [("me", "secret"), ("me", ""), ("", ""), ("me", "a:b"), ("\u00e9", "\u00e8")],
)
@pytest.mark.parametrize("encoding", ["latin1", "utf-8"])
def test_credentials_are_decoded(login, password, encoding):
    auth = BasicAuth(login, password, encoding)
    assert BasicAuth.decode(auth.encode(), encoding) == auth
    assert BasicAuth.decode(" bASIC   " + auth.encode().partition(" ")[2] + " ", encoding) == auth


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "not Basic"),
        ("Bearer c2VjcmV0", "not Basic"),
        ("Basic", "have no colon"),
        ("Basic c2VjcmV0", "have no colon"),
        ("Basic c2VjcmV0!", "not valid"),
        ("Basic c2VjcmV", "not valid"),
    ],
)
def test_what_is_no_basic_authentication_is_refused(header, message):
    with pytest.raises(ValueError, match=message) as raised:
        BasicAuth.decode(header)
    assert "c2Vj" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_credentials_of_a_url():
    assert BasicAuth.from_url(URL("http://me:s%40crt@example.com/")) == BasicAuth("me", "s@crt")
    assert BasicAuth.from_url(URL("http://me@example.com/")) == BasicAuth("me", "")
    assert BasicAuth.from_url(URL("http://:p@example.com/")) == BasicAuth("", "p")
    assert BasicAuth.from_url(URL("http://example.com/")) is None
    with pytest.raises(TypeError, match=r"must be a yarl.URL"):
        BasicAuth.from_url("http://me@example.com/")


def test_password_is_not_shown():
    assert "secret" not in repr(BasicAuth("me", "secret"))
    assert "secret" not in repr(BasicAuth("secret"))  # as a token is given


def test_login_of_an_auth_must_not_have_a_colon():
    with pytest.raises(ValueError, match="must not contain"):
        BasicAuth("a:b", "secret").encode()
