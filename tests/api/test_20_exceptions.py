"""Section 20 of the reference: exceptions."""

import asyncio
import copy
import pickle
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from reference import Call, Line, Missing, Names
from running import asynchronous
from yarl import URL

import aioclient
from aioclient import RequestInfo

_RESPONSE = "request_info, history, *, code=None, status=None, message='', headers=None"
_CONNECTOR = "connection_key, os_error"

ROWS = (
    Line("the tree of exceptions", "test_exception_is_one_of_its_bases"),
    *(
        Call(name, _RESPONSE)
        for name in (
            "ClientResponseError",
            "ContentTypeError",
            "WSServerHandshakeError",
            "ClientHttpProxyError",
            "TooManyRedirects",
        )
    ),
    Names("ClientResponseError", "request_info history status message headers"),
    Names("ClientResponseError", "code", settable="code"),
    *(
        Call(name, _CONNECTOR)
        for name in (
            "ClientConnectorError",
            "ClientConnectorDNSError",
            "ClientProxyConnectionError",
            "ClientSSLError",
            "ClientConnectorSSLError",
        )
    ),
    Names("ClientConnectorError", "os_error host port ssl"),
    Call("client_exceptions.UnixClientConnectorError", "path, connection_key, os_error"),
    Names("client_exceptions.UnixClientConnectorError", "path os_error host port ssl"),
    Call("ClientConnectorCertificateError", "connection_key, certificate_error"),
    Names("ClientConnectorCertificateError", "certificate_error host port ssl"),
    Call("ServerDisconnectedError", "message=None"),
    Names("ServerDisconnectedError", "message"),
    Call("ServerFingerprintMismatch", "expected, got, host, port"),
    Names("ServerFingerprintMismatch", "expected got host port"),
    Call("InvalidURL", "url, description=None"),
    Call("InvalidUrlClientError", "url, description=None"),
    Call("InvalidUrlRedirectClientError", "url, description=None"),
    Names("InvalidURL", "url description"),
    Call("WebSocketError", "code, message"),
    Names("WebSocketError", "code"),
    Line("code is deprecated", "test_code_is_a_deprecated_name"),
    Line("exceptions can be made, and have what they were made with", "test_attributes"),
    Line(
        "total raises a plain TimeoutError",
        "tests/api/test_05_timeouts.py::test_error_of_total_says_what_happened",
        "aiohttp's `total` raises a bare TimeoutError.",
    ),
    Line(
        "the text of a ClientResponseError has the URL with its query",
        "test_response_error_shows_its_url",
    ),
    Line(
        "texts show user-info of URLs",
        "tests/errors/test_credentials.py::test_exception_does_not_show_credentials",
        "No text about an error shows the user-info of a URL",
    ),
    Line(
        "all but UnixClientConnectorError can be pickled",
        "test_exception_can_be_pickled "
        "tests/errors/test_copies.py::test_exception_comes_out_of_a_pickle_as_it_was",
        "All can be pickled and copied.",
    ),
    Missing(
        "aioclient",
        """HttpProcessingError BadHttpMessage HttpBadRequest PayloadEncodingError
        ContentEncodingError TransferEncodingError ContentLengthError DecompressSizeError
        InvalidHeader BadStatusLine BadHttpMethod InvalidURLError""",
        "There is no tree of `HttpProcessingError`",
    ),
    Line(
        "LineTooLong is a BadHttpMessage and no ClientError",
        "test_exception_is_one_of_its_bases",
        "`LineTooLong` is a `ClientPayloadError`.",
    ),
)

