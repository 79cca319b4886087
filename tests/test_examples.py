"""The examples do what they say, against the embedded origin."""

import asyncio
import importlib.util
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from digest_site import LOGIN, DigestSite
from origin import Origin, origin_in_thread
from pages import Pages, page
from recording_proxy import RecordingProxy
from running import closed_port, result_of
from scripted import ScriptedServer, answers
from server_frames import TEXT, frame
from unix_server import UnixPages
from websocket_site import WebSocketSite

EXAMPLES = Path(__file__).parent.parent / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_against_origin(path, call):
    async def main():
        async with Origin() as origin:
            return await call(origin.url(path))

    return result_of(main())


def test_get_json_gives_the_decoded_document():
    document = run_against_origin("/json", load("get_json").get_json)
    assert document["numbers"] == [1, 2, 3]


def test_download_writes_every_byte(tmp_path):
    file = tmp_path / "file"
    size = run_against_origin("/bytes/3000000", lambda url: load("download").download(url, file))
    assert size == file.stat().st_size == 3_000_000


def test_upload_is_accepted():
    assert run_against_origin("/echo", load("upload").upload) == 200


def test_upload_file_is_accepted(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hello" * 100_000)
    example = load("upload_file").upload
    assert run_against_origin("/echo", lambda url: example(url, path)) == 200


def test_upload_form_is_accepted(tmp_path):
    path = tmp_path / "gr\u00fcn.txt"
    path.write_bytes(b"hello" * 100_000)
    example = load("upload_form").upload
    assert run_against_origin("/echo", lambda url: example(url, path)) == 200


def test_untrusted_server_names_the_limit_that_was_passed():
    example = load("untrusted_server").size_or_reason
    assert run_against_origin("/bytes/1000", example) == "1000 bytes"
    reason = run_against_origin("/bytes/1000001", example)
    assert reason == "too much: max_body_size is 1000000"
    reason = run_against_origin("/headers/100", example)
    assert reason == "too large a head: max_headers is 64"


@pytest.mark.parametrize("kind", ["processes", "threads"])
def test_all_workers_get_their_share(kind):
    example = load("all_cores")
    command = [sys.executable, str(EXAMPLES / "all_cores.py"), kind, "2"]
    with origin_in_thread() as origin:
        if kind == "threads":
            words = example.count_with("threads", 3, [origin.url("/json")] * 30)
            assert words
            assert set(words.values()) == {30}
        done = subprocess.run(
            [*command, origin.url("/json"), "30"], check=True, capture_output=True, text=True
        )
    *words, speed = done.stdout.splitlines()
    assert words
    assert all(line.split()[0] == "30" for line in words)
    assert f"pages a second with 2 {kind}" in speed


def test_a_crawl_goes_on_all_workers_of_a_cluster():
    pytest.importorskip("distributed")
    with origin_in_thread() as origin:
        urls = [origin.url(f"/bytes/{size}") for size in range(60)] + [origin.url("/status/404")]
        gone = f"http://127.0.0.1:{closed_port()}/"
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "crawl_with_dask.py"), "local", *urls, gone],
            check=True,
            capture_output=True,
            text=True,
        )
    pages = [
        re.fullmatch(r"Page\(url='(.*)', status=(.*), size=(\d+), error=(.*), worker=(\d)\)", line)
        for line in done.stdout.splitlines()
    ]
    statuses = {page[1]: page[2] for page in pages}
    assert statuses == dict.fromkeys(urls, "200") | {urls[-1]: "404", gone: "None"}
    assert {page[1]: int(page[3]) for page in pages}[urls[59]] == 59
    assert "ClientConnectorError" in next(page[4] for page in pages if page[1] == gone)
    assert len({page[5] for page in pages if page[1] != gone}) == 1  # they are of one host


def test_a_crawl_shares_out_hosts():
    pytest.importorskip("distributed")
    example = load("crawl_with_dask")
    urls = [f"http://host{number % 40}.test/{number}" for number in range(4000)]
    parts = example.partitions(urls)
    assert sorted(url for part in parts for url in part) == sorted(urls)
    assert max(map(len, parts)) == 50
    assert all(len({url.rpartition("/")[0] for url in part}) == 1 for part in parts)
    places = {part[0].rpartition("/")[0]: set() for part in parts}
    for part in parts:
        places[part[0].rpartition("/")[0]].add(example.worker_of(part, ["a", "b"]))
    assert all(len(chosen) == 1 for chosen in places.values())
    assert sum(chosen == {"a"} for chosen in places.values()) in range(10, 31)


def test_many_requests_all_succeed():
    assert run_against_origin("/json", load("many_requests").get_many) == {200: 200}


def test_time_limits_names_the_limit_that_passed():
    example = load("time_limits").status_or_reason
    assert run_against_origin("/json", lambda url: example(url, 5)) == "200"
    reason = run_against_origin("/delay/5", lambda url: example(url, 0.1))
    assert reason == "total limit passed while waiting for: response"


