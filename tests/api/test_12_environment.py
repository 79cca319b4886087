"""Section 12 of the reference: proxies, the environment, netrc."""

from pathlib import Path

import pytest
from multidict import CIMultiDict
from pages import Pages
from recording_proxy import RecordingProxy
from reference import Line
from running import asynchronous

from aioclient import BasicAuth, ClientSession

_NETRC = "tests/_auth/test_netrc.py::"
_ENVIRONMENT = "tests/_net/test_proxy_environment.py::"
_PROXYING = "tests/_message/test_proxying.py::"
_LOOPBACK = "tests/loopback/test_proxies.py::"

ROWS = (
    Line(
        "proxy is the URL of an http or https proxy",
        f"""{_PROXYING}test_a_url_of_a_proxy
        {_LOOPBACK}test_an_http_request_goes_to_the_proxy_with_its_whole_url""",
    ),
    Line(
        "the request wins over the session, the session over the environment",
        f"{_PROXYING}test_the_request_comes_before_the_session_and_that_before_the_environment",
    ),
    Line(
        "https targets use CONNECT, http targets the whole URL",
        f"""{_LOOPBACK}test_an_https_request_goes_through_a_tunnel
        {_LOOPBACK}test_an_http_request_goes_to_the_proxy_with_its_whole_url""",
    ),
    Line(
        "an https URL through an https proxy is TLS in TLS, where Python can",
        f"{_LOOPBACK}test_an_https_request_goes_through_a_tunnel",
        "TLS in TLS, an https URL through an https proxy, works on every Python and event loop.",
    ),
    Line(
        "the TLS context of a request is that for an https proxy, too",
        f"{_PROXYING}test_what_was_wished_of_tls_with_the_server_is_kept_apart_from_the_proxy",
        "`ssl` is for the server only. `proxy_ssl` of a session or request is for an https proxy, "
        "which is verified as usual without it.",
    ),
    Line(
        "proxy_headers go to the proxy only",
        f"""{_PROXYING}test_credentials_for_a_proxy
        {_LOOPBACK}test_what_is_for_the_proxy_stops_there""",
    ),
    Line(
        "an answer to CONNECT must have the status 200",
        "tests/_net/test_tunnel.py::test_any_status_of_success_is_a_tunnel",
        "Any 2xx answer to CONNECT opens the tunnel (RFC 9110 section 9.3.6).",
    ),
    Line(
        "else ClientHttpProxyError, whose text shows the password of the proxy",
        "tests/_net/test_tunnel.py::test_a_refusal_is_an_error_with_headers_and_body",
        "`ClientHttpProxyError` has the answer's headers and the beginning of its `body`, and "
        "shows no password.",
    ),
    Line(
        "a SOCKS proxy is treated as an HTTP proxy",
        f"""{_PROXYING}test_a_socks_proxy_only_passes_bytes_on
        {_PROXYING}test_what_is_no_url_of_a_proxy_is_refused""",
        "SOCKS proxies work, with the extra `socks`: socks4, socks4a, socks5, socks5h. Another "
        "scheme of a proxy is an InvalidUrlClientError.",
    ),
    Line(
        "credentials come from the URL, proxy_auth, proxy_headers, netrc",
        f"""{_PROXYING}test_credentials_for_a_proxy
        {_PROXYING}test_netrc_has_credentials_for_proxies_without""",
    ),
    Line("proxy_auth is deprecated", f"{_PROXYING}test_proxy_auth_is_deprecated"),
    Line(
        "credentials of the session go to the proxy of a request",
        f"{_PROXYING}test_what_the_session_says_to_its_proxy_is_for_no_other",
        "`proxy_auth` and `proxy_headers` of a session are for the session's proxy, or those of "
        "the environment, and not for another that a request names.",
    ),
    Line(
        "trust_env takes proxies from the environment for http, https, ws, wss",
        "test_proxies_of_the_environment_count_with_trust_env_only",
    ),
    Line(
        "ALL_PROXY does not count",
        f"{_ENVIRONMENT}test_all_proxy_is_for_every_scheme",
        "ALL_PROXY counts for what has no proxy of its own.",
    ),
    Line(
        "https proxies of the environment are left out",
        f"{_PROXYING}test_https_proxies_of_the_environment_count",
        "https and SOCKS proxies of the environment count.",
    ),
    Line(
        "NO_PROXY knows neither ports nor networks",
        f"""{_ENVIRONMENT}test_a_port_in_no_proxy_counts_for_that_port_only
        {_ENVIRONMENT}test_a_network_is_for_the_addresses_in_it
        {_ENVIRONMENT}test_addresses_compare_as_addresses
        {_ENVIRONMENT}test_no_end_of_an_address_is_one""",
        "NO_PROXY knows ports, networks (CIDR) and addresses in any spelling; the end of an "
        "address is no domain.",
    ),
    Line(
        "the environment is asked again for each hop",
        f"{_PROXYING}test_the_environment_is_asked_again_for_each_hop",
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
def test_proxies_of_the_environment_count_with_trust_env_only(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)

    @asynchronous
    async def asks() -> None:
        async with Pages() as server, RecordingProxy() as proxy:
            monkeypatch.setenv(name, proxy.url())
            async with ClientSession() as session:
                assert await (await session.get(server.url())).read() != b"forwarded"
            async with ClientSession(trust_env=True) as session:
                assert await (await session.get(server.url())).read() == b"forwarded"
                assert len(proxy.heads) == 1

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
