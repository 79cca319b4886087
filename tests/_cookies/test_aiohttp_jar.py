"""Cookies out of a file that aiohttp's jar wrote."""

import json

import pytest
from kept_cookies import NOW, facts

from aioclient._cookies.cookie import Cookie
from aioclient._cookies.jar_file import load_cookies

DAY_S = 24 * 60 * 60


def record(name="a", value="b", **more):
    entry = {"key": name, "value": value, "coded_value": value, "path": "/"}
    return {name: entry | {"domain": "example.com"} | more}


def loaded(path, document):
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return load_cookies(path, now=NOW)


def test_what_aiohttp_knows_of_a_cookie_is_known_here(tmp_path):
    wide = record(path="/x", secure=True, httponly=True, samesite="lax", partitioned=True)
    wide["a"]["expires_timestamp"] = NOW + 10.5
    quoted = record("q", "x,y", domain="www.example.com", host_only=True)
    quoted["q"]["coded_value"] = r'"x\054y"'
    document = {"example.com|/x": wide, "www.example.com|": quoted}
    expected = [
        Cookie(
            "a",
            "b",
            "example.com",
            "/x",
            is_host_only=False,
            expires_at=NOW + 10.5,
            is_secure=True,
            is_http_only=True,
            same_site="Lax",
            is_partitioned=True,
            created_at=NOW,
        ),
        Cookie("q", r'"x\054y"', "www.example.com", created_at=NOW),
    ]
    assert list(map(facts, loaded(tmp_path / "jar", document))) == list(map(facts, expected))


def test_an_empty_jar_is_one(tmp_path):
    assert loaded(tmp_path / "jar", {}) == []


def test_a_cookie_for_every_host_is_for_the_first_that_is_asked(tmp_path):
    shared = {"a": {"key": "a", "value": "b", "coded_value": "b", "path": "/"}}
    [cookie] = loaded(tmp_path / "jar", {"|": shared})
    assert (cookie.domain, cookie.is_host_only) == ("", True)


def test_if_no_cookie_is_said_to_be_for_one_host_all_are(tmp_path):
    document = {"example.com|": record(), "www.example.com|": record(domain="www.example.com")}
    assert [cookie.is_host_only for cookie in loaded(tmp_path / "jar", document)] == [True, True]
    document["www.example.com|"]["a"]["host_only"] = True
    assert [cookie.is_host_only for cookie in loaded(tmp_path / "jar", document)] == [False, True]


@pytest.mark.parametrize(
    ("attributes", "expires_at"),
    [
        ({"max-age": "60"}, NOW + 60),
        ({"expires": "Wed, 18 May 2033 03:33:30 GMT"}, NOW + 10),
        ({"expires": "soon"}, float("inf")),
        ({"expires_timestamp": NOW + 500 * DAY_S}, NOW + 400 * DAY_S),
        ({"expires_timestamp": 10**400}, NOW + 400 * DAY_S),
        ({"expires_timestamp": -1}, 0.0),
    ],
)
def test_a_cookie_expires_when_it_did_there_and_not_too_late(tmp_path, attributes, expires_at):
    [cookie] = loaded(tmp_path / "jar", {"example.com|": record(**attributes)})
    assert cookie.expires_at == expires_at


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (record(domain="com"), "public suffix"),
        (record("__Host-a"), "promise of its prefix"),
        (record(samesite="None"), "SameSite=None without Secure"),
        (record(value="secret;x"), "characters that end"),
        (record(path="x"), "path that is none"),
        (record(domain="exa mple.com"), "domain that is none"),
    ],
)
def test_what_no_jar_here_would_keep_is_left_out_with_a_warning(tmp_path, caplog, entry, words):
    document = {"a|": entry, "b|": record("ok", host_only=True)}
    assert [cookie.name for cookie in loaded(tmp_path / "jar", document)] == ["ok"]
    [log] = caplog.records
    assert "1 cookies left out" in log.getMessage()
    assert words in log.getMessage()
    assert "secret" not in log.getMessage()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"a|": []}, "neither a version nor what aiohttp writes"),
        ({"a": record()}, "neither a version nor what aiohttp writes"),
        ({"a|": {"a": "secret"}}, "group 0, cookie 0 is not what aiohttp writes"),
        ({"a|": {"b": record()["a"]}}, "group 0, cookie 0 is not what aiohttp writes"),
        (
            {"a|": record(), "b|": record(coded_value=1)},
            "group 1, cookie 0: coded_value is no text",
        ),
        ({"a|": record(coded_value=None)}, "coded_value is no text"),
        ({"a|": record(domain=1)}, "domain is no text"),
        ({"a|": record(samesite=True)}, "samesite is no text"),
        ({"a|": record(secure=1)}, "secure is neither"),
        ({"a|": record(host_only=[1])}, "host_only is neither"),
        ({"a|": record(expires_timestamp="secret")}, "expires_timestamp is no time"),
        ({"a|": record(expires_timestamp=True)}, "expires_timestamp is no time"),
        ({"a|": record(expires_timestamp=None)}, "expires_timestamp is no time"),
    ],
)
def test_what_aiohttp_does_not_write_is_refused(tmp_path, document, words):
    with pytest.raises(ValueError, match="not a file of cookies") as caught:
        loaded(tmp_path / "jar", document)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
