"""Cases of section 5.7: which cookies are kept, for whom, and until when."""

from cookie_case import DAY_S, HTTP, HTTPS, WWW, Case, alone, lasting

_SECURE = "a=1; Secure"

BASICS = [
    alone("5.7 step 2", "", None),
    alone("5.7 step 2", "=", None),
    alone("5.7 step 2", ";", None),
    alone("5.7 step 2", " = ; Path=/", None),
    alone("5.7 step 2", "\t", None),
    alone("5.7 step 2", "; a=1", None),
    alone("5.7 step 2", "=; a=1", None),
    Case("5.7 step 2", [(HTTPS, "x", "=")], HTTPS, "x"),
    alone("5.7 step 3", "a=\x00", None),
    alone("5.7 step 4", "ab=" + 4095 * "x", None),
    alone("5.7 step 4", "ab=" + 4094 * "x", "ab=" + 4094 * "x"),
    # --- Max-Age counts, then Expires
    *lasting("5.7 step 6", "Path=/", None),
    *lasting("5.7 step 6", "Max-Age=10; Expires=2 Jan 2026 00:00:00", 10),
    *lasting("5.7 step 6", "Expires=2 Jan 2026 00:00:00; Max-Age=10", 10),
    *lasting("5.7 step 6", "Expires=1 Jan 2025 00:00:00; Max-Age=10", 10),
    *lasting("5.7 step 6", "Expires=2 Jan 2026 00:00:00; Max-Age=0", 0),
    *lasting("5.7 step 6", "Max-Age=ten; Expires=2 Jan 2026 00:00:00", DAY_S),
    *lasting("5.7 step 6", "Max-Age=10; Max-Age=20", 20),
    *lasting("5.7 step 6", "Max-Age=20; Max-Age=10", 10),
    *lasting("5.7 step 6", "Max-Age=20; Max-Age=", 20),
    *lasting("5.7 step 6", "Max-Age=20; Max-Age=0", 0),
    *lasting("5.7 step 6", "Expires=2 Jan 2026 00:00:00; Expires=3 Jan 2026 00:00:00", 2 * DAY_S),
    *lasting("5.7 step 6", "Expires=3 Jan 2026 00:00:00; Expires=2 Jan 2026 00:00:00", DAY_S),
    # --- the last Domain
    alone("5.7 step 7", "a=1; Domain=other.example; Domain=site.example", "a=1", WWW, HTTPS),
    alone("5.7 step 7", "a=1; Domain=site.example; Domain=other.example", None, HTTPS),
    alone("5.7 step 7", "a=1; Domain=site.example; Domain=", "a=1", HTTPS),
    alone("5.7 step 7", "a=1; Domain=site.example; Domain", None, WWW, HTTPS),
    alone("5.7 step 7", f"a=1; Domain=site.example; Domain={1025 * 'x'}", "a=1", WWW, HTTPS),
    # --- nothing but ASCII in a Domain
    alone("5.7 step 8", "a=1; Domain=b\u00fccher.example", None, "https://b\u00fccher.example/"),
    alone("5.7 step 8", "a=1; Domain=\u00fc", None),
    alone("5.7 step 8", "a=1; Domain=\udcff", None),
    alone("5.7 step 8", "a=1; Domain=\u212aelvin.example", None, "https://kelvin.example/"),
    alone("5.7 step 8", "a=1; Domain=site\uff0eexample", None),
    alone("5.7 step 8", "a=1; Domain=\u00fc; Domain=site.example", "a=1"),
]

#: Names of which there is one for many, each with one that is nobody's alone, and one below it.
_SUFFIXES = [
    ("com", "example.com"),
    ("uk", "example.co.uk"),
    ("co.uk", "example.co.uk"),
    ("github.io", "example.github.io"),
    ("s3.amazonaws.com", "bucket.s3.amazonaws.com"),
    ("ck", "a.example.ck"),
    ("example.ck", "a.example.ck"),
    ("kobe.jp", "a.example.kobe.jp"),
    ("example.kobe.jp", "a.example.kobe.jp"),
    ("xn--p1ai", "example.xn--p1ai"),
    ("xn--55qx5d.cn", "example.xn--55qx5d.cn"),
    ("xn--12c1fe0br.xn--o3cw4h", "example.xn--12c1fe0br.xn--o3cw4h"),
    ("example", "site.example"),
    ("local", "printer.local"),
]

