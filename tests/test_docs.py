"""What the documentation shows can be run."""

import ast
import asyncio
import hashlib
import inspect
import re
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import certifi
import pytest
import trustme
import truststore
from origin import Origin
from running import asynchronous
from scripted import ScriptedServer, silent

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
