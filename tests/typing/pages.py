"""What a type checker knows of the modules that programs know from aiohttp: never run."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, assert_type

from multidict import istr
from yarl import URL

import aioclient
from aioclient import hdrs
from aioclient.abc import AbstractCookieJar, AbstractResolver
from aioclient.client import ClientSession
from aioclient.client_exceptions import ClientConnectorError, ClientError
from aioclient.client_middlewares import ClientMiddlewareType
from aioclient.client_reqrep import ClientResponse, RequestInfo
from aioclient.client_ws import ClientWebSocketResponse
from aioclient.compat import install_as_aiohttp, uninstall
from aioclient.connector import TCPConnector
from aioclient.cookiejar import CookieJar
from aioclient.formdata import FormData
from aioclient.helpers import BasicAuth
from aioclient.http import HttpVersion11
from aioclient.http_websocket import WSMsgType
from aioclient.multipart import MultipartReader
from aioclient.payload import Payload
from aioclient.resolver import ThreadedResolver
from aioclient.streams import StreamReader
from aioclient.tracing import TraceConfig
from aioclient.typedefs import JSONEncoder, LooseHeaders, StrOrURL


def they_have_the_same_things(response: ClientResponse, session: ClientSession) -> None:
    a: type[aioclient.ClientError] = ClientError
    b: type[aioclient.ClientConnectorError] = ClientConnectorError
    c: aioclient.ClientResponse = response
    d: aioclient.ClientSession = session
    e: aioclient.RequestInfo = response.request_info
    f: RequestInfo = c.request_info
    g: type[aioclient.StreamReader] = StreamReader
    h: type[AbstractCookieJar] = aioclient.CookieJar
    i: type[aioclient.AbstractResolver] = ThreadedResolver
    print(a, b, d, e, f, g, h, i)
    for each in (TCPConnector, CookieJar, FormData, BasicAuth, MultipartReader, Payload):
        assert_type(each.__name__, str)
    for kind in (AbstractResolver, ClientWebSocketResponse, TraceConfig):
        assert_type(kind.__name__, str)


def header_names_are_strings_in_any_case() -> None:
    assert_type(hdrs.ACCEPT, istr)
    assert_type(aioclient.hdrs.CONTENT_TYPE, istr)
    assert_type(hdrs.METH_GET, Literal["GET"])
    assert_type(HttpVersion11.minor, int)
    assert_type(WSMsgType(1), WSMsgType)


def modules_are_attributes_of_the_package(error: aioclient.client_exceptions.ClientError) -> None:
    assert_type(error, ClientError)
    assert_type(aioclient.client_exceptions.ClientError("a"), ClientError)
    assert_type(aioclient.http.HttpVersion11.major, int)


def takes_what_a_session_takes(
    url: StrOrURL, headers: LooseHeaders, encode: JSONEncoder, middleware: ClientMiddlewareType
) -> None:
    a: str | URL = url
    b: Callable[[Any], str | bytes] = encode
    given: Mapping[str, str] = {"A": "b"}
    takes_what_a_session_takes(a, given, b, middleware)
    takes_what_a_session_takes(URL("https://a/"), [("A", "b")], str, middleware)
    ClientSession(a, headers=headers, json_serialize=encode, middlewares=[middleware])


def aiohttp_is_replaced() -> None:
    assert_type(install_as_aiohttp(), None)
    assert_type(uninstall(), None)


def what_is_not_there_is_an_error() -> None:
    print(aioclient.NoSuchName)  # type: ignore[attr-defined]
    print(aioclient.http.StreamWriter)  # type: ignore[attr-defined]
    print(aioclient.client_exceptions.NoSuchError)  # type: ignore[attr-defined]
    print(hdrs.NO_SUCH_NAME)  # type: ignore[attr-defined]
