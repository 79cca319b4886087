"""Which proxy the environment names for a URL."""

import os
import subprocess
import sys
from collections import UserDict
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from aioclient._net.proxy_environment import ProxyEnvironment

SCHEMES = ["http", "https", "ws", "wss"]
PROXY = "http://proxy.example:3128"


def proxy_url(
    environ: Mapping[str, str], scheme: str = "http", host: str = "example.com", port: int = 80
) -> str | None:
    return ProxyEnvironment(environ, platform="linux").proxy_url(scheme, host, port)


def is_direct(no_proxy: str, host: str, port: int = 80) -> bool:
    return proxy_url({"all_proxy": PROXY, "no_proxy": no_proxy}, host=host, port=port) is None


class WindowsVariables(UserDict[str, str]):
    """As `os.environ` is there: names have no case."""

    def __getitem__(self, name: str) -> str:
        return self.data[name.upper()]


# Which variable


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("in_case", [str.lower, str.upper])
def test_each_scheme_has_a_variable_in_either_case(
    scheme: str, in_case: Callable[[str], str]
) -> None:
    environ = {in_case(f"{scheme}_proxy"): PROXY}
    assert proxy_url(environ, scheme) == PROXY
    assert [proxy_url(environ, other) for other in SCHEMES if other != scheme] == [None] * 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("variable", ["all_proxy", "ALL_PROXY"])
def test_all_proxy_is_for_every_scheme(scheme: str, variable: str) -> None:
    assert proxy_url({variable: PROXY}, scheme) == PROXY


def test_the_first_variable_that_is_there_decides() -> None:
    order = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
    environ = {variable: f"http://{variable}" for variable in order}
    for variable in order:
        assert proxy_url(environ) == f"http://{variable}"
        del environ[variable]
    assert proxy_url(environ) is None


@pytest.mark.parametrize("nothing", ["", " ", "\t"])
@pytest.mark.parametrize("first", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_an_empty_variable_says_no_proxy_and_nothing_else_is_asked(
    first: str, nothing: str
) -> None:
    order = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
    environ = dict.fromkeys(order[order.index(first) :], PROXY)
    environ[first] = nothing
    assert proxy_url(environ) is None


def test_a_scheme_without_a_proxy_leaves_the_others_theirs() -> None:
    environ = {"http_proxy": "", "all_proxy": PROXY}
    assert proxy_url(environ, "http") is None
    assert proxy_url(environ, "https") == PROXY


@pytest.mark.parametrize("scheme", ["unix", "tcp", "npipe", "ftp", "all", "no", ""])
def test_other_schemes_have_no_proxy(scheme: str) -> None:
    assert proxy_url({f"{scheme}_proxy": PROXY, "all_proxy": PROXY}, scheme) is None


def test_a_variable_in_mixed_case_is_none() -> None:
    assert proxy_url({"Http_Proxy": PROXY, "HTTP_proxy": PROXY}) is None


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("//proxy.example:3128", "http://proxy.example:3128"),
        ("user:secret@proxy.example", "http://user:secret@proxy.example"),
        ("[::1]:3128", "http://[::1]:3128"),
        ("https://proxy.example", "https://proxy.example"),
        ("HTTP://proxy.example", "HTTP://proxy.example"),
        ("socks5h://proxy.example:1080", "socks5h://proxy.example:1080"),
        (" http://proxy.example ", "http://proxy.example"),
    ],
)
def test_a_proxy_without_a_scheme_is_an_http_proxy(value: str, url: str) -> None:
    assert proxy_url({"http_proxy": value}) == url