def test_upload_progress_counts_what_was_sent(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hello" * 100_000)
    example = load("upload_progress").upload
    assert run_against_origin("/echo", lambda url: example(url, path)) == 500_000
    assert 0 < run_against_origin("/echo", lambda url: example(url, path, "gzip")) < 50_000


def test_credentials_and_cookies_are_sent():
    example = load("credentials").who_am_i
    text = run_against_origin("/echo", lambda url: example(url, "me", "secret"))
    headers = {name.lower(): value for name, value in json.loads(text)["headers"]}
    assert headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert headers["cookie"] == "theme=dark; page=1"


def test_cookies_are_kept_in_a_file(tmp_path):
    visit = load("cookies").visit

    async def main():
        fields = ("Set-Cookie: a=1", "Set-Cookie: b=2; Expires=Wed, 21 Oct 2015 07:28:00 GMT")
        async with Pages(set=page(b"", *fields)) as server:
            for path, names in {"/set": "none", "/": "a"}.items():
                lines = await asyncio.to_thread(visit, server.url(path), tmp_path / "jar")
                assert lines == [f"sent: {names}", "a until it is deleted"]

    result_of(main())


def test_redirects_shows_each_step():
    steps = run_against_origin("/redirect/2", load("redirects").way)
    assert steps == ["302 /redirect/2", "302 /redirect/1", "200 /json"]


def test_failed_request_says_what_the_server_said():
    report = load("failed_request").report
    assert run_against_origin("/status/404", report).startswith('404: {"status": 404}')
    assert run_against_origin("/json", report).startswith("200 after 0.")
    assert "cannot connect" in result_of(report("http://127.0.0.1:1/"))


def test_shared_connector_makes_one_connection():
    assert run_against_origin("/json", load("shared_connector").ask_twice) == (
        "1 made, 1 used again"
    )


def test_proxy_says_who_failed(monkeypatch):
    example = load("proxy").status_or_reason
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    async def main():
        refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nNever!"
        wanting = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        async with (
            RecordingProxy(connect_answer=refusal) as proxy,
            ScriptedServer(answers(wanting)) as strict,
        ):
            through = f"200, connected to ('127.0.0.1', {proxy.port})"
            assert await example("http://a.example/", proxy.url()) == through
            monkeypatch.setenv("http_proxy", proxy.url())
            assert await example("http://a.example/") == through
            tunnelled = await example("https://a.example/", proxy.url())
            assert tunnelled == "no tunnel: 403 Forbidden, Never!"
            assert await example("http://a.example/", strict.url()) == "login, please: Basic"
            nobody = await example("http://a.example/", f"http://127.0.0.1:{closed_port()}")
            assert nobody.startswith("no proxy: cannot connect to proxy 127.0.0.1:")

    result_of(main())


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")
def test_unix_socket_is_asked(tmp_path):
    get = load("unix_socket").get
    path = str(tmp_path / "socket")

    async def main():
        async with UnixPages(path) as server:
            assert await get(path, "/version?x=1") == "ok"
            assert server.last.target == "/version?x=1"

    result_of(main())
    assert result_of(get(f"{path}.not", "/")).startswith("cannot connect to UNIX socket")


def test_connector_stats_are_lines_for_prometheus():
    lines = run_against_origin("/json", load("connector_stats").scrape)
    values = dict(line.rsplit(" ", 1) for line in lines)
    assert values["http_client_connections_created_total"] == "4"
    assert values["http_client_connections_reused_total"] == "16"
    (idle,) = (value for name, value in values.items() if 'state="idle"' in name)
    assert idle == "4"
    assert values['http_client_connections_closed_total{reason="idle_too_long"}'] == "0"


def test_graceful_shutdown_breaks_nothing_off():
    example = load("graceful_shutdown").serve

    async def serve(url):
        is_over = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, is_over.set)
        return await example(url, is_over)

    outcomes = run_against_origin("/delay/0.2", serve)
    assert outcomes["answered"] > 1
    assert outcomes["broken off"] == 0


def test_steady_requests_are_sent_again(caplog):
    example = load("steady_requests").get_steadily
    caplog.set_level("INFO")

    async def main():
        async with Pages(flaky=[page(b"", status="503 Busy"), page(b"here")]) as server:
            assert await example(server.url("/flaky")) == "200: here"
            assert len(server.seen) == 2
        async with DigestSite() as server:
            assert (await example(server.url(), *LOGIN)).startswith("200: ")

    result_of(main())
    logged = [re.search(r": (\d+) after", text) for text in caplog.messages]
    assert [match[1] for match in logged if match] == ["503", "200", "401", "200"]


def test_websocket_feed_goes_on_after_a_loss():
    shown, peers = [], []

    async def talk(peer):
        peers.append(peer)
        _, said = await peer.frame()
        peer.send(frame(TEXT, said))
        if len(peers) > 1:
            await peer.shut()  # with 1000; the first is lost

    async def main():
        async with WebSocketSite(talk) as site:
            return await load("websocket_feed").follow(site.url(), shown.append)

    assert result_of(main()) == 2
    assert shown == ["hello", "lost (1006), once more ...", "hello"]


def test_tests_with_a_mock_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(EXAMPLES / "test_with_mock.py")],
        check=False,
        capture_output=True,
        text=True,
        cwd=EXAMPLES.parent,
    )
    assert "4 passed" in done.stdout
