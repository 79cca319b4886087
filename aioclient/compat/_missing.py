"""Names of aiohttp's insides that aioclient has nothing for, and why."""

from collections.abc import Callable, Mapping
from typing import Final, NoReturn

_PARSER: Final = "its parser is not aioclient's; a session is what receives responses here"
_WRITER: Final = "its writer is not aioclient's; a session is what sends requests here"
_FRAMES: Final = "its frames are not aioclient's; `session.ws_connect` opens WebSockets here"
_PARSERS: Final = dict.fromkeys(
    (
        "HeadersParser",
        "HttpParser",
        "HttpRequestParser",
        "HttpResponseParser",
        "RawRequestMessage",
        "RawResponseMessage",
    ),
    _PARSER,
)
_WEBSOCKETS: Final = dict.fromkeys(
    ("WebSocketReader", "WebSocketWriter", "ws_ext_gen", "ws_ext_parse"), _FRAMES
)
#: By the page that has them in aiohttp.
WITHOUT: Final[Mapping[str, Mapping[str, str]]] = {
    "client_middlewares": {"build_client_middlewares": "sessions do that themselves"},
    "http": {**_PARSERS, **_WEBSOCKETS, "StreamWriter": _WRITER},
    "http_parser": _PARSERS,
    "http_websocket": {**_WEBSOCKETS, "WSHandshakeError": _FRAMES},
    "http_writer": {"StreamWriter": _WRITER},
}


def refuses(module: str) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a page, which says why there is nothing of a name."""
    page = module.rpartition(".")[2]

    def __getattr__(name: str) -> NoReturn:  # noqa: N807 - of a module
        reason = WITHOUT.get(page, {}).get(name)
        words = f"module {module!r} has no attribute {name!r}"
        raise AttributeError(f"{words}: {reason}" if reason else words)

    return __getattr__