def test_the_environment_is_read_anew_for_each_request() -> None:
    environ: dict[str, str] = {}
    proxies = ProxyEnvironment(environ, platform="linux")
    assert proxies.proxy_url("http", "example.com", 80) is None
    environ["http_proxy"] = PROXY
    assert proxies.proxy_url("http", "example.com", 80) == PROXY
    environ["no_proxy"] = "example.com"
    assert proxies.proxy_url("http", "example.com", 80) is None
    environ["no_proxy"] = "example.org"
    assert proxies.proxy_url("http", "example.com", 80) == PROXY
    assert proxies.proxy_url("http", "example.org", 80) is None


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("wss_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("wss_proxy", PROXY)
    assert ProxyEnvironment().proxy_url("wss", "example.com", 443) == PROXY


def test_what_it_looks_like_says_nothing_of_a_password() -> None:
    proxies = ProxyEnvironment({"http_proxy": "http://user:secret@proxy.example"})
    assert proxies.proxy_url("http", "example.com", 80) is not None
    assert "secret" not in repr(proxies)


# CGI: HTTP_PROXY is what a client sent as its field `Proxy`


@pytest.mark.parametrize("method", ["GET", ""])
def test_under_cgi_http_proxy_in_upper_case_is_ignored(method: str) -> None:
    assert proxy_url({"HTTP_PROXY": "http://evil.example", "REQUEST_METHOD": method}) is None


def test_under_cgi_what_comes_after_http_proxy_counts() -> None:
    environ = {"HTTP_PROXY": "", "REQUEST_METHOD": "GET", "ALL_PROXY": PROXY}
    assert proxy_url(environ) == PROXY


def test_under_cgi_http_proxy_in_lower_case_counts() -> None:
    assert proxy_url({"http_proxy": PROXY, "REQUEST_METHOD": "GET"}) == PROXY


@pytest.mark.parametrize("scheme", ["https", "ws", "wss"])
def test_under_cgi_the_variables_of_other_schemes_count(scheme: str) -> None:
    environ = {f"{scheme.upper()}_PROXY": PROXY, "REQUEST_METHOD": ""}
    assert proxy_url(environ, scheme) == PROXY


def test_under_cgi_on_windows_no_http_proxy_counts() -> None:
    environ = WindowsVariables({"HTTP_PROXY": PROXY})
    proxies = ProxyEnvironment(environ, platform="win32")
    assert proxies.proxy_url("http", "example.com", 80) == PROXY
    environ["REQUEST_METHOD"] = "GET"
    environ["ALL_PROXY"] = "http://other.example"
    assert proxies.proxy_url("http", "example.com", 80) == "http://other.example"


# NO_PROXY: names


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("example.com", "example.com"),
        ("example.com", "www.example.com"),
        ("example.com", "a.b.example.com"),
        (".example.com", "example.com"),
        (".example.com", "www.example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "www.example.com"),
        ("com", "example.com"),
        ("localhost", "localhost"),
        ("Example.COM", "example.com"),
        ("example.com", "EXAMPLE.com"),
        ("example.com.", "example.com"),
        ("example.com", "example.com."),
        ("example.com.", "www.example.com."),
        ("example.com.:80", "example.com"),
        ("a_b.example", "a_b.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        (".BÜCHER.example:80", "www.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("web1", "web1"),
        ("1.example", "1.example"),
    ],
)
def test_a_name_is_for_the_host_and_what_is_below(no_proxy: str, host: str) -> None:
    assert is_direct(no_proxy, host)


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("ample.com", "example.com"),
        (".ample.com", "example.com"),
        ("*ample.com", "example.com"),
        ("www.example.com", "example.com"),
        ("example.com", "example.com.evil.example"),
        ("example", "example.com"),
        ("exam*.com", "example.com"),
        ("", "example.com"),
        ("", "localhost"),
        ("", "127.0.0.1"),
        ("example.com", "localhost"),
        ("localhost", "127.0.0.1"),
        ("example.com", "a." * 150 + "example.com"),
    ],
)
def test_a_name_is_for_no_other_host(no_proxy: str, host: str) -> None:
    assert not is_direct(no_proxy, host)


def test_a_host_as_long_as_names_may_be_is_below_its_domain() -> None:
    host = "a." * 121 + "example.com"
    assert len(host) == 253
    assert is_direct("example.com", host)
    assert not is_direct("example.com", f"b{host}")


def test_the_host_of_an_international_url_is_found() -> None:
    host = URL("http://www.BÜCHER.example./").raw_host
    assert host is not None
    assert is_direct("bücher.example", host)


