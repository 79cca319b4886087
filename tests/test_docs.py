"""What the documentation shows can be run."""

import ast
import asyncio
import inspect
import re
import socket
from pathlib import Path

import pytest
from origin import Origin
from running import asynchronous

import aioclient

CONNECTORS = Path(__file__).parent.parent / "docs" / "connectors.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", CONNECTORS.read_text(), re.DOTALL)

#: What an example says, and the name that the system's sockets must have for it.
NEEDS = {
    "UnixConnector": "AF_UNIX",
    "TCP_KEEPIDLE": "TCP_KEEPIDLE",
    "TCP_USER_TIMEOUT": "TCP_USER_TIMEOUT",
    "SO_BINDTODEVICE": "SO_BINDTODEVICE",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[0])
def test_example_about_connectors_runs(example, capsys):
    for word, need in NEEDS.items():
        if word in example and not hasattr(socket, need):
            pytest.skip(f"this system has no {need}")
    run_example(example)
    assert "print(" not in example or capsys.readouterr().out


@asynchronous
async def run_example(example):
    code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
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
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            await outcome
