"""Cases of section 5.1: dates, hosts, and paths."""

from cookie_case import DAY_S, HTTPS, LIMIT_S, Case, alone, lasting

_DATES = [
    # --- what dates look like: all are the same second, 40 hours after the beginning
    ("5.1.1", "Fri, 02 Jan 2026 16:00:00 GMT", 40 * 3600),
    ("5.1.1", "Fri, 02-Jan-2026 16:00:00 GMT", 40 * 3600),
    ("5.1.1", "Friday, 02-Jan-26 16:00:00 GMT", 40 * 3600),
    ("5.1.1", "Fri Jan  2 16:00:00 2026", 40 * 3600),
    ("5.1.1", "Fri Jan 02 2026 16:00:00 GMT+0100 (CET)", 40 * 3600),
    ("5.1.1", "2 Jan 2026 16:00:00", 40 * 3600),
    # --- tokens and what is between them
    ("5.1.1 step 1", "02/Jan/2026/16:00:00", 40 * 3600),
    ("5.1.1 step 1", "\t02 \t Jan\t2026 16:00:00", 40 * 3600),
    ("5.1.1 step 1", '!02"Jan#2026$16:00:00%', 40 * 3600),
    ("5.1.1 step 1", "02<Jan>2026?16:00:00@", 40 * 3600),
    ("5.1.1 step 1", "02[Jan]2026^16:00:00`", 40 * 3600),
    ("5.1.1 step 1", "{02|Jan}2026~16:00:00", 40 * 3600),
    ("5.1.1 step 1", "02.Jan.2026.16:00:00", 40 * 3600),
    ("5.1.1 step 1", "02Jan2026 16:00:00", None),  # the token 02Jan2026 is a day, and no more
    ("5.1.1 step 1", "02:Jan:2026 16:00:00", None),  # a colon is no delimiter
    ("5.1.1 step 1", "02\u00e9 Jan\u00e9 2026\u00e9 16:00:00\u00e9", 40 * 3600),
    # --- the order of tokens
    ("5.1.1 step 2", "16:00:00 02 Jan 2026", 40 * 3600),
    ("5.1.1 step 2", "2026 Jan 16:00:00 02", 40 * 3600),
    ("5.1.1 step 2", "Jan 02 16:00:00 2026", 40 * 3600),
    ("5.1.1 step 2", "26-Jan-02 16:00:00", 0),  # 26 January 2002
    # --- each is found once
    ("5.1.1 step 2.1", "16:00:00 02 Jan 2026 17:00:00", 40 * 3600),
    ("5.1.1 step 2.1", "02 Jan 2026 16:00:00.500", 40 * 3600),
    ("5.1.1 step 2.1", "02 Jan 2026 16:00:00:99", 40 * 3600),
    ("5.1.1 step 2.1", "02 Jan 2026 16:00:00x7", 40 * 3600),
    ("5.1.1 step 2.1", "02 Jan 2026 16:0:0", 40 * 3600),
    ("5.1.1 step 2.1", "02 Jan 2026 16:00", None),
    ("5.1.1 step 2.1", "02 Jan 2026 016:00:00", None),
    ("5.1.1 step 2.1", "02 Jan 2026 16:000:00", None),
    ("5.1.1 step 2.1", "02 Jan 2026 16:00:000", None),
    ("5.1.1 step 2.2", "2 Jan 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.2", "2nd Jan 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.2", "002 Jan 2026 16:00:00", None),
    ("5.1.1 step 2.2", "02 Jan 03 2026 16:00:00", 0),  # 03 is the year
    ("5.1.1 step 2.3", "02 jan 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.3", "02 JANUARY 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.3", "02 janxyz 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.3", "02 Jan Dec 2026 16:00:00", 40 * 3600),
    ("5.1.1 step 2.3", "02 Ja 2026 16:00:00", None),
    ("5.1.1 step 2.3", "02 01 2026 16:00:00", None),
    ("5.1.1 step 2.3", "02 Ene 2026 16:00:00", None),
    ("5.1.1 step 2.4", "02 Jan 2026AD 16:00:00", 40 * 3600),
    ("5.1.1 step 2.4", "02 Jan 2026 1999 16:00:00", 40 * 3600),
    ("5.1.1 step 2.4", "02 Jan 02026 16:00:00", None),
    ("5.1.1 step 2.4", "02 Jan 6 16:00:00", None),
    # --- years
    ("5.1.1 step 3", "02 Jan 70 16:00:00", 0),
    ("5.1.1 step 3", "02 Jan 99 16:00:00", 0),
    ("5.1.1 step 4", "02 Jan 26 16:00:00", 40 * 3600),
    ("5.1.1 step 4", "02 Jan 026 16:00:00", 40 * 3600),
    ("5.1.1 step 4", "02 Jan 0026 16:00:00", 40 * 3600),
    ("5.1.1 step 4", "02 Jan 69 16:00:00", LIMIT_S),
    ("5.1.1 step 4", "02 Jan 00 16:00:00", 0),
    # --- what is no date
    ("5.1.1 step 5", "Jan 2026 16:00:00", None),
    ("5.1.1 step 5", "02 2026 16:00:00", None),
    ("5.1.1 step 5", "02 Jan 16:00:00", None),
    ("5.1.1 step 5", "02 Jan 2026", None),
    ("5.1.1 step 5", "00 Jan 2026 16:00:00", None),
    ("5.1.1 step 5", "32 Jan 2026 16:00:00", None),
    ("5.1.1 step 5", "02 Jan 1600 16:00:00", None),
    ("5.1.1 step 5", "02 Jan 1601 16:00:00", 0),
    ("5.1.1 step 5", "02 Jan 100 16:00:00", None),
    ("5.1.1 step 5", "02 Jan 2026 24:00:00", None),
    ("5.1.1 step 5", "02 Jan 2026 16:60:00", None),
    ("5.1.1 step 5", "02 Jan 2026 16:00:60", None),
    ("5.1.1 step 5", "02 Jan 2026 23:59:59", 48 * 3600 - 1),
    ("5.1.1 step 6", "31 Jan 2026 00:00:00", 30 * DAY_S),
    ("5.1.1 step 6", "28 Feb 2026 00:00:00", 58 * DAY_S),
    ("5.1.1 step 6", "29 Feb 2026 00:00:00", None),
    ("5.1.1 step 6", "31 Apr 2026 00:00:00", None),
    ("5.1.1 step 6", "29 Feb 2024 00:00:00", 0),
    ("5.1.1 step 6", "29 Feb 1900 00:00:00", None),
    ("5.1.1 step 6", "02 Jan 2026 16:00:00 +0900", 40 * 3600),  # always UTC
    ("5.1.1 step 6", "02 Jan 2026 16:00:00 PST", 40 * 3600),
]

