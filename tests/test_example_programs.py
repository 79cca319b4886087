"""The examples as a reader starts them: programs with arguments, whose output is looked at."""

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trustme
from origin import Origin
from pages import Pages, page
from running import closed_port, result_of
from scripted import ScriptedServer, answers, head_of
from server_frames import TEXT, frame
from unix_server import UnixServer
from websocket_site import WebSocketSite

EXAMPLES = Path(__file__).parent.parent / "examples"
HTML = "Content-Type: text/html"


def command(name, *arguments):
    return [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *map(str, arguments)]


def settings(environment):
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}


async def output_of(name, *arguments, typed="", status=0, **environment):
    """What an example prints; standard error is behind it if it is to fail."""
    done = await asyncio.to_thread(
        subprocess.run,
        command(name, *arguments),
        check=False,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        env=settings(environment),
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr if status else done.stdout


# --- every example -------------------------------------------------------------------------------

#: Arguments of those that need no server but the origin, and what they print.
WITH_ORIGIN = {
    "connector_stats": (["{url}/json"], "http_client_connections_created_total "),
    "cookies": (["{url}/json", "{folder}/jar"], "sent: none"),
    "credentials": (["{url}/echo", "me", "secret"], "Basic bWU6c2VjcmV0"),
    "download": (["{url}/bytes/300000", "{folder}/file"], "300000 bytes"),
    "failed_request": (["{url}/status/404"], "404: "),
    "get_json": (["{url}/json"], "'numbers': [1, 2, 3]"),
    "many_requests": (["{url}/json"], "200 200"),
    "proxy": (["{url}/json", "{url}"], "200, connected to ('127.0.0.1', "),
    "redirects": (["{url}/redirect/1"], "302 /redirect/1\n200 /json"),
    "shared_connector": (["{url}/json"], "1 made, 1 used again"),
    "steady_requests": (["{url}/json"], "200: {"),
    "time_limits": (["{url}/json"], "200"),
    "untrusted_server": (["{url}/bytes/1000"], "1000 bytes"),
    "upload": (["{url}/echo"], "200"),
    "upload_file": (["{url}/echo", "{folder}/sent"], "200"),
    "upload_form": (["{url}/echo", "{folder}/sent"], "200"),
    "upload_progress": (["{url}/echo", "{folder}/sent"], "500,000 bytes sent"),
}


@pytest.mark.parametrize("name", WITH_ORIGIN)
def test_program_prints_what_came_of_it(name, tmp_path):
    arguments, expected = WITH_ORIGIN[name]
    (tmp_path / "sent").write_bytes(b"hello" * 100_000)

    async def main():
        async with Origin() as origin:
            given = [each.format(url=origin.url(""), folder=tmp_path) for each in arguments]
            return await output_of(name, *given)

    assert expected in result_of(main())


#: What tests of other files run.
ELSEWHERE = {
    "all_cores": "test_examples",
    "crawl_with_dask": "test_examples",
    "graceful_shutdown": "test_examples",
    "opentelemetry_tracing": "test_opentelemetry",
    "test_with_mock": "test_examples",
    "unix_socket": "test_examples",
    "websocket_feed": "test_examples",
}


def test_every_example_is_run_and_has_its_row():
    files = {path.stem for path in EXAMPLES.glob("*.py")}
    rows = re.findall(
        r"^\| \[(\w+)\.py\]\(\1\.py\) \| [^|]+ \|$",
        (EXAMPLES / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert sorted(rows) == sorted(files)
    here = set(
        re.findall(r"(?:output_of|started)\(\s*\"(\w+)\"", Path(__file__).read_text("utf-8"))
    )
    assert files == {*WITH_ORIGIN, *ELSEWHERE, *here}
    for name, where in ELSEWHERE.items():
        assert name in Path(__file__).with_name(f"{where}.py").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_example_says_how_it_is_started(path):
    text = path.read_text("utf-8")
    usage = text.split('"""')[1]
    start = "pytest" if path.stem.startswith("test_") else "python"
    assert re.search(rf"^(\w+=\S+ )?{start} examples/{path.name}", usage, re.MULTILINE)


# --- many files ----------------------------------------------------------------------------------


def test_many_files_are_downloaded_each_under_its_name(tmp_path):
    async def main():
        async with Origin() as origin:
            good = [origin.url(f"/bytes/{size}") for size in (10, 2_000_000, 300_000)]
            bad = [origin.url("/status/404"), f"http://127.0.0.1:{closed_port()}/gone"]
            again = origin.url("/chunked/10")  # another page whose name is 10
            urls = [*good, *bad, again]
            return urls, await output_of("download_many", tmp_path / "new", *urls, status=1)

    urls, output = result_of(main())
    words = "10 bytes", "2,000,000 bytes", "300,000 bytes", "failed", "failed", "10 bytes"
    for url, start in zip(urls, words, strict=True):
        assert any(line.startswith(start) and url in line for line in output.splitlines())
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "new").iterdir()}
    assert sizes == {"10": 10, "2000000": 2_000_000, "300000": 300_000, "6-10": 10}


def test_a_download_that_breaks_off_leaves_no_file(tmp_path):
    async def main():
        async with ScriptedServer(answers(page(b"x" * 100)[:-50])) as server:
            url = server.url("/part")
            await output_of("download_many", tmp_path / "new", url, status=1)

    result_of(main())
    assert list((tmp_path / "new").iterdir()) == []


# --- a JSON API ----------------------------------------------------------------------------------


def test_pages_of_a_json_api_are_read_although_it_is_busy():
    link = 'Link: </items?page=2>; rel="next"'

    class Api(Pages):
        def page_for(self, seen):
            if seen.target == "/items" and len(self.seen) == 1:
                return page(b"", "Retry-After: 0", status="429 Too Many Requests")
            if seen.target == "/items":
                return page(b'[{"id": 1}, {"id": 2}]', "Content-Type: application/json", link)
            return page(b'[{"id": 3}]', "Content-Type: application/json")

    async def main():
        async with Api() as server:
            output = await output_of("json_api", server.url("/items"))
            assert output.splitlines() == ['{"id": 1}', '{"id": 2}', '{"id": 3}']
            assert [seen.target for seen in server.seen] == ["/items", "/items", "/items?page=2"]

    result_of(main())


def test_an_item_is_added_once_with_a_key():
    async def main():
        done = page(b"", "Location: /items/4", status="201 Created")
        busy = page(b"", status="503 Busy")
        async with Pages(items=[busy, None, done]) as server:
            output = await output_of("json_api", server.url("/items"), "--add", '{"name": "pen"}')
            assert output == "added: /items/4\n"
            assert [seen.method for seen in server.seen] == ["POST"] * 3
            assert len({seen.headers["Idempotency-Key"] for seen in server.seen}) == 1
            assert json.loads(server.last.body) == {"name": "pen"}

    result_of(main())


def test_what_a_json_api_says_of_an_error_is_shown():
    async def main():
        async with Pages(items=page(b'{"detail": "no"}', status="403 Forbidden")) as server:
            return await output_of("json_api", server.url("/items"), status=1)

    assert result_of(main()) == '403 Forbidden: {"detail": "no"}\n'


# --- events --------------------------------------------------------------------------------------


def test_events_go_on_where_they_were_lost():
    start = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    first = b": hello\nretry: 10\n\nid: 7\ndata: one\ndata: more\n\n"
    first += b"event: price\r\ndata:2\r\n\r\nda"
    chunked = start + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(first), first)

    class Feed(Pages):
        async def _talk(self, reader, writer):
            await head_of(reader)
            writer.write(chunked)  # and hangs up, in the middle of a chunked body

    async def main():
        async with Feed() as feed:
            assert await output_of("server_sent_events", feed.url(), 3) == (
                "message: one\nmore\nprice: 2\nmessage: one\nmore\n"
            )

    result_of(main())


