"""Set-Cookie fields into a jar, and out of it again as a Cookie header."""

from fuzzing import instrumented, main, must

with instrumented("aioclient._cookies"):
    from yarl import URL

    from aioclient._cookies.jar import CookieJar
    from aioclient._cookies.pairs import header_pairs
    from aioclient._cookies.parse import MAX_PAIR_BYTES

URLS = [
    URL("http://example.com/"),
    URL("https://example.com/a/b"),
    URL("https://www.example.co.uk/a"),
    URL("http://localhost:8080/"),
]
SEEDS = [
    b"\0a=b",
    b"\1__Host-id=1; Secure; Path=/; HttpOnly; SameSite=Lax",
    b"\1__Secure-id=1; secure\na=b; Domain=example.com; Max-Age=10",
    b'\2q="quoted \\"value\\" \\303\\251"; Domain=co.uk; Expires=Wed, 09 Jun 2100 10:18:14 GMT',
    b"\3=nameless\nnovalue\n; ; ;\na=b; Path=/deep; Partitioned",
]


def one_input(data: bytes) -> None:
    """Whatever a server sets, what is sent back is one line of pairs, within its limits."""
    if not data:
        return
    url = URLS[data[0] % len(URLS)]
    # As fields of a response are decoded.
    text = data[1:].decode("utf-8", "surrogateescape")
    jar = CookieJar(unsafe=bool(data[0] & 64), quote_cookie=bool(data[0] & 32))
    jar.update_cookies_from_headers(text.split("\n"), url)
    for morsel in jar:
        host = morsel["domain"]
        must(host == "" or not host.startswith("."), "a dot before a domain")
    for target in URLS:
        pairs = jar.pairs_for(target)
        sent = bytes(jar.line_for(target))
        must(sent.count(b"\n") == sent.count(b"\r") <= 1, "a line end in a cookie")
        must(b"\0" not in sent, "NUL in a cookie")
        if target.host != url.host:
            must(not pairs, "a cookie of another host")
        for name, value in pairs:
            must(";" not in name + value, "a value that ends its cookie")
            must(len(name) + len(value) <= 2 * MAX_PAIR_BYTES, "a large cookie")
    header_pairs_or_error(text)


def header_pairs_or_error(text: str) -> None:
    """A Cookie header of a caller's is taken apart, or a ValueError."""
    try:
        header_pairs(text)
    except ValueError:
        pass


if __name__ == "__main__":
    main(one_input, SEEDS)
