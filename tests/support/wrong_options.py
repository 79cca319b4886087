"""What cannot be asked for, with secrets in it: URLs, options, netrc files."""

from typing import Final

from planted import PROXY, SERVER, SOCKS, Secret

from aioclient import BasicAuth, InvalidUrlClientError, NonHttpUrlClientError


def _urls(secret: Secret) -> tuple[str, ...]:
    """URLs that nobody can use, as people and programs get them wrong."""
    info, plain = secret.user_info, f"{secret.login}:{secret.text}"
    return (
        f"http://{info}@a.example:99999/",
        f"http://{info}@a.example:x/",
        f"http://{info}@a.example:0/",
        f"http://{info}@a.example:-1/",
        f"http://{info}@/",
        f"http://{info}@[::1/",
        f"http://{info}@[a.example]/",
        f"http://{info}@127.1/",
        f"http://{info}@a\u2100.example/",
        f"http://{info}@a.example\\@b.example/",
        f"http://{info}@{'a' * 64}.example:x/",
        f"http://{plain}@a.example:x/",
        f"http://{plain}@a.example/",
        f"ftp://{info}@a.example/",
        f"gopher:{info}@a.example/",
        f"{info}@a.example:x",
        f"{info}@a.example",
        f"{plain}@a.example",
        f"//{info}@a.example:x",
        f"://{info}@a.example",
        f"http:{info}@a.example",
        f"http:/{info}@a.example",
        f"http://me%3A{secret.quoted}:b@a.example:x/",
        f"http://me:{secret.text}\ud800@a.example/",
        f"http://me:{secret.text}\0@a.example:x/",
    )


#: With what must come of them.
PROXY_URLS: Final = dict.fromkeys(_urls(PROXY), InvalidUrlClientError)
SERVER_URLS: Final = {
    url: NonHttpUrlClientError
    if url.startswith(("ftp:", "gopher:", "me:"))
    else InvalidUrlClientError
    for url in _urls(SERVER)
}
_AT: Final = "http://127.0.0.1:1"

