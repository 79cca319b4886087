"""The tree of exceptions, what they say, and what they must not say."""

import copy
import inspect
import pickle
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
    "ClientConnectorDNSError": ["ClientConnectorError"],
    "ClientProxyConnectionError": ["ClientConnectorError"],
    "UnixClientConnectorError": ["ClientConnectorError"],
    "ClientSSLError": ["ClientConnectorError"],
    "ClientConnectorSSLError": ["ClientSSLError", ssl.SSLError],
    "ClientConnectorCertificateError": ["ClientSSLError", ssl.CertificateError],
    "ServerConnectionError": ["ClientConnectionError"],
    "ServerDisconnectedError": ["ServerConnectionError"],
    "ServerFingerprintMismatch": ["ServerConnectionError"],
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
            errors.ClientConnectorSSLError(ENDPOINT, ssl.SSLError(1, "wrong version number")),
            "TLS handshake with a.example:443 failed: wrong version number",
        ),
        (
            errors.ClientConnectorCertificateError(ENDPOINT, ssl.CertificateError(1, "expired")),
            "certificate of a.example:443 was not accepted: expired",
        ),
        (errors.ServerDisconnectedError(), "server disconnected"),
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


def test_certificate_error_has_what_the_tls_library_said():
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = errors.ClientConnectorCertificateError(ENDPOINT, cause)
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


def test_invalid_url_has_url_and_description():
    url = URL("ftp://x/")
    error = errors.InvalidUrlClientError(url, "why")
    assert (error.url, error.description) == (url, "why")
    assert repr(error) == "InvalidUrlClientError(ftp://x/: why)"


@pytest.mark.parametrize(
    "url",
    [
        "http://me:a-secret@host:x/",
        "http://me:an a-secret@host:x/",
        "http://me@there:a-secret@host:x/",
        URL("http://me:a-secret@host/"),
    ],
)
@pytest.mark.parametrize("error_type", [errors.InvalidURL, errors.InvalidUrlClientError])
@pytest.mark.parametrize("show", [str, repr])
def test_url_is_shown_without_its_password(url, error_type, show):
    assert "a-secret" not in show(error_type(url, "why"))


PICKLED = [
    errors.ClientError("a", 1),
    errors.ClientConnectionError("gone"),
    errors.ClientConnectionResetError("gone"),
    errors.ClientOSError(32, "Broken pipe"),
    errors.ClientConnectorError(ENDPOINT, REFUSED),
    errors.ClientConnectorDNSError(ENDPOINT, REFUSED),
    errors.ClientConnectorSSLError(ENDPOINT, ssl.SSLError(1, "x")),
    errors.ClientConnectorCertificateError(ENDPOINT, ssl.CertificateError(1, "x")),
    errors.ServerDisconnectedError("gone"),
    errors.TotalTimeoutError(
        "late", limit="total", limit_s=5.0, elapsed_s=5.1, phase="reading", host="h"
    ),
    errors.SocketTimeoutError(
        "late", limit="sock_read", limit_s=5.0, elapsed_s=5.1, phase="reading", host="h"
    ),
    errors.ClientPayloadError("cut off"),
    errors.ServerProtocolError("no HTTP"),
    errors.InvalidUrlClientError("x", "why"),
    errors.NonHttpUrlClientError("x"),
    response_error(status=404, message="Not Found", headers={"A": "b"}),
    response_error(errors.ContentTypeError, status=200),
]


@pytest.mark.parametrize("error", PICKLED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("duplicate", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_exception_can_be_copied_and_pickled(error, duplicate):
    again = duplicate(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert {name: str(value) for name, value in vars(again).items()} == {
        name: str(value) for name, value in vars(error).items()
    }


def test_bytes_are_shown_to_a_limit():
    assert errors.shown(b"x" * 100) == repr(b"x" * 100)
    assert errors.shown(b"x" * 101) == repr(b"x" * 100) + "..."
    assert errors.shown(b"\r\n\0") == r"b'\r\n\x00'"
