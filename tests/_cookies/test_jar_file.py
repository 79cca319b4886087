"""Cookies in a file of JSON."""

import json
import logging
import pickle
from math import inf, nan

import pytest
from hypothesis import given
from kept_cookies import NOW, facts, jars, kept_cookies

from aioclient._cookies.cookie import Cookie
from aioclient._cookies.jar_file import load_cookies, save_cookies
from aioclient._cookies.restoring import MAX_FILE_BYTES

DAY_S = 24 * 60 * 60
RECORD = {
    "name": "a",
    "value": "secret",
    "domain": "example.com",
    "is_host_only": True,
    "path": "/",
    "expires_at": NOW + 10.5,
    "is_secure": True,
    "is_http_only": True,
    "same_site": "Lax",
    "is_partitioned": False,
    "created_at": NOW - 20,
    "used_at": NOW - 1.25,
}
DELETED = object()


def write(path, document):
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_records(path, *records):
    return write(path, {"version": 1, "cookies": list(records)})


def altered(**changes):
    return {name: value for name, value in (RECORD | changes).items() if value is not DELETED}


def refusal(path):
    """Why a file is refused; and it must not say what is secret, nor must what led to it."""
    with pytest.raises(ValueError, match="not a file of cookies") as caught:
        load_cookies(path, now=NOW)
    error = caught.value
    while error is not None:
        # What the standard library's errors have besides words: all of the text.
        more = [getattr(error, name, "") for name in ("doc", "object")]
        assert "secret" not in f"{error} {more}"
        error = error.__context__
    return str(caught.value)


# --- there and back ------------------------------------------------------------------------------


@given(cookies=jars(kept_cookies()))
def test_all_that_is_known_of_a_cookie_comes_back_in_order(tmp_path_factory, cookies):
    path = tmp_path_factory.getbasetemp() / "generated.json"
    save_cookies(path, cookies)
    assert list(map(facts, load_cookies(path, now=NOW))) == list(map(facts, cookies))


def test_the_file_is_json_with_a_version_and_a_line_for_each_cookie(tmp_path):
    path = tmp_path / "jar"
    cookie = Cookie(
        "a",
        "secret",
        "example.com",
        expires_at=NOW + 10.5,
        is_secure=True,
        is_http_only=True,
        same_site="Lax",
        created_at=NOW - 20,
        used_at=NOW - 1.25,
    )
    save_cookies(path, [cookie, Cookie("s", "\u00e9", "localhost", created_at=1.0)])
    text = path.read_text(encoding="utf-8")
    session = altered(name="s", value="\u00e9", domain="localhost", expires_at=None, same_site="")
    session |= {"is_secure": False, "is_http_only": False, "created_at": 1.0, "used_at": 1.0}
    assert json.loads(text) == {"version": 1, "cookies": [RECORD, session]}
    assert len(text.splitlines()) == 4
    assert '"\u00e9"' in text


def test_a_jar_without_cookies_is_a_file_without(tmp_path):
    save_cookies(tmp_path / "jar", iter(()))
    assert load_cookies(tmp_path / "jar") == []


def test_a_cookie_for_one_host_does_not_become_one_for_all_below_it(tmp_path):
    path = tmp_path / "jar"
    save_cookies(path, [Cookie("a", "b", "example.com"), Cookie("a", "c", "www.example.com")])
    assert [cookie.is_host_only for cookie in load_cookies(path)] == [True, True]


def test_octets_that_are_no_text_are_escaped_and_the_file_is_utf_8(tmp_path):
    path = tmp_path / "jar"
    save_cookies(path, [Cookie("\udcff", "\u00e9\udc80\U0001f600", "example.com")])
    assert r"\udcff" in path.read_bytes().decode("utf-8")
    [cookie] = load_cookies(path)
    assert (cookie.name, cookie.value) == ("\udcff", "\u00e9\udc80\U0001f600")


@pytest.mark.parametrize("value", [" b ", "\tb", ""])
def test_blanks_around_a_value_that_a_program_gave_are_kept(tmp_path, value):
    save_cookies(tmp_path / "jar", [Cookie("a", value, "example.com")])
    assert load_cookies(tmp_path / "jar")[0].value == value