DATES = [
    case for step, text, seconds in _DATES for case in lasting(step, f"Expires={text}", seconds)
]

HOSTS = [
    # --- hosts in one form
    alone("5.1.2", "a=1", "a=1", "https://site.example/", "https://SITE.Example/"),
    alone("5.1.2", "a=1", "a=1", "https://SITE.EXAMPLE/", "https://site.example/"),
    alone("5.1.2", "a=1; Domain=SITE.example", "a=1", "https://site.example/"),
    alone("5.1.2 step 3", "a=1", "a=1", "https://b\u00fccher.example/"),
    alone(
        "5.1.2 step 3",
        "a=1",
        "a=1",
        "https://xn--bcher-kva.example/",
        "https://b\u00fccher.example",
    ),
    alone(
        "5.1.2 step 3",
        "a=1",
        "a=1",
        "https://B\u00dcCHER.example/",
        "https://xn--bcher-kva.example",
    ),
    alone(
        "5.1.2 step 3", "a=1; Domain=xn--bcher-kva.example", "a=1", "https://b\u00fccher.example/"
    ),
    alone(
        "5.1.2 step 3",
        "a=1; Domain=XN--bcher-kva.example",
        "a=1",
        "https://www.b\u00fccher.example",
    ),
    alone("5.1.2 step 3", "a=1", None, "https://bucher.example/", "https://b\u00fccher.example/"),
    # --- the same host, or one below the domain
    alone("5.1.3", "a=1; Domain=site.example", "a=1", "https://site.example/"),
    alone("5.1.3", "a=1; Domain=site.example", "a=1", "https://www.site.example/"),
    alone("5.1.3", "a=1; Domain=site.example", "a=1", "https://a.b.c.site.example/"),
    alone(
        "5.1.3",
        "a=1; Domain=site.example",
        "a=1",
        "https://x.site.example",
        "https://y.site.example",
    ),
    alone(
        "5.1.3",
        "a=1; Domain=site.example",
        "a=1",
        "https://www.site.example",
        "https://site.example",
    ),
    alone("5.1.3", "a=1; Domain=b.site.example", "a=1", "https://a.b.site.example/"),
    alone(
        "5.1.3",
        "a=1; Domain=b.site.example",
        None,
        "https://site.example",
        "https://b.site.example",
    ),
    alone(
        "5.1.3",
        "a=1; Domain=b.site.example",
        None,
        "https://bb.site.example",
        "https://b.site.example",
    ),
    alone("5.1.3", "a=1; Domain=ite.example", None, "https://site.example/"),
    alone("5.1.3", "a=1; Domain=site.example", None, "https://mysite.example/"),
    alone(
        "5.1.3", "a=1; Domain=site.example", None, "https://my-site.example", "https://site.example"
    ),
    alone(
        "5.1.3",
        "a=1; Domain=site.example",
        None,
        "https://site.example.com",
        "https://site.example",
    ),
    alone("5.1.3", "a=1; Domain=www.site.example", None, "https://site.example/"),
    alone("5.1.3", "a=1; Domain=site.example.", None, "https://site.example/"),
    alone("5.1.3", "a=1; Domain=site.example", None, "https://site.example./"),
    alone("5.1.3", "a=1", None, "https://site.example/", "https://site.example./"),
    alone("5.1.3", "a=1", "a=1", "https://site.example./"),
    alone("5.1.3", "a=1; Domain=site.example.", "a=1", "https://www.site.example./"),
    # --- addresses are no names
    alone("5.1.3", "a=1", "a=1", "https://127.0.0.1/"),
    alone("5.1.3", "a=1; Domain=127.0.0.1", "a=1", "https://127.0.0.1/"),
    alone("5.1.3", "a=1; Domain=0.0.1", None, "https://127.0.0.1/"),
    alone("5.1.3", "a=1; Domain=1", None, "https://127.0.0.1/"),
    alone("5.1.3", "a=1; Domain=.0.0.1", None, "https://127.0.0.1/"),
    alone("5.1.3", "a=1", None, "https://127.0.0.2/", "https://127.0.0.1/"),
    alone("5.1.3", "a=1", None, "https://x.127.0.0.1.example", "https://127.0.0.1/"),
    alone("5.1.3", "a=1", "a=1", "https://[::1]/"),
    alone("5.1.3", "a=1; Domain=[::1]", "a=1", "https://[::1]/"),
    alone("5.1.3", "a=1; Domain=1]", None, "https://[::1]/"),
    alone("5.1.3", "a=1", None, "https://[::2]/", "https://[::1]/"),
    # --- ports and schemes do not matter (section 8.5)
    alone("8.5", "a=1", "a=1", "https://site.example:8443/", "https://site.example/"),
    alone("8.5", "a=1", "a=1", "http://site.example:8080/", "https://site.example/"),
    alone("8.5", "a=1", "a=1", "https://site.example/", "http://site.example/"),
    alone("8.5", "a=1; Secure", "a=1", "wss://site.example/", "https://site.example/"),
    alone("8.5", "a=1; Secure", None, "ws://site.example/", "https://site.example/"),
]

