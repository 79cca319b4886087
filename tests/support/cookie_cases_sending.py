"""Cases of section 5.8.3: which cookies a request is sent, and in which order."""

from cookie_case import HTTP, HTTPS, WWW, Case, alone

_A = "https://a.site.example/"

WHICH = [
    Case("5.8.3 step 3", [], HTTPS, None),
    # --- hosts and domains
    Case("5.8.3 step 3", [(HTTPS, "a=1"), (WWW, "b=2")], HTTPS, "a=1"),
    Case("5.8.3 step 3", [(HTTPS, "a=1"), (WWW, "b=2")], WWW, "b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Domain=site.example"), (WWW, "b=2")], WWW, "a=1; b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Domain=site.example"), (WWW, "b=2")], HTTPS, "a=1"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Domain=site.example"), (WWW, "b=2")], _A, "a=1"),
    Case("5.8.3 step 3", [(HTTPS, "a=1"), ("https://other.example/", "b=2")], HTTPS, "a=1"),
    Case("5.8.3 step 3", [("https://localhost/", "a=1")], "https://localhost/", "a=1"),
    Case("5.8.3 step 3", [("https://localhost/", "a=1")], "https://x.localhost/", None),
    # --- paths
    Case("5.8.3 step 3", [(HTTPS, "a=1; Path=/x", "b=2; Path=/y")], HTTPS + "x", "a=1"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Path=/x", "b=2; Path=/y")], HTTPS + "y/z", "b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Path=/x", "b=2; Path=/y")], HTTPS, None),
    # --- secure connections
    Case("5.8.3 step 3", [(HTTPS, "a=1; Secure", "b=2")], HTTPS, "a=1; b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Secure", "b=2")], HTTP, "b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Secure; Domain=site.example")], _A, "a=1"),
    Case(
        "5.8.3 step 3",
        [(HTTPS, "a=1; Secure; Domain=site.example")],
        "http://a.site.example/",
        None,
    ),
    alone("5.8.3 step 3", "a=1; Secure", "a=1", "https://127.0.0.1/"),
    alone("5.8.3 step 3", "a=1; Secure", None, "http://127.0.0.1/", "https://127.0.0.1/"),
    # --- HttpOnly and SameSite do not matter to what HTTP asks for, and of one site
    alone("5.8.3 step 3", "a=1; HttpOnly", "a=1"),
    alone("5.8.3 step 3", "a=1; SameSite=Strict", "a=1"),
    alone("5.8.3 step 3", "a=1; SameSite=Lax", "a=1"),
    # --- time
    Case("5.8.3 step 3", [(HTTPS, "a=1; Max-Age=10", "b=2; Max-Age=20"), 9], HTTPS, "a=1; b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Max-Age=10", "b=2; Max-Age=20"), 11], HTTPS, "b=2"),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Max-Age=10", "b=2; Max-Age=20"), 21], HTTPS, None),
    Case("5.8.3 step 3", [(HTTPS, "a=1; Max-Age=10", "b=2"), 11], HTTPS, "b=2"),
]

ORDER = [
    # --- longer paths first
    Case("5.8.3 step 4", [(HTTPS, "a=1", "b=2; Path=/x")], HTTPS + "x", "b=2; a=1"),
    Case("5.8.3 step 4", [(HTTPS, "a=1; Path=/x", "b=2")], HTTPS + "x", "a=1; b=2"),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "a=1; Path=/x/y", "b=2; Path=/x", "c=3")],
        HTTPS + "x/y",
        "a=1; b=2; c=3",
    ),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "c=3", "b=2; Path=/x", "a=1; Path=/x/y")],
        HTTPS + "x/y",
        "a=1; b=2; c=3",
    ),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "b=2; Path=/x", "c=3", "a=1; Path=/x/y")],
        HTTPS + "x/y/z",
        "a=1; b=2; c=3",
    ),
    Case("5.8.3 step 4", [(HTTPS, "a=1; Path=/x", "b=2; Path=/x/")], HTTPS + "x/", "b=2; a=1"),
    Case("5.8.3 step 4", [(HTTPS, "a=1; Path=/x", "b=2; Path=/x/")], HTTPS + "x", "a=1"),
    # --- then those that were there first
    Case("5.8.3 step 4", [(HTTPS, "b=1", "a=2", "c=3")], HTTPS, "b=1; a=2; c=3"),
    Case("5.8.3 step 4", [(HTTPS, "b=1"), (HTTPS, "a=2"), (HTTPS, "c=3")], HTTPS, "b=1; a=2; c=3"),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "b=1"), 5, (HTTPS, "a=2"), 5, (HTTPS, "c=3")],
        HTTPS,
        "b=1; a=2; c=3",
    ),
    Case("5.8.3 step 4", [(HTTPS, "b=1; Path=/x", "a=2; Path=/x")], HTTPS + "x", "b=1; a=2"),
    Case("5.8.3 step 4", [(HTTPS, "b=1; Secure", "a=2")], HTTPS, "b=1; a=2"),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "a=1; Max-Age=99", "b=2", "c=3; Max-Age=9")],
        HTTPS,
        "a=1; b=2; c=3",
    ),
    # --- whatever their domains are
    Case("5.8.3 step 4", [(WWW, "a=1; Domain=site.example", "b=2")], WWW, "a=1; b=2"),
    Case("5.8.3 step 4", [(WWW, "b=2", "a=1; Domain=site.example")], WWW, "b=2; a=1"),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "a=1; Domain=site.example"), (WWW, "b=2; Path=/x")],
        WWW + "x",
        "b=2; a=1",
    ),
    Case(
        "5.8.3 step 4",
        [(HTTPS, "a=1; Domain=site.example; Path=/x"), (WWW, "b=2")],
        WWW + "x",
        "a=1; b=2",
    ),
    # --- one name, several cookies
    Case(
        "5.8.3 step 4",
        [(HTTPS, "a=1", "a=2; Path=/x", "a=3; Path=/x/y")],
        HTTPS + "x/y",
        "a=3; a=2; a=1",
    ),
    Case(
        "5.8.3 step 4", [(HTTPS, "a=1", "a=2; Path=/x", "a=3; Path=/x/y")], HTTPS + "x", "a=2; a=1"
    ),
    Case("5.8.3 step 4", [(HTTPS, "a=1", "a=2; Path=/x", "a=3; Path=/x/y")], HTTPS, "a=1"),
    Case("5.8.3 step 4", [(WWW, "a=1; Domain=site.example", "a=2")], WWW, "a=1; a=2"),
    Case("5.8.3 step 4", [(WWW, "a=2", "a=1; Domain=site.example")], WWW, "a=2; a=1"),
    Case("5.8.3 step 4", [(WWW, "a=2", "a=1; Domain=site.example")], HTTPS, "a=1"),
    Case(
        "5.8.3 step 4",
        [(WWW, "a=1", "a=2; Domain=www.site.example", "a=3; Domain=site.example")],
        WWW,
        "a=1; a=2; a=3",
    ),
    Case(
        "5.8.3 step 4",
        [(WWW, "a=1; Domain=site.example; Path=/x", "a=2; Path=/")],
        WWW + "x",
        "a=1; a=2",
    ),
    Case(
        "5.8.3 step 4", [(WWW, "a=1; Domain=site.example", "a=2; Path=/x")], WWW + "x", "a=2; a=1"
    ),
]

