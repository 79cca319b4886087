"""What the documentation shows can be run."""

import ast
import asyncio
import hashlib
import inspect
import logging
import re
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import certifi
import pytest
import trustme
import truststore
from digest_site import DigestSite
from origin import Origin
from pages import Pages, page
from recording_proxy import RecordingProxy
from running import asynchronous
from scripted import ScriptedServer, head_of, silent
from server_frames import CLOSE, PING, PONG, frame
from websocket_site import WebSocketSite, switching
from yarl import URL

import aioclient

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
        ScriptedServer(socks5h) as socks,
        Origin() as neighbour,
        aioclient.ClientSession() as session,
    ):
        servers = {
            "proxy.example:3128": proxy,
            "proxy.example:3129": secure,
            "proxy.example:1080": socks,
            "strict.example:3128": strict,
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
