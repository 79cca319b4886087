"""Section 12 of the reference: netrc; and what is not there yet of the environment."""

from pathlib import Path

import pytest
from multidict import CIMultiDict
from pages import Pages
from reference import Later, Line
from running import asynchronous

from aioclient import BasicAuth, ClientSession

_NETRC = "tests/_auth/test_netrc.py::"

ROWS = (
    Later("session", "proxy"),
    Later("request", "proxy proxy_headers"),
    Line(
        "trust_env takes proxies from the environment",
        "test_proxies_of_the_environment_are_not_used",
        "`trust_env=True` takes nothing but credentials yet: proxies of the environment are not "
        "used.",
    ),
    Line("the netrc file counts with trust_env only", "test_netrc_counts_with_trust_env_only"),
    Line(
        "the file is $NETRC, else ~/.netrc, on Windows ~/_netrc",
        f"""test_netrc_counts_with_trust_env_only {_NETRC}test_file_of_the_user_is_read_without_one
        {_NETRC}test_places_for_the_own_file""",
    ),
    Line(
        "the file is read for each request",
        f"{_NETRC}test_file_is_read_once",
        "The netrc file is read once, when the session is made with `trust_env=True`.",
    ),
    Line(
        "a header or auth comes first, then the URL, auth of the session, netrc",
        "test_credentials_of_netrc_come_last",
    ),
    Line(
        "a default entry is for every host",
        "test_default_entry_is_for_nobody_unless_that_is_said",
        "Its `default` entry counts only with `trust_netrc_default=True`.",
    ),
)

ENTRY = "Basic bmV0OnJj"


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that $NETRC names: it has a login for 127.0.0.1."""
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login net password rc\n")
    monkeypatch.setenv("NETRC", str(path))
    return path


def sent(server: Pages) -> str | None:
    headers: CIMultiDict[str] = server.last.headers
    return headers.get("Authorization")


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1/")

    @asynchronous
    async def asks() -> None:
        async with Pages() as server, ClientSession(trust_env=True) as session:
            assert (await session.get(server.url())).status == 200

    asks()


@pytest.mark.usefixtures("netrc")
@asynchronous
async def test_netrc_counts_with_trust_env_only() -> None:
    async with Pages() as server:
        async with ClientSession() as session:
            await session.get(server.url())
            assert sent(server) is None
        async with ClientSession(trust_env=True) as session:
            assert session.trust_env is True
            await session.get(server.url())
            assert sent(server) == ENTRY
            await session.get(server.url(host="localhost"))
            assert sent(server) is None


@pytest.mark.usefixtures("netrc")
@asynchronous
async def test_credentials_of_netrc_come_last() -> None:
    auth = BasicAuth("se", "ssion")
    async with (
        Pages() as server,
        Pages() as other,
        ClientSession(server.url(), auth=auth, trust_env=True) as session,
    ):
        await session.get("/", headers={"Authorization": "Bearer x"})
        assert sent(server) == "Bearer x"
        await session.get("/", auth=BasicAuth("re", "quest"))
        assert sent(server) == BasicAuth("re", "quest").encode()
        await session.get(server.url().replace("//", "//u:rl@"))
        assert sent(server) == BasicAuth("u", "rl").encode()
        await session.get("/")
        assert sent(server) == auth.encode()
        await session.get(other.url())
        assert sent(other) == ENTRY


@asynchronous
async def _asks_with_default(is_trusted: bool) -> None:
    async with (
        Pages() as server,
        ClientSession(trust_env=True, trust_netrc_default=is_trusted) as session,
    ):
        await session.get(server.url())
        assert sent(server) == (ENTRY if is_trusted else None)


@pytest.mark.parametrize("is_trusted", [False, True])
def test_default_entry_is_for_nobody_unless_that_is_said(netrc: Path, is_trusted: bool) -> None:
    netrc.write_text("default login net password rc\n")
    _asks_with_default(is_trusted)