# NO_PROXY: the list


@pytest.mark.parametrize(
    "no_proxy",
    [
        "a.example,example.com,b.example",
        "a.example, example.com",
        "a.example example.com",
        "a.example\texample.com\n",
        " ,, example.com ,",
        "http://a.example,example.com",
    ],
)
def test_entries_are_separated_by_commas_and_white_space(no_proxy: str) -> None:
    assert is_direct(no_proxy, "example.com")
    assert not is_direct(no_proxy, "c.example")


@pytest.mark.parametrize("no_proxy", ["*", " * ", "a.example,*", "* a.example"])
@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "::1"])
def test_a_star_means_all_hosts(no_proxy: str, host: str) -> None:
    assert is_direct(no_proxy, host)


def test_no_proxy_counts_in_upper_case() -> None:
    assert proxy_url({"http_proxy": PROXY, "NO_PROXY": "example.com"}) is None


@pytest.mark.parametrize("lower", ["", "example.org"])
def test_no_proxy_in_lower_case_decides(lower: str) -> None:
    environ = {"http_proxy": PROXY, "no_proxy": lower, "NO_PROXY": "example.com"}
    assert proxy_url(environ) == PROXY


@pytest.mark.parametrize(
    "malformed",
    [
        ".",
        "..",
        "*.",
        "**",
        ":",
        ":80",
        "*:80",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:http",
        "example.com:+80",
        "example.com:8_0",
        "example.com:٨٠",
        "example.com:" + "8" * 5000,
        "example.com:80:80",
        "http://example.com",
        "example.com/",
        "example.com/8",
        "user@example.com",
        "[example.com]",
        "[127.0.0.1]",
        "[127.0.0.1]:80",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]180",
        "[::1]:",
        "[::1]:0",
        "[::1]:65536",
        "[]",
        "[:]:80",
        "127.0.0.1:",
        "127.0.0.1:80:80",
        "127.0.0.256",
        "127.0.0.0/",
        "127.0.0.0/33",
        "127.0.0.0/-8",
        "127.0.0.0/255.0.0.0",
        "127.0.0.0/" + "8" * 5000,
        "127.0.0/8",
        "127.0.0.0/8:80",
        "127.0.0.0:80/8",
        "::/129",
        "[::]:80/0",
        "[::/0",
        "/",
        "/8",
        "%",
        "%eth0",
        "::1::",
        "ü..example.com",
        "ü@example.com",
        "ü" * 70,
        "\udcff.example.com",
    ],
)
def test_a_malformed_entry_is_ignored(malformed: str) -> None:
    for host in ("example.com", "127.0.0.1", "::1"):
        assert not is_direct(malformed, host)
        assert is_direct(f"{malformed},{host}", host)
        assert is_direct(f"{host},{malformed}", host)


@given(st.text("a1f.:[]/%*-, ü\u0663\udcff\u3002", max_size=20), st.text("a1f.:%-", max_size=20))
def test_no_list_breaks_a_request_nor_hides_a_host(no_proxy: str, host: str) -> None:
    assert is_direct(no_proxy, host) in (True, False)
    assert is_direct(f"{no_proxy},example.com", "www.example.com")


# NO_PROXY: ports


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("example.com:8080", "example.com"),
        ("example.com:08080", "example.com"),
        (".example.com:8080", "www.example.com"),
        ("*.example.com:8080", "www.example.com"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("[fe80::1%eth0]:8080", "fe80::1"),
        ("[::ffff:127.0.0.1]:8080", "127.0.0.1"),
    ],
)
def test_a_port_in_no_proxy_counts_for_that_port_only(no_proxy: str, host: str) -> None:
    assert is_direct(no_proxy, host, 8080)
    assert not is_direct(no_proxy, host, 80)
    assert not is_direct(no_proxy, host, 808)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "::1"])
@pytest.mark.parametrize("port", [1, 80, 443, 65535])
def test_an_entry_without_a_port_counts_for_all(host: str, port: int) -> None:
    assert is_direct(host, host, port)


