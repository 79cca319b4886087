"""Requests with secrets planted in them, in each place where one can be said.

To a proxy and to a server, by tables: a new place is one entry.
"""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from planted import PROXY, SERVER, SOCKS, Secret
from recording_proxy import RecordingProxy
from scripted import Handler, ScriptedServer
from yarl import URL

from aioclient import BasicAuth, ClientSession, ProxyDigestAuth

Options = dict[str, Any]

HTTP: Final = "http://a.example/b?c=d#e"
HTTPS: Final = "https://a.example/b?c=d#e"
PROXY_VARIABLES: Final = tuple(
    each for name in ("http_proxy", "https_proxy", "all_proxy") for each in (name, name.upper())
)


class Planted(NamedTuple):
    """What is said for a request: to the session, by the URL, and by the request."""

    session: Options
    url: str | URL
    request: Options


class Scene:
    """Where a request is sent, with secrets in the places that it is made with."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        folder: Path,
        contexts: Mapping[str, ssl.SSLContext],
        to_proxy: str = "user-info of its URL",
        to_server: str = "user-info of its URL",
    ) -> None:
        self.patch = patch
        self.folder = folder
        self.server_tls = contexts["server"]
        self.wrong_name_tls = contexts["wrong name"]
        self.trusting = contexts["trusting"]
        self._to_proxy = TO_PROXIES[to_proxy]
        self._to_server = TO_SERVERS[to_server]
        #: All that was made, whose `repr` may be looked at.
        self.made: list[object] = []
        for name in (*PROXY_VARIABLES, "no_proxy", "NO_PROXY"):
            patch.delenv(name, raising=False)
        patch.setenv("NETRC", str(folder / "nowhere"))

    def netrc(self, text: str) -> None:
        """Let this be the user's file."""
        path = self.folder / "netrc"
        path.write_text(text, "utf-8")
        self.patch.setenv("NETRC", str(path))

    def plant(self, url: str, proxy: str | None) -> Planted:
        """Say all that there is to say."""
        session, request = {}, {}
        planted_url = self._to_server(url, session, request)
        if proxy is not None:
            secret = SOCKS if proxy.startswith("socks") else PROXY
            self._to_proxy(self, proxy, secret, session, request)
        return Planted(session, planted_url, request)

    async def ask(self, proxy: str | None = None, url: str = HTTPS, **options: Any) -> None:
        """Send a request, and read what comes. Options with a capital letter are the session's."""
        planted = self.plant(url, proxy)
        of_session = {
            name.lower(): options.pop(name) for name in list(options) if name[0].isupper()
        }
        async with ClientSession(**planted.session | of_session) as session:
            pending = session.get(planted.url, **planted.request | options)
            self.made += [session, session.connector, pending]
            async with pending as response:
                self.made += [response, response.connection, response.connection.transport]
                self.made += [response.request_info]
                await response.read()
                self.made.append(session.connector and session.connector.stats())

    async def through(self, proxy: ScriptedServer, url: str = HTTPS, **options: Any) -> None:
        """Ask by way of this proxy; `scheme` if it is to be taken for another kind."""
        scheme = options.pop("scheme", None)
        async with proxy:
            where = proxy.url("") if scheme is None else f"{scheme}://127.0.0.1:{proxy.port}"
            await self.ask(where, url, **options)

    async def behind(
        self, handler: Handler, tls: ssl.SSLContext | None = None, **options: Any
    ) -> None:
        """Ask a server by way of a tunnel."""
        async with ScriptedServer(handler, tls or self.server_tls) as server:
            await self.through(RecordingProxy(), server.url(), **{"ssl": self.trusting} | options)

    async def directly(self, handler: Handler, tls: bool = False, **options: Any) -> None:
        """Ask a server without a proxy."""
        async with ScriptedServer(handler, self.server_tls if tls else None) as server:
            await self.ask(None, server.url("/b?c=d#e"), **options)


# --- where a secret can be said ------------------------------------------------------------------

TO_PROXIES: Final[dict[str, Callable[[Scene, str, Secret, Options, Options], None]]] = {}
TO_SERVERS: Final[dict[str, Callable[[str, Options, Options], str | URL]]] = {}


def _to_proxies(name: str) -> Callable[[Any], Any]:
    return lambda way: TO_PROXIES.setdefault(name, way)


def _to_servers(name: str) -> Callable[[Any], Any]:
    return lambda way: TO_SERVERS.setdefault(name, way)


@_to_proxies("user-info of its URL")
def _user_info(
    scene: Scene, proxy: str, secret: Secret, session: Options, request: Options
) -> None:
    request["proxy"] = secret.url(proxy)


@_to_proxies("user-info of its URL as an object, of the session")
def _object(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    session["proxy"] = URL(proxy).with_user(secret.login).with_password(secret.text)


@_to_proxies("login in its URL")
def _login(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    if secret is SOCKS:
        _user_info(scene, proxy, secret, session, request)
    else:
        request["proxy"] = proxy.replace("://", f"://{secret.quoted}@")


@_to_proxies("variables of the environment")
def _environ(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    session["trust_env"] = True
    scene.patch.setenv("all_proxy", secret.url(proxy))


@_to_proxies("proxy_auth")
def _auth(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    request |= {"proxy": proxy, "proxy_auth": secret.auth}


@_to_proxies("proxy_auth in latin1, of the session")
def _latin1(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    session |= {"proxy": proxy, "proxy_auth": BasicAuth(secret.login, secret.text)}


@_to_proxies("a ProxyDigestAuth")
def _digest(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    if secret is SOCKS:  # which has no Digest
        _auth(scene, proxy, secret, session, request)
        return
    request |= {"proxy": proxy, "proxy_auth": ProxyDigestAuth(secret.login, secret.text)}


@_to_proxies("proxy_headers")
def _headers(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    if secret is SOCKS:  # which has no headers
        _auth(scene, proxy, secret, session, request)
        return
    own = {"Proxy-Authorization": secret.auth.encode(), "X-Token": secret.text}
    request |= {"proxy": proxy, "proxy_headers": own}


@_to_proxies("netrc")
def _netrc(scene: Scene, proxy: str, secret: Secret, session: Options, request: Options) -> None:
    host = URL(proxy).host
    scene.netrc(f'machine {host} login {secret.login} password "{secret.text}"\n')
    session["trust_env"] = True
    request["proxy"] = proxy
    if secret is SOCKS:
        _user_info(scene, proxy, secret, session, request)


@_to_servers("user-info of its URL")
def _server_user_info(url: str, session: Options, request: Options) -> str:
    return SERVER.url(url)


@_to_servers("user-info of its URL as an object")
def _server_object(url: str, session: Options, request: Options) -> URL:
    return URL(url).with_user(SERVER.login).with_password(SERVER.text)


@_to_servers("headers")
def _server_headers(url: str, session: Options, request: Options) -> str:
    session["headers"] = {"X-Token": SERVER.text}
    request["headers"] = {
        "Authorization": f"Bearer {SERVER.quoted}",
        "Cookie": f"a={SERVER.quoted}",
    }
    return url


@_to_servers("auth and cookies")
def _server_auth(url: str, session: Options, request: Options) -> str:
    session["cookies"] = {"a": SERVER.quoted}
    request |= {"auth": SERVER.auth, "cookies": {"b": SERVER.quoted}}
    return url


@_to_servers("auth and cookies of the session")
def _server_session(url: str, session: Options, request: Options) -> str:
    session |= {"auth": BasicAuth(SERVER.login, SERVER.text), "cookies": {"a": SERVER.quoted}}
    return url