def test_events_end_when_the_server_says_so():
    class Feed(Pages):
        def page_for(self, seen):
            if "Last-Event-ID" not in seen.headers:
                return page(b"retry: 10\nid: 7\ndata: one\n\n")
            assert seen.headers["Last-Event-ID"] == "7"
            return b"HTTP/1.1 204 No Content\r\n\r\n"

    async def main():
        async with Feed() as feed:
            assert await output_of("server_sent_events", feed.url()) == "message: one\n"
            assert len(feed.seen) == 2

    result_of(main())


# --- WebSocket -----------------------------------------------------------------------------------


def test_two_people_chat():
    lines = result_of(output_of("websocket_chat")).splitlines()
    assert "Ann reads 'Ann: Hello!'" in lines
    assert "Bob reads 'Bob: Hi!'" in lines


def test_chat_says_what_is_typed():
    said = []

    async def talk(peer):
        while True:
            first, text = await peer.frame()
            if first & 0x0F != TEXT:
                break
            said.append(text.decode())
            peer.send(frame(TEXT, text))
        await peer.shut()

    async def main():
        async with WebSocketSite(talk) as site:
            await output_of("websocket_chat", site.url(), "Ann", typed="Hello!\nBye!\n")

    result_of(main())
    assert said == ["* Ann is here", "Ann: Hello!", "Ann: Bye!"]


def test_chat_says_in_one_line_that_nobody_is_there():
    url = f"ws://127.0.0.1:{closed_port()}/"
    said = result_of(output_of("websocket_chat", url, "Ann", status=1))
    assert re.fullmatch(r"cannot connect to 127.0.0.1:\d+.*\n", said)


# --- a crawler -----------------------------------------------------------------------------------


