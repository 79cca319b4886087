"""Records as HAR: valid by the schema of HAR 1.2, complete, and without secrets."""

import base64
import gzip
import json
import os
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_resolver import FakeResolver
from jsonschema import Draft6Validator
from pages import OK, Pages, page
from referencing import Registry, Resource
from running import asynchronous, closed_port
from scripted import ScriptedServer, answers

import aioclient
from aioclient.timing import RecordedBody, TimingConfig, TimingRecord, to_har, write_har
from aioclient.timing._record import Course

SECRET = "xyzzy"
PARTS = ("blocked", "dns", "connect", "send", "wait", "receive")


def _validator() -> Draft6Validator:
    schemas = {
        path.name: json.loads(path.read_text("utf-8"))
        for path in (Path(__file__).parent.parent / "vectors" / "har").glob("*.json")
    }
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    return Draft6Validator(
        schemas["har.json"],
        registry=registry,
        format_checker=Draft6Validator.FORMAT_CHECKER,
    )


VALIDATOR = _validator()


def valid(har: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries, if all that the schema, and the words of the format, ask for is there."""
    VALIDATOR.validate(json.loads(json.dumps(har)))
    assert har["log"]["version"] == "1.2"
    for entry in har["log"]["entries"]:
        timings = entry["timings"]
        assert all(value >= -1 for value in timings.values())
        assert min(timings[part] for part in ("send", "wait", "receive")) >= 0
        assert sum(max(0, timings[part]) for part in PARTS) == pytest.approx(entry["time"])
        assert timings["ssl"] <= timings["connect"]
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
    entries: list[dict[str, Any]] = har["log"]["entries"]
    return entries


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def made(*turns: tuple[str, float], end: float | None = None, **known: Any) -> TimingRecord:
    """A record of a GET with these turns from phase to phase."""
    course = Course(0.0)
    for phase, at in turns:
        course.turn_to(phase, at)  # type: ignore[arg-type] # names of phases
    if end is not None:
        course.end(end)
    known = {"method": "GET", "url": "http://a.example/", "started_at": 0.0} | known
    return TimingRecord(1, course=course, is_finished=end is not None, **known)


def body(content: bytes, max_bytes: int = 1000) -> RecordedBody:
    recorded = RecordedBody(max_bytes)
    recorded.add(content)
    return recorded


# --- what is in it -------------------------------------------------------------------------------


@asynchronous
async def test_requests_of_all_kinds_are_valid(server_tls: Any, trusting: Any) -> None:
    timing = TimingConfig(bodies=True)
    connector = aioclient.TCPConnector(
        ssl=trusting, resolver=FakeResolver({"service.example": ["127.0.0.1"]})
    )
    cookie = "Set-Cookie: a=b; Path=/; Domain=service.example; Secure; HttpOnly; SameSite=Lax"
    binary = page(bytes(range(256)), "Content-Type: image/png")
    async with (
        Pages(server_tls, a=page(b'{"a": 1}', "Content-Type: application/json", cookie)) as server,
        Pages(b=binary).redirect("c", "/b?x=1&x=2") as plain,
        ScriptedServer(answers(OK[:-1])) as broken,
        aioclient.ClientSession(trace_configs=[timing], connector=connector) as client,
    ):
        url = server.url("/a?q=%C5%BE&q=", "service.example")
        await (await client.post(url, json={"a": 1})).read()
        await (await client.get(plain.url("/c"), cookies={"d": "e"})).read()
        with pytest.raises(aioclient.ClientPayloadError):
            await (await client.get(broken.url())).read()
        with pytest.raises(aioclient.ClientConnectorError):
            await client.get(f"http://127.0.0.1:{closed_port()}/")
    first, redirect, target, cut, refused = valid(to_har(timing.records))
    assert first["request"]["queryString"] == [
        {"name": "q", "value": "ž"},
        {"name": "q", "value": ""},
    ]
    assert first["request"]["postData"] == {"mimeType": "application/json", "text": '{"a": 1}'}
    assert first["response"]["content"] == {
        "size": 8,
        "mimeType": "application/json",
        "text": '{"a": 1}',
        "compression": 0,
    }
    assert first["timings"]["ssl"] > 0
    assert first["serverIPAddress"] == "127.0.0.1"
    assert first["connection"] == str(timing.records[0].connection_id)
    assert redirect["response"]["redirectURL"] == "/b?x=1&x=2"
    assert [redirect["response"]["status"], target["response"]["status"]] == [302, 200]
    content = target["response"]["content"]
    assert (content["encoding"], base64.b64decode(content["text"])) == (
        "base64",
        bytes(range(256)),
    )
    assert cut["response"]["status"] == 200
    assert cut["response"]["_error"] == "ClientPayloadError"
    assert refused["response"]["status"] == 0
    assert refused["comment"].startswith("ClientConnectorError: cannot connect to 127.0.0.1")


def test_no_records_are_a_valid_file() -> None:
    assert valid(to_har([])) == []


def test_times_are_milliseconds_and_connecting_includes_tls() -> None:
    turns = [("dns", 0.001), ("connect", 0.003), ("tls", 0.006), ("send", 0.01), ("wait", 0.015)]
    (entry,) = valid(to_har([made(*turns, ("receive", 0.021), end=0.028)]))
    assert entry["timings"] == {
        "blocked": 1.0,
        "dns": 2.0,
        "connect": 7.0,
        "ssl": 4.0,
        "send": 5.0,
        "wait": 6.0,
        "receive": 7.0,
    }
    assert entry["time"] == 28.0


def test_phases_that_do_not_apply_are_minus_1_or_0() -> None:
    (entry,) = valid(to_har([made()]))
    assert entry["timings"] == {
        "blocked": -1,
        "dns": -1,
        "connect": -1,
        "ssl": -1,
        "send": 0.0,
        "wait": 0.0,
        "receive": 0.0,
    }
    assert entry["comment"] == "not finished"


def test_the_beginning_is_told_with_its_time_zone() -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
    (entry,) = valid(to_har([made(started_at=at.timestamp())]))
    said = datetime.fromisoformat(entry["startedDateTime"])
    assert abs(said - at) <= timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (("127.0.0.1", 80), "127.0.0.1"),
        (("::1", 80, 0, 0), "::1"),
        (("fe80::1%eth0", 80, 0, 2), "fe80::1"),
        ("/run/service.sock", None),
        (None, None),
    ],
)
def test_addresses_of_the_internet_are_told(address: Any, shown: str | None) -> None:
    (entry,) = valid(to_har([made(remote_address=address)]))
    assert entry.get("serverIPAddress") == shown


def test_what_is_no_utf8_can_be_read_all_the_same() -> None:
    record = made(status=200, response_headers=(("X-Name", "\udcff"),), reason="\udcfe")
    (entry,) = valid(to_har([record]))
    text = json.dumps(entry, ensure_ascii=False)
    assert text.encode().decode() == text


# --- bodies --------------------------------------------------------------------------------------


def test_text_that_was_cut_within_a_character_is_text() -> None:
    record = made(
        end=1.0,
        status=200,
        response_headers=(("content-type", "text/plain; charset=utf-8"),),
        response_body=body("až".encode(), 2),
    )
    (entry,) = valid(to_har([record]))
    assert entry["response"]["content"] == {
        "size": 2,
        "mimeType": "text/plain; charset=utf-8",
        "text": "a",
        "comment": "only the first 2 bytes",
    }


def test_text_is_decoded_by_its_charset() -> None:
    record = made(
        response_headers=(("Content-Type", "text/plain; charset=iso-8859-2"),),
        response_body=body("ž".encode("iso-8859-2")),
    )
    assert valid(to_har([record]))[0]["response"]["content"]["text"] == "ž"


@pytest.mark.parametrize("charset", ["utf-16", "utf-8", "no-such-thing"])
def test_what_is_no_text_in_its_charset_is_base64(charset: str) -> None:
    record = made(
        response_body=body(b"\xff\x00\x01\x02"),
        response_headers=(("content-type", f"text/plain; charset={charset}"),),
    )
    (entry,) = valid(to_har([record]))
    assert entry["response"]["content"]["text"] == "/wABAg=="


def test_a_binary_body_of_a_request_says_how_it_is_written() -> None:
    data = valid(to_har([made(request_body=body(b"\xff"))]))[0]["request"]["postData"]
    assert data == {"mimeType": "", "text": "/w==", "comment": "text is base64"}


@asynchronous
async def test_a_coded_body_is_told_as_it_was_read_and_what_that_saved() -> None:
    timing = TimingConfig(bodies=True)
    coded = gzip.compress(b"a" * 1000)
    async with (
        Pages(a=page(coded, "Content-Encoding: gzip", "Content-Type: text/plain")) as server,
        aioclient.ClientSession(trace_configs=[timing]) as client,
        client.get(server.url("/a")) as response,
    ):
        await response.read()
    (entry,) = valid(to_har(timing.records))
    content = entry["response"]["content"]
    assert (content["text"], content["size"]) == ("a" * 1000, 1000)
    assert content["compression"] == 1000 - len(coded)
    assert entry["response"]["bodySize"] == len(coded)


@asynchronous
async def test_bodies_are_not_in_it_unless_they_were_recorded() -> None:
    timing = TimingConfig()
    async with (
        Pages(a=page(SECRET.encode())) as server,
        aioclient.ClientSession(trace_configs=[timing]) as client,
        client.post(server.url("/a"), data=SECRET) as response,
    ):
        await response.read()
    (entry,) = valid(to_har(timing.records, secrets=True))
    assert SECRET not in json.dumps(entry)
    assert "postData" not in entry["request"]
    assert entry["request"]["bodySize"] == entry["response"]["content"]["size"] == len(SECRET)


# --- secrets -------------------------------------------------------------------------------------

#: Headers of a request and a response with secrets in them.
ASKED = (
    ("Authorization", f"Basic {SECRET}"),
    ("PROXY-AUTHORIZATION", f"Basic {SECRET}"),
    ("cookie", f'token={SECRET}; quoted="a; {SECRET}=1"; {SECRET}'),
    ("Referer", f"http://me:{SECRET}@a.example/"),
)
ANSWERED = (
    ("Set-Cookie", f"token={SECRET}; Path=/; HttpOnly"),
    ("set-cookie", SECRET),
    ("Location", f"https://me:{SECRET}@a.example/"),
)


def test_secrets_are_hidden() -> None:
    record = made(status=302, request_headers=ASKED, response_headers=ANSWERED)
    (entry,) = valid(to_har([record]))
    assert [text for text in texts(entry) if SECRET in text] == []
    assert {"name": "token", "value": "(hidden)"} in entry["request"]["cookies"]
    assert {"name": "Set-Cookie", "value": "token=(hidden); Path=/; HttpOnly"} in (
        entry["response"]["headers"]
    )
    assert entry["response"]["cookies"][0] == {
        "name": "token",
        "value": "(hidden)",
        "path": "/",
        "httpOnly": True,
        "secure": False,
    }
    assert entry["response"]["redirectURL"] == "https://a.example/"


def test_secrets_are_in_it_if_that_is_wished() -> None:
    record = made(status=302, request_headers=ASKED, response_headers=ANSWERED)
    (entry,) = valid(to_har([record], secrets=True))
    shown = [(each["name"], each["value"]) for each in entry["request"]["headers"]]
    assert shown == list(ASKED)
    assert {"name": "token", "value": SECRET} in entry["request"]["cookies"]
    assert entry["response"]["redirectURL"] == f"https://me:{SECRET}@a.example/"


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "requests.har"
    path.write_text("old")
    path.chmod(0o644)
    write_har(path, [made()])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["requests.har"]


def test_a_file_has_what_was_made_of_the_records(tmp_path: Path) -> None:
    records = [made(status=200, reason="ž", request_headers=ASKED)]
    for secrets in (False, True):
        write_har(os.fspath(tmp_path / "a"), records, secrets=secrets)
        har = json.loads((tmp_path / "a").read_text("utf-8"))
        assert har == to_har(records, secrets=secrets)
        valid(har)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file|cannot find"):
        write_har(tmp_path / "no" / "a", [made()])
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="not a regular file"):
        write_har(tmp_path / "folder", [made()])
