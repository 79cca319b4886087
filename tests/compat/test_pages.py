"""The modules of aiohttp's client, under their names there and as pages of `aioclient.compat`."""

import importlib
from pathlib import Path

import pytest

import aioclient
import aioclient.compat
from aioclient._pages import PAGES

_COMPAT = Path(aioclient.compat.__file__).parent
_OTHERS = {"__init__", "_install", "_missing", "aiohttp"}

#: What programs import from submodules, because the top has it not.
IMPORTED = [
    "client_exceptions.UnixClientConnectorError",
    "client_exceptions.ClientConnectorError",
    "client.ClientSession",
    "client.ClientTimeout",
    "client.DEFAULT_TIMEOUT",
    "client._RequestContextManager",
    "client._RequestOptions",
    "client._WSRequestContextManager",
    "client.URL",
    "client_reqrep.ClientResponse",
    "client_reqrep.ClientRequest",
    "client_reqrep.RequestInfo",
    "client_reqrep.ConnectionKey",
    "client_reqrep.ContentDisposition",
    "client_reqrep.Fingerprint",
    "client_reqrep.MappingProxyType",
    "client_ws.ClientWebSocketResponse",
    "client_ws.ClientWSTimeout",
    "connector.Connection",
    "connector.BaseConnector",
    "connector.SSLContext",
    "client_proto.ResponseHandler",
    "http_exceptions.HttpProcessingError",
    "http_exceptions.BadHttpMessage",
    "http_exceptions.LineTooLong",
    "http_exceptions.InvalidHeader",
    "http.HttpVersion",
    "http.SERVER_SOFTWARE",
    "http.WS_KEY",
    "http.RESPONSES",
    "http_websocket.WSMessage",
    "http_websocket.WSMsgType",
    "http_websocket.WS_CLOSED_MESSAGE",
    "http_websocket.WS_CLOSING_MESSAGE",
    "typedefs.StrOrURL",
    "typedefs.LooseHeaders",
    "typedefs.LooseCookies",
    "typedefs.JSONEncoder",
    "typedefs.JSONDecoder",
    "typedefs.JSONBytesEncoder",
    "typedefs.RawHeaders",
    "typedefs.Query",
    "typedefs.PathLike",
    "abc.AbstractCookieJar",
    "abc.AbstractResolver",
    "abc.ResolveResult",
    "abc.AbstractStreamWriter",
    "payload.register_payload",
    "payload.Order",
    "payload.JsonBytesPayload",
    "payload.StreamReaderPayload",
    "helpers.sentinel",
    "helpers._SENTINEL",
    "helpers.reify",
    "helpers.TimerNoop",
    "helpers.HeadersMixin",
    "helpers.strip_auth_from_url",
    "helpers.is_ip_address",
    "helpers.netrc_from_env",
    "helpers.proxies_from_env",
    "helpers.get_env_proxy_for_url",
    "helpers.parse_mimetype",
    "helpers.MimeType",
    "helpers.guess_filename",
    "helpers.content_disposition_header",
    "multipart.MultipartResponseWrapper",
    "log.client_logger",
    "tracing.Trace",
    "streams.StreamReader",
]


def test_every_page_is_a_module_of_both() -> None:
    assert {path.stem for path in _COMPAT.glob("*.py")} - _OTHERS == PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_has_the_same_names_in_both_places(name: str) -> None:
    page = importlib.import_module(f"aioclient.compat.{name}")
    module = importlib.import_module(f"aioclient.{name}")
    assert getattr(aioclient, name) is module
    for each in page.__all__:
        assert getattr(module, each) is getattr(page, each)


@pytest.mark.parametrize("path", IMPORTED)
def test_what_programs_import_from_a_submodule_is_there(path: str) -> None:
    name, _, attribute = path.partition(".")
    assert hasattr(importlib.import_module(f"aioclient.{name}"), attribute)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_what_a_page_has_of_the_front_door_is_the_same_there(name: str) -> None:
    page = importlib.import_module(f"aioclient.compat.{name}")
    for each in set(page.__all__) & set(aioclient.__all__):
        # One in a submodule is about heads that a server sent, the other about lines of bodies.
        assert getattr(page, each) is getattr(aioclient, each)


@pytest.mark.parametrize(
    ("name", "attribute", "reason"),
    [
        ("http", "HttpResponseParser", "its parser is not aioclient's"),
        ("http_parser", "HttpParser", "its parser is not aioclient's"),
        ("http_writer", "StreamWriter", "its writer is not aioclient's"),
        ("http_websocket", "WebSocketReader", "its frames are not aioclient's"),
        ("client_middlewares", "build_client_middlewares", "sessions do that themselves"),
    ],
)
def test_what_there_is_nothing_for_says_why(name: str, attribute: str, reason: str) -> None:
    module = importlib.import_module(f"aioclient.{name}")
    with pytest.raises(AttributeError, match=f"{attribute}.*: {reason}"):
        getattr(module, attribute)
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        module.nonsense  # noqa: B018 - to be raised