def test_crawler_keeps_to_the_rules():
    links = b"""<a href="b#part">B</a> <a href=/secret/x>S</a> <a href=http://other.example/>O</a>
        <a href=mailto:me@here>M</a> <a href="http://[">bad</a> <a rel=nofollow href=/n>N</a>
        <a href=/away>A</a>"""
    site = {
        "robots.txt": page(b"User-agent: *\nDisallow: /secret/\n"),
        "": page(links, HTML),
        "b": page(b'<a href="/c">C</a>', HTML),
        "c": page(b'<a href="/too-far">D</a>', HTML),
    }

    async def main():
        async with Pages(**site).redirect("away", "http://other.example/") as server:
            options = "--depth", 2, "--per-second", 100
            output = await output_of("polite_crawler", server.url("/"), *options)
            base = server.url("")
            assert [line.split() for line in output.splitlines()] == [
                ["200", "text/html", f"{base}/"],
                ["200", "text/html", f"{base}/b"],
                ["302", "application/octet-stream", f"{base}/away"],
                ["200", "text/html", f"{base}/c"],
            ]
            targets = [seen.target for seen in server.seen]
            assert targets == ["/robots.txt", "/", "/b", "/away", "/c"]
            assert {seen.headers["User-Agent"] for seen in server.seen} == {"polite-crawler"}

    result_of(main())


def test_crawler_asks_for_nothing_when_the_rules_cannot_be_had():
    async def main():
        async with Pages(**{"robots.txt": page(b"", status="503 Busy")}) as server:
            assert await output_of("polite_crawler", server.url("/")) == ""
            assert len(server.seen) == 1

    result_of(main())


def test_crawler_takes_its_time():
    site = {"robots.txt": page(b"User-agent: *\nCrawl-delay: 1\n"), "": page(b"<a href=/b>", HTML)}

    async def main():
        async with Pages(**site) as server:
            began_at = time.monotonic()
            await output_of("polite_crawler", server.url("/"), "--per-second", 100)
            assert time.monotonic() - began_at > 1
            assert len(server.seen) == 3

    result_of(main())


# --- TLS, and Docker -----------------------------------------------------------------------------


def test_mutual_tls_shows_itself():
    good, bad = result_of(output_of("mutual_tls")).splitlines()
    assert good == "with a certificate: 200: Hello, me@service.internal!"
    assert bad.startswith("without one: refused: ")


def test_mutual_tls_takes_files(tmp_path):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted, own = tmp_path / "authority.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(str(trusted))
    authority.issue_cert("me@here").private_key_and_cert_chain_pem.write_to_path(str(own))

    async def main():
        async with Origin(context) as origin:
            output = await output_of("mutual_tls", origin.url("/json"), trusted, own)
            assert output.startswith("200: {")
            trustme.CA().cert_pem.write_to_path(str(trusted))
            output = await output_of("mutual_tls", origin.url("/json"), trusted, own)
            assert output.startswith("no TLS: ")

    result_of(main())


WEB = {"ID": "9" * 64, "Attributes": {"name": "web"}}
EVENTS = (
    {"Type": "container", "Action": "start", "Actor": WEB},
    {"Type": "network", "Action": "connect", "Actor": {"ID": "8" * 64, "Attributes": {}}},
    {"Type": "container", "Action": "die", "Actor": WEB},
)


async def engine(reader, writer):
    """A server of Docker's API, of the parts that the example asks for."""
    while True:
        target = (await head_of(reader)).split(b" ")[1].decode()
        if target == "/version":
            writer.write(page(b'{"ApiVersion": "1.47"}', "Content-Type: application/json"))
        elif target.startswith("/containers/json?filters="):
            shown = {"Id": "9" * 64, "Image": "nginx", "Status": "Up 2 hours", "Names": ["/web"]}
            writer.write(page(json.dumps([shown]).encode(), "Content-Type: application/json"))
        elif target == "/events":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for event in EVENTS:
                line = json.dumps(event).encode() + b"\n"
                writer.write(b"%x\r\n%b\r\n" % (len(line), line))
            await reader.read()  # until the client goes away
            return
        await writer.drain()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")
def test_docker_is_asked_at_its_socket(tmp_path):
    path = str(tmp_path / "socket")
    where = {"DOCKER_HOST": f"unix://{path}"}

    async def main():
        async with UnixServer(engine, path):
            output = await output_of("docker_api", "ps", **where)
            assert output == "API 1.47\n999999999999 nginx Up 2 hours /web\n"
            output = await output_of("docker_api", "events", 2, **where)
            assert output == "container start web\nnetwork connect 888888888888\n"
            await asyncio.to_thread(interrupt_when_all_is_shown, where)

    result_of(main())
    output = result_of(output_of("docker_api", "ps", status=1, **where))
    assert output.startswith("cannot connect to UNIX socket")


def interrupt_when_all_is_shown(environment):
    """Ctrl-C ends it at once, without a word."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("docker_api", "events"), stdout=pipe, stderr=pipe, env=settings(environment)
    ) as process:
        for _ in EVENTS:
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 0
