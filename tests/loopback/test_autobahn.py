"""The Autobahn test suite: peers that break the rules of WebSockets, and such that go to limits.

All cases of both sections about compression take many minutes: `tools/autobahn.py` runs them.
"""

import fnmatch
from collections.abc import Iterator

import pytest
from autobahn_agent import run_cases
from autobahn_suite import FuzzingServer, Suite, installed, python_2_7
from installing import CannotRun
from program import do_without
from running import run

from aioclient import ClientSession

#: For a section: it takes seconds, most of them the server's.
PATIENCE_S = 120.0

SECTIONS = ("1", "2", "3", "4", "5", "6", "7", "9")

#: A thousand messages each: text and files, small and large, in one frame and in many.
COMPRESSED = ("12.1.2", "12.2.5", "12.3.3", "12.4.11", "12.5.8")
#: The same, by each of the ways in which a server may agree to compress.
COMPRESSED_OTHERWISE = tuple(f"13.{way}.3" for way in range(1, 8))


@pytest.fixture(scope="module")
def suite() -> Suite:
    try:
        python_2_7()
    except CannotRun as reason:
        pytest.skip(str(reason))  # nothing of ours can install that
    try:
        return installed()
    except CannotRun as reason:
        do_without(str(reason))


@pytest.fixture(scope="module")
def names(suite: Suite) -> list[str]:
    return suite.cases()


@pytest.fixture(scope="module")
def server(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzingServer]:
    with FuzzingServer(suite, tmp_path_factory.mktemp("autobahn")) as running:
        yield running


@pytest.mark.parametrize("section", SECTIONS)
def test_all_cases_of_a_section_are_good(
    server: FuzzingServer, names: list[str], section: str
) -> None:
    cases = fnmatch.filter(names, f"{section}.*")
    assert cases
    assert_good(server, cases)


@pytest.mark.parametrize("case", COMPRESSED)
def test_compressed_messages_come_back_as_they_were(server: FuzzingServer, case: str) -> None:
    assert_good(server, [case])


@pytest.mark.parametrize("case", COMPRESSED_OTHERWISE)
def test_the_server_may_choose_how_to_compress(server: FuzzingServer, case: str) -> None:
    assert_good(server, [case])


def test_a_client_that_sends_nothing_back_is_told_apart(server: FuzzingServer) -> None:
    async def listen() -> None:
        async with ClientSession() as session:
            url = f"{server.url}/runCase?casetuple=1.1.2&agent=mute"
            async with session.ws_connect(url) as websocket:
                async for _ in websocket:
                    pass
        await run_cases(server.url, "mute", [])

    run(listen())
    assert server.results("mute")["1.1.2"].verdict == "FAILED"


def assert_good(server: FuzzingServer, cases: list[str]) -> None:
    """Run cases; the client must not fail, nor the suite find fault with it."""
    errors: dict[str, Exception] = {}

    async def run_them() -> None:
        errors.update(await run_cases(server.url, "aioclient", cases))

    run(run_them(), PATIENCE_S)
    results = server.results("aioclient")
    assert not errors
    assert {case for case in cases if case not in results} == set()
    assert [result for case in cases if not (result := results[case]).is_good] == []
