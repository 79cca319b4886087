"""What a type checker knows of cookie jars: read by it, and never run."""

from collections.abc import Iterable, Iterator, Mapping
from http.cookies import BaseCookie, Morsel, SimpleCookie
from pathlib import Path
from typing import assert_type

from yarl import URL

from aioclient import AbstractCookieJar, ClientSession, CookieJar, DummyCookieJar


async def a_session_has_a_jar(session: ClientSession) -> None:
    assert_type(session.cookie_jar, AbstractCookieJar)
    for each in (CookieJar(unsafe=True), DummyCookieJar()):
        ClientSession(cookie_jar=each)


def cookies_go_in_and_come_out(jar: CookieJar) -> None:
    assert_type(jar.update_cookies({"a": "b"}, URL("https://a/")), None)
    jar.update_cookies(SimpleCookie("a=b"))
    jar.update_cookies([("a", "b")])
    jar.update_cookies_from_headers(["a=b; Secure"], URL("https://a/"))
    sent = jar.filter_cookies(URL("https://a/"))
    assert_type(sent, BaseCookie[str])
    assert_type(sent["a"], Morsel[str])
    for cookie in jar:
        assert_type(cookie, Morsel[str])
    assert_type(len(jar), int)
    assert_type(jar.cookies, Mapping[tuple[str, str], SimpleCookie])
    assert_type(jar.host_only_cookies, frozenset[tuple[str, str, str]])


def they_are_thrown_away(jar: CookieJar) -> None:
    assert_type(jar.clear(), None)
    jar.clear(lambda cookie: cookie["domain"] == "a")
    assert_type(jar.clear_domain("a"), None)


def they_are_kept_in_files(jar: CookieJar) -> None:
    assert_type(jar.save("cookies"), None)
    assert_type(jar.load(Path("cookies")), None)
    assert_type(jar.save_cookies_txt(Path("cookies.txt")), None)
    assert_type(jar.load_cookies_txt("cookies.txt"), None)


def a_jar_has_settings(jar: CookieJar) -> None:
    assert_type(jar.quote_cookie, bool)
    assert_type(jar.unsafe, bool)
    assert_type(jar.treat_as_secure_origin, frozenset[URL])
    CookieJar(treat_as_secure_origin="http://a")
    CookieJar(treat_as_secure_origin=[URL("http://a")], quote_cookie=False)


class OwnJar(DummyCookieJar):
    """One of a program."""

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(())

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        return SimpleCookie(f"host={request_url.host}")


def wrong(jar: CookieJar, names: Iterable[int]) -> None:
    AbstractCookieJar()  # type: ignore[abstract]
    CookieJar(nonsense=1)  # type: ignore[call-arg]
    jar.update_cookies(names)  # type: ignore[arg-type]
    jar.filter_cookies("https://a/")  # type: ignore[arg-type]
    jar.load(1)  # type: ignore[arg-type]
    ClientSession(cookie_jar={})  # type: ignore[arg-type]
    ClientSession(cookie_jar=OwnJar())