def test_a_full_jar_of_the_largest_cookies_fits(tmp_path):
    path = tmp_path / "jar"
    cookies = [Cookie(f"{n:04}", '"' * 4092, "example.com") for n in range(3300)]
    save_cookies(path, cookies)
    assert len(load_cookies(path)) == 3300
    with pytest.raises(ValueError, match="too many cookies"):
        save_cookies(path, [*cookies, Cookie("a", "", "example.com")])
    with pytest.raises(ValueError, match="too many cookies"):  # more bytes, escaped
        save_cookies(path, [Cookie(cookie.name, "\udcff" * 4092, "a") for cookie in cookies])
    assert len(load_cookies(path)) == 3300


def test_an_error_among_the_cookies_leaves_the_old_file(tmp_path):
    def cookies():
        yield Cookie("new", "", "example.com")
        raise RuntimeError("in the middle")

    path = tmp_path / "jar"
    save_cookies(path, [Cookie("old", "", "example.com")])
    with pytest.raises(RuntimeError, match="in the middle"):
        save_cookies(path, cookies())
    assert [cookie.name for cookie in load_cookies(path)] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_could_not_be_loaded_is_not_saved(tmp_path, caplog):
    path = tmp_path / "jar"
    odd = [Cookie("a;b", "secret", "example.com"), Cookie("c", "d", "b\u00fccher.example")]
    save_cookies(path, [odd[0], Cookie("ok", "", "example.com"), odd[1]])
    assert [cookie.name for cookie in load_cookies(path)] == ["ok"]
    [(logger, level, text)] = caplog.record_tuples
    assert (logger, level) == ("aioclient.cookies", logging.WARNING)
    assert "2 cookies left out: cookie 'a;b' has characters that end" in text
    assert "secret" not in text


@pytest.mark.parametrize("time", [-5.0, 1e300, inf])
def test_a_file_can_be_loaded_whatever_the_clock_said(tmp_path, time):
    path = tmp_path / "jar"
    save_cookies(path, [Cookie("a", "b", "example.com", expires_at=time, created_at=time)])
    assert [cookie.name for cookie in load_cookies(path, now=NOW)] == ["a"]


