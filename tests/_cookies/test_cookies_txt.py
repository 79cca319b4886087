"""Cookies in Netscape's format."""

import http.cookiejar
import logging
import subprocess
from math import inf

import pytest
from hypothesis import given
from kept_cookies import NOW, facts, jars, kept_cookies
from program import path_of

from aioclient._cookies.cookie import Cookie
from aioclient._cookies.cookies_txt import (
    MAX_COOKIES_IN_TEXT,
    load_cookies_txt,
    save_cookies_txt,
)

DAY_S = 24 * 60 * 60
COOKIES = [
    Cookie("a", "b", "www.example.com", "/d", created_at=NOW),
    Cookie("all", "1", "example.com", is_host_only=False, created_at=NOW),
    Cookie(
        "id",
        'x "y"=z',
        "example.com",
        is_host_only=False,
        is_secure=True,
        is_http_only=True,
        expires_at=NOW + 1000,
        created_at=NOW,
    ),
    Cookie("empty", "", "localhost", created_at=NOW),
    Cookie("\u00e9\udcff", "\udcfe", "127.0.0.1", created_at=NOW),
    Cookie("__Host-h", "1", "::1", is_secure=True, created_at=NOW),
]
LINES = b"""\
www.example.com\tFALSE\t/d\tFALSE\t0\ta\tb
.example.com\tTRUE\t/\tFALSE\t0\tall\t1
#HttpOnly_.example.com\tTRUE\t/\tTRUE\t2000001000\tid\tx "y"=z
localhost\tFALSE\t/\tFALSE\t0\tempty\t
127.0.0.1\tFALSE\t/\tFALSE\t0\t\xc3\xa9\xff\t\xfe
::1\tFALSE\t/\tTRUE\t0\t__Host-h\t1
"""


def load(path, data):
    path.write_bytes(data)
    return load_cookies_txt(path, now=NOW)


def entries(data):
    """Lines that are neither empty nor comments."""
    lines = data.split(b"\n")
    return [x for x in lines if x and (not x.startswith(b"#") or x.startswith(b"#HttpOnly_"))]


# --- there and back ------------------------------------------------------------------------------


def test_a_cookie_is_a_line_of_seven_fields(tmp_path):
    save_cookies_txt(tmp_path / "txt", COOKIES)
    data = (tmp_path / "txt").read_bytes()
    assert data.startswith(b"# Netscape HTTP Cookie File\n")
    assert data.endswith(b"\n\n" + LINES)
    assert list(tmp_path.iterdir()) == [tmp_path / "txt"]


def test_lines_become_cookies_that_are_new(tmp_path):
    assert list(map(facts, load(tmp_path / "txt", LINES))) == list(map(facts, COOKIES))


@given(cookies=jars(kept_cookies()))
def test_what_the_format_can_say_comes_back_in_order(tmp_path_factory, cookies):
    path = tmp_path_factory.getbasetemp() / "generated.txt"
    save_cookies_txt(path, cookies)
    expected = []
    for cookie in cookies:
        texts = (cookie.name, cookie.value, cookie.path)
        if cookie.name and cookie.domain and not any("\t" in text for text in texts):
            expires_at = cookie.expires_at
            expires_at = inf if expires_at == inf else float(max(1, int(expires_at)))
            lost = {"same_site": "", "is_partitioned": False, "created_at": NOW, "used_at": NOW}
            expected.append(facts(cookie) | lost | {"expires_at": expires_at})
    assert list(map(facts, load_cookies_txt(path, now=NOW))) == expected


def test_a_cookie_that_has_long_expired_is_not_one_of_the_session(tmp_path):
    save_cookies_txt(tmp_path / "txt", [Cookie("a", "b", "example.com", expires_at=0.0)])
    assert load_cookies_txt(tmp_path / "txt")[0].expires_at == 1


def test_what_the_format_cannot_say_is_left_out(tmp_path, caplog):
    cannot = [("", "b", "/"), ("a\tb", "", "/"), ("a", "b\tc", "/"), ("a", "b", "/\t")]
    cookies = [Cookie(name, value, "example.com", path) for name, value, path in cannot]
    cookies += [Cookie("a", "b", ""), Cookie("a;b", "", "example.com"), Cookie("a", "\n", "a.b")]
    save_cookies_txt(tmp_path / "txt", cookies)
    assert entries((tmp_path / "txt").read_bytes()) == []
    assert caplog.records == []


