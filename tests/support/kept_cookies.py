"""Cookies as a jar keeps them, made from what servers send."""

from typing import Any, Final

from hypothesis import strategies as st

from aioclient._cookies.cookie import Cookie
from aioclient._cookies.matching import default_path, is_ip
from aioclient._cookies.parse import CookieRefused, parse_set_cookie
from aioclient._cookies.storing import Source, stored_cookie

#: When they are loaded again; they were set before.
NOW: Final = 2_000_000_000.0

_NAMES = st.sampled_from(["a", "b", "__Host-a", "__Secure-a", "a b", "a\tb", "\u00e9", "#a", '"a"'])
_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=";")
    | st.sampled_from("\t\"\\'\u0085\u2028\U0001f600\udc80\udcff"),
    max_size=20,
)
_HOSTS = st.sampled_from(
    [
        "example.com",
        "www.example.com",
        "xn--bcher-kva.example",
        "localhost",
        "co.uk",
        "example.com.",
        "127.0.0.1",
        "::1",
        "",
    ]
)
_DOMAINS = st.sampled_from(["", "example.com", "www.example.com", "xn--bcher-kva.example"])
_ATTRIBUTES = st.lists(
    st.sampled_from(
        [
            "Secure",
            "HttpOnly",
            "Partitioned",
            "Path=/",
            "Path=/a b",
            "Path=/\u00e9\udcff\t/x",
            "SameSite=None",
            "SameSite=lax",
            "SameSite=Strict",
            "Max-Age=1",
            "Max-Age=99999999",
        ]
    ),
    unique=True,
    max_size=8,
)
_PATHS = st.sampled_from(["/", "/a", "/a;b/c", "/%C3%A9/", "/" + "long" * 500 + "/"])
_TIMES = st.floats(min_value=0, max_value=NOW, exclude_max=True)


@st.composite
def kept_cookies(draw: st.DrawFn) -> Cookie:
    """Any cookie that a jar can have."""
    name, value = draw(_NAMES | _TEXTS), draw(_TEXTS)
    field = f"{name}={value};Domain={draw(_DOMAINS)};{';'.join(draw(_ATTRIBUTES))}"
    # As from the wire: what is UTF-8 becomes characters.
    field = field.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    host = draw(_HOSTS)
    source = Source(host, draw(_PATHS), True, is_ip(host))
    set_at, used_at = sorted([draw(_TIMES), draw(_TIMES)])
    try:
        cookie = stored_cookie(parse_set_cookie(field), source, set_at)
    except CookieRefused:
        cookie = Cookie("a", value.strip(" \t"), host, default_path(source.path), created_at=set_at)
    cookie.used_at = used_at
    return cookie


def jars(cookies: st.SearchStrategy[Cookie]) -> st.SearchStrategy[list[Cookie]]:
    """Any cookies that a jar can have at once."""
    return st.lists(cookies, unique_by=lambda cookie: cookie.key, max_size=5)


def facts(cookie: Cookie) -> dict[str, Any]:
    """All that is known of a cookie, but not where a jar keeps it."""
    names = (name for name in Cookie.__slots__ if name not in ("order", "is_kept"))
    return {name: getattr(cookie, name) for name in names}
