"""No credential comes out: secrets are planted wherever one can be said, and looked for everywhere.

That is in errors and what they lead to, in logs, with asyncio in debug mode, in warnings, in what
the event loop is told, and in what objects show of themselves.
"""

import asyncio
import gc
import logging
import socket
import ssl
import sys
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from digest_proxy import DigestProxy
from fake_resolver import FakeResolver
from planted import OPEN, PROXY, SECRETS, SERVER, SOCKS, Search, Secret
from planted_requests import HTTP, HTTPS, TO_PROXIES, TO_SERVERS, Scene
from provocations import DIRECT, OF_PROXIES, OF_SOCKS, Failure
from recording_proxy import RecordingProxy
from running import Watching, run
from scripted import ScriptedServer, answers
from wrong_options import NETRC_FILES, PROXY_URLS, SERVER_URLS, WRONG_OPTIONS

from aioclient import BasicAuth, ClientSession, TCPConnector, errors
from aioclient._net.route import Proxy

Make = Callable[..., Scene]
Provoke = Callable[[Scene], Awaitable[Any]]


@pytest.fixture
def make(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    server_tls: ssl.SSLContext,
    wrong_name_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> Make:
    """Makes scenes, with the ways in which their secrets are said."""
    contexts = {"server": server_tls, "wrong name": wrong_name_tls, "trusting": trusting}
    return lambda *ways: Scene(monkeypatch, tmp_path, contexts, *ways)


async def raised_by(request: Awaitable[Any]) -> BaseException | None:
    try:
        await request
    except BaseException as error:
        return error
    return None


def is_expected(error: BaseException | None, expected: Any) -> bool:
    if isinstance(expected, type) and issubclass(expected, errors.ClientError):
        return type(error) is expected  # and none of its kinds
    return isinstance(error, expected or NoneType)


def searched(
    scene: Scene,
    provoke: Provoke,
    expected: Any = None,
    search: Search | None = None,
) -> Search:
    """Provoke something, and search all that comes of it."""
    search = search or Search()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Watching)
        loop.set_debug(True)
        loop.slow_callback_duration = 0.0  # it logs what it calls
        error = await raised_by(provoke(scene))
        if not is_expected(error, expected):
            raise AssertionError(f"expected {expected}, got {error!r}") from error
        if error is not None:
            search.error("error", error)
        for each in (*scene.made, *asyncio.all_tasks(loop)):
            search.reprs(type(each).__name__, each)
            search.text(f"repr of {type(each).__name__}", repr(each))
        search.contexts(loop.unheard)
        loop.unheard.clear()

    with search.logs(), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        run(main())
        scene.made.clear()
    search.warnings(warned)
    return search


def failed(scene: Scene, failure: Failure) -> Search:
    if failure.is_unix and not hasattr(socket, "AF_UNIX"):
        pytest.skip("there are no UNIX domain sockets")
    return searched(scene, failure.provoke, failure.error)


# --- what goes wrong on the way ------------------------------------------------------------------

WAYS = (
    ("user-info of its URL", "user-info of its URL"),
    ("proxy_headers", "headers"),
)


@pytest.mark.parametrize("ways", WAYS, ids=["user-info", "headers"])
@pytest.mark.parametrize("failure", OF_PROXIES, ids=lambda each: each.name)
def test_failures_with_a_proxy_show_no_secret(
    failure: Failure, ways: tuple[str, str], make: Make
) -> None:
    failed(make(*ways), failure).assert_nothing_found()


@pytest.mark.parametrize("failure", OF_SOCKS, ids=lambda each: each.name)
def test_failures_with_a_socks_proxy_show_no_secret(failure: Failure, make: Make) -> None:
    failed(make(), failure).assert_nothing_found()


@pytest.mark.parametrize("way", TO_SERVERS)
@pytest.mark.parametrize("failure", DIRECT, ids=lambda each: each.name)
def test_failures_without_a_proxy_show_no_secret(failure: Failure, way: str, make: Make) -> None:
    scene = make("user-info of its URL", way)
    failed(scene, failure).assert_nothing_found()