def test_too_many_cookies_leave_the_old_file(tmp_path):
    path = tmp_path / "txt"
    cookies = [Cookie(str(n), "b", "example.com") for n in range(MAX_COOKIES_IN_TEXT + 1)]
    save_cookies_txt(path, cookies[:-1])
    assert len(load_cookies_txt(path)) == MAX_COOKIES_IN_TEXT
    with pytest.raises(ValueError, match="too many cookies"):
        save_cookies_txt(path, cookies)
    assert len(load_cookies_txt(path)) == MAX_COOKIES_IN_TEXT
    path.write_bytes(path.read_bytes() + LINES)
    with pytest.raises(ValueError, match=f"more than {MAX_COOKIES_IN_TEXT} cookies"):
        load_cookies_txt(path)


def test_comments_are_read_up_to_a_limit(tmp_path):
    head = b"#\n" * (2 * MAX_COOKIES_IN_TEXT - 6)
    assert len(load(tmp_path / "txt", head + LINES)) == 6
    with pytest.raises(ValueError, match="more than 40000 lines"):
        load(tmp_path / "txt", b"#\n" + head + LINES)


# --- what others write ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "a.example", True, inf)),
        ("a.example\tfalse\t/\tFalse\t0\tn\tv", ("n", "v", "a.example", True, inf)),
        ("A.Example\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "a.example", True, inf)),
        ("a.example\tTRUE\t/\tFALSE\t0\tn\tv", ("n", "v", "a.example", False, inf)),
        (".a.example\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "a.example", True, inf)),
        ("a.example:8080\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "a.example", True, inf)),
        ("[::1]\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "::1", True, inf)),
        ("::1\tFALSE\t/\tFALSE\t0\tn\tv", ("n", "v", "::1", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t\tn\tv", ("n", "v", "a.example", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t0\tn", ("n", "", "a.example", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\t", ("n", "", "a.example", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t0\t\tv", ("", "v", "a.example", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t0\t#n\tv w ", ("#n", "v w ", "a.example", True, inf)),
        ("a.example\tFALSE\t/\tFALSE\t2000000009.75\tn\tv", ("n", "v", "a.example", True, NOW + 9)),
        (
            "a.example\tFALSE\t/\tFALSE\t999999999999\tn\tv",
            ("n", "v", "a.example", True, NOW + 400 * DAY_S),
        ),
        ("# a.example\tFALSE\t/\tFALSE\t0\tn\tv", None),
        ("#a.example\tFALSE\t/\tFALSE\t0\tn\tv", None),
        (" \t", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("form", ["{}", "{}\n", "{}\r\n", "# HTTP Cookie File\n\n{}\n", "\ufeff{}"])
def test_what_other_programs_write_is_understood(tmp_path, line, expected, form):
    cookies = load(tmp_path / "txt", form.format(line).encode())
    found = [(c.name, c.value, c.domain, c.is_host_only, c.expires_at) for c in cookies]
    assert found == ([] if expected is None else [expected])


def test_of_several_lines_for_one_cookie_the_last_counts(tmp_path):
    line = b"a.example\tFALSE\t/\tFALSE\t0\tn\t"
    cookies = load(tmp_path / "txt", line + b"old\n" + line + b"new\n")
    assert [cookie.value for cookie in cookies] == ["new"]


def test_curl_keeps_what_it_is_given_and_its_own_file_says_the_same(tmp_path):
    ours, theirs = tmp_path / "ours.txt", tmp_path / "theirs.txt"
    now = 1_900_000_000.0
    cookies = [cookie for cookie in COOKIES if cookie.domain != "::1"]
    save_cookies_txt(ours, cookies)
    (tmp_path / "nothing").touch()
    url = (tmp_path / "nothing").as_uri()
    subprocess.run([path_of("curl"), "-sS", "-b", ours, "-c", theirs, url], check=True)
    assert sorted(entries(theirs.read_bytes())) == sorted(entries(ours.read_bytes()))
    read = {cookie.key: facts(cookie) for cookie in load_cookies_txt(theirs, now=now)}
    assert read == {cookie.key: facts(cookie) for cookie in load_cookies_txt(ours, now=now)}
    assert read.keys() == {cookie.key for cookie in cookies}


def test_the_standard_library_reads_it_and_what_it_writes_is_read(tmp_path):
    ours, theirs = tmp_path / "ours.txt", tmp_path / "theirs.txt"
    save_cookies_txt(ours, [cookie for cookie in COOKIES if cookie.name.isascii()])
    jar = http.cookiejar.MozillaCookieJar(ours)
    jar.load(ignore_discard=True, ignore_expires=True)
    for cookie in jar:
        if cookie.expires == 0:
            cookie.expires = None
    jar.save(str(theirs), ignore_discard=True)
    found = {cookie.key: facts(cookie) for cookie in load_cookies_txt(theirs, now=NOW)}
    expected = {cookie.key: facts(cookie) for cookie in COOKIES if cookie.name.isascii()}
    assert found == expected


# --- what is not believed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("secret", "line 3 has not seven fields"),
        ('{"version": 1, "cookies": []}', "line 3 has not seven fields"),
        ("a.example FALSE / FALSE 0 n secret", "line 3 has not seven fields"),
        ("a.example\tFALSE\t/\tFALSE\t0", "line 3 has not seven fields"),
        ("a.example\tsecret\t/\tFALSE\t0\tn\tv", "line 3: the second field"),
        ("a.example\t\t/\tFALSE\t0\tn\tv", "line 3: the second field"),
        ("a.example\tFALSE\t/\t1\t0\tn\tsecret", "line 3: the fourth field"),
        ("a.example\tFALSE\t/\tFALSE\t-1\tn\tsecret", "line 3: the fifth field"),
        ("a.example\tFALSE\t/\tFALSE\t1e9\tn\tsecret", "line 3: the fifth field"),
        ("a.example\tFALSE\t/\tFALSE\t \tn\tsecret", "line 3: the fifth field"),
        ("a.example\tFALSE\t/\tFALSE\t\u0663\tn\tsecret", "line 3: the fifth field"),
        ("a.example\tFALSE\t/\tFALSE\t1" + "0" * 5000 + "\tn\tv", "line 3: the fifth field"),
    ],
)
def test_a_line_of_another_format_is_an_error_with_its_number(tmp_path, line, words):
    data = b"# HTTP Cookie File\n\n" + line.encode() + b"\n" + LINES
    with pytest.raises(ValueError, match=r"not a cookies\.txt") as caught:
        load(tmp_path / "txt", data)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (".com\tTRUE\t/\tFALSE\t0\tn\tsecret", "public suffix"),
        (".co.uk\tTRUE\t/\tFALSE\t0\tn\tsecret", "public suffix"),
        ("\tFALSE\t/\tFALSE\t0\tn\tsecret", "has no domain"),
        (".\tTRUE\t/\tFALSE\t0\tn\tsecret", "has no domain"),
        ("b\u00fccher.example\tFALSE\t/\tFALSE\t0\tn\tsecret", "domain that is none"),
        ("a b\tFALSE\t/\tFALSE\t0\tn\tsecret", "domain that is none"),
        ("a.example\tFALSE\tx\tFALSE\t0\tn\tsecret", "path that is none"),
        ("a.example\tFALSE\t/\0\tFALSE\t0\tn\tsecret", "path that is none"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tsecret;x", "characters that end"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn=m\tsecret", "characters that end"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tsecret\rx", "control character"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tsecret\0", "control character"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tsecret" + "x" * 4096, "more than 4096 bytes"),
        ("a.example\tFALSE\t/\tFALSE\t0\t\t", "neither name nor value"),
        ("a.example\tFALSE\t/\tFALSE\t0\tn\tsecret\tx", "has a tab"),
        ("a.example\tFALSE\t/\tFALSE\t0\t__Secure-n\tsecret", "promise of its prefix"),
        ("a.example\tTRUE\t/\tTRUE\t0\t__Host-n\tsecret", "promise of its prefix"),
        ("a.example\tFALSE\t/a\tTRUE\t0\t__Host-n\tsecret", "promise of its prefix"),
        ("a.example\tFALSE\t/\tTRUE\t0\t\t__Host-n=secret", "begins as a prefixed name"),
    ],
)
def test_what_no_jar_here_would_keep_is_left_out_with_a_warning(tmp_path, caplog, line, words):
    cookies = load(tmp_path / "txt", line.encode() + b"\n" + LINES)
    assert list(map(facts, cookies)) == list(map(facts, COOKIES))
    [(logger, level, text)] = caplog.record_tuples
    assert (logger, level) == ("aioclient.cookies", logging.WARNING)
    assert "1 cookies left out: line 1:" in text
    assert words in text
    assert "secret" not in text


def test_a_link_is_neither_followed_nor_written_through(tmp_path):
    path, target = tmp_path / "txt", tmp_path / "target"
    target.write_bytes(LINES)
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this user cannot make symbolic links")
    if not path.is_symlink():
        pytest.skip("what was made is no link, as under Wine")
    with pytest.raises(OSError, match="not followed"):
        load_cookies_txt(path)
    save_cookies_txt(path, [])
    assert target.read_bytes() == LINES
    assert load_cookies_txt(path) == []
