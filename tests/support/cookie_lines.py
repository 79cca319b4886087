"""Set-Cookie fields of all kinds, the same ones in each run, and who is asked after them."""

import random
from typing import Final

from cookie_peers import Visit

#: So that all runs have the same.
_SEED: Final = 6265
_COUNT: Final = 1500

_PAIRS: Final = (
    "a=",
    "a",
    "=1",
    "=",
    "a==1",
    "a=b=c",
    "a = 1",
    "a=1 2",
    'a="1"',
    'a="1 2"',
    'a="1',
    'a="1\\"2"',
    "a=1,b=2",
    "a=1, b=2",
    "a=1\t2",
    "a=\x01",
    "a=%20",
    "a=\u00e9",
    "a[b]=1",
    "a b=1",
    "$a=1",
    "Path=1",
    "expires=1",
    "__Secure-a=1",
    "__secure-a=1",
    "__Host-a=1",
    "__host-a=1",
    "a=" + 4096 * "x",
)
_DOMAINS: Final = (
    "{host}",
    "{site}",
    ".{site}",
    "{SITE}",
    "..{site}",
    "{site}.",
    "",
    ".",
    '"{site}"',
    "{site}:80",
    "other.example",
    "x.{host}",
    "example",
    "{site}; Domain=other.example",
    "other.example; Domain={site}",
)
_PATHS: Final = ("/", "/x", "/x/", "/x/y", "/z", "", "x", '"/x"', "/X", "/x; Path=/", "/; Path=/z")
_ENDS: Final = (
    "Max-Age=0",
    "Max-Age=-1",
    "Max-Age=100",
    "Max-Age=",
    "Max-Age=x",
    "Max-Age=100x",
    "Max-Age=+500",
    'Max-Age="100"',
    'Max-Age="0"',
    "Max-Age=0; Max-Age=100",
    "Max-Age=100; Max-Age=0",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "Expires=Fri, 01-Jan-2100 00:00:00 GMT",
    "Expires=Friday, 01-Jan-71 00:00:00 GMT",
    "Expires=Fri Jan  1 00:00:00 2100",
    "Expires=1 Jan 1999",
    "Expires=0",
    "Expires=",
    "Expires=yesterday",
    "Expires=1999-01-01 00:00:00",
    "Expires=01.Jan.1999.00:00:00",
    "Expires=Jan 01 1999 00:00:00 +0100",
    "Expires=00:00:00 1999 1 jan",
    "Expires=Fri, 32 Jan 1999 00:00:00 GMT",
    'Expires="Thu, 01 Jan 1970 00:00:00 GMT"',
    "Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    "Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=100",
)
_FLAGS: Final = (
    "Secure",
    "secure=no",
    "HttpOnly",
    "SameSite=Strict",
    "SameSite=None",
    "SameSite=None; Secure",
    "Partitioned; Secure",
    "Priority=High; Version=1",
    ";; ;",
)


def visits() -> list[Visit]:
    """Each to another site, of three hosts."""
    chosen = random.Random(_SEED)
    return [_visit(chosen, number) for number in range(_COUNT)]


def _visit(chosen: random.Random, number: int) -> Visit:
    site = f"s{number}.example"
    hosts = (f"www.{site}", site, f"a.www.{site}")
    host = chosen.choice(hosts[:2])
    scheme = chosen.choice(("http", "https"))
    url = f"{scheme}://{host}{chosen.choice(('/', '/x', '/x/y'))}"
    field = _field(chosen).format(host=host, site=site, SITE=site.upper())
    other = chosen.choice([name for name in hosts if name != host])
    asked = [f"{scheme}://{host}{path}" for path in ("/x/y", "/x", "/z/")]
    if scheme == "https":
        asked.append(f"http://{host}/x/y")
    asked.append(f"http://{other}/x/y")
    return Visit(url, (field,), tuple(asked))


def _field(chosen: random.Random) -> str:
    """Of most things what is usual, so that a field has one thing that is not."""
    parts = [chosen.choice(_PAIRS) if chosen.random() < 0.3 else "a=1"]
    if chosen.random() < 0.3:
        parts.append(f"Domain={chosen.choice(_DOMAINS)}")
    if chosen.random() < 0.3:
        parts.append(f"Path={chosen.choice(_PATHS)}")
    if chosen.random() < 0.3:
        parts.append(chosen.choice(_ENDS))
    if chosen.random() < 0.3:
        parts.append(chosen.choice(_FLAGS))
    return "; ".join(parts)
