"""What the documentation shows can be run."""

import ast
import asyncio
import gc
import hashlib
import hmac
import importlib.util
import inspect
import json
import logging
import re
import socket
import ssl
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path

import certifi
import pytest
import trustme
import truststore
from digest_proxy import DigestProxy
from digest_site import DigestSite
from origin import Origin
from pages import Pages, page
from program import do_without
from recording_proxy import RecordingProxy
from running import asynchronous, closed_port
from scripted import ScriptedServer, answers, head_of, silent
from server_frames import CLOSE, PING, PONG, frame
from websocket_site import WebSocketSite, switching
from yarl import URL

import aioclient
from aioclient._tracing.config import EVENTS

DOCS = Path(__file__).parent.parent / "docs"


def examples(name):
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)


def first_line(example):
    return example.split("\n")[0]


#: What an example says, and the name that the system's sockets must have for it.
NEEDS = {
    "UnixConnector": "AF_UNIX",
    "TCP_KEEPIDLE": "TCP_KEEPIDLE",
    "TCP_USER_TIMEOUT": "TCP_USER_TIMEOUT",
    "SO_BINDTODEVICE": "SO_BINDTODEVICE",
}


@pytest.mark.parametrize("example", examples("connectors.md"), ids=first_line)
def test_example_about_connectors_runs(example, capsys):
    for word, need in NEEDS.items():
        if word in example and not hasattr(socket, need):
            pytest.skip(f"this system has no {need}")
    run_example(example)
    assert "print(" not in example or capsys.readouterr().out


@asynchronous
async def run_example(example):
    connector = aioclient.TCPConnector()
    async with Origin() as origin, aioclient.ClientSession(connector=connector) as session:
        names = {
            "aioclient": aioclient,
            "asyncio": asyncio,
            "socket": socket,
            "connector": connector,
            "session": session,
            "url": origin.url("/json"),
        }
        await run(example, names)


async def run(example, names):
    code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = eval(code, names)
    if inspect.iscoroutine(outcome):
        await outcome


# --- TLS: a server with a certificate, and the files that the text speaks of ---------------------