_AT = HTTPS.removesuffix("/")

PATHS = [
    # --- the path of a cookie that names none
    alone("5.1.4 step 2", "a=1", "a=1", _AT + "/", _AT),
    alone("5.1.4 step 3", "a=1", "a=1", _AT + "/", _AT + "/x"),
    alone("5.1.4 step 3", "a=1", "a=1", _AT + "/y", _AT + "/x"),
    alone("5.1.4 step 3", "a=1", "a=1", _AT + "/y", _AT + "/"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x", _AT + "/x/"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x/", _AT + "/x/y"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x/z", _AT + "/x/y"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x/z/z", _AT + "/x/y"),
    alone("5.1.4 step 4", "a=1", None, _AT + "/", _AT + "/x/y"),
    alone("5.1.4 step 4", "a=1", None, _AT + "/xy", _AT + "/x/y"),
    alone("5.1.4 step 4", "a=1", None, _AT + "/x", _AT + "/x/y/z"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x/y/w", _AT + "/x/y/z"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "//z", _AT + "//y"),
    alone("5.1.4 step 4", "a=1", None, _AT + "/x", _AT + "/x//y"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x//", _AT + "/x//y"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/x?z", _AT + "/x/y?q=/a/b/c"),
    alone("5.1.4 step 1", "a=1", "a=1", _AT + "/", _AT + "?q=/a/b/c"),
    alone("5.1.4 step 4", "a=1", "a=1", _AT + "/a%2Fb/c", _AT + "/a%2Fb/d"),
    alone("5.1.4 step 4", "a=1", None, _AT + "/a/b/c", _AT + "/a%2Fb/d"),
    # --- whom a path is for
    alone("5.1.4", "a=1; Path=/x", "a=1", _AT + "/x"),
    alone("5.1.4", "a=1; Path=/x", "a=1", _AT + "/x/"),
    alone("5.1.4", "a=1; Path=/x", "a=1", _AT + "/x/y"),
    alone("5.1.4", "a=1; Path=/x", "a=1", _AT + "/x?q"),
    alone("5.1.4", "a=1; Path=/x", None, _AT + "/xy"),
    alone("5.1.4", "a=1; Path=/x", None, _AT + "/"),
    alone("5.1.4", "a=1; Path=/x", None, _AT + "/X"),
    alone("5.1.4", "a=1; Path=/x", None, _AT + "/y/x"),
    alone("5.1.4", "a=1; Path=/x", None, _AT + "//x"),
    alone("5.1.4", "a=1; Path=/x/", "a=1", _AT + "/x/"),
    alone("5.1.4", "a=1; Path=/x/", "a=1", _AT + "/x/y"),
    alone("5.1.4", "a=1; Path=/x/", None, _AT + "/x"),
    alone("5.1.4", "a=1; Path=/x//", None, _AT + "/x/y"),
    alone("5.1.4", "a=1; Path=/x//", "a=1", _AT + "/x//y"),
    alone("5.1.4", "a=1; Path=//", None, _AT + "/x"),
    alone("5.1.4", "a=1; Path=//", "a=1", _AT + "//x"),
    alone("5.1.4", "a=1; Path=/", "a=1", _AT + "/x/y/z"),
    alone("5.1.4", "a=1; Path=/", "a=1", _AT),
    alone("5.1.4", "a=1; Path=/%41", None, _AT + "/A"),
    alone("5.1.4", "a=1; Path=/a%2Fb", "a=1", _AT + "/a%2Fb/c"),
    alone("5.1.4", "a=1; Path=/a%2Fb", None, _AT + "/a/b"),
    alone("5.1.4", "a=1; Path=/a/b", None, _AT + "/a%2Fb"),
    alone("5.1.4", "a=1; Path=/x/../y", None, _AT + "/y"),
    alone("5.1.4", "a=1; Path=/*", None, _AT + "/x"),
    alone("5.1.4", "a=1; Path=/x?q", None, _AT + "/x?q"),  # no query in the path of a request
]

PARTS: list[Case] = [*DATES, *HOSTS, *PATHS]