SUFFIXES = [
    # --- for all below one: nobody may
    *(
        alone("5.7 step 9.3", f"a=1; Domain={top}", None, f"https://{name}/")
        for top, name in _SUFFIXES
    ),
    # --- by the one itself: for itself
    *(
        alone("5.7 step 9.3.1", f"a=1; Domain={top}", "a=1", f"https://{top}/")
        for top, _ in _SUFFIXES
    ),
    *(
        alone("5.7 step 9.3.1", f"a=1; Domain={top}", None, f"https://{name}/", f"https://{top}/")
        for top, name in _SUFFIXES
    ),
    # --- below it everybody may
    *(
        alone("5.7 step 9", f"a=1; Domain={name}", "a=1", f"https://x.{name}/")
        for _, name in _SUFFIXES
    ),
    # --- exceptions of a rule
    alone("5.7 step 9", "a=1; Domain=www.ck", "a=1", "https://x.www.ck/", "https://www.ck/"),
    alone("5.7 step 9", "a=1; Domain=city.kobe.jp", "a=1", "https://x.city.kobe.jp/"),
    # --- however it is written
    alone("5.7 step 9.3", "a=1; Domain=.com", None, "https://example.com/"),
    alone("5.7 step 9.3", "a=1; Domain=COM", None, "https://example.com/"),
    alone("5.7 step 9.3", "a=1; Domain=.Co.Uk", None, "https://example.co.uk/"),
    alone("5.7 step 9.3", "a=1; Domain=com.", None, "https://example.com./"),
    alone("5.7 step 9.3", "a=1; Domain=XN--P1AI", None, "https://example.xn--p1ai/"),
    alone("5.7 step 9.3", "a=1; Domain=com", None, "https://com.example/"),
    alone("5.7 step 9.3.1", "a=1; Domain=localhost", "a=1", "http://localhost:8080/"),
    alone(
        "5.7 step 9.3.1", "a=1; Domain=localhost", None, "http://a.localhost/", "http://localhost/"
    ),
    alone("5.7 step 9.3", "a=1; Domain=localhost", None, "http://a.localhost/"),
    alone(
        "5.7 step 9.3.1",
        "__Host-a=1; Secure; Path=/; Domain=github.io",
        "__Host-a=1",
        "https://github.io/",
    ),
]

FLAGS = [
    # --- for the host, or for the domain
    alone("5.7 step 10", "a=1", "a=1", HTTPS),
    alone("5.7 step 10", "a=1", None, WWW, HTTPS),
    alone("5.7 step 10", "a=1", None, HTTPS, WWW),
    alone("5.7 step 10", "a=1; Domain=site.example", "a=1", HTTPS, WWW),
    alone("5.7 step 10", "a=1; Domain=www.site.example", None, HTTPS, WWW),
    alone("5.7 step 10", "a=1; Domain=other.example", None, "https://other.example/", HTTPS),
    alone("5.7 step 10", "a=1; Domain=a.site.example", None, "https://a.site.example/", WWW),
    # --- the last Path
    alone("5.7 step 11", "a=1; Path=/x; Path=/y", "a=1", HTTPS + "y"),
    alone("5.7 step 11", "a=1; Path=/x; Path=/y", None, HTTPS + "x"),
    alone("5.7 step 11", "a=1; Path=/x; Path=", "a=1", HTTPS),
    alone("5.7 step 11", "a=1; Path=/x; Path=y", "a=1", HTTPS),
    alone("5.7 step 11", "a=1; Path=/x; Path", None, HTTPS, HTTPS + "y/z"),
    # --- secure connections
    alone("5.7 step 12", _SECURE, "a=1", HTTPS),
    alone("5.7 step 12", "a=1", "a=1", HTTP, HTTPS),
    alone("5.7 step 13", _SECURE, None, HTTPS, HTTP),
    alone("5.7 step 13", _SECURE, None, HTTP),
    alone("5.7 step 13", "a=1; Secure=no", None, HTTPS, HTTP),
    alone("5.7 step 13", "a=1", "a=1", HTTPS, HTTP),
    alone("5.7 step 13", _SECURE, "a=1", HTTPS, "wss://site.example/"),
    alone("5.7 step 13", _SECURE, None, HTTPS, "ws://site.example/"),
    Case("5.7 step 13", [(HTTPS, "a=1"), (HTTP, "a=2; Secure")], HTTPS, "a=1"),
    Case("5.7 step 13", [(HTTPS, "a=1"), (HTTP, "a=; Secure; Max-Age=0")], HTTPS, "a=1"),
    # --- SameSite
    alone("5.7 step 17", "a=1; SameSite=Strict; SameSite=Lax", "a=1", HTTPS),
    alone("5.7 step 18", "a=1; SameSite=Strict; Domain=site.example", "a=1", WWW, HTTPS),
    alone("5.7 step 19", "a=1; SameSite=None", None, HTTP),
    alone("5.7 step 19", "a=1; SameSite=None; Secure", None, HTTP),
    alone("5.7 step 19", "a=1; Secure; SameSite=None", "a=1", HTTPS),
    Case("5.7 step 19", [(HTTPS, "a=1", "a=2; SameSite=None")], HTTPS, "a=1"),
]