FEW = [
    *(each for each in OF_PROXIES if each.name in ("proxy is not there", "proxy refuses with 407")),
    *(each for each in OF_PROXIES if each.name == "forwarding proxy says 407"),
    *(each for each in OF_SOCKS if each.name in ("proxy is not there", "refuses the password")),
]


@pytest.mark.parametrize("way", TO_PROXIES)
@pytest.mark.parametrize("failure", FEW, ids=lambda each: each.name)
def test_no_way_to_say_a_secret_to_a_proxy_shows_it(way: str, failure: Failure, make: Make) -> None:
    failed(make(way), failure).assert_nothing_found()


# --- what cannot be asked for --------------------------------------------------------------------


def knows_no_host() -> TCPConnector:
    return TCPConnector(resolver=FakeResolver({}))


def of_request(options: dict[str, Any]) -> Provoke:
    async def ask(scene: Scene) -> None:
        async with ClientSession(connector=knows_no_host()) as session:
            await session.get(HTTPS, **options)

    return ask


def of_session(options: dict[str, Any]) -> Provoke:
    async def ask(scene: Scene) -> None:
        async with ClientSession(connector=knows_no_host(), **options) as session:
            await session.get(HTTPS)

    return ask


def of_environment(options: dict[str, Any]) -> Provoke:
    async def ask(scene: Scene) -> None:
        scene.patch.setenv("all_proxy", options["proxy"])
        async with ClientSession(connector=knows_no_host(), trust_env=True) as session:
            await session.get(HTTPS)

    return ask


@pytest.mark.parametrize("where", [of_request, of_session, of_environment])
@pytest.mark.parametrize("url", PROXY_URLS, ids=range(len(PROXY_URLS)))
def test_a_url_of_no_proxy_is_refused_without_its_secret(
    url: str, where: Callable[[Any], Provoke], make: Make
) -> None:
    if where is of_environment and not {"\0", "\ud800"}.isdisjoint(url):
        pytest.skip("no variable of the environment can have this")
    expected = PROXY_URLS[url]
    if where is of_environment:  # where the scheme may be missing
        expected = (expected, errors.ClientProxyConnectionError)
    searched(make(), where({"proxy": url}), expected).assert_nothing_found()


@pytest.mark.parametrize("url", SERVER_URLS, ids=range(len(SERVER_URLS)))
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(url: str, make: Make) -> None:
    async def ask(scene: Scene) -> None:
        async with ClientSession() as session:
            await session.get(url)

    searched(make(), ask, SERVER_URLS[url]).assert_nothing_found()


@pytest.mark.parametrize("where", [of_request, of_session])
@pytest.mark.parametrize("name", WRONG_OPTIONS)
def test_wrong_options_are_refused_without_their_secret(
    name: str, where: Callable[[Any], Provoke], make: Make
) -> None:
    options, expected = WRONG_OPTIONS[name]
    searched(make(), where(options), expected).assert_nothing_found()


@pytest.mark.parametrize("name", NETRC_FILES)
def test_a_netrc_file_that_is_not_used_is_not_quoted(name: str, make: Make) -> None:
    scene = make()
    scene.netrc(NETRC_FILES[name])

    async def ask(scene: Scene) -> None:
        async with ClientSession(trust_env=True) as session:
            scene.made.append(session)
            with pytest.raises(errors.ClientConnectorError):
                await session.get("http://a.example:1/", proxy="http://127.0.0.1:1")

    search = searched(scene, ask)
    search.assert_nothing_found()


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_a_netrc_file_with_wrong_permissions_is_not_quoted(make: Make) -> None:
    scene = make()
    path = scene.folder / ".netrc"
    path.write_text(f"machine a.example login me password {SOCKS.text}\n")
    path.chmod(0o644)
    scene.patch.setenv("HOME", str(scene.folder))
    scene.patch.delenv("NETRC")

    async def ask(scene: Scene) -> None:
        async with ClientSession(trust_env=True):
            pass

    search = searched(scene, ask)
    assert any("other users" in text for text in search.heard)
    search.assert_nothing_found()


