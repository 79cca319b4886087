"""Section 15 of the reference: cookies."""

import json
import os
from pathlib import Path

import pytest
from clock import Clock
from jars import SECURE, A, jar_of, line, named_session, sent
from pages import Pages, page
from reference import Call, Line, Missing, Names
from running import asynchronous
from yarl import URL

import aioclient
from aioclient import AbstractCookieJar, CookieJar, DummyCookieJar

_GIVEN = "tests/_cookies/test_jar_given.py::"
_HEADER = "tests/loopback/test_cookie_header.py::"
_JAR = "tests/_cookies/test_jar.py::"
_LOOPBACK = "tests/loopback/test_cookie_jar.py::"
_PARSE = "tests/_cookies/test_parse.py::"
_SENT = "tests/_cookies/test_jar_sent.py::"

_MEMBERS = """unsafe quote_cookie treat_as_secure_origin cookies host_only_cookies clear
    clear_domain update_cookies update_cookies_from_headers filter_cookies __iter__ __len__"""

ROWS = (
    Call("CookieJar", "*, unsafe=False, quote_cookie=True, treat_as_secure_origin=None, loop=None"),
    Call("DummyCookieJar", "*, loop=None"),
    Call("AbstractCookieJar", "*, loop=None"),
    Names("AbstractCookieJar", _MEMBERS),
    Names("CookieJar", f"{_MEMBERS} save load"),
    Names("DummyCookieJar", _MEMBERS),
    Missing(
        "CookieJar",
        """DATE_DAY_OF_MONTH_RE DATE_HMS_TIME_RE DATE_MONTH_RE DATE_TOKENS_RE DATE_YEAR_RE MAX_TIME
        SUB_MAX_TIME""",
        "There are no `CookieJar.DATE_...` and `MAX_TIME`.",
    ),
    Call("AbstractCookieJar.clear", "predicate=None"),
    Call("AbstractCookieJar.clear_domain", "domain"),
    Call("AbstractCookieJar.update_cookies", "cookies, response_url=URL()"),
    Call("AbstractCookieJar.update_cookies_from_headers", "headers, response_url"),
    Call("AbstractCookieJar.filter_cookies", "request_url"),
    Call("CookieJar.clear", "predicate=None"),
    Call("CookieJar.clear_domain", "domain"),
    Call("CookieJar.update_cookies", "cookies, response_url=URL()"),
    Call("CookieJar.update_cookies_from_headers", "headers, response_url"),
    Call("CookieJar.filter_cookies", "request_url=URL()"),
    Call("CookieJar.save", "file_path"),
    Call("CookieJar.load", "file_path"),
    Line(
        "a jar of a user is a subclass of AbstractCookieJar",
        f"""{_HEADER}test_a_jar_of_a_user_is_asked_for_each_hop
        {_HEADER}test_a_jar_must_be_one test_a_jar_that_lacks_a_method_cannot_be_made""",
    ),
    Line(
        "a session has a CookieJar if it is given none",
        "test_a_session_has_a_jar",
        "The jar of a session that was given none is made when a response sets a cookie or "
        "somebody asks for it.",
    ),
    Line(
        "cookies of a session are in its jar",
        f"{_HEADER}test_what_a_request_was_given_is_not_kept",
        "`cookies=` of a session are for one origin and are not in the jar.",
    ),
    Line(
        "cookies of a request replace those of the jar with their names",
        f"""{_HEADER}test_cookies_of_a_request_replace_those_of_the_jar_by_name
        {_HEADER}test_cookies_of_the_request_come_before_the_jar_and_that_before_the_session""",
    ),
    Line(
        "loop is deprecated",
        f"{_JAR}test_a_jar_is_made_without_an_event_loop_and_loop_is_deprecated",
    ),
    Line(
        "a jar is made in a running event loop",
        f"{_JAR}test_a_jar_is_made_without_an_event_loop_and_loop_is_deprecated",
        "A jar needs no event loop.",
    ),
    Line(
        "a DummyCookieJar stores nothing",
        f"{_JAR}test_a_dummy_jar_keeps_and_gives_nothing {_LOOPBACK}test_a_dummy_jar_keeps_nothing",
    ),
    # Members.
    Line("settings can be read", f"{_JAR}test_a_jar_is_what_it_was_made"),
    Line(
        "iterating gives Morsels",
        f"{_JAR}test_cookies_are_walked_in_the_order_in_which_they_were_set",
    ),
    Line(
        "the length is the number of cookies that have not expired",
        f"{_JAR}test_the_length_is_how_many_are_not_over",
    ),
    Line(
        "cookies are a mapping of domain and path to cookies",
        f"{_JAR}test_cookies_can_be_had_by_domain_and_path",
    ),
    Line(
        "cookies and their Morsels are those of the jar",
        f"{_JAR}test_what_the_jar_tells_is_a_copy",
        "What a jar tells of its cookies (`cookies`, iterating, `filter_cookies`) is a copy.",
    ),
    Line(
        "host_only_cookies has domain, path and name",
        f"{_JAR}test_cookies_of_one_host_are_known",
    ),
    Line(
        "a Morsel in the jar has the attributes as they were sent",
        f"{_JAR}test_a_morsel_has_all_that_the_jar_knows_of_a_cookie",
        "Morsels have domain and path as they are kept, and when a cookie expires in `expires`, "
        "whatever said it.",
    ),
    Line(
        "clear removes all, or those of which the predicate says so",
        f"""{_JAR}test_a_jar_can_be_cleared
        {_JAR}test_cookies_of_which_a_function_says_so_are_cleared""",
    ),
    Line(
        "clear_domain removes those of the domain and its subdomains",
        f"{_JAR}test_a_domain_is_cleared_with_all_below_it",
    ),
    Line(
        "update_cookies takes mappings, pairs, SimpleCookie and Morsel",
        f"""{_GIVEN}test_cookies_are_given_as_in_requests
        {_GIVEN}test_attributes_of_a_morsel_count""",
    ),
    Line(
        "cookies that are given without a URL are sent to every host",
        f"{_GIVEN}test_cookies_without_a_url_are_for_the_first_host_that_is_asked",
        "Cookies that a program gives to a jar without a URL (`update_cookies`) are for the first "
        "host that the jar is asked about from then on, and no other",
    ),
    Line(
        "filter_cookies gives those for a URL",
        f"{_SENT}test_filtered_cookies_are_those_of_a_request",
    ),
    # Files.
    Line(
        "a saved jar is JSON, with mode 0600, and can be loaded", "test_a_jar_goes_through_a_file"
    ),
    Line("times in it are absolute", "test_a_cookie_expires_in_a_file_too"),
    Line("load replaces what is there", "test_loading_replaces_what_is_there"),
    Line(
        "the file has a format of the reference's",
        "test_a_file_says_which_version_it_has",
        "The JSON of `save` is another, with a version.",
    ),
    Line(
        "an old file, a pickle, is loaded",
        "test_a_pickle_is_no_jar",
        "A pickle is a ValueError",
    ),
    # Rules.
    Line(
        "domains, paths, host-only flag and default path are as in RFC 6265",
        f"{_LOOPBACK}test_cookies_are_for_their_hosts_and_paths",
    ),
    Line(
        "cookies of addresses are dropped unless the jar is unsafe; localhost is a name",
        f"""{_LOOPBACK}test_an_address_has_cookies_only_in_a_jar_that_is_unsafe
        test_localhost_has_cookies""",
    ),
    Line(
        "Secure cookies are sent over https and wss, and to treat_as_secure_origin",
        f"""{_LOOPBACK}test_a_secure_cookie_goes_over_tls_only
        {_SENT}test_some_origins_are_secure""",
    ),
    Line(
        "one cookie of a name is sent, the most specific",
        "test_all_cookies_of_a_name_are_sent",
        "All cookies of a name that are for a request are sent, those with longer paths first "
        "(RFC 6265bis section 5.8.3); `filter_cookies` has the first of a name.",
    ),
    Line(
        "values are quoted where they need it, unless quote_cookie is False",
        f"{_HEADER}test_the_jar_says_whether_cookies_of_a_program_are_quoted",
    ),
    Line(
        "what a server sets is quoted, too",
        f"{_HEADER}test_what_a_server_sets_is_sent_back_as_it_came",
        "What a server has set is sent back byte for byte; `quote_cookie` is about values that a "
        "program gives.",
    ),
    Line(
        "any domain can have cookies, com and co.uk, too",
        "test_a_public_suffix_has_no_cookies",
        "A cookie for a public suffix (`Domain=co.uk`) is refused, or, if it is the host's own "
        "name, kept for that host alone.",
    ),
    Line(
        "__Host- and __Secure- are names like others",
        "test_a_prefix_is_a_promise",
        "`__Host-` and `__Secure-` count",
    ),
    Line(
        "a response over http sets Secure cookies, and overwrites them",
        "test_an_insecure_response_sets_and_hides_no_secure_cookie",
        "A response over http neither sets Secure cookies nor sets some that would hide one.",
    ),
    Line(
        "SameSite=None needs nothing",
        "test_same_site_none_must_be_secure",
        "`SameSite=None` without Secure is refused.",
    ),
    Line(
        "SameSite and Partitioned change nothing", "test_same_site_and_partitioned_have_no_effect"
    ),
    Line(
        "a cookie that is refused is dropped silently",
        f"{_HEADER}test_refused_cookies_are_one_line_in_the_log",
        "Set-Cookie fields that are ignored are a line in the log `aioclient.cookies`",
    ),
    Line(
        "a cookie without a name is dropped",
        "test_a_cookie_without_a_name_is_kept",
        "A cookie without a name is kept",
    ),
    # Limits.
    Line("50 Set-Cookie of a response", f"{_SENT}test_fields_after_the_fiftieth_are_ignored"),
    Line(
        "4096 bytes of name and value, 1024 of an attribute's, 32 attributes",
        "test_limits_of_one_cookie",
    ),
    Line("180 cookies of a domain, 3300 in all", "test_limits_of_a_jar"),
    Line(
        "150 cookies and 8190 bytes of a request",
        f"""{_SENT}test_no_more_than_150_cookies_are_sent_those_first_that_come_first
        {_SENT}test_no_more_than_8190_bytes_of_cookies_are_sent""",
    ),
)


