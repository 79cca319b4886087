"""The command line as its user meets it: arguments in, outputs and an exit status out."""

import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from origin import FIXED_JSON, Origin, sample_sha256

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Start = Callable[..., subprocess.Popen[bytes]]
LONG = 1_000_000


def echo_of(run: Run, *arguments: str) -> dict[str, Any]:
    """What the origin saw of a request."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    echo = json.loads(done.stdout)
    assert isinstance(echo, dict)
    return echo


def the_error(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line in which a run failed."""
    text = done.stderr.decode()
    assert done.returncode == 1, text
    assert "Traceback" not in text
    lines = text.splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("aioclient: error: ")
    return lines[0]


@pytest.fixture
def answer_with() -> Iterator[Callable[[bytes], str]]:
    """Serve one connection with fixed bytes, whatever it asks for; gives the URL."""
    threads: list[threading.Thread] = []

    def serve(listening: socket.socket, answer: bytes) -> None:
        with listening:
            connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    def answer_with(answer: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        threads.append(threading.Thread(target=serve, args=(listening, answer)))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield answer_with
    for thread in threads:
        thread.join()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


# --- What is asked for -----------------------------------------------------------------------


def test_json_goes_into_a_pipe_byte_for_byte(run: Run, origin: Origin) -> None:
    done = run(origin.url("/json"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == json.dumps(FIXED_JSON, ensure_ascii=False).encode()


@pytest.mark.parametrize("path", ["bytes", "chunked", "close"])
def test_binary_goes_into_a_pipe_byte_for_byte(run: Run, origin: Origin, path: str) -> None:
    done = run(origin.url(f"/{path}/{LONG}"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert hashlib.sha256(done.stdout).hexdigest() == sample_sha256(LONG)


def test_url_without_a_scheme_means_http(run: Run, origin: Origin) -> None:
    assert run(f"127.0.0.1:{origin.port}/json").returncode == 0


def test_method_comes_before_the_url_and_is_sent_in_capitals(run: Run, origin: Origin) -> None:
    assert echo_of(run, "put", origin.url("/echo"))["method"] == "PUT"


def test_options_may_stand_between_method_and_url(run: Run, origin: Origin) -> None:
    echo = echo_of(run, "DELETE", "-H", "X-One: 1", origin.url("/echo"))
    assert echo["method"] == "DELETE"
    assert ["X-One", "1"] in echo["headers"]


def test_headers_are_sent_in_their_order_repeated_ones_too(run: Run, origin: Origin) -> None:
    echo = echo_of(run, origin.url("/echo"), "-H", "X-A: 1", "-H", "X-B:2", "-H", "X-A:  3 ")
    sent = [field for field in echo["headers"] if field[0].startswith("X-")]
    assert sorted(sent) == [["X-A", "1"], ["X-A", "3"], ["X-B", "2"]]


def test_json_option_posts_the_json_as_it_was_typed(run: Run, origin: Origin) -> None:
    typed = '{"b": 1.10, "a": "ž"}'
    echo = echo_of(run, "--json", typed, origin.url("/echo"))
    assert (echo["method"], echo["body"]) == ("POST", typed)
    assert ["Content-Type", "application/json"] in echo["headers"]


def test_data_option_posts_text(run: Run, origin: Origin) -> None:
    echo = echo_of(run, "-d", "žluť", origin.url("/echo"))
    assert (echo["method"], echo["body"]) == ("POST", "žluť")
    assert ["Content-Type", "text/plain; charset=utf-8"] in echo["headers"]


def test_content_type_of_the_user_wins(run: Run, origin: Origin) -> None:
    echo = echo_of(run, "-d", "a=1", "-H", "content-type: text/x-own", origin.url("/echo"))
    types = [value for name, value in echo["headers"] if name.lower() == "content-type"]
    assert types == ["text/x-own"]


def test_error_status_still_prints_the_body_and_exits_with_zero(run: Run, origin: Origin) -> None:
    done = run(origin.url("/status/503"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b'{"status": 503}', b"")


def test_verbose_tells_both_heads_on_standard_error(run: Run, origin: Origin) -> None:
    done = run("-v", "-H", "Authorization: Basic c2VjcmV0", origin.url("/json?a=1"))
    told = done.stderr.decode().replace("\r\n", "\n")
    assert "> GET /json?a=1 HTTP/1.1\n" in told
    assert "< HTTP/1.1 200 OK\n" in told
    assert re.search(r"^< content-type: application/json$", told, re.MULTILINE | re.IGNORECASE)
    assert "c2VjcmV0" not in told
    assert json.loads(done.stdout) == FIXED_JSON


def test_version_tells_versions_and_twins(run: Run) -> None:
    done = run("--version")
    line = r"aioclient \S+ \(Python 3\.\S+, (compiled|pure Python)\)\s+"
    assert re.fullmatch(line, done.stdout.decode())


def test_help_documents_the_exit_status(run: Run) -> None:
    assert b"exit status: 0 " in run("--help").stdout


# --- Certificates ----------------------------------------------------------------------------


def test_unknown_certificate_is_refused_with_a_hint(run: Run, tls_origin: Origin) -> None:
    assert "--cacert" in the_error(run(tls_origin.url("/json")))


def test_certificate_of_the_given_authority_is_accepted(
    run: Run, tls_origin: Origin, authority_file: Path
) -> None:
    done = run("--cacert", authority_file, tls_origin.url("/json"))
    assert (done.returncode, done.stderr) == (0, b"")


def test_certificate_for_another_host_is_refused(
    run: Run, tls_origin: Origin, authority_file: Path
) -> None:
    url = tls_origin.url("/json", host="localhost")
    the_error(run("--cacert", authority_file, url))


def test_insecure_accepts_any_certificate(run: Run, tls_origin: Origin) -> None:
    done = run("--insecure", tls_origin.url("/json"))
    assert (done.returncode, done.stderr) == (0, b"")


def test_authority_file_that_is_missing_is_named(run: Run, tls_origin: Origin) -> None:
    assert "no-such.pem" in the_error(run("--cacert", "no-such.pem", tls_origin.url("/json")))


# --- Errors: one line, no traceback ----------------------------------------------------------


def test_closed_port_is_one_line(run: Run) -> None:
    port = closed_port()
    assert str(port) in the_error(run(f"http://127.0.0.1:{port}/"))


def test_unknown_host_is_one_line(run: Run) -> None:
    assert "nosuch.invalid" in the_error(run("http://nosuch.invalid/"))


def test_answer_that_is_not_http_is_one_line(run: Run, answer_with: Callable[[bytes], str]) -> None:
    the_error(run(answer_with(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")))


def test_connection_closed_without_an_answer_is_one_line(
    run: Run, answer_with: Callable[[bytes], str]
) -> None:
    the_error(run(answer_with(b"")))


def test_control_characters_of_a_server_stay_out_of_the_error_line(
    run: Run, answer_with: Callable[[bytes], str]
) -> None:
    line = the_error(run(answer_with(b"HTTP/1.1 \x1b[31m\x07red\r\n\r\n")))
    assert line.isprintable()


def test_body_that_breaks_off_is_one_line(run: Run, answer_with: Callable[[bytes], str]) -> None:
    done = run(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
    the_error(done)
    assert done.stdout == b"abc"


def test_timeout_is_one_line_that_tells_the_limit(run: Run, origin: Origin) -> None:
    assert "0.25 s" in the_error(run("--timeout", "0.25", origin.url("/delay/30")))


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a:99999/", "ftp://a/"])
def test_url_that_cannot_be_fetched_is_one_line(run: Run, url: str) -> None:
    the_error(run(url))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["GET", "http://a/", "more"],
        ["G(T", "http://a/"],
        ["http://a/", "-H", "no colon"],
        ["http://a/", "-H", "a b: c"],
        ["http://a/", "-H", "a: b\r\nc: d"],
        ["http://a/", "--json", "{"],
        ["http://a/", "--json", "1", "-d", "1"],
        ["http://a/", "--timeout", "0"],
        ["http://a/", "--timeout", "nan"],
        ["http://a/", "--insecure", "--cacert", "x"],
    ],
)
def test_wrong_usage_exits_with_two(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_interrupt_exits_with_130_without_a_traceback(start: Start, origin: Origin) -> None:
    process = start("-v", origin.url("/slow-body/10/600"))
    assert process.stderr is not None
    while process.stderr.readline() != b"<\n":  # the end of the response's head
        pass
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (130, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a broken pipe is another error there")
def test_reader_that_has_seen_enough_is_no_error_line(start: Start, origin: Origin) -> None:
    process = start(origin.url("/bytes/100000000"))
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (1, b"")
