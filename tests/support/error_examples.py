"""One or more of every public exception, as a request would raise them, with a secret inside."""

import ssl
from datetime import UTC, datetime
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient import BasicAuth, CertificateFacts, RequestInfo, errors
from aioclient._net.route import Route

SECRET = "a-secret"
#: In no text about an error: the secret, and what Basic authentication makes of it.
SECRETS = (SECRET, "bWU6YS1zZWNyZXQ=")
SECRET_URL = URL(f"http://me:{SECRET}@a.example:81/b?c=d")


class ProxiedKey(NamedTuple):
    """A place behind a proxy, as the key of a pool may say it."""

    host: str
    port: int
    is_ssl: bool
    ssl: ssl.SSLContext | bool
    proxy: URL
    proxy_auth: BasicAuth


class LiveResponse:
    """Has what a response has that an error keeps, and cannot be pickled, like a response."""

    def __init__(self, status: int, url: URL) -> None:
        self.status = status
        self.reason = "Found"
        self.method = "GET"
        self.url = url
        self.real_url = url
        self.headers = headers(("Location", str(SECRET_URL)), ("Set-Cookie", SECRET))
        self.request_info = request_info(url)

    def __reduce__(self) -> str:
        raise TypeError("a response cannot be pickled")

    def __repr__(self) -> str:
        return "<LiveResponse>"


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def request_info(url: URL = SECRET_URL) -> RequestInfo:
    sent = headers(("Host", "a.example"), ("Authorization", "Basic bWU6YS1zZWNyZXQ="))
    return RequestInfo(url, "GET", sent, url.with_fragment("e"))


def response_error(
    kind: type[errors.ClientResponseError] = errors.ClientResponseError,
) -> errors.ClientResponseError:
    return kind(
        request_info(),
        (LiveResponse(302, SECRET_URL), LiveResponse(307, SECRET_URL / "f")),
        status=404,
        message="Not Found",
        headers=headers(("A", "b"), ("a", "c"), ("Set-Cookie", SECRET)),
        body=b"why \xff",
    )


PROXIED = ProxiedKey("a.example", 443, True, True, SECRET_URL, BasicAuth("me", SECRET))
ROUTE = Route("a.example", 443, True, ssl.create_default_context())
REFUSED = ConnectionRefusedError(111, "Connection refused")
WORDS = f"no way to {SECRET_URL}, sorry"


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    error.verify_code = 18
    error.verify_message = "self-signed certificate"
    return error


def wrong_name() -> errors.ClientConnectorCertificateError:
    cause = certificate_error()
    cause.verify_code = 62
    cause.verify_message = "Hostname mismatch, certificate is not valid for 'a.example'."
    error = errors.ClientConnectorCertificateError(ROUTE, cause)
    day = datetime(2026, 11, 26, tzinfo=UTC)
    error.certificate = CertificateFacts((str(SECRET_URL),), "Acme", day, day, day)
    return error


def timeout(kind: type[errors.ClientTimeoutError]) -> errors.ClientTimeoutError:
    return kind(
        WORDS, limit="total", limit_s=5.0, elapsed_s=5.1, phase="response", host="a.example"
    )


def examples() -> list[Exception]:
    """Made anew each time."""
    noted = errors.ClientPayloadError("cut off")
    noted.add_note("after 5 bytes")
    return [
        noted,
        *(response_error(kind) for kind in _family(errors.ClientResponseError)),
        errors.ClientResponseError(request_info(), (), status=400, headers={"A": "b"}),
        *(timeout(kind) for kind in _family(errors.ClientTimeoutError)),
        *(
            kind(key, REFUSED)
            for kind in _family(errors.ClientConnectorError)
            if kind not in (errors.UnixClientConnectorError, errors.AddressNotAllowedError)
            for key in (PROXIED, ROUTE)
        ),
        errors.AddressNotAllowedError(PROXIED, ("10.0.0.1", "::1")),
        errors.ClientProxyConnectionError(PROXIED, OSError(WORDS)),
        errors.ClientConnectorCertificateError(ROUTE, certificate_error()),
        wrong_name(),
        errors.UnixClientConnectorError("/run/a.sock", PROXIED, REFUSED),
        errors.ServerDisconnectedError(),
        errors.ServerDisconnectedError(WORDS),
        errors.ServerFingerprintMismatch(b"\1" * 32, b"\2" * 32, "a.example", 443),
        errors.HeadLimitError(WORDS, limit="max_headers", limit_value=256),
        *(
            kind(WORDS, limit="max_body_size", limit_value=2**30)
            for kind in _family(errors.BodyLimitError)
        ),
        *(
            kind(url, "why")
            for kind in _family(errors.InvalidURL)
            for url in (SECRET_URL, f"http://me:{SECRET}@a.example:x/")
        ),
        errors.NonHttpUrlClientError(SECRET_URL.with_scheme("ftp")),
        errors.NonHttpUrlRedirectClientError(SECRET_URL.with_scheme("ftp")),
        errors.ClientOSError(32, WORDS),
        errors.ClientConnectionResetError(WORDS),
        errors.ClientConnectionResetError(104, "Connection reset by peer"),
        errors.ClientError(WORDS, 1),
        errors.ClientConnectionError(WORDS),
        errors.ServerConnectionError(WORDS),
        errors.ClientPayloadError(WORDS),
        errors.UploadAbortedError(WORDS),
        errors.MultipartError(WORDS),
        errors.UnknownEncodingError(WORDS),
        errors.ServerProtocolError(WORDS),
        errors.RedirectClientError(WORDS),
        errors.WebSocketError(1002, WORDS),
        errors.WSMessageTypeError("expected text, got binary"),
        errors.EofStream(),
    ]


def _family(root: type[Exception]) -> list[type]:
    """A public exception and all that are kinds of it."""
    return [
        kind
        for kind in (getattr(errors, name) for name in errors.__all__)
        if issubclass(kind, root)
    ]