def test_a_jar_that_lacks_a_method_cannot_be_made() -> None:
    class Half(AbstractCookieJar):
        def clear(self, predicate: object = None) -> None:
            """Do nothing."""

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


@asynchronous
async def test_a_session_has_a_jar() -> None:
    async with aioclient.ClientSession() as session:
        assert type(session.cookie_jar) is CookieJar
        assert session.cookie_jar is session.cookie_jar
        assert session.cookie_jar.unsafe is False
    for jar in CookieJar(), DummyCookieJar():
        async with aioclient.ClientSession(cookie_jar=jar) as session:
            assert session.cookie_jar is jar


# --- files ---------------------------------------------------------------------------------------


def test_a_jar_goes_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    jar = jar_of('a="x y"; Secure; HttpOnly', "b=2; Path=/x; Domain=a.example", url=SECURE)
    jar.save(path)
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())
    other = CookieJar()
    other.load(str(path))
    assert [str(morsel) for morsel in other] == [str(morsel) for morsel in jar]
    assert other.host_only_cookies == jar.host_only_cookies
    assert line(other, SECURE / "x") == line(jar, SECURE / "x") == 'b=2; a="x y"'


def test_a_cookie_expires_in_a_file_too(tmp_path: Path) -> None:
    path, clock = tmp_path / "jar", Clock(2e9)
    jar_of("a=1; Max-Age=100", "b=2", clock=clock).save(path)
    other = CookieJar(clock=clock)
    clock.now += 99
    other.load(path)
    assert line(other) == "a=1; b=2"
    clock.now += 1
    assert line(other) == "b=2"
    other.load(path)
    assert len(other) == 1


