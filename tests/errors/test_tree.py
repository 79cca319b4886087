"""The tree of exceptions, their attributes, and what they say."""

import inspect
import ssl
from types import SimpleNamespace

import pytest
from yarl import URL

import aioclient
from aioclient import errors

# Name: the names of its bases, as users of aiohttp's client know them, and the two that are new.
BASES = {
    "ClientError": [Exception],
    "ClientResponseError": ["ClientError"],
    "ContentTypeError": ["ClientResponseError"],
    "WSServerHandshakeError": ["ClientResponseError"],
    "ClientHttpProxyError": ["ClientResponseError"],
    "TooManyRedirects": ["ClientResponseError"],
    "MultipartError": ["ClientPayloadError", ValueError],
    "UnknownEncodingError": ["MultipartError", RuntimeError],
    "PartTooLargeError": ["BodyTooLargeError", ValueError],
    "ClientConnectionError": ["ClientError"],
    "ClientConnectionResetError": ["ClientConnectionError", ConnectionResetError],
    "ClientOSError": ["ClientConnectionError", OSError],
    "ClientConnectorError": ["ClientOSError"],
    "AddressNotAllowedError": ["ClientConnectorError"],
    "ClientConnectorDNSError": ["ClientConnectorError"],
    "ClientProxyConnectionError": ["ClientConnectorError"],
    "UnixClientConnectorError": ["ClientConnectorError"],
    "ClientSSLError": ["ClientConnectorError"],
    "ClientConnectorSSLError": ["ClientSSLError", ssl.SSLError],
    "ClientConnectorCertificateError": ["ClientSSLError", ssl.CertificateError],
    "ServerConnectionError": ["ClientConnectionError"],
    "ServerDisconnectedError": ["ServerConnectionError"],
    "ServerFingerprintMismatch": ["ServerConnectionError"],
    "WSMessageTypeError": [TypeError],
    "WebSocketError": [Exception],
    "EofStream": [Exception],
    "ServerTimeoutError": ["ServerConnectionError", "ClientTimeoutError"],
    "ConnectionTimeoutError": ["ServerTimeoutError"],
    "SocketTimeoutError": ["ServerTimeoutError"],
    "ClientTimeoutError": ["ClientError", TimeoutError],
    "TotalTimeoutError": ["ClientTimeoutError"],
    "ClientPayloadError": ["ClientError"],
    "UploadAbortedError": ["ClientError"],
    "BodyLimitError": ["ClientPayloadError"],
    "BodyTooLargeError": ["BodyLimitError"],
    "HeadLimitError": ["ServerProtocolError"],
    "LineTooLong": ["BodyLimitError"],
    "ServerProtocolError": ["ClientError"],
    "InvalidURL": ["ClientError", ValueError],
    "InvalidUrlClientError": ["InvalidURL"],
    "InvalidUrlRedirectClientError": ["InvalidUrlClientError", "RedirectClientError"],
    "RedirectClientError": ["ClientError"],
    "NonHttpUrlClientError": ["ClientError"],
    "NonHttpUrlRedirectClientError": ["RedirectClientError", "NonHttpUrlClientError"],
}


@pytest.mark.parametrize("name", errors.__all__)
def test_exception_has_the_bases_that_users_know(name):
    expected = [getattr(errors, base) if isinstance(base, str) else base for base in BASES[name]]
    assert list(getattr(errors, name).__bases__) == expected


def test_every_exception_is_public_and_documented():
    made = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert made == set(errors.__all__) <= set(aioclient.__all__)
    assert all(getattr(errors, name).__doc__ for name in made)


@pytest.mark.parametrize(
    "name", ["TotalTimeoutError", "ConnectionTimeoutError", "SocketTimeoutError"]
)
def test_every_time_limit_is_a_client_error_and_a_timeout(name):
    error = getattr(errors, name)(
        "late", limit="total", limit_s=5.0, elapsed_s=5.1, phase="reading", host="h"
    )
    assert isinstance(error, errors.ClientError)
    assert isinstance(error, TimeoutError)
    assert str(error) == "late"
    assert (error.limit, error.limit_s, error.phase, error.host) == ("total", 5.0, "reading", "h")


