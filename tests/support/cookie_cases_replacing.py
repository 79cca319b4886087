"""Cases of section 5.7, from step 16 on: what a new cookie does to those that are kept."""

from cookie_case import AGES_S, DAY_S, HTTP, HTTPS, LIMIT_S, WWW, Case

_SECURE = "a=1; Secure"


def _hidden(secure: str, said: str, plain: str, sent: str | None, asked: str = "") -> Case:
    """A secure cookie, and then one over plain HTTP."""
    whose = said.replace("http:", "https:")
    return Case(
        "5.7 step 16", [(whose, f"a=1; Secure{secure}"), (said, plain)], asked or whose, sent
    )


_HTTP_WWW = "http://www.site.example/"

SECURE = [
    # --- the path of the new one decides, in one direction
    _hidden("", HTTP, "a=2", "a=1"),
    _hidden("", HTTP, "a=2; Path=/x", "a=1", HTTPS + "x"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/login", "a=1", HTTPS + "login"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/login/en", "a=1", HTTPS + "login/en"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/login/", "a=1", HTTPS + "login/"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/", "a=1; a=2", HTTPS + "login"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/foo", "a=2", HTTPS + "foo"),
    _hidden("; Path=/login", HTTP, "a=2; Path=/loginx", "a=2", HTTPS + "loginx"),
    _hidden("; Path=/login/", HTTP, "a=2; Path=/login", "a=1; a=2", HTTPS + "login/"),
    # --- domains decide in both directions; host-only or not does not matter
    _hidden("; Domain=site.example", HTTP, "a=2; Domain=site.example", "a=1"),
    _hidden("; Domain=site.example", HTTP, "a=2", "a=1"),
    _hidden("", HTTP, "a=2; Domain=site.example", "a=1"),
    _hidden("; Domain=site.example", _HTTP_WWW, "a=2", "a=1", WWW),
    _hidden("; Domain=site.example", _HTTP_WWW, "a=2; Domain=site.example", "a=1", WWW),
    _hidden("; Domain=site.example", _HTTP_WWW, "a=2; Domain=www.site.example", "a=1", WWW),
    _hidden("", _HTTP_WWW, "a=2; Domain=site.example", "a=1", WWW),
    _hidden("", _HTTP_WWW, "a=2; Domain=site.example", None, HTTP),
    _hidden("; Domain=www.site.example", _HTTP_WWW, "a=2; Domain=site.example", None, HTTP),
    _hidden(
        "; Domain=www.site.example; Path=/x", _HTTP_WWW, "a=2; Domain=site.example", "a=2", HTTP
    ),
    _hidden("; Domain=site.example; Path=/x", _HTTP_WWW, "a=2; Path=/", "a=1; a=2", WWW + "x"),
    _hidden("; Domain=site.example; Path=/x", _HTTP_WWW, "a=2; Path=/x/y", "a=1", WWW + "x/y"),
    Case(
        "5.7 step 16",
        [("https://a.site.example/", _SECURE), ("http://b.site.example/", "a=2")],
        "http://b.site.example/",
        "a=2",
    ),
    Case("5.7 step 16", [("https://other.example/", _SECURE), (HTTP, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 16", [(HTTPS, _SECURE), (_HTTP_WWW, "a=2")], WWW, None),
    Case(
        "5.7 step 16",
        [("https://127.0.0.1/", _SECURE), ("http://127.0.0.1/", "a=2")],
        "https://127.0.0.1/",
        "a=1",
    ),
    Case(
        "5.7 step 16",
        [("https://127.0.0.1/", _SECURE), ("http://127.0.0.2/", "a=2")],
        "http://127.0.0.2/",
        "a=2",
    ),
    # --- names decide
    _hidden("", HTTP, "b=2", "a=1; b=2"),
    _hidden("", HTTP, "A=2", "a=1; A=2"),
    Case("5.7 step 16", [(HTTPS, "x; Secure"), (HTTP, "y")], HTTPS, "x"),
    # --- what else does not help it
    _hidden("", HTTP, "a=; Max-Age=0", "a=1"),
    _hidden("", HTTP, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1"),
    _hidden("", HTTP, "a=2; Secure", "a=1"),
    _hidden("", HTTP, "a=2; HttpOnly; SameSite=Strict", "a=1"),
    _hidden("; Max-Age=100", HTTP, "a=2; Max-Age=100", "a=1"),
    # --- and where the rule does not hold
    Case("5.7 step 16", [(HTTPS, _SECURE, "a=2")], HTTP, "a=2"),
    Case("5.7 step 16", [(HTTPS, "a=1"), (HTTP, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 16", [(HTTP, "a=2"), (HTTPS, _SECURE)], HTTPS, "a=1"),
    Case("5.7 step 16", [(HTTP, "a=2"), (HTTPS, _SECURE)], HTTP, None),
    Case("5.7 step 16", [(HTTPS, "a=1; Secure; Max-Age=10"), 11, (HTTP, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 16", [(HTTPS, _SECURE, "a=; Secure; Max-Age=0"), (HTTP, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 16", [(HTTPS, _SECURE, "a=1"), (HTTP, "a=2")], HTTPS, "a=2"),
    # --- what is kept already is not touched by what is ignored
    Case(
        "5.7 step 16",
        [
            (HTTP, "a=1; Max-Age=10"),
            (HTTPS, "a=2; Secure; Domain=site.example"),
            5,
            (HTTP, "a=1; Max-Age=10"),
            6,
        ],
        HTTPS,
        "a=2",
    ),
    Case(
        "5.7 step 16",
        [
            (HTTP, "a=1; Max-Age=10"),
            (HTTPS, "a=2; Secure; Domain=site.example"),
            5,
            (HTTP, "a=3; Max-Age=10"),
        ],
        HTTPS,
        "a=1; a=2",
    ),
]

#: Who sets the secure one and for which domain, who sets the other, and do these two relate?
_DOMAINS = [
    ("site", "", "site", "", True),
    ("site", "", "site", "; Domain=site.example", True),
    ("site", "; Domain=site.example", "site", "", True),
    ("site", "; Domain=site.example", "www.site", "", True),
    ("site", "; Domain=site.example", "www.site", "; Domain=www.site.example", True),
    ("site", "", "www.site", "", True),
    ("www.site", "", "site", "", True),
    ("www.site", "; Domain=www.site.example", "site", "; Domain=site.example", True),
    ("www.site", "; Domain=site.example", "a.site", "; Domain=site.example", True),
    ("www.site", "", "a.site", "", False),
    ("www.site", "; Domain=www.site.example", "a.site", "; Domain=a.site.example", False),
    ("site", "; Domain=site.example", "mysite", "", False),
    ("site", "", "other", "; Domain=other.example", False),
]
#: The path of the secure one, that of the other, and does this match that?
_PATHS = [
    ("/x", "/x", True),
    ("/x", "/x/", True),
    ("/x", "/x/y", True),
    ("/x/", "/x/y", True),
    ("/", "/x", True),
    ("/", "/", True),
    ("/x", "/", False),
    ("/x/", "/x", False),
    ("/x/y", "/x", False),
    ("/x", "/xy", False),
    ("/x", "/y", False),
    ("/x", "/X", False),
]

RELATIONS = [
    Case(
        "5.7 step 16",
        [
            (f"https://{owner}.example/", f"a=1; Secure; Path={kept}{domain}"),
            (f"http://{other}.example/", f"a=2; Path={path}{other_domain}"),
        ],
        f"http://{other}.example{path}",
        None if relates and matches else "a=2",
    )
    for owner, domain, other, other_domain, relates in _DOMAINS
    for kept, path, matches in _PATHS
]

OTHERS = [
    Case("5.7 step 23", [(HTTPS, "a=1"), (HTTPS, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1", "a=2")], HTTPS, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1"), (HTTPS, "a=")], HTTPS, "a="),
    Case("5.7 step 23", [(HTTPS, "a=1", "A=2")], HTTPS, "a=1; A=2"),
    Case("5.7 step 23", [(HTTPS, "a=1", "a=2; Path=/")], HTTPS, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1", "a=2; Path=/x")], HTTPS + "x", "a=2; a=1"),
    Case("5.7 step 23", [(HTTPS, "a=1; Path=/x", "a=2; Path=/x/")], HTTPS + "x/", "a=2; a=1"),
    Case("5.7 step 23", [(HTTPS, "a=1", "a=2; Domain=site.example")], HTTPS, "a=1; a=2"),
    Case(
        "5.7 step 23",
        [(HTTPS, "a=1; Domain=site.example", "a=2; Domain=.SITE.example")],
        HTTPS,
        "a=2",
    ),
    Case(
        "5.7 step 23",
        [(HTTPS, "a=1; Domain=site.example"), (WWW, "a=2; Domain=site.example")],
        HTTPS,
        "a=2",
    ),
    Case("5.7 step 23", [(HTTPS, "a=1; Secure"), (HTTPS, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1; Secure"), (HTTPS, "a=2")], HTTP, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1; HttpOnly"), (HTTPS, "a=2")], HTTPS, "a=2"),
    Case("5.7 step 23", [(HTTPS, "a=1; Max-Age=10"), (HTTPS, "a=1"), AGES_S], HTTPS, "a=1"),
    Case("5.7 step 23", [(HTTPS, "a=1"), (HTTPS, "a=1; Max-Age=10"), 11], HTTPS, None),
    Case("5.7 step 23", [(HTTPS, "a=1; Max-Age=10"), (HTTPS, "a=1; Max-Age=5"), 6], HTTPS, None),
    Case(
        "5.7 step 23",
        [("https://127.0.0.1/", "a=1", "a=2; Domain=127.0.0.1")],
        "https://127.0.0.1/",
        "a=1; a=2",
    ),
    # --- those without a name have one name
    Case("5.7 step 23", [(HTTPS, "x", "y")], HTTPS, "y"),
    Case("5.7 step 23", [(HTTPS, "x", "=y")], HTTPS, "y"),
    Case("5.7 step 23", [(HTTPS, "=x", "x=")], HTTPS, "x; x="),
    Case("5.7 step 23", [(HTTPS, "x", "y; Path=/z")], HTTPS + "z", "y; x"),
    Case("5.7 step 23", [(HTTPS, "x", "x; Max-Age=0")], HTTPS, None),
    # --- it is as old as the one it replaces
    Case("5.7 step 23.3", [(HTTPS, "a=1", "b=1", "a=2")], HTTPS, "a=2; b=1"),
    Case(
        "5.7 step 23.3", [(HTTPS, "a=1"), 5, (HTTPS, "b=1"), 5, (HTTPS, "a=2")], HTTPS, "a=2; b=1"
    ),
    Case("5.7 step 23.3", [(HTTPS, "a=1", "b=1", "a=1; Secure")], HTTPS, "a=1; b=1"),
    Case("5.7 step 23.3", [(HTTPS, "a=1", "b=1", "a=2"), (HTTPS, "b=2", "a=3")], HTTPS, "a=3; b=2"),
    Case("5.7 step 23.3", [(HTTPS, "a=1", "b=1", "a=; Max-Age=0", "a=2")], HTTPS, "b=1; a=2"),
    Case(
        "5.7 step 23.3", [(HTTPS, "a=1; Max-Age=10", "b=1"), 11, (HTTPS, "a=2")], HTTPS, "b=1; a=2"
    ),
    Case(
        "5.7 step 23.3",
        [(HTTPS, "a=1; Max-Age=10", "b=1"), 11, (HTTPS, "a=1; Max-Age=10")],
        HTTPS,
        "b=1; a=1",
    ),
    # --- the same, said again
    Case(
        "5.7 step 24", [(HTTPS, "a=1; Max-Age=10"), 8, (HTTPS, "a=1; Max-Age=10"), 8], HTTPS, "a=1"
    ),
    Case(
        "5.7 step 24", [(HTTPS, "a=1; Max-Age=10"), 8, (HTTPS, "a=1; Max-Age=10"), 11], HTTPS, None
    ),
    Case("5.7 step 24", [(HTTPS, "a=1"), (HTTPS, "a=2"), (HTTPS, "a=1")], HTTPS, "a=1"),
    Case("5.7 step 24", [(HTTPS, "a=1"), (HTTPS, "a=; Max-Age=0"), (HTTPS, "a=1")], HTTPS, "a=1"),
    Case(
        "5.5",
        [
            (HTTPS, "a=1; Expires=1 Jan 2099 00:00:00"),
            300 * DAY_S,
            (HTTPS, "a=1; Expires=1 Jan 2099 00:00:00"),
            LIMIT_S - 1,
        ],
        HTTPS,
        "a=1",
    ),
    Case(
        "5.5",
        [
            (HTTPS, "a=1; Expires=1 Jan 2099 00:00:00"),
            300 * DAY_S,
            (HTTPS, "a=1; Expires=1 Jan 2099 00:00:00"),
            LIMIT_S + 1,
        ],
        HTTPS,
        None,
    ),
    Case(
        "5.5",
        [
            (HTTPS, "a=1; Expires=1 Apr 2027 00:00:00"),
            300 * DAY_S,
            (HTTPS, "a=1; Expires=1 Apr 2027 00:00:00"),
            154 * DAY_S,
        ],
        HTTPS,
        "a=1",
    ),
    Case(
        "5.5",
        [
            (HTTPS, "a=1; Expires=1 Apr 2027 00:00:00"),
            300 * DAY_S,
            (HTTPS, "a=1; Expires=1 Apr 2027 00:00:00"),
            156 * DAY_S,
        ],
        HTTPS,
        None,
    ),
    # --- removing
    Case("5.7", [(HTTPS, "a=1"), (HTTPS, "a=; Max-Age=0")], HTTPS, None),
    Case("5.7", [(HTTPS, "a=1"), (HTTPS, "a=; Max-Age=-1")], HTTPS, None),
    Case("5.7", [(HTTPS, "a=1"), (HTTPS, "a; Max-Age=0")], HTTPS, "a=1"),
    Case(
        "5.7", [(HTTPS, "a=1"), (HTTPS, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")], HTTPS, None
    ),
    Case("5.7", [(HTTPS, "a=1", "b=2"), (HTTPS, "a=; Max-Age=0")], HTTPS, "b=2"),
    Case("5.7", [(HTTPS, "a=1; Path=/x"), (HTTPS, "a=; Max-Age=0")], HTTPS + "x", "a=1"),
    Case("5.7", [(HTTPS, "a=1; Domain=site.example"), (HTTPS, "a=; Max-Age=0")], HTTPS, "a=1"),
    Case("5.7", [(HTTPS, "a=1"), (HTTPS, "a=; Max-Age=0; Domain=site.example")], HTTPS, "a=1"),
    Case("5.7", [(HTTPS, "a=1"), (WWW, "a=; Max-Age=0")], HTTPS, "a=1"),
    Case(
        "5.7",
        [(HTTPS, "a=1; Domain=site.example"), (WWW, "a=; Max-Age=0; Domain=site.example")],
        HTTPS,
        None,
    ),
    Case("5.7", [(HTTPS, "a=; Max-Age=0"), (HTTPS, "a=1")], HTTPS, "a=1"),
    Case("5.7", [(HTTPS, "a=1; Max-Age=0", "a=2", "b=1; Max-Age=0")], HTTPS, "a=2"),
]

REPLACING: list[Case] = [*SECURE, *RELATIONS, *OTHERS]
