"""The guide, "Graceful Shutdown".

The code is that of the guide with `aioclient` as `aiohttp`; its server is one of the tests. What it
sleeps for is over here when the session is closed, also with TLS: the programs that are run do
without, and the sleep of 250 ms, which is all that the second block has, is left out.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from ssl import Purpose, SSLContext, create_default_context

import pytest
import trustme
from origin import Origin, origin_in_thread
from running import asynchronous

import aioclient as aiohttp

SHUTDOWN = Path(__file__).parent.parent / "isolated" / "graceful_shutdown.py"

# --- Graceful Shutdown ---------------------------------------------------------------------------


@asynchronous
async def test_a_website_is_read_and_the_loop_may_end() -> None:
    async with Origin() as example_org:

        async def read_website():
            async with aiohttp.ClientSession() as session:
                async with session.get(example_org.url("/json")) as resp:
                    await resp.read()
            assert session.closed
            # Zero-sleep to allow underlying connections to close
            await asyncio.sleep(0)

        await read_website()
        assert example_org.served == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def website(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path
) -> Iterator[list[str]]:
    """A server, as arguments of the program: its URL, and for https who vouches for it."""
    tls: SSLContext | None = None
    arguments = []
    if request.param == "https":
        tls = create_default_context(Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        arguments = [str(tmp_path / "authority.pem")]
    with origin_in_thread(tls) as origin:
        yield [origin.url("/json"), *arguments]


def shut_down(how: str, website: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", SHUTDOWN, how, *website],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("how", ["block", "close"])
def test_nobody_has_to_sleep_before_the_end(how: str, website: list[str]) -> None:
    ended = shut_down(how, website)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_a_session_that_was_not_closed_would_be_heard_of(website: list[str]) -> None:
    assert "ResourceWarning" in shut_down("never", website).stderr
