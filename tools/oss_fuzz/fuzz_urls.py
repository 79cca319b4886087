"""URLs of a caller, and Location fields of a server."""

import importlib
from typing import Any

from fuzzing import instrumented, main, must

with instrumented("aioclient._message", "yarl"):
    from yarl import URL

    from aioclient._message.redirect import redirect_target

    preparing: Any = importlib.import_module("preparing")  # of the tests

from aioclient.errors import ClientError, RedirectClientError

BASES = [
    URL("http://example.com/a/b?c=d#e"),
    URL("https://example.com:8443/"),
    URL("http://[::1]/"),
]
SEEDS = [
    b"\0http://user:secret@example.com:80/a%20b?c=d#e",
    b"\1//other.example/../a/./b",
    b"\2?query",
    b"\0http://b\xc3\xbccher.example/\xe2\x82\xac",
    b"\0http://127.1/",
    b"\0http://[fe80::1%25eth0]/",
    b"\0http://a@b@c/\\..\\x",
    b"\0https:///path",
    b"\0HTTP://EXAMPLE.com:/",
]


def one_input(data: bytes) -> None:
    """A URL is refused, or leads to one host by one clean line; a secret in it is not shown."""
    if not data:
        return
    base, location = BASES[data[0] % len(BASES)], data[1:]
    try:
        target = redirect_target(302, location, base, bool(data[0] & 64))
    except RedirectClientError as error:
        must(len(str(error)) < 2000, "a long message")
    else:
        if target is not None:
            must(target.url.scheme in ("http", "https"), "another scheme")
            must(bool(target.url.raw_host), "no host")
            must(target.url.user is None and target.url.password is None, "user-info in a URL")
    text = location.decode("utf-8", "surrogateescape")
    try:
        request = preparing.preparer().prepare("GET", text, {})
    except (ClientError, ValueError, TypeError):
        return
    line = request.target.path_and_query
    must(line.isascii() and not set(line) & set(" \r\n\0\t"), f"a target of {line!r}")
    authority = request.target.authority
    must(authority.isascii() and not set(authority) & set(" /?#@\\\r\n\0"), f"Host {authority!r}")


if __name__ == "__main__":
    main(one_input, SEEDS)