def test_loading_replaces_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    jar_of("a=1").save(path)
    jar = jar_of("b=2")
    assert line(jar) == "b=2"
    jar.load(path)
    assert line(jar) == "a=1"
    with pytest.raises(OSError, match="none"):
        jar.load(tmp_path / "none")
    assert line(jar) == "a=1"


def test_a_file_says_which_version_it_has(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    jar_of("a=1").save(path)
    assert json.loads(path.read_text())["version"] == 1


def test_a_pickle_is_no_jar(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    path.write_bytes(b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08xyzzy123\x94.")
    jar = jar_of("a=1")
    with pytest.raises(ValueError, match=r"jar|pickle|JSON"):
        jar.load(path)
    assert line(jar) == "a=1"


# --- rules ---------------------------------------------------------------------------------------


@asynchronous
async def test_localhost_has_cookies() -> None:
    async with Pages(set=page(b"", "Set-Cookie: a=1")) as server, named_session() as session:
        for path in ("/set", "/"):
            await session.get(server.url(path, host="localhost"))
        assert sent(server) == [None, "a=1"]


def test_all_cookies_of_a_name_are_sent() -> None:
    jar = jar_of("a=1; Domain=a.example", "a=2", "a=3; Path=/x")
    assert line(jar, A / "x") == "a=3; a=1; a=2"
    assert jar.filter_cookies(A / "x")["a"].value == "3"


@pytest.mark.parametrize(
    ("url", "domain", "hosts"),
    [
        ("http://a.co.uk/", "co.uk", []),
        ("http://a.com/", "com", []),
        ("http://me.github.io/", "github.io", []),
        ("http://co.uk/", "co.uk", ["co.uk"]),
        ("http://w.a.co.uk/", "a.co.uk", ["a.co.uk", "b.a.co.uk"]),
    ],
)
def test_a_public_suffix_has_no_cookies(url: str, domain: str, hosts: list[str]) -> None:
    jar = jar_of(f"a=1; Domain={domain}", url=URL(url))
    known = (domain, f"b.{domain}")
    assert [host for host in known if line(jar, URL(f"http://{host}/"))] == hosts


@pytest.mark.parametrize(
    ("field", "is_kept"),
    [
        ("__Secure-a=1; Secure", True),
        ("__Secure-a=1", False),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Secure", False),
        ("__Host-a=1; Secure; Path=/; Domain=a.example", False),
        ("__HOST-a=1; Path=/", False),
    ],
)
def test_a_prefix_is_a_promise(field: str, is_kept: bool) -> None:
    assert len(jar_of(field, url=SECURE)) == is_kept


def test_an_insecure_response_sets_and_hides_no_secure_cookie() -> None:
    jar = jar_of("a=1; Secure; Domain=a.example", url=SECURE)
    jar.update_cookies_from_headers(["a=2", "a=3; Domain=a.example", "b=4; Secure", "c=5"], A)
    assert line(jar, SECURE) == "a=1; c=5"


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [("SameSite=None", False), ("SameSite=None; Secure", True), ("SameSite=x", True)],
)
def test_same_site_none_must_be_secure(attributes: str, is_kept: bool) -> None:
    assert len(jar_of(f"a=1; {attributes}", url=SECURE)) == is_kept


def test_same_site_and_partitioned_have_no_effect() -> None:
    jar = jar_of(
        "a=1; SameSite=Strict", "b=2; SameSite=Lax", "c=3; Secure; Partitioned", url=SECURE
    )
    assert line(jar, SECURE) == "a=1; b=2; c=3"


def test_a_cookie_without_a_name_is_kept() -> None:
    jar = jar_of("text", "=other; Path=/x")
    assert jar.line_for(A) == b"Cookie: text\r\n"
    assert jar.line_for(A / "x") == b"Cookie: other; text\r\n"
    assert [morsel.key for morsel in jar] == ["", ""]
    assert not jar.filter_cookies(A)


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("a=" + "v" * 4095, "/"),
        ("a=" + "v" * 4096, None),
        (f"a=1; Path=/{'p' * 1023}", f"/{'p' * 1023}"),
        (f"a=1; Path=/{'p' * 1024}", "/"),  # as if it were not there
        (f"a=1{'; x' * 31}; Path=/p", "/p"),
        (f"a=1{'; x' * 32}; Path=/p", "/"),
    ],
    ids=lambda value: None if value is None else value[:8],
)
def test_limits_of_one_cookie(field: str, path: str | None) -> None:
    assert [morsel["path"] for morsel in jar_of(field)] == ([] if path is None else [path])


@pytest.mark.parametrize(("hosts", "most", "left"), [(1, 180, 150), (100, 3300, 3000)])
def test_limits_of_a_jar(hosts: int, most: int, left: int) -> None:
    jar = CookieJar()
    for number in range(most):
        url = URL(f"http://h{number % hosts}.example/")
        jar.update_cookies_from_headers([f"n{number}=1"], url)
    assert len(jar) == most
    jar.update_cookies_from_headers(["last=1"], URL("http://h0.example/"))
    assert len(jar) == left
    assert [morsel.key for morsel in jar][-1] == "last"