ENDPOINT = SimpleNamespace(host="a.example", port=443, is_ssl=True, ssl=True)
REFUSED = ConnectionRefusedError(111, "Connection refused")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            errors.ClientConnectorError(ENDPOINT, REFUSED),
            "cannot connect to a.example:443: Connection refused",
        ),
        (
            errors.ClientConnectorError(ENDPOINT, OSError("no words of the system")),
            "cannot connect to a.example:443: no words of the system",
        ),
        (
            errors.ClientConnectorError(ENDPOINT, OSError()),
            "cannot connect to a.example:443: OSError",
        ),
        (
            errors.ClientConnectorDNSError(ENDPOINT, OSError(-2, "Name or service not known")),
            "cannot resolve host 'a.example': Name or service not known",
        ),
        (
            errors.AddressNotAllowedError(ENDPOINT, ("10.0.0.1", "::1")),
            "no address of a.example:443 is allowed: 10.0.0.1, ::1",
        ),
        (
            errors.AddressNotAllowedError(ENDPOINT, ()),
            (
                "addresses of a.example:443 cannot be checked by allowed_addresses: "
                "the proxy would resolve the name"
            ),
        ),
        (
            errors.ClientConnectorSSLError(ENDPOINT, ssl.SSLError(1, "wrong version number")),
            "TLS handshake with a.example:443 failed: wrong version number",
        ),
        (
            errors.ClientConnectorCertificateError(ENDPOINT, ssl.CertificateError(1, "expired")),
            "certificate of a.example:443 was not accepted: expired",
        ),
        (
            errors.ClientProxyConnectionError(ENDPOINT, REFUSED),
            "cannot connect to proxy a.example:443: Connection refused",
        ),
        (
            errors.UnixClientConnectorError("/run/a.sock", ENDPOINT, REFUSED),
            "cannot connect to UNIX socket '/run/a.sock': Connection refused",
        ),
        (
            errors.ServerFingerprintMismatch(b"\1\2", b"\xff", "a.example", 443),
            "certificate of a.example:443 has the fingerprint ff, expected 0102",
        ),
        (errors.WebSocketError(1002, "bad frame"), "bad frame"),
        (errors.ServerDisconnectedError(), "server disconnected"),
        (errors.ServerDisconnectedError(None), "server disconnected"),
        (errors.ServerDisconnectedError("early"), "early"),
        (errors.InvalidURL("x", "bad"), "x: bad"),
        (errors.InvalidURL("x"), "x"),
    ],
)
def test_message_says_what_happened(error, message):
    assert str(error) == message


@pytest.mark.parametrize(
    "error_type",
    [
        errors.ClientConnectorError,
        errors.ClientConnectorDNSError,
        errors.ClientProxyConnectionError,
        errors.ClientConnectorSSLError,
        errors.ClientConnectorCertificateError,
    ],
)
def test_connector_error_says_where_and_why(error_type):
    error = error_type(ENDPOINT, REFUSED)
    assert (error.host, error.port, error.ssl) == ("a.example", 443, True)
    assert (error.errno, error.strerror) == (111, "Connection refused")
    assert error.os_error is REFUSED
    assert error.connection_key is ENDPOINT


def test_unix_connector_error_says_where_and_why():
    error = errors.UnixClientConnectorError("/run/a.sock", ENDPOINT, REFUSED)
    assert error.path == "/run/a.sock"
    assert (error.host, error.port, error.ssl, error.errno) == ("a.example", 443, True, 111)
    assert (error.os_error, error.connection_key) == (REFUSED, ENDPOINT)
    assert error.args == ("/run/a.sock", ENDPOINT, REFUSED)