#: The bases of the reference; there may be more.
TREE = {
    "ClientError": (Exception,),
    "ClientResponseError": ("ClientError",),
    "ContentTypeError": ("ClientResponseError",),
    "WSServerHandshakeError": ("ClientResponseError",),
    "ClientHttpProxyError": ("ClientResponseError",),
    "TooManyRedirects": ("ClientResponseError",),
    "ClientConnectionError": ("ClientError",),
    "ClientConnectionResetError": ("ClientConnectionError", ConnectionResetError),
    "ClientOSError": ("ClientConnectionError", OSError),
    "ClientConnectorError": ("ClientOSError",),
    "ClientConnectorDNSError": ("ClientConnectorError",),
    "ClientProxyConnectionError": ("ClientConnectorError",),
    "UnixClientConnectorError": ("ClientConnectorError",),
    "ClientSSLError": ("ClientConnectorError",),
    "ClientConnectorSSLError": ("ClientSSLError", ssl.SSLError),
    "ClientConnectorCertificateError": ("ClientSSLError", ssl.CertificateError),
    "ServerConnectionError": ("ClientConnectionError",),
    "ServerDisconnectedError": ("ServerConnectionError",),
    "ServerFingerprintMismatch": ("ServerConnectionError",),
    "ServerTimeoutError": ("ServerConnectionError", asyncio.TimeoutError),
    "ConnectionTimeoutError": ("ServerTimeoutError",),
    "SocketTimeoutError": ("ServerTimeoutError",),
    "ClientPayloadError": ("ClientError",),
    "UploadAbortedError": ("ClientError",),
    "InvalidURL": ("ClientError", ValueError),
    "InvalidUrlClientError": ("InvalidURL",),
    "InvalidUrlRedirectClientError": ("InvalidUrlClientError", "RedirectClientError"),
    "RedirectClientError": ("ClientError",),
    "NonHttpUrlRedirectClientError": ("RedirectClientError", "NonHttpUrlClientError"),
    "NonHttpUrlClientError": ("ClientError",),
    "WSMessageTypeError": (TypeError,),
    "WebSocketError": (Exception,),
    "EofStream": (Exception,),
    "LineTooLong": ("ClientPayloadError",),
}

URL_ = URL("http://a.example/b?c=d")
INFO = RequestInfo(URL_, "GET", CIMultiDictProxy(CIMultiDict()))
KEY: Any = SimpleNamespace(host="a.example", port=443, is_ssl=True, ssl=True)
REFUSED = OSError(111, "refused")


@pytest.mark.parametrize("name", TREE)
def test_exception_is_one_of_its_bases(name: str) -> None:
    kind = getattr(aioclient, name)
    for base in TREE[name]:
        assert issubclass(kind, getattr(aioclient, base) if isinstance(base, str) else base)


def test_code_is_a_deprecated_name() -> None:
    with pytest.warns(DeprecationWarning, match="code"):
        error = aioclient.ClientResponseError(INFO, (), code=404)
    assert error.status == 404
    with pytest.warns(DeprecationWarning, match="code"):
        assert error.code == 404


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        (
            aioclient.ClientResponseError(INFO, (1,), status=404, message="x", headers={"A": "b"}),
            {
                "request_info": INFO,
                "history": (1,),
                "status": 404,
                "message": "x",
                "headers": {"A": "b"},
            },
        ),
        (aioclient.ClientResponseError(INFO, ()), {"status": 0, "message": "", "headers": None}),
        (
            aioclient.ClientConnectorError(KEY, REFUSED),
            {"os_error": REFUSED, "host": "a.example", "port": 443, "ssl": True, "errno": 111},
        ),
        (aioclient.UnixClientConnectorError("/a", KEY, REFUSED), {"path": "/a", "errno": 111}),
        (
            aioclient.ClientConnectorCertificateError(KEY, ssl.CertificateError(1, "x")),
            {"host": "a.example", "port": 443, "ssl": True},
        ),
        (aioclient.ServerDisconnectedError("x"), {"message": "x"}),
        (
            aioclient.ServerFingerprintMismatch(b"a", b"b", "c", 5),
            {"expected": b"a", "got": b"b", "host": "c", "port": 5},
        ),
        (aioclient.InvalidURL("x", "y"), {"url": "x", "description": "y"}),
        (aioclient.InvalidURL(URL_), {"url": URL_, "description": None}),
        (aioclient.WebSocketError(1002, "x"), {"code": 1002}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_attributes(error: Exception, attributes: dict[str, object]) -> None:
    assert {name: getattr(error, name) for name in attributes} == attributes
    copied = copy.copy(error)
    assert {name: getattr(copied, name) for name in attributes} == attributes


def test_response_error_shows_its_url() -> None:
    error = aioclient.ClientResponseError(INFO, (), status=404, message="Not Found")
    assert str(error) == "404, message='Not Found', url='http://a.example/b?c=d'"


@asynchronous
async def test_exception_can_be_pickled() -> None:
    async with aioclient.ClientSession() as session:
        with pytest.raises(aioclient.ClientConnectorError) as caught:
            await session.get("http://127.0.0.1:1/")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))