TEXTS = [
    # --- the name and "=", if there is a name; then the value
    alone("5.8.3 step 6.1", "a=1", "a=1"),
    alone("5.8.3 step 6.1", "a=", "a="),
    alone("5.8.3 step 6.1", "x", "x"),
    alone("5.8.3 step 6.1", "=x", "x"),
    alone("5.8.3 step 6.1", "=x=y", "x=y"),
    alone("5.8.3 step 6.1", "==x", "=x"),
    alone("5.8.3 step 6.1", "==", "="),
    alone("5.8.3 step 6.1", "===", "=="),
    Case("5.8.3 step 6.1", [(HTTPS, "a=1", "x", "b=2")], HTTPS, "a=1; x; b=2"),
    alone("5.8.3 step 6.2", 'a="b c, d"', 'a="b c, d"'),
    alone("5.8.3 step 6.2", 'a=""', 'a=""'),
    # --- "; " between them, and nothing else
    Case("5.8.3 step 6.3", [(HTTPS, "a=1;Path=/", "b=2;;", "c=3 ")], HTTPS, "a=1; b=2; c=3"),
    Case("5.8.3 step 6.3", [(HTTPS, 'a="1', 'b=2"')], HTTPS, 'a="1; b=2"'),
    Case("5.8.3 step 6.3", [(HTTPS, "a=", "b=", "c=")], HTTPS, "a=; b=; c="),
    Case(
        "5.8.3 step 6.3",
        [(HTTPS, *(f"c{n}={n}" for n in range(50)))],
        HTTPS,
        "; ".join(f"c{n}={n}" for n in range(50)),
    ),
]

SENDING: list[Case] = [*WHICH, *ORDER, *TEXTS]

#: Where this jar does otherwise than the text says, and who needs it.
DEPARTURES: list[Case] = [
    # Hosts whose names are no names of RFC 5890 have cookies, as in browsers: names with "_" are
    # those of services in local networks, and those with "--" in the third place of many a CDN.
    alone("5.1.2 step 2", "a=1", "a=1", "http://my_service/"),
    alone("5.1.2 step 2", "a=1; Domain=my_site.example", "a=1", "https://www.my_site.example/"),
    alone("5.1.2 step 2", "a=1", "a=1", "https://r3---sn-abc.site.example/"),
    alone("5.1.2 step 4", "a=1", "a=1", "https://xn--0.site.example/"),
    # Not more than 32 attributes are looked at; what would be a secure cookie is then none.
    alone("5.6 attributes, step 8", "a=1" + 31 * "; x" + "; Path=/x", None),
    alone("5.6 attributes, step 8", "a=1" + 32 * "; x" + "; Path=/x", "a=1"),
    # Nor more than 50 fields of a response (section 5.6: any may be ignored).
    Case("5.6", [(HTTPS, *(f"c{n}=1; Path=/{n}" for n in range(51)))], HTTPS + "49", "c49=1"),
    Case("5.6", [(HTTPS, *(f"c{n}=1; Path=/{n}" for n in range(51)))], HTTPS + "50", None),
]