def test_connector_error_shows_no_key():
    error = errors.ClientConnectorError(ENDPOINT, REFUSED)
    assert repr(error) == f"ClientConnectorError({error})"


def test_fingerprint_mismatch_says_what_was_expected_and_where():
    error = errors.ServerFingerprintMismatch(b"\1\2", b"\xff", "a.example", 443)
    assert (error.expected, error.got) == (b"\1\2", b"\xff")
    assert (error.host, error.port) == ("a.example", 443)
    assert error.args == (b"\1\2", b"\xff", "a.example", 443)
    assert repr(error) == f"ServerFingerprintMismatch({error})"


def test_web_socket_error_has_a_code():
    error = errors.WebSocketError(1002, "bad frame")
    assert (error.code, error.args) == (1002, (1002, "bad frame"))
    assert repr(error) == "WebSocketError(1002, 'bad frame')"


def test_certificate_error_has_what_the_tls_library_said():
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = errors.ClientConnectorCertificateError(ENDPOINT, certificate_error=cause)
    assert error.certificate_error is cause
    assert str(error).endswith("was not accepted: self-signed certificate")


def response_error(error_type=errors.ClientResponseError, **options):
    url = URL("http://a.example/b")
    info = SimpleNamespace(url=url, real_url=url, method="GET")
    return error_type(info, (), **options)


def test_response_error_has_status_message_and_headers():
    error = response_error(status=404, message="Not Found", headers={"A": "b"})
    assert (error.status, error.message, error.headers) == (404, "Not Found", {"A": "b"})
    assert str(error) == "404, message='Not Found', url='http://a.example/b'"
    assert repr(error) == f"ClientResponseError({error})"
    assert error.request_info.method == "GET"
    assert error.history == ()


def test_response_error_without_a_status_has_status_zero():
    assert response_error().status == 0


def test_response_error_has_the_beginning_of_the_body_and_does_not_show_it():
    error = response_error(status=404, message="Not Found", body=b"why")
    assert error.body == b"why"
    assert response_error(status=404).body == b""
    assert str(error) == "404, message='Not Found', url='http://a.example/b'"
    assert repr(error) == f"ClientResponseError({error})"


def test_code_is_a_deprecated_argument():
    with pytest.warns(DeprecationWarning, match="code is deprecated, use status"):
        error = response_error(code=404)
    assert error.status == 404


def test_code_and_status_exclude_each_other():
    with pytest.raises(ValueError, match="code is a deprecated name of status"):
        response_error(code=404, status=404)


def test_code_is_a_deprecated_attribute():
    error = response_error(status=404)
    with pytest.warns(DeprecationWarning, match="code is deprecated, use status"):
        assert error.code == 404
    with pytest.warns(DeprecationWarning, match="code is deprecated, use status"):
        error.code = 405
    assert error.status == 405


def test_warning_names_the_line_that_says_code():
    error = response_error(status=404)
    with pytest.warns(DeprecationWarning, match="code") as warned:
        _ = error.code
    assert warned[0].filename == __file__


def test_invalid_url_has_url_and_description():
    url = URL("ftp://x/")
    error = errors.InvalidUrlClientError(url, "why")
    assert (error.url, error.description) == (url, "why")
    assert repr(error) == "InvalidUrlClientError(ftp://x/: why)"


def test_control_characters_of_an_invalid_url_are_shown_as_escapes():
    error = errors.InvalidURL("http://\u017e:secret@\u017e\x1b[31m\r\n\x9b\u2028/", "why")
    assert str(error) == "http://\u017e\\x1b[31m\\r\\n\\x9b\\u2028/: why"
    assert repr(error) == f"InvalidURL({error})"


def test_bytes_are_shown_to_a_limit():
    assert errors.shown(b"x" * 100) == repr(b"x" * 100)
    assert errors.shown(b"x" * 101) == repr(b"x" * 100) + "..."
    assert errors.shown(b"\r\n\0") == r"b'\r\n\x00'"
