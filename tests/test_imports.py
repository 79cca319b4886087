"""What an import does not do: ask the network, start a program, load what few need."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import aioclient

#: Makes whatever touches a socket, asks for a name or starts a program an error.
FORBIDDING = """
    import sys
    seen = []
    def forbid(event, arguments):
        if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn",
                             "os.fork", "urllib.", "webbrowser.", "ftplib.", "http.client.")):
            seen.append(event)
            raise RuntimeError(f"forbidden at import: {event} {arguments}")
    sys.addaudithook(forbid)
"""
EVERYTHING = """
    import importlib, pkgutil
    import aioclient
    for name in aioclient.__all__:
        getattr(aioclient, name)
    names = [found.name for found in pkgutil.walk_packages(aioclient.__path__, "aioclient.")]
    for name in names:
        if name.rpartition(".")[2] not in LEFT_OUT:
            importlib.import_module(name)
    print(len(names), seen)
"""
CONTROL = """
    import socket
    try:
        socket.getaddrinfo("localhost", 80)
    except RuntimeError:
        print(seen)
"""
#: What needs something that is not installed everywhere: a program, pytest, Windows.
LEFT_OUT = {"__main__", "pytest_plugin"}
#: What a program that sends a request need not load, unless asyncio does.
RARE = (
    *("aioclient._cookies.jar_file", "aioclient._body.multipart_reader", "aioclient._net.socks"),
    *("aioclient._session.websocket", "aioclient._websocket", "aioclient._middlewares.retry"),
    *("aioclient._middlewares.digest_auth", "aioclient._auth.digest", "aioclient._cli"),
    *("aioclient.testing", "aioclient.timing", "aioclient.compat", "publicsuffixlist", "aiodns"),
    *("python_socks", "brotli", "isal", "rich", "http.cookies", "dataclasses", "urllib.request"),
)


def run_python(script: str, *options: str, extensions: bool = True) -> str:
    environment = os.environ | {"PYTHONPATH": str(Path(aioclient.__file__).parent.parent)}
    environment.pop("AIOCLIENT_NO_EXTENSIONS", None)
    if not extensions:
        environment["AIOCLIENT_NO_EXTENSIONS"] = "1"
    done = subprocess.run(
        [sys.executable, *options, "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("extensions", [True, False])
def test_no_module_touches_the_network_or_starts_a_program_when_it_is_imported(
    extensions: bool,
) -> None:
    script = textwrap.dedent(FORBIDDING) + f"LEFT_OUT = {LEFT_OUT!r}\n"
    output = run_python(script + textwrap.dedent(EVERYTHING), extensions=extensions)
    count, _, seen = output.partition(" ")
    assert int(count) > 100
    assert seen == "[]\n"


def test_the_network_would_be_noticed() -> None:
    assert run_python(textwrap.dedent(FORBIDDING + CONTROL)) == "['socket.getaddrinfo']\n"


def test_what_few_need_is_not_loaded_with_the_package() -> None:
    script = f"""
import asyncio, sys
before = set(sys.modules)
import aioclient
print([name for name in {RARE!r} if name in sys.modules and name not in before])
"""
    assert run_python(script) == "[]\n"