def test_a_host_may_be_there_for_several_ports() -> None:
    for port, direct in ((80, True), (81, False), (443, True)):
        assert is_direct("example.com:80,example.com:443", "example.com", port) is direct


# NO_PROXY: addresses


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1."),
        ("127.0.0.1.", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:DB8::A", "2001:db8::a"),
        ("2001:db8:0:0::000a", "2001:db8::a"),
        ("2001:db8::a", "2001:db8:0:0:0:0:0:a"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("127.0.0.1", "::ffff:7f00:1"),
        ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
        ("fe80::1", "fe80::1%eth0"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%eth0", "fe80::1%25eth1"),
    ],
)
def test_addresses_compare_as_addresses(no_proxy: str, host: str) -> None:
    assert is_direct(no_proxy, host)


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("0.1", "127.0.0.1"),
        (".1", "127.0.0.1"),
        ("1", "127.0.0.1"),
        ("*.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.11"),
        ("127.0.0.1", "1.127.0.0.1"),
        ("127.0.0.1", "a.127.0.0.1"),
        ("127.0.0.1", "::1"),
        ("::1", "::2"),
        ("::1:8080", "::1"),
        ("::127.0.0.1", "127.0.0.1"),
        ("example.com", "fe80::1%a.example.com"),
        ("1", "::1"),
    ],
)
def test_no_end_of_an_address_is_one(no_proxy: str, host: str) -> None:
    assert not is_direct(no_proxy, host, 8080)


@pytest.mark.parametrize(
    ("no_proxy", "inside", "outside"),
    [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("10.1.2.3/8", "10.0.0.1", "9.255.255.255"),
        ("192.168.1.128/25", "192.168.1.128", "192.168.1.127"),
        ("192.168.1.1/32", "192.168.1.1", "192.168.1.2"),
        ("0.0.0.0/0", "8.8.8.8", "::1"),
        ("10.0.0.0/8", "::ffff:10.1.1.1", "::ffff:11.1.1.1"),
        ("::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"),
        ("::ffff:0:0/96", "10.1.1.1", "::1"),
        ("fe80::/10", "febf::1%eth0", "fec0::1"),
        ("fe80::%eth0/10", "fe80::1", "fec0::1"),
        ("[fe80::]/10", "fe80::1", "fec0::1"),
        ("2001:db8::1/32", "2001:DB8:ffff::", "2001:db9::"),
        ("::1/128", "::1", "::2"),
        ("::1/64", "::2", "127.0.0.1"),
        ("::/0", "fe80::1", "127.0.0.1"),
        ("example.com,10.0.0.0/8,172.16.0.0/12", "172.31.0.1", "172.32.0.1"),
    ],
)
def test_a_network_is_for_the_addresses_in_it(no_proxy: str, inside: str, outside: str) -> None:
    assert is_direct(no_proxy, inside)
    assert not is_direct(no_proxy, outside)


@pytest.mark.parametrize("host", ["example.com", "localhost", "10.example", "127.1", "0x7f.0.0.1"])
def test_a_name_is_in_no_network(host: str) -> None:
    assert not is_direct("0.0.0.0/0,::/0", host)


# The setting of the system


class System:
    """Stands for `urllib.request`, and may raise."""

    def __init__(
        self,
        proxies: Mapping[str, str] | Exception,
        direct: str | Exception = "",
    ) -> None:
        self.proxies = proxies
        self.direct = direct
        self.asked: list[str] = []

    def getproxies(self) -> Mapping[str, str]:
        self.asked.append("getproxies")
        if isinstance(self.proxies, Exception):
            raise self.proxies
        return self.proxies

    def proxy_bypass(self, host: str) -> object:
        self.asked.append(host)
        if isinstance(self.direct, Exception):
            raise self.direct
        return int(host == self.direct)

    def proxy_url(
        self,
        environ: Mapping[str, str],
        scheme: str = "http",
        host: str = "example.com",
        platform: str = "win32",
    ) -> str | None:
        proxies = ProxyEnvironment(environ, platform=platform, system=lambda: self)
        return proxies.proxy_url(scheme, host, 80)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_without_variables_the_system_s_setting_counts(platform: str) -> None:
    system = System({"http": PROXY, "https": "other.example:81"})
    assert system.proxy_url({}, platform=platform) == PROXY
    assert system.proxy_url({}, "https", platform=platform) == "http://other.example:81"
    assert system.proxy_url({}, "wss", platform=platform) is None


