"""Where the time went, as the command line draws and saves it."""

import json
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from origin import FIXED_JSON, Origin

from aioclient._cli.waterfall import LOOKS, draw
from aioclient.timing import TimingRecord
from aioclient.timing._record import PHASES, Course

Run = Callable[..., subprocess.CompletedProcess[bytes]]
RunOnTerminal = Callable[..., tuple[int, str]]

URL = "http://a.example/"


def record(
    begun_at: float, *spans: tuple[str, float], url: str = URL, **known: object
) -> TimingRecord:
    """A record that was so many seconds in each of these phases."""
    course = Course(begun_at)
    at = begun_at
    for number, (phase, seconds) in enumerate(spans):
        if number:
            course.turn_to(phase, at)  # type: ignore[arg-type] # names of phases
        at += seconds
    course.end(at)
    return TimingRecord(1, "GET", url, 0.0, course, **known)  # type: ignore[arg-type] # of many types


def drawn(*records: TimingRecord, width: int = 80) -> list[str]:
    return ["".join(part.text for part in line) for line in draw(records, width)]


def bars(lines: list[str]) -> list[str]:
    return [line.split("|")[1] for line in lines if line.count("|") == 2]


# --- the picture ---------------------------------------------------------------------------------


def test_each_phase_has_its_letter_and_the_width_that_it_took() -> None:
    spans = [(phase, 1.0) for phase in PHASES]
    lines = drawn(record(0.0, *spans, status=200), width=22 + 4 + 9 + 70)
    (bar,) = bars(lines)
    columns = len(bar) // 7
    assert re.fullmatch("".join(f"{letter}{{{columns},}}" for letter, _ in LOOKS.values()), bar)
    assert lines[0].startswith("200 GET http://a.example/")
    assert lines[0].endswith("| 7000.0 ms")


def test_a_request_that_began_later_stands_further_right() -> None:
    first = record(5.0, ("queue", 0.0), ("wait", 1.0), status=302)
    second = record(6.0, ("queue", 0.0), ("wait", 1.0), status=200)
    upper, lower = bars(drawn(first, second))
    half = len(upper) // 2
    assert upper[: half - 1] == "W" * (half - 1)
    assert upper[half + 1 :].strip() == ""
    assert lower[: half - 1].strip() == ""
    assert lower[half + 1 :].strip("W") == ""


def test_milliseconds_of_each_phase_stand_below_a_row() -> None:
    made = record(0.0, ("queue", 0.0015), ("connect", 0.25), ("wait", 1.0), status=200)
    assert drawn(made)[1] == "    queue 1.5  connect 250.0  wait 1000.0"


def test_the_letters_are_explained() -> None:
    legend = drawn(record(0.0, ("queue", 1.0)))[-1]
    assert legend == "Q queue  D dns  C connect  T tls  S send  W wait  R receive  (ms)"


def test_what_failed_says_with_what() -> None:
    lines = drawn(record(0.0, ("queue", 1.0), error_type="ClientOSError"))
    assert lines[0].startswith("--- GET")
    assert lines[2] == "    ClientOSError"


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn() == []


def test_a_request_that_took_no_time_is_drawn() -> None:
    assert set(bars(drawn(record(0.0, ("queue", 0.0))))[0]) == {" "}


