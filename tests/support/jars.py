"""Cookie jars in tests: made of what servers set, and asked what they give."""

from typing import Any

from fake_resolver import FakeResolver
from pages import Pages
from yarl import URL

from aioclient import AbstractCookieJar, ClientSession, CookieJar, TCPConnector

A, B = URL("http://a.example/"), URL("http://b.example/")
SECURE = URL("https://a.example/")
_NAMES = ("a.example", "www.a.example", "b.example", "localhost")


def jar_of(*fields: str, url: URL = A, **options: Any) -> CookieJar:
    """A jar with what these Set-Cookie fields set."""
    jar = CookieJar(**options)
    jar.update_cookies_from_headers(fields, url)
    return jar


def line(jar: CookieJar, url: URL = A) -> str:
    """What a request to this URL has as its Cookie field; both ways to ask say the same."""
    text = jar.line_for(url).decode()
    pairs = "; ".join(f"{name}={value}" for name, value in jar.pairs_for(url))
    assert text == (f"Cookie: {pairs}\r\n" if pairs else "")
    return pairs


def named_session(jar: AbstractCookieJar | None = None, **options: Any) -> ClientSession:
    """Connects to this machine by a few names: addresses have no cookies."""
    resolver = FakeResolver({name: ["127.0.0.1"] for name in _NAMES})
    return ClientSession(connector=TCPConnector(resolver=resolver), cookie_jar=jar, **options)


def sent(server: Pages) -> list[str | None]:
    """What each request had as its Cookie field; none may have two of them."""
    fields = [seen.headers.getall("Cookie", []) for seen in server.seen]
    assert all(len(values) <= 1 for values in fields)
    return [values[0] if values else None for values in fields]
