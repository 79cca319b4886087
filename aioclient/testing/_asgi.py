"""What all that has to do with ASGI shares: its types, and the scope of a request."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from aioclient._net.route import Route

from ._server_side import RequestHead

# Messages are dicts of whatever their type says: what is in them, ASGI leaves to each.
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
#: An application by ASGI 3. Frameworks have types of their own for what it is given.
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

#: 2.4: to send to a client that is gone raises an OSError.
_VERSIONS: Final = {"version": "3.0", "spec_version": "2.4"}


def versions() -> dict[str, str]:
    """Which ASGI this is; an app may write into it."""
    return _VERSIONS.copy()


def scope_of(
    head: RequestHead,
    route: Route,
    root_path: str,
    client: tuple[str, int],
    state: dict[str, Any],
) -> dict[str, Any]:
    """What HTTP and WebSocket have in common of a scope; `type`, `scheme` and `method` lack."""
    raw_path, _, query = head.target.partition("?")
    return {
        "asgi": versions(),
        "http_version": "1.0" if head.is_http_1_0 else "1.1",
        "path": root_path + unquote(raw_path),
        "raw_path": (root_path + raw_path).encode("utf-8", "surrogateescape"),
        "query_string": query.encode("utf-8", "surrogateescape"),
        "root_path": root_path,
        "headers": [(name.lower(), value) for name, value in head.raw_headers],
        "client": client,
        "server": (route.host, route.port),
        "state": state.copy(),
        "extensions": {},
    }


def decoded(headers: Any) -> list[tuple[str, str]]:
    """The header fields of a message of an app."""
    return [
        (
            bytes(name).decode("utf-8", "surrogateescape"),
            bytes(value).decode("utf-8", "surrogateescape"),
        )
        for name, value in headers
    ]