@pytest.mark.parametrize("width", [36, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    spans = [(phase, 1.0) for phase in PHASES]
    long = record(0.0, *spans, url=f"{URL}{'long' * 100}", status=200)
    short = record(9.0, *spans, error_type="ClientConnectorCertificateError")
    lines = drawn(long, short, width=width)
    assert max(map(len, lines)) <= width
    assert len({len(line) for line in lines if line.count("|") == 2}) == 1


def test_a_long_url_is_cut_in_its_middle() -> None:
    lines = drawn(record(0.0, ("queue", 1.0), url=f"{URL}{'long' * 100}?end", status=200))
    assert re.match(r"200 GET http://\S*\.\.\.\S+long\?end +\|", lines[0])


# --- the command line ----------------------------------------------------------------------------


def test_timing_goes_to_standard_error_and_the_body_to_standard_output(
    run: Run, origin: Origin
) -> None:
    done = run("--timing", origin.url("/json"))
    assert done.returncode == 0
    assert json.loads(done.stdout) == FIXED_JSON
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith("200 GET http://")
    assert "connect" in lines[1]
    assert lines[-1].startswith("Q queue")
    assert len(lines) == 3


def test_each_request_of_a_chain_has_its_row(run: Run, origin: Origin) -> None:
    done = run("--timing", origin.url("/redirect/2"))
    rows = [line[:7] for line in done.stderr.decode().splitlines() if "|" in line]
    assert rows == ["302 GET", "302 GET", "200 GET"]


def test_a_request_that_failed_is_drawn_before_its_error(run: Run) -> None:
    done = run("--timing", f"http://127.0.0.1:{closed_port()}/")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith("--- GET")
    assert lines[-1].startswith("aioclient: error: cannot connect")


def test_terminal_sees_the_same_in_colour_and_without(
    run_on_terminal: RunOnTerminal, origin: Origin
) -> None:
    arguments = ("--timing", origin.url("/json"))
    coloured = run_on_terminal(*arguments)[1]
    plain = run_on_terminal(*arguments, NO_COLOR="1")[1]
    without = run_on_terminal(*arguments, before="sys.modules['rich'] = None")[1]
    assert "\x1b[" in coloured
    for seen in (re.sub(r"\x1b\[[0-9;]*m", "", coloured), plain, without):
        assert re.search(r"^200 GET http://\S+ +\|[ QDCTSWR]+\| +\d+\.\d ms$", seen, re.MULTILINE)
        assert "\nQ queue  D dns" in seen
    assert "\x1b[" not in plain + without


def test_a_har_file_has_all_requests_and_no_secrets(
    run: Run, origin: Origin, tmp_path: Path
) -> None:
    path = tmp_path / "a.har"
    done = run("--har", path, "-H", "Authorization: xyzzy", origin.url("/redirect/1"))
    assert (done.returncode, done.stderr) == (0, b"")
    entries = json.loads(path.read_text("utf-8"))["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [302, 200]
    assert "xyzzy" not in path.read_text("utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_har_file_is_written_when_the_request_failed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    done = run("--har", path, f"http://127.0.0.1:{closed_port()}/")
    assert done.returncode == 1
    (entry,) = json.loads(path.read_text("utf-8"))["log"]["entries"]
    assert entry["response"]["_error"] == "ClientConnectorError"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_what_came_before_an_interrupt_is_told(
    start: Callable[..., subprocess.Popen[bytes]], origin: Origin, tmp_path: Path
) -> None:
    path = tmp_path / "a.har"
    process = start("-v", "--timing", "--har", path, origin.url("/slow-body/10/600"))
    assert process.stderr is not None
    while process.stderr.readline() != b"<\n":  # the end of the response's head
        pass
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 130
    assert rest.startswith(b"200 GET http://")
    (entry,) = json.loads(path.read_text("utf-8"))["log"]["entries"]
    assert entry["response"]["status"] == 200


def test_a_har_file_that_cannot_be_written_is_an_error(
    run: Run, origin: Origin, tmp_path: Path
) -> None:
    done = run("--har", tmp_path / "no" / "a", origin.url("/json"))
    assert done.returncode == 1
    assert json.loads(done.stdout) == FIXED_JSON
    assert re.fullmatch(rb"aioclient: error: cannot write \S+: [^\n]+\r?\n", done.stderr)


def test_of_two_errors_that_of_the_request_is_the_last_word(run: Run, tmp_path: Path) -> None:
    done = run("--har", tmp_path / "no" / "a", f"http://127.0.0.1:{closed_port()}/")
    assert done.returncode == 1
    note, error = done.stderr.decode().splitlines()
    assert note.startswith("aioclient: note: cannot write")
    assert error.startswith("aioclient: error: cannot connect")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