# --- what is not believed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({name: DELETED}, f"cookies[1].{name} is missing") for name in RECORD
    ]
    + [({name: wrong}, f"cookies[1].{name} is no text")
        for name in ("name", "value", "domain", "path", "same_site")
        for wrong in (None, 1, True, ["secret"], {"secret": 1})]
    + [({name: wrong}, f"cookies[1].{name} is neither true nor false")
        for name in ("is_host_only", "is_secure", "is_http_only", "is_partitioned")
        for wrong in (None, 0, 1, "true", "secret", [])]
    + [({name: wrong}, f"cookies[1].{name} is no number")
        for name in ("expires_at", "created_at", "used_at")
        for wrong in (True, "secret", "1", [1])]
    + [({name: wrong}, f"cookies[1].{name} is no time between")
        for name in ("expires_at", "created_at", "used_at")
        for wrong in (-1, 253402300800, 10**400)]
    + [({name: None}, f"cookies[1].{name} is no number") for name in ("created_at", "used_at")]
    + [({"more": "secret"}, "cookies[1] has a field that is not known")],
)  # fmt: skip
def test_a_cookie_has_these_fields_of_these_types(tmp_path, changes, words):
    path = write_records(tmp_path / "jar", altered(name="other"), altered(**changes))
    assert words in refusal(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(
            ({"value": f"secret{chr(n)}"}, "control character")
            for n in [*range(9), 10, 13, 27, 127]
        ),
        ({"name": "a\nb"}, "control character"),
        ({"name": "", "value": ""}, "neither name nor value"),
        ({"name": "n" * 97, "value": "secret" + "x" * 3994}, "more than 4096 bytes"),
        ({"value": "secret" + "\u00e9" * 2045}, "more than 4096 bytes"),
        ({"value": "secret;x"}, "characters that end"),
        ({"name": "a=b"}, "characters that end"),
        ({"name": "a;b"}, "characters that end"),
        ({"name": " a"}, "characters that end"),
        ({"name": "a\t"}, "characters that end"),
        ({"name": "", "value": " secret"}, "characters that end"),
        ({"value": "secret\ud800"}, "not Unicode text"),
        ({"name": "\udc7f"}, "not Unicode text"),
        ({"path": "/\udfff"}, "not Unicode text"),
        ({"path": ""}, "path that is none"),
        ({"path": "secret"}, "path that is none"),
        ({"path": "/\n"}, "path that is none"),
        ({"path": "/\x7f"}, "path that is none"),
        ({"domain": "Example.com"}, "domain that is none"),
        ({"domain": "b\u00fccher.example"}, "domain that is none"),
        ({"domain": "exa mple.com"}, "domain that is none"),
        ({"domain": "example.com\n"}, "domain that is none"),
        ({"domain": "[::1]"}, "domain that is none"),
        ({"domain": "", "is_host_only": False}, "is for all hosts"),
        ({"same_site": "lax"}, "unknown SameSite"),
        ({"same_site": "secret"}, "unknown SameSite"),
        ({"same_site": "None", "is_secure": False}, "SameSite=None without Secure"),
        ({"name": "__Secure-a", "is_secure": False}, "promise of its prefix"),
        ({"name": "__HOST-a", "is_secure": False}, "promise of its prefix"),
        ({"name": "__Host-a", "path": "/a"}, "promise of its prefix"),
        ({"name": "__Host-a", "is_host_only": False}, "promise of its prefix"),
        ({"name": "", "value": "__Host-a=secret"}, "begins as a prefixed name"),
    ],
)
def test_a_cookie_is_one_that_a_server_could_have_set(tmp_path, changes, words):
    path = write_records(tmp_path / "jar", altered(name="other"), altered(**changes))
    text = refusal(path)
    assert "cookies[1]" in text
    assert words in text


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "it is no object"),
        (None, "it is no object"),
        ("secret", "it is no object"),
        ({"version": 2, "cookies": []}, "version is not 1"),
        ({"version": "1", "cookies": []}, "version is not 1"),
        ({"version": True, "cookies": []}, "version is not 1"),
        ({"version": 1.0, "cookies": []}, "version is not 1"),
        ({"version": 1}, "other fields than version and cookies"),
        ({"version": 1, "cookies": [], "secret": 1}, "other fields than version and cookies"),
        ({"version": 1, "cookies": {}}, "cookies is no list"),
        ({"version": 1, "cookies": ["secret"]}, "cookies[0] is no object"),
        ({"cookies": []}, "neither a version nor what aiohttp writes"),
        ({"version": 1, "cookies": [RECORD, RECORD]}, "cookies[1] is there before"),
        ({"version": 1, "cookies": [[]] * 3301}, "more than 3300 cookies"),
    ],
)
def test_a_document_is_an_object_with_a_version_and_cookies(tmp_path, document, words):
    assert words in refusal(write(tmp_path / "jar", document))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (b'{"version": 1, "cookies": ["secret', "no JSON: Unterminated string"),
        (b'{"version": 1, "cookies": []} "secret"', "line 1, column 31"),
        (b'"secret \xff"', "no UTF-8 at byte 8"),
        ('{"version": 1}'.encode("utf-16"), "no UTF-8"),
        (b'{"version": 1, "version": 1, "cookies": []}', "two fields of one name"),
        (b'{"version": NaN, "cookies": []}', "NaN is no number"),
        (b'{"version": -Infinity, "cookies": []}', "-Infinity is no number"),
        (b'{"version": 1' + b"0" * 5000 + b"}", "4300 digits"),
        (b"[" * 60_000, "nested too deeply"),
        (b"[" * 250_000, "more in it than a full jar"),
        (b"[" + b"{}," * 125_000, "more in it than a full jar"),
        (b"[" + b"0," * 250_000 + b"0]", "more in it than a full jar"),
        (b"[" + b'""' * 250_000 + b"]", "more in it than a full jar"),
        (b'["' + rb"\"" * 1_000_000, "no JSON"),
    ],
)
def test_a_file_is_plain_json_of_the_size_of_a_jar(tmp_path, data, words):
    (tmp_path / "jar").write_bytes(data)
    assert words in refusal(tmp_path / "jar")