#: Options of a session or a request, and what must come of them.
WRONG_OPTIONS: Final = {
    "proxy_auth beside user-info": (
        {"proxy": PROXY.url(_AT), "proxy_auth": PROXY.auth},
        ValueError,
    ),
    "proxy_auth beside the header": (
        {
            "proxy": _AT,
            "proxy_auth": PROXY.auth,
            "proxy_headers": {"Proxy-Authorization": PROXY.text},
        },
        ValueError,
    ),
    "user-info beside the header": (
        {"proxy": PROXY.url(_AT), "proxy_headers": {"Proxy-Authorization": PROXY.text}},
        ValueError,
    ),
    "proxy of bytes": ({"proxy": PROXY.url(_AT).encode()}, TypeError),
    "proxy and login in a tuple": ({"proxy": (_AT, PROXY.text)}, TypeError),
    "proxies by scheme": ({"proxy": {"http": PROXY.url(_AT)}}, TypeError),
    "proxy_auth as a tuple": ({"proxy": _AT, "proxy_auth": (PROXY.login, PROXY.text)}, TypeError),
    "proxy_auth as a str": ({"proxy": _AT, "proxy_auth": f"{PROXY.login}:{PROXY.text}"}, TypeError),
    "proxy_auth that latin1 lacks": (
        {"proxy": _AT, "proxy_auth": BasicAuth("me", PROXY.text + "\u20ac")},
        ValueError,
    ),
    "proxy_auth that no encoding has": (
        {"proxy": _AT, "proxy_auth": BasicAuth("me", PROXY.text + "\ud800", "utf-8")},
        ValueError,
    ),
    "proxy_auth in an unknown encoding": (
        {"proxy": _AT, "proxy_auth": BasicAuth("me", PROXY.text, "nocodec")},
        LookupError,
    ),
    "proxy_auth with a colon": (
        {"proxy": _AT, "proxy_auth": BasicAuth(f"{PROXY.text}:", "b")},
        ValueError,
    ),
    "user-info with a colon": ({"proxy": f"http://{PROXY.quoted}%3A:b@127.0.0.1:1"}, ValueError),
    "proxy_headers as a str": (
        {"proxy": _AT, "proxy_headers": f"Proxy-Authorization: {PROXY.text}"},
        ValueError,
    ),
    "proxy_headers as a list of str": (
        {"proxy": _AT, "proxy_headers": [f"Proxy-Authorization: {PROXY.text}"]},
        ValueError,
    ),
    "proxy_headers in threes": (
        {"proxy": _AT, "proxy_headers": [("Proxy-Authorization", "Basic", PROXY.text)]},
        ValueError,
    ),
    "proxy_headers of bytes": (
        {"proxy": _AT, "proxy_headers": {"Proxy-Authorization": PROXY.text.encode()}},
        TypeError,
    ),
    "proxy_headers with names of bytes": (
        {"proxy": _AT, "proxy_headers": {b"X-Token": PROXY.text}},
        TypeError,
    ),
    "proxy_headers with a line break": (
        {"proxy": _AT, "proxy_headers": {"X-Token": PROXY.text + "\r\nA: b"}},
        ValueError,
    ),
    "proxy_headers that cannot be encoded": (
        {"proxy": _AT, "proxy_headers": {"X-Token": PROXY.text + "\ud800"}},
        ValueError,
    ),
    "proxy_headers with all in the name": (
        {"proxy": _AT, "proxy_headers": {f"Proxy-Authorization: {PROXY.text}": ""}},
        ValueError,
    ),
    "proxy_headers with a name of the message": (
        {"proxy": _AT, "proxy_headers": {"Host": PROXY.text}},
        ValueError,
    ),
    "Proxy-Authorization among headers": (
        {"proxy": _AT, "headers": {"Proxy-Authorization": PROXY.text}},
        ValueError,
    ),
    "SOCKS: a password beyond ASCII": ({"proxy": PROXY.url("socks5://127.0.0.1:1")}, ValueError),
    "SOCKS: a password that is too long": (
        {"proxy": f"socks5://me:{SOCKS.text * 20}@127.0.0.1:1"},
        ValueError,
    ),
    "SOCKS: a password for version 4": ({"proxy": SOCKS.url("socks4a://127.0.0.1:1")}, ValueError),
    "SOCKS: a login for version 4 beyond ASCII": (
        {"proxy": f"socks4://{PROXY.quoted}@127.0.0.1:1"},
        ValueError,
    ),
    "SOCKS: no password": ({"proxy": f"socks5://{SOCKS.quoted}@127.0.0.1:1"}, ValueError),
    "SOCKS: headers": (
        {"proxy": SOCKS.url("socks5://127.0.0.1:1"), "proxy_headers": {"X-Token": PROXY.text}},
        ValueError,
    ),
    "auth as a tuple": ({"auth": (SERVER.login, SERVER.text)}, TypeError),
    "auth that latin1 lacks": ({"auth": BasicAuth("me", SERVER.text + "\u20ac")}, ValueError),
    "auth with a colon": ({"auth": BasicAuth(f"{SERVER.text}:", "b")}, ValueError),
    "headers as a list of str": ({"headers": [f"Authorization: {SERVER.text}"]}, ValueError),
    "headers of bytes": ({"headers": {"Authorization": SERVER.text.encode()}}, TypeError),
    "headers with a line break": ({"headers": {"Authorization": SERVER.text + "\n"}}, ValueError),
    "headers that cannot be encoded": (
        {"headers": {"Authorization": SERVER.text + "\ud800"}},
        ValueError,
    ),
    "headers with all in the name": (
        {"headers": {f"Authorization: Bearer {SERVER.text}": ""}},
        ValueError,
    ),
    "Host twice": ({"headers": [("Host", SERVER.text), ("Host", SERVER.text)]}, ValueError),
    "cookies that cannot be encoded": ({"cookies": {"a": SERVER.text + "\ud800"}}, ValueError),
    "cookies as a str": ({"cookies": f"a={SERVER.text}"}, (TypeError, ValueError)),
}

#: Files of which some line cannot be read, or must not be.
NETRC_FILES: Final = {
    "password without a keyword": f'machine a.example login me "{SERVER.text}"\n',
    "keyword that there is none": f'machine a.example login me pasword "{SERVER.text}"\n',
    "quote that does not end": f'machine a.example login me password "{SERVER.text}\n',
    "password where a machine should be": f'"{SERVER.text}" machine a.example\n',
    "macro that does not end": f"macdef {SERVER.text}\n{SERVER.text}",
    "login with a colon": f'machine a.example login "{SERVER.text}:" password "{SERVER.text}"\n',
    "login that cannot be sent": f'machine a.example login me password "{SERVER.text}\x01"\n',
}
