"""aioclient in the place of aiohttp: each test is a process of its own."""

import subprocess
import sys
from textwrap import dedent

import pytest


def run_python(script: str, *options: str) -> str:
    """What a script prints that must end well."""
    done = subprocess.run(
        [sys.executable, *options, "-c", dedent(script)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


#: Lets no aiohttp be found that is installed.
WITHOUT_AIOHTTP = """
import importlib.machinery, sys

find_spec = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, *more: None if name == "aiohttp" else find_spec(name, *more)
)
"""


def test_aiohttp_and_its_modules_are_aioclient() -> None:
    run_python("""
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        install_as_aiohttp()  # again does nothing
        import aiohttp
        import aiohttp.client_exceptions as errors
        from aiohttp import ClientSession, hdrs, typedefs
        from aiohttp.client import _RequestContextManager
        from aiohttp.client_reqrep import ClientResponse
        import aioclient

        assert aiohttp.__name__ == "aiohttp"
        assert aiohttp.__version__ == "3.14.5"
        assert ClientSession is aioclient.ClientSession is aiohttp.client.ClientSession
        assert ClientResponse is aioclient.ClientResponse
        assert errors.ClientError is aioclient.ClientError
        assert hdrs.ACCEPT == "Accept"
        assert aiohttp.connector.TCPConnector is aioclient.TCPConnector
        assert set(aioclient.__all__) < set(dir(aiohttp))
        assert sorted(aiohttp.__all__) == sorted(aioclient.__all__)
    """)


def test_what_is_patched_there_is_patched_in_aioclient() -> None:
    run_python("""
        from unittest.mock import patch
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        import aioclient

        with patch("aiohttp.client.ClientSession._request") as request:
            assert aioclient.ClientSession._request is request
        assert aioclient.ClientSession._request is not request
    """)


def test_it_refuses_when_aiohttp_was_imported_before() -> None:
    run_python("""
        import aiohttp
        from aioclient.compat import install_as_aiohttp

        try:
            install_as_aiohttp()
        except RuntimeError as error:
            assert "aiohttp was imported already" in str(error)
        else:
            raise AssertionError
        assert aiohttp.ClientSession.__module__ == "aiohttp.client"
    """)


def test_uninstalled_it_is_aiohttp_again() -> None:
    run_python("""
        import sys
        from aioclient.compat import install_as_aiohttp, uninstall

        uninstall()  # when it is not there, it does nothing
        install_as_aiohttp()
        import aiohttp.client
        from aiohttp import web
        uninstall()
        assert not [name for name in sys.modules if name.startswith("aiohttp")]
        import aiohttp.client
        assert aiohttp.ClientSession.__module__ == "aiohttp.client"
    """)
    run_python("""
        from aioclient.compat import install_as_aiohttp, uninstall

        for _ in range(3):
            install_as_aiohttp()
            import aiohttp
            assert aiohttp.ClientSession.__module__.startswith("aioclient")
            uninstall()
    """)


def test_its_server_is_that_of_the_real_one() -> None:
    printed = run_python("""
        import asyncio
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        import aiohttp
        from aiohttp import web
        from aiohttp.test_utils import TestClient, TestServer
        from aiohttp.web_request import Request

        async def hello(request):
            assert isinstance(request, Request)
            return web.json_response({"from": request.headers["User-Agent"]})

        async def main():
            app = web.Application()
            app.router.add_get("/", hello)
            async with TestServer(app) as server:
                async with aiohttp.ClientSession() as session:
                    async with session.get(server.make_url("/")) as response:
                        print((await response.json())["from"])
            async with TestClient(TestServer(app)) as client:
                print((await (await client.get("/")).json())["from"])

        asyncio.run(main())
        assert aiohttp.ClientSession.__module__.startswith("aioclient")
    """)
    ours, theirs = printed.splitlines()
    assert "aioclient/" in ours
    assert "aiohttp/" in theirs  # its test client is its own


def test_the_real_one_comes_in_sight_once_for_all_of_its_server() -> None:
    run_python("""
        import sys
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        from aiohttp import web
        from aioclient.compat import _install

        def fail(self):
            raise AssertionError("other threads would see it")

        _install._RealAiohttp._in_sight = fail
        import aiohttp.web_exceptions, aiohttp.web_request
        assert aiohttp.web_exceptions.HTTPNotFound is web.HTTPNotFound
        assert aiohttp.web_request.Request is web.Request
    """)


@pytest.mark.parametrize(
    "line",
    ["from aiohttp import web", "import aiohttp.web", "from aiohttp.test_utils import TestServer"],
)
def test_without_a_real_one_there_is_no_server(line: str) -> None:
    script = f"""
        {{}}
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        try:
            {line}
        except ImportError as error:
            print(error)
        import aiohttp
        assert aiohttp.ClientSession
    """
    printed = run_python(WITHOUT_AIOHTTP + dedent(script).format(""))
    assert "is a part of aiohttp's server, which aioclient has not" in printed


def test_what_there_is_not_is_not_found() -> None:
    run_python("""
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        import aiohttp
        for name in ("nonsense", "client_nonsense"):
            try:
                __import__(f"aiohttp.{name}")
            except ModuleNotFoundError as error:
                assert error.name == f"aiohttp.{name}"
            else:
                raise AssertionError
        try:
            aiohttp.nonsense
        except AttributeError as error:
            assert "aioclient, which is here as aiohttp, has no 'nonsense'" in str(error)
        else:
            raise AssertionError
    """)


def test_only_what_is_asked_for_is_loaded() -> None:
    run_python("""
        import sys
        from aioclient.compat import install_as_aiohttp

        install_as_aiohttp()
        import aiohttp
        assert aiohttp.ClientSession
        assert "aiohttp.web" not in sys.modules
        assert "aioclient._session.websocket" not in sys.modules
    """)
