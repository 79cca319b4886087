"""What programs took to using of the helpers of aiohttp, beside those of one that is installed."""

import asyncio
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import helpers as theirs
from multidict import CIMultiDict
from running import asynchronous
from yarl import URL

from aioclient import BasicAuth, helpers

# --- media types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text/html",
        "Text/HTML; Charset=UTF-8",
        'multipart/form-data; boundary="a b"; x=y',
        "application/vnd.api+json",
        "application/rss+xml;charset=utf-8",
        "text",
    ],
)
def test_media_types_are_taken_apart_alike(text: str) -> None:
    ours, other = helpers.parse_mimetype(text), theirs.parse_mimetype(text)
    assert (ours.type, ours.subtype, ours.suffix) == (other.type, other.subtype, other.suffix)
    assert dict(ours.parameters) == {
        name.lower(): value.strip('"') for name, value in other.parameters.items()
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/html; charset=latin1", "Content-Length": "12"},
        {"Content-Type": "application/json"},
        {"Content-Length": "nonsense"},
    ],
)
def test_headers_mixin_tells_what_headers_say(headers: Mapping[str, str]) -> None:
    class Ours(helpers.HeadersMixin):
        _headers = CIMultiDict(headers)

    ours = Ours()
    assert (
        ours.content_type == headers.get("Content-Type", "application/octet-stream").split(";")[0]
    )
    assert ours.charset == ("latin1" if "charset" in headers.get("Content-Type", "") else None)
    length = headers.get("Content-Length", "")
    assert ours.content_length == (int(length) if length.isdigit() else None)


# --- URLs and proxies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "fe80::1%eth0", "a.example", "", None, "localhost"]
)
def test_addresses_are_told_from_names_alike(host: str | None) -> None:
    assert helpers.is_ip_address(host) is theirs.is_ip_address(host)


@pytest.mark.parametrize(
    ("url", "auth"),
    [
        ("http://a.example/x", None),
        ("http://user:secret@a.example/x", BasicAuth("user", "secret")),
        ("http://user@a.example/x", BasicAuth("user", "")),
        ("http://us%20er:p%40ss@a.example/x", BasicAuth("us er", "p@ss")),
    ],
)
def test_login_and_password_are_taken_out_of_a_url(url: str, auth: BasicAuth | None) -> None:
    assert helpers.strip_auth_from_url(URL(url)) == (URL("http://a.example/x"), auth)


def test_proxies_of_the_environment_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://user:secret@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "direct.example")
    proxy, auth = URL("http://proxy.example:3128"), BasicAuth("user", "secret")
    assert helpers.proxies_from_env() == {"http": helpers.ProxyInfo(proxy, auth)}
    assert helpers.get_env_proxy_for_url(URL("http://a.example/")) == (proxy, auth)
    for url in ("http://direct.example/", "https://a.example/"):
        with pytest.raises(LookupError):
            helpers.get_env_proxy_for_url(URL(url))


def test_the_netrc_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    assert helpers.netrc_from_env() is None
    path.write_text("machine a.example login user password secret\n")
    path.chmod(0o600)
    found = helpers.netrc_from_env()
    assert found is not None
    assert found.authenticators("a.example") == ("user", "", "secret")
    path.write_text("nonsense")
    assert helpers.netrc_from_env() is None


# --- names of files -------------------------------------------------------------------------------


def test_names_of_files_are_guessed_alike(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with (tmp_path / "a.txt").open() as file:
        assert helpers.guess_filename(file) == theirs.guess_filename(file) == "a.txt"
    assert helpers.guess_filename(io.BytesIO(), "b.txt") == "b.txt"
    assert helpers.guess_filename(5) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("attachment", {"filename": "a.txt"}),
        ("form-data", {"name": "x", "filename": "a b.txt"}),
        ("inline", {}),
    ],
)
def test_content_disposition_is_written_alike(arguments: tuple[str, dict[str, str]]) -> None:
    kind, params = arguments
    written = helpers.content_disposition_header(kind, **params)
    assert written == theirs.content_disposition_header(kind, **params)


# --- and the rest ---------------------------------------------------------------------------------


def test_chain_map_proxy_looks_from_the_first_to_the_last() -> None:
    maps: list[dict[Any, int]] = [{"a": 1}, {"a": 2, "b": 3}, {}]
    ours, other = helpers.ChainMapProxy(maps), theirs.ChainMapProxy(maps)
    assert dict(ours) == dict(other) == {"a": 1, "b": 3}
    assert (len(ours), bool(ours), list(ours)) == (2, True, list(other))
    assert not helpers.ChainMapProxy([{}])
    with pytest.raises(KeyError):
        ours["c"]
    assert repr(ours) == "ChainMapProxy({'a': 1}, {'a': 2, 'b': 3}, {})"


def test_an_entity_tag_has_a_value_and_a_strength() -> None:
    assert helpers.ETag("a") == helpers.ETag("a", is_weak=False) != helpers.ETag("a", True)
    helpers.validate_etag_value("a!#")
    for value in ('a"b', "a b"):
        with pytest.raises(ValueError, match="not an entity tag"):
            helpers.validate_etag_value(value)


def test_reify_is_asked_once() -> None:
    class Asked:
        def __init__(self) -> None:
            self._cache: dict[str, object] = {}
            self.times = 0

        @helpers.reify
        def value(self) -> int:
            self.times += 1
            return self.times

    asked = Asked()
    assert (asked.value, asked.value, asked.times) == (1, 1, 1)


@asynchronous
async def test_small_things_do_what_their_names_say() -> None:
    await helpers.noop()
    with helpers.TimerNoop() as timer:
        timer.assert_timeout()
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    helpers.set_result(future, 1)
    helpers.set_result(future, 2)
    helpers.set_exception(future, ValueError())
    assert await future == 1
    failed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    helpers.set_exception(failed, ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await failed
    assert isinstance(helpers.sentinel, helpers._SENTINEL)  # noqa: SLF001 - the name that users know