@pytest.mark.parametrize("platform", ["linux", "freebsd14", "cygwin", "android"])
def test_other_systems_are_not_asked(platform: str) -> None:
    system = System({"http": PROXY})
    assert system.proxy_url({}, platform=platform) is None
    assert system.asked == []


@pytest.mark.parametrize("variable", ["https_proxy", "ws_proxy", "wss_proxy"])
@pytest.mark.parametrize("in_case", [str.lower, str.upper])
@pytest.mark.parametrize("value", [PROXY, ""])
def test_a_variable_for_any_scheme_hides_the_system_s_setting(
    variable: str, in_case: Callable[[str], str], value: str
) -> None:
    system = System({"http": PROXY})
    assert system.proxy_url({in_case(variable): value}) is None
    assert system.asked == []


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("value", ["http://other.example", ""])
def test_a_variable_for_the_scheme_counts_instead_of_the_system_s_setting(
    variable: str, value: str
) -> None:
    system = System({"http": PROXY})
    assert system.proxy_url({variable: value}) == (value or None)
    assert system.asked == []


def test_a_variable_that_anybody_may_set_does_not_hide_the_system_s_setting() -> None:
    system = System({"http": PROXY})
    environ = WindowsVariables({"HTTP_PROXY": "http://evil.example", "REQUEST_METHOD": "GET"})
    assert system.proxy_url(environ) == PROXY


@pytest.mark.parametrize(("host", "in_url"), [("example.com", "example.com"), ("::1", "[::1]")])
def test_the_system_says_which_hosts_need_no_proxy(host: str, in_url: str) -> None:
    system = System({"http": PROXY}, direct=in_url)
    assert system.proxy_url({}, host=host) is None
    assert system.proxy_url({}, host="www.example.com") == PROXY
    assert system.asked == ["getproxies", in_url, "getproxies", "www.example.com"]


def test_no_proxy_counts_for_the_system_s_proxy() -> None:
    system = System({"http": PROXY})
    assert system.proxy_url({"NO_PROXY": "example.com"}) is None
    assert system.proxy_url({"NO_PROXY": "example.com"}, host="example.org") == PROXY


@pytest.mark.parametrize("error", [OSError("registry"), ValueError(), KeyError(), RuntimeError()])
def test_no_error_of_the_system_breaks_a_request(error: Exception) -> None:
    assert System(error).proxy_url({}) is None
    assert System({"http": PROXY}, direct=error).proxy_url({}) == PROXY


def test_a_system_that_cannot_be_asked_breaks_no_request() -> None:
    def system() -> System:
        raise ImportError

    proxies = ProxyEnvironment({}, platform="darwin", system=system)
    assert proxies.proxy_url("http", "example.com", 80) is None


def test_urllib_is_what_knows_the_system_s_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    # It looks at the variables of the process before the setting, on every system.
    for variable in ("no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("http_proxy", PROXY)
    proxies = ProxyEnvironment({}, platform="darwin")
    assert proxies.proxy_url("http", "example.com", 80) == PROXY
    monkeypatch.setenv("no_proxy", "example.com")
    assert proxies.proxy_url("http", "example.com", 80) is None


def test_urllib_is_not_imported_where_it_is_not_asked() -> None:
    script = (
        "import sys\n"
        "from aioclient._net.proxy_environment import ProxyEnvironment\n"
        "ProxyEnvironment({}, platform='linux').proxy_url('http', 'example.com', 80)\n"
        "environ = {'http_proxy': 'http://a.example'}\n"
        "ProxyEnvironment(environ, platform='darwin').proxy_url('https', 'example.com', 80)\n"
        "assert 'urllib.request' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