#: Of a cookie with a prefix: its attributes, whether one with either prefix is kept.
_PROMISES = [
    ("", False, False),
    ("; Path=/", False, False),
    ("; Secure", True, False),
    ("; Secure; Path=/", True, True),
    ("; secure; path=/; HttpOnly; SameSite=Lax; Max-Age=100", True, True),
    ("; Secure; Path=/; Domain=", True, True),
    ("; Secure; Path=/; Domain=site.example", True, False),
    ("; Secure; Path=/; Domain=.site.example", True, False),
    ("; Secure; Domain=site.example", True, False),
    ("; Domain=site.example; Path=/", False, False),
    ("; Secure; Path=", True, False),
    ("; Secure; Path=x", True, False),
    ("; Secure; Path=/; Path=", True, False),
    ("; Secure; Path=/x; Path=/", True, True),
    ("; Secure; Path=/; Path=/x", True, False),
]

PREFIXES = [
    *(
        alone(
            step, f"{name}=1{attributes}", f"{name}=1" if keeps[which] else None, HTTPS + "x", HTTPS
        )
        for which, step in enumerate(("5.7 step 20", "5.7 step 21"))
        for name in (("__Secure-a", "__secure-a"), ("__Host-a", "__HOST-a"))[which]
        for attributes, *keeps in _PROMISES
    ),
    alone("5.7 step 20", "__SeCuRe-a=1", None),
    alone("5.7 step 20", "__Secure-=1", None),
    alone("5.7 step 20", "__Secure-=1; Secure", "__Secure-=1"),
    alone("5.7 step 20", "__Secure=1", "__Secure=1"),
    alone("5.7 step 20", "_Secure-a=1", "_Secure-a=1"),
    alone("5.7 step 20", "__Secure_a=1", "__Secure_a=1"),
    alone("5.7 step 20", "___Secure-a=1", "___Secure-a=1"),
    alone("5.7 step 20", " __Secure-a=1", None),
    alone("5.7 step 20", "a=__Secure-", "a=__Secure-"),
    alone("5.7 step 20", "__Secure-a=1; Secure", None, HTTPS, HTTP),
    alone("5.7 step 20", "__Secure-a=1; Secure", None, HTTP, HTTPS),
    alone("5.7 step 21", "__hOsT-a=1", None),
    alone("5.7 step 21", "__Host-=1", None),
    alone("5.7 step 21", "__Host=1", "__Host=1"),
    alone("5.7 step 21", "__Host-a=1; Secure; Path=/", None, HTTPS, HTTP),
    alone("5.7 step 21", "__Host-a=1; Secure; Path=/", "__Host-a=1", HTTPS + "x", HTTPS + "y/z"),
    alone("5.7 step 21", "__Host-a=1; Secure; Path=/x", None, HTTPS + "x"),
    alone(
        "5.7 step 21", "__Host-a=1; Secure; Path=/; Domain=127.0.0.1", None, "https://127.0.0.1/"
    ),
    alone("5.7 step 21", "__Host-a=1; Secure; Path=/", "__Host-a=1", "https://127.0.0.1/"),
    alone("5.7 step 22", "__Secure-a", None),
    alone("5.7 step 22", "__secure-a; Secure", None),
    alone("5.7 step 22", "__Host-a; Secure; Path=/", None),
    alone("5.7 step 22", "__HOST-a", None),
    alone("5.7 step 22", "=__Secure-a=1; Secure", None),
    alone("5.7 step 22", "=__Host-a=1; Secure; Path=/", None),
    alone("5.7 step 22", " = __host-a", None),
    alone("5.7 step 22", "__Hos", "__Hos"),
    alone("5.7 step 22", "=_Host-a", "_Host-a"),
    Case(
        "5.4",
        [(HTTPS, "__Secure-a=1; Secure", "__secure-a=2; Secure")],
        HTTPS,
        "__Secure-a=1; __secure-a=2",
    ),
    Case("5.4", [(HTTPS, "__Secure-a=1; Secure"), (HTTP, "__SECURE-a=2")], HTTPS, "__Secure-a=1"),
]

STORING: list[Case] = [*BASICS, *SUFFIXES, *FLAGS, *PREFIXES]