@pytest.fixture
def origin_tls(tmp_path, monkeypatch):
    """For the server; the files are where the examples run."""
    monkeypatch.chdir(tmp_path)
    authority = trustme.CA()
    authority.cert_pem.write_to_path("authority.pem")
    server = authority.issue_cert("127.0.0.1", "service.internal")
    client = authority.issue_cert("client@service.internal")
    for name, certificate in {
        "server": server,
        "next": authority.issue_cert("127.0.0.1"),
        "client": client,
    }.items():
        certificate.private_key_pem.write_to_path(f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(f"{name}.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@pytest.mark.parametrize("example", examples("tls.md"), ids=first_line)
def test_example_about_tls_runs(example, origin_tls, capsys):
    run_tls_example(example, origin_tls)
    assert capsys.readouterr().out


@asynchronous
async def run_tls_example(example, origin_tls):
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(Origin(origin_tls))
        server = await stack.enter_async_context(ScriptedServer(silent))
        names = {
            "Path": Path,
            "aioclient": aioclient,
            "certifi": certifi,
            "context": ssl.create_default_context(cafile="authority.pem"),
            "digest": lambda path: hashlib.sha256(
                ssl.PEM_cert_to_DER_cert(Path(path).read_text())
            ).digest(),
            "hashlib": hashlib,
            "session": await stack.enter_async_context(aioclient.ClientSession()),
            "silent_url": server.url().replace("http:", "https:"),
            "ssl": ssl,
            "truststore": truststore,
            "url": origin.url("/json"),
        }
        await run(example, names)


# --- proxies: one of each kind, at the addresses that the text speaks of -------------------------

REFUSAL = b"""HTTP/1.1 407 Who are you?\r
Proxy-Authenticate: Basic realm="here"\r
Content-Length: 21\r
\r
Ask Jane for a login."""


async def socks5h(reader, writer):
    """Takes anybody for any name, and answers each request itself (RFC 1928)."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\5\0")
    _, _, _, _, length = await reader.readexactly(5)
    await reader.readexactly(length + 2)
    writer.write(b"\5\0\0\1" + bytes(6))
    while await head_of(reader):
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize("example", examples("proxies.md"), ids=first_line)
def test_example_about_proxies_runs(example, origin_tls, capsys, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    run_proxy_example(example, origin_tls, monkeypatch)
    assert capsys.readouterr().out


@asynchronous
async def run_proxy_example(example, origin_tls, monkeypatch):
    async with (
        Origin(origin_tls) as origin,
        RecordingProxy() as proxy,
        RecordingProxy(origin_tls) as secure,
        RecordingProxy(connect_answer=REFUSAL) as strict,
        DigestProxy(login=("me", "p@ss/word")) as digest,
        ScriptedServer(socks5h) as socks,
        Origin() as neighbour,
        aioclient.ClientSession() as session,
    ):
        servers = {
            "proxy.example:3128": proxy,
            "proxy.example:3129": secure,
            "proxy.example:1080": socks,
            "strict.example:3128": strict,
            "digest.example:3128": digest,
        }
        for address, server in servers.items():
            example = example.replace(address, f"127.0.0.1:{server.port}")
        monkeypatch.setenv("http_proxy", proxy.url())
        names = {
            "URL": URL,
            "aioclient": aioclient,
            "https_url": origin.url("/json"),
            "local_url": neighbour.url("/json"),
            "session": session,
            "ssl": ssl,
            "url": "http://elsewhere.example/",
        }
        await run(example, names)
        assert sum(server.accepted for server in servers.values()) == 1
    if digest.accepted:
        assert digest.statuses == [407, 200, 200]


# --- cookies: a service with a login -------------------------------------------------------------


@pytest.mark.parametrize("example", examples("cookies.md"), ids=first_line)
def test_example_about_cookies_runs(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_cookie_example(example)
    printed = capsys.readouterr().out
    # What the text says is printed is, where it says it.
    said = re.findall(r"print\(.*\)  # (.*)", example)
    assert printed
    for words in said:
        for text in words.partition(":")[0].split(", then "):
            assert text in printed


@asynchronous
async def run_cookie_example(example):
    login = "Set-Cookie: token=1; Path=/\r\n"
    async with Pages().redirect("login", "/account", 303, login) as server:
        names = {"Path": Path, "URL": URL, "aioclient": aioclient, "logging": logging}
        # Only where somebody asks: else the service is but a name.
        if "ClientSession(" in example:
            example = example.replace("http://service.example", server.url("", "localhost"))
        await run(example, names)


# --- timing: a service that redirects, under a name that only the examples know -------------------


@pytest.mark.parametrize("example", examples("timing.md"), ids=first_line)
def test_example_about_timing_runs(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_timing_example(example)
    assert capsys.readouterr().out


@asynchronous
async def run_timing_example(example):
    async with Pages().redirect("old", "/new") as server:
        names = {"aioclient": aioclient}
        example = example.replace("nowhere.example", f"127.0.0.1:{closed_port()}")
        await run(example.replace("http://service.example", server.url("", "localhost")), names)


# --- authentication: a service that knows one login, and gives tokens ----------------------------


class Guarded(Pages):
    """Takes what the text has as credentials, and nothing else."""

    def page_for(self, seen):
        if seen.target == "/token":
            assert b"client_secret=secret" in seen.body
            return page(b'{"access_token": "abc"}', "Content-Type: application/json")
        good = aioclient.encode_basic_auth("me", "secret"), "Bearer eyJh.bGci.OiJI", "Bearer abc"
        if seen.headers.get("Authorization") in good:
            return page()
        return page(b"", "WWW-Authenticate: Basic realm=r, Bearer", status="401 Unauthorized")


@pytest.mark.parametrize("example", examples("authentication.md"), ids=first_line)
def test_example_about_authentication_runs(example, capsys):
    run_authentication_example(example)
    assert set(capsys.readouterr().out.split()) == {"200"}


@asynchronous
async def run_authentication_example(example):
    async with Guarded() as guarded, DigestSite(login=("me", "secret")) as digest:
        for name in "http://service.example/digest", "http://files.example":
            example = example.replace(name, digest.url(name.partition("example")[2]))
        example = example.replace("http://service.example", guarded.url(""))
        await run(example, {"aioclient": aioclient})
    if "Digest" in example:
        assert digest.statuses[:2] == [401, 200]


# --- middlewares: a service that is now and then busy, and one that asks for Digest --------------


class Service(Guarded):
    """Has what the text speaks of."""

    def __init__(self):
        broken = page(b"no", status="500 Broken")
        busy = page(b"", status="503 Busy")
        super().__init__(items=page(b"some items"), broken=broken, busy=[busy, page()])

    def page_for(self, seen):
        if seen.target == "/bearer":
            return super().page_for(seen)
        if seen.target == "/traced":
            return page(seen.headers["Traceparent"].encode())
        if seen.target == "/signed":
            text = b"POST /signed\n" + seen.body
            is_good = seen.headers["X-Signature"] == hmac.new(b"key", text, "sha256").hexdigest()
            return page(status="200 OK" if is_good else "403 Forbidden")
        return Pages.page_for(self, seen)


@pytest.mark.parametrize("example", examples("middlewares.md"), ids=first_line)
def test_example_about_middlewares_runs(example, capsys, caplog):
    caplog.set_level(logging.INFO)
    run_middleware_example(example)
    printed = capsys.readouterr().out + shown(caplog.records)
    assert printed
    assert_said(printed, example)


def assert_said(printed, example):
    """What the text says is printed is, in that order."""
    for words in re.findall(r"(?:[^:]\)|pass)  # (.*)", example):
        texts = [words] if words.startswith("[") else words.split(", ")
        places = [printed.find(text) for text in texts]
        assert -1 not in places, words
        assert places == sorted(places)


@asynchronous
async def run_middleware_example(example):
    async with Service() as service, DigestSite(login=("me", "secret")) as digest:
        example = example.replace("http://digest.example", digest.url(""))
        example = example.replace("http://service.example", service.url(""))
        names = {"aioclient": aioclient, "asyncio": asyncio}
        await run(example, {**names, "json": json, "logging": logging, "sys": sys})


def shown(records):
    return "".join(f"{each.levelname} {each.name} {each.getMessage()}\n" for each in records)


def test_records_are_those_that_are_shown(caplog):
    caplog.set_level(logging.INFO)
    text = (DOCS / "howto" / "logging.md").read_text("utf-8")
    example, records = re.search(
        r"```python\n(logging\.basicConfig.*?)```\n\n```text\n(.*?)```", text, re.DOTALL
    ).groups()
    run_middleware_example(example)
    logged = re.sub(r"127.0.0.1:\d+", "service.example", shown(caplog.records))
    without_times = [re.sub(r"\d\.\d\d\d s", "a moment", each) for each in (logged, records)]
    assert without_times[0] == without_times[1]


# --- tracing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", examples("tracing.md"), ids=first_line)
def test_example_about_tracing_runs(example, capsys):
    run_tracing_example(example)
    printed = capsys.readouterr().out
    assert printed
    assert_said(printed, example)


@asynchronous
async def run_tracing_example(example):
    async with Service() as service, ScriptedServer(answers(page(b"123456")[:-2])) as cut:
        example = example.replace("http://service.example/cut", cut.url())
        example = example.replace("http://service.example", service.url(""))
        await run(example, {"aioclient": aioclient, "time": time})


def test_all_signals_are_told_of_with_what_they_come_with():
    text = (DOCS / "tracing.md").read_text("utf-8")
    rows = re.findall(r"\| `on_(\w+)` \| ([^|]*)\| ", text)
    assert sorted(name for name, _ in rows) == sorted(EVENTS)
    for name, shown_fields in rows:
        signal = getattr(aioclient.TraceConfig, f"on_{name}")
        params = signal.fget.__annotations__["return"].__args__[-1]
        assert re.findall(r"`(\w+)`", shown_fields) == [field.name for field in fields(params)]
    order = text.partition("## In which order")[2].partition("## ")[0]
    assert {f"on_{name}" for name in EVENTS} == set(re.findall(r"on_\w+", order))


# --- WebSocket: a server that gives each message back, and closes when it is told so -------------


async def give_back(peer):
    while True:
        first, payload = await peer.frame()
        if first & 0x0F == CLOSE or payload == b"close":
            peer.send(frame(CLOSE, b"\x03\xe8"))
            return
        if first & 0x0F == PING:
            first, payload = 0x80 | PONG, payload
        peer.send(bytes([first]) + frame(0, payload)[1:])


def agree_or_refuse(head):
    if b" /missing " in head:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\nnothing here"
    lines = []
    if b"Sec-WebSocket-Protocol" in head:
        lines.append("Sec-WebSocket-Protocol: chat")
    if b"permessage-deflate" in head:
        lines.append("Sec-WebSocket-Extensions: permessage-deflate")
    return switching(head, *lines)


@pytest.mark.parametrize("example", examples("websocket.md"), ids=first_line)
def test_example_about_websockets_runs(example, capsys):
    run_websocket_example(example)
    printed = capsys.readouterr().out
    said = re.findall(r"print\(.*\)  # ([^:\n]*)", example)
    assert printed
    for text in said:
        assert text in printed or "type checkers" in text or "exception" in text


@asynchronous
async def run_websocket_example(example):
    site = WebSocketSite(give_back, agree_or_refuse)
    async with site, aioclient.ClientSession() as session:
        await run(example, {"aioclient": aioclient, "session": session, "url": site.url()})


# --- testing: each example has its own server ----------------------------------------------------


@pytest.mark.parametrize("example", examples("testing.md"), ids=first_line)
def test_example_about_testing_runs(example, tmp_path, capsys):
    if "def test_" in example:
        (tmp_path / "test_it.py").write_text(example)
        plugin = ("-p", "aioclient.testing.pytest_plugin", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", "-q", *plugin, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=DOCS.parent)
        assert "1 passed" in done.stdout
        return
    run_testing_example(example)
    printed = capsys.readouterr().out
    assert printed or "print(" not in example
    for words in re.findall(r"print\(.*\)  # (.*)", example):
        for text in words.split(", ") if words[0] not in "[{" else [words]:
            assert text in printed


@asynchronous
async def run_testing_example(example):
    await run(example, {"aioclient": aioclient})


# --- moving: a shop, which is asked by aioclient and by the client that the page is about ---------

MOVING = [
    pytest.param(example, id=f"{name}-{number}")
    for name in ("aiohttp", "httpx", "requests")
    for number, example in enumerate(examples(f"migration_from_{name}.md"), 1)
]


class Shop(Pages):
    """Has what the texts speak of."""

    def __init__(self):
        items = page(b'["pen", "ink"]', "Content-Type: application/json")
        lines = page(b"one\r\ntwo\n", "Content-Type: text/plain")
        busy = page(b"", status="503 Busy")
        super().__init__(
            **{"items": items, "api/items": items, "lines": lines, "busy": [busy, page()]}
        )
        self.redirect("old", "/items")

    def page_for(self, seen):
        if seen.target == "/moved":
            where = self.url("/private", "127.0.0.1")
            return page(b"", f"Location: {where}", status="302 Found")
        if seen.target == "/private":
            return page(status="200 OK" if "X-Api-Key" in seen.headers else "403 Forbidden")
        if seen.target == "/bearer":
            is_good = seen.headers["Authorization"] == "Bearer def"
            return page(status="200 OK" if is_good else "401 Unauthorized")
        if seen.target == "/form":
            names = sorted(re.findall(rb'[^e]name="(\w+)"', seen.body))
            text = json.dumps([name.decode() for name in names])
            return page(text.encode(), "Content-Type: application/json")
        return super().page_for(seen)


@pytest.mark.parametrize("example", MOVING)
def test_example_about_moving_runs(example, capsys, monkeypatch):
    for package in re.findall(r"^import (httpx|requests)$", example, re.MULTILINE):
        if importlib.util.find_spec(package) is None:
            do_without(f"the Python package {package} is not installed")
    monkeypatch.setenv("NO_PROXY", "*")
    if "install_as_aiohttp()" in example:  # before anything imports aiohttp
        command = [sys.executable, "-c", example]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    else:
        run_moving_example(example)
        printed = capsys.readouterr().out
    assert printed or "print(" not in example
    assert_said(printed, example)


@asynchronous
async def run_moving_example(example):
    async with (
        Shop() as shop,
        ScriptedServer(silent) as slow,
        aioclient.ClientSession() as session,
    ):
        example = example.replace("http://service.example/slow", slow.url())
        example = example.replace("http://service.example", shop.url("", "localhost"))
        example = example.replace("http://other.example", shop.url("", "other.localhost"))
        names = {"aioclient": aioclient, "session": session}
        code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, names)
        else:  # it blocks, or runs a loop of its own
            await asyncio.to_thread(exec, code, names)
            names.clear()
            gc.collect()  # requests leaves connections to it