def test_brackets_and_commas_in_values_do_not_count(tmp_path):
    cookies = [Cookie(str(n), "[{,}]" * 500 + '"[,{', "example.com") for n in range(100)]
    save_cookies(tmp_path / "jar", cookies)
    assert len(load_cookies(tmp_path / "jar")) == 100


def test_a_number_too_large_for_a_float_is_no_time(tmp_path):
    text = json.dumps({"version": 1, "cookies": [altered(used_at=nan)]}).replace("NaN", "1e999")
    (tmp_path / "jar").write_text(text)
    assert "cookies[0].used_at is no time" in refusal(tmp_path / "jar")


def test_a_file_may_have_32_megabytes_and_no_more(tmp_path):
    path = write_records(tmp_path / "jar", RECORD)
    assert MAX_FILE_BYTES == 32 * 1024 * 1024
    path.write_bytes(path.read_bytes().ljust(MAX_FILE_BYTES))
    assert len(load_cookies(path, now=NOW)) == 1
    path.write_bytes(path.read_bytes() + b" ")
    assert "more than 33554432 bytes" in refusal(path)


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_never_read(tmp_path, protocol):
    path, proof = tmp_path / "jar", tmp_path / "proof"
    path.write_bytes(pickle.dumps(Harmful(str(proof)), protocol))
    text = refusal(path)
    assert "pickle" in text if protocol >= 2 else "no JSON" in text
    assert not proof.exists()


def test_a_link_is_not_followed(tmp_path):
    path = tmp_path / "jar"
    try:
        path.symlink_to(write_records(tmp_path / "other", RECORD))
    except OSError:
        pytest.skip("this user cannot make symbolic links")
    if not path.is_symlink():
        pytest.skip("what was made is no link, as under Wine")
    with pytest.raises(OSError, match="not followed"):
        load_cookies(path)


@pytest.mark.parametrize(
    ("domain", "is_kept"),
    [("com", 0), ("co.uk", 0), ("github.io", 0), ("localhost", 0), ("127.0.0.1", 1), ("::1", 1),
     ("a..example.com", 0), ("example.com", 1), ("a.github.io", 1)],
)  # fmt: skip
def test_a_cookie_for_many_owners_is_left_out_with_a_warning(tmp_path, caplog, domain, is_kept):
    wide = altered(domain=domain, is_host_only=False)
    path = write_records(tmp_path / "jar", wide, altered(domain=domain))
    cookies = load_cookies(path, now=NOW)
    assert [cookie.is_host_only for cookie in cookies] == [False, True][1 - is_kept :]
    assert len(caplog.records) == 1 - is_kept
    if not is_kept:
        assert "1 cookies left out: cookie 'a' is for a public suffix" in caplog.text
        assert "secret" not in caplog.text


def test_no_cookie_is_of_the_future_or_lives_for_longer_than_one_that_is_set(tmp_path):
    record = altered(created_at=NOW + 1, used_at=NOW + 2, expires_at=NOW + 500 * DAY_S)
    [cookie] = load_cookies(write_records(tmp_path / "jar", record), now=NOW)
    assert (cookie.created_at, cookie.used_at) == (NOW, NOW)
    assert cookie.expires_at == NOW + 400 * DAY_S


def test_now_is_the_time_that_it_is(tmp_path):
    record = altered(created_at=253402300799, used_at=0, expires_at=253402300799)
    [cookie] = load_cookies(write_records(tmp_path / "jar", record))
    assert 1_700_000_000 < cookie.created_at == cookie.expires_at - 400 * DAY_S < 253402300799
    assert cookie.used_at == 0


@pytest.mark.parametrize("domain", ["", "com", "127.0.0.1", "::1", "example.com.", "a_b"])
def test_a_cookie_may_be_for_any_one_host(tmp_path, domain):
    path = write_records(tmp_path / "jar", altered(domain=domain))
    assert [cookie.domain for cookie in load_cookies(path, now=NOW)] == [domain]