# --- what goes well, and what is forgotten -------------------------------------------------------


def seen_in(heads: Any, secret: Secret) -> bool:
    """Did somebody really get a secret?"""
    search = Search([secret], ())
    search.text("heads", str(heads))
    return bool(search.found)


@pytest.mark.parametrize("url", [HTTP, HTTPS])
@pytest.mark.parametrize("way", [way for way in TO_PROXIES if way != "a ProxyDigestAuth"])
def test_a_proxy_gets_its_secret_and_nothing_else_shows_it(url: str, way: str, make: Make) -> None:
    proxy = RecordingProxy(connect_answer=b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
    expected = errors.ClientHttpProxyError if url == HTTPS else None
    search = searched(make(way), lambda scene: scene.through(proxy, url), expected)
    assert seen_in(proxy.heads, PROXY)
    assert seen_in(proxy.heads, SERVER) == (url == HTTP)
    search.assert_nothing_found()


class Answer(Secret):
    """What proves a password: by an answer to Digest passwords can be tried."""

    def __init__(self) -> None:
        super().__init__("the answer's", "Digest username", "=", "response=")


@pytest.mark.parametrize("password", [PROXY.text, "another"], ids=["right", "wrong"])
@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_a_proxy_that_asks_for_digest_gets_an_answer_and_nothing_else_shows_it(
    url: str, password: str, make: Make
) -> None:
    proxy = DigestProxy(login=(PROXY.login, password))
    proxy.connect_status = 403
    search = Search([*SECRETS, Answer()])
    expected = errors.ClientHttpProxyError if url == HTTPS else None
    searched(make("a ProxyDigestAuth"), lambda scene: scene.through(proxy, url), expected, search)
    assert len(proxy.came) == 2
    assert proxy.answered
    heads = [came.headers for came in proxy.came]
    assert seen_in(heads, Answer())
    assert not seen_in(heads, PROXY)
    search.assert_nothing_found()


@pytest.mark.parametrize("way", TO_SERVERS)
def test_a_server_gets_its_secret_and_nothing_else_shows_it(way: str, make: Make) -> None:
    heads: list[bytes] = []

    async def keeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    scene = make("user-info of its URL", way)
    search = searched(scene, lambda scene: scene.behind(keeps))
    assert seen_in(heads, SERVER)
    assert not seen_in(heads, PROXY)
    search.assert_nothing_found()


@pytest.mark.parametrize("way", ["user-info of its URL", "proxy_headers"])
def test_warnings_of_what_was_not_closed_show_no_secret(way: str, make: Make) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"

    async def forget(scene: Scene) -> None:
        async with ScriptedServer(answers(answer, stays_open=True)) as proxy:
            planted = scene.plant(HTTP, proxy.url(""))
            session = ClientSession(**planted.session)
            response = await session.get(planted.url, **planted.request)
            assert response.status == 200
            connector = session.connector
            session.detach()
            del response, connector, session
            gc.collect()
            session = ClientSession(**planted.session)
            response = await session.get(planted.url, **planted.request)
            del response, session
            gc.collect()

    search = searched(make(way, "headers"), forget)
    for words in ("Unclosed client session", "Unclosed connector"):
        assert any(words in text for text in search.heard), search.heard
    search.assert_nothing_found()


# --- the search itself ---------------------------------------------------------------------------


class Shows:
    """Has a `repr` as a careless object has it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Shows({self.text!r})"


def with_attribute(text: str) -> Exception:
    error = errors.ClientError("words")
    error.hint = text  # type: ignore[attr-defined]
    return error


def with_note(text: str) -> Exception:
    error = ValueError("words")
    error.add_note(text)
    return error


def with_cause(text: str) -> Exception:
    error = ValueError("words")
    error.__cause__ = OSError(1, text)
    return error


def with_hidden_context(text: str) -> Exception:
    error = ValueError("words")
    error.__context__ = KeyError(text)
    error.__suppress_context__ = True
    return error


def with_key(text: str) -> Exception:
    proxy = Proxy("http", "p.example", 1, auth=BasicAuth("me", "b"))
    key = proxy.route._replace(server_hostname=text)
    return errors.ClientProxyConnectionError(key, OSError("words"))


CARRIERS: dict[str, Callable[[str], BaseException]] = {
    "words": lambda text: errors.ClientError(f"it is {text}"),
    "an argument": lambda text: ValueError("words", [{"a": text}]),
    "bytes": lambda text: ValueError(text.encode()),
    "an attribute": with_attribute,
    "a note": with_note,
    "a cause": with_cause,
    "a hidden context": with_hidden_context,
    "a key of the pool": with_key,
    "the head of an answer": lambda text: errors.HeadLimitError(f"{text} is too long", limit="a"),
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("secret", SECRETS, ids=lambda each: each.name)
def test_a_secret_in_an_error_is_found_in_each_of_its_forms(secret: Secret, carrier: str) -> None:
    for form in secret.forms.values():
        search = Search()
        search.error("error", CARRIERS[carrier](form))
        assert search.found, form


async def logs(text: str) -> None:
    logging.getLogger("another").debug("it is %s", text)


async def logs_a_traceback(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("aioclient").exception("words")


async def warns(text: str) -> None:
    warnings.warn(f"it is {text}", ResourceWarning, stacklevel=2)


async def tells_the_loop(text: str) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "words", "it": Shows(text)})


async def makes_a_handle(text: str) -> None:
    asyncio.get_running_loop().call_soon(str, text)


@pytest.mark.parametrize(
    "way",
    [
        logs,
        logs_a_traceback,
        warns,
        tells_the_loop,
        pytest.param(
            makes_a_handle, marks=pytest.mark.asyncio_only(reason="uvloop logs no handles")
        ),
    ],
)
def test_a_secret_that_comes_out_elsewhere_is_found(
    way: Callable[[str], Awaitable[None]], make: Make
) -> None:
    assert searched(make(), lambda _scene: way(SOCKS.text)).found


def test_a_secret_is_found_where_another_may_be() -> None:
    proxy = Proxy("http", "p.example", 1, auth=SERVER.auth)
    error = errors.ClientProxyConnectionError(proxy.route, OSError("words"))
    search = Search()
    search.error("error", error)
    assert search.found


@pytest.mark.parametrize("row", OPEN, ids=lambda row: f"{row.kind.__name__}.{row.attribute}")
def test_what_may_lead_to_a_secret_is_there_and_has_a_reason(row: Any) -> None:
    assert row.why
    assert (
        row.attribute == "args" or hasattr(row.kind, row.attribute) or row.kind is errors.InvalidURL
    )


#: Those that are not about connections, proxies, TLS and the heads of answers, or are but kinds.
ELSEWHERE = {
    "BodyLimitError": "bodies",
    "BodyTooLargeError": "bodies",
    "ClientConnectionResetError": "writing to a transport that is closed",
    "EofStream": "bodies",
    "LineTooLong": "bodies",
    "MultipartError": "bodies",
    "PartTooLargeError": "bodies",
    "UnknownEncodingError": "bodies",
    "UploadAbortedError": "bodies",
    "WSMessageTypeError": "WebSocket",
    "WSServerHandshakeError": "WebSocket",
    "WebSocketError": "WebSocket",
}


def test_every_exception_of_the_area_is_provoked() -> None:
    errors_of = [failure.error for failure in (*OF_PROXIES, *OF_SOCKS, *DIRECT)]
    provoked = {
        kind for error in errors_of for kind in (error if isinstance(error, tuple) else (error,))
    }
    provoked |= set(SERVER_URLS.values()) | set(PROXY_URLS.values())
    bases = {base for kind in provoked for base in kind.__mro__}
    missing = {name for name in errors.__all__ if getattr(errors, name) not in bases}
    assert missing == set(ELSEWHERE)
