"""The fixtures of the plugin, in a run of pytest of their own; and the package as a whole."""

import os
import subprocess
import sys
import textwrap

import pytest

import aioclient
import aioclient.testing


@pytest.fixture
def run_tests(tmp_path):
    """A function that runs tests with the plugin, and gives how many passed, and what was said."""

    def run(source, *arguments):
        (tmp_path / "test_it.py").write_text(textwrap.dedent(source))
        root = os.path.dirname(os.path.dirname(aioclient.__file__))  # noqa: PTH120
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, *arguments, "test_it.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": root},
        )
        assert done.stderr == ""
        return done.stdout

    return run


PLUGIN = ("-p", "aioclient.testing.pytest_plugin")


def test_fixtures_are_for_any_runner(run_tests):
    output = run_tests(
        """
        import asyncio
        import aioclient
        from aioclient.testing import expect_request, send

        def test_mock(mock_connector):
            async def main():
                mock_connector.get("/", text="mocked")
                async with aioclient.ClientSession(connector=mock_connector) as session:
                    async with session.get("http://a.example/") as response:
                        assert await response.text() == "mocked"

            asyncio.run(main())
            mock_connector.assert_sent("GET", "http://a.example/")

        def test_unclosed(mock_connector):
            async def main():
                mock_connector.get("/")
                async with aioclient.ClientSession(
                    connector=mock_connector, connector_owner=False
                ) as session:
                    await session.get("http://a.example/")

            asyncio.run(main())

        def test_unused(mock_connector):
            pass

        def test_server(scripted_server):
            async def main():
                script = [expect_request(), send(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")]
                async with scripted_server(script, time_limit=1) as server:
                    async with aioclient.ClientSession() as session:
                        assert (await session.get(server.url())).status == 204

            asyncio.run(main())
        """,
        *PLUGIN,
    )
    assert "4 passed" in output


def test_server_that_was_not_used_fails_the_test(run_tests):
    output = run_tests("def test_it(scripted_server):\n    scripted_server()\n", *PLUGIN)
    assert "1 passed, 1 error" in output
    assert "1 of 1 scripted servers not used: async with is missing" in output


def test_plugin_is_loaded_by_nobody_else(run_tests):
    output = run_tests("def test_it(mock_connector):\n    pass\n")
    assert "fixture 'mock_connector' not found" in output


def test_aiohttp_is_aioclient_during_a_test(run_tests):
    pytest.importorskip("aioclient.compat")
    output = run_tests(
        """
        import sys
        import aioclient

        def test_inside(aioclient_as_aiohttp):
            import aiohttp
            assert aiohttp.ClientSession is aioclient.ClientSession

        def test_outside():
            assert "aiohttp" not in sys.modules
        """,
        *PLUGIN,
    )
    assert "2 passed" in output


def test_package_is_loaded_by_nobody_else_and_loads_no_pytest():
    script = """
import sys, aioclient
assert "aioclient.testing" not in sys.modules
import aioclient.testing
assert "pytest" not in sys.modules
assert "wsproto" not in sys.modules
for name in aioclient.testing.__all__:
    assert getattr(aioclient.testing, name).__doc__, name
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_public_names_are_all_there_are():
    public = {name for name in vars(aioclient.testing) if not name.startswith("_")}
    assert public - {"pytest_plugin"} == set(aioclient.testing.__all__)
