"""Saving into a file: whole or not at all, with progress where somebody looks."""

import hashlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from origin import Origin, sample_sha256

from aioclient._cli.download import amount, bar_line, whole_file

Run = Callable[..., subprocess.CompletedProcess[bytes]]
RunOnTerminal = Callable[..., tuple[int, str]]
Start = Callable[..., subprocess.Popen[bytes]]
LONG = 3_000_000


@pytest.mark.parametrize("path", ["bytes", "chunked", "close"])
def test_saved_file_equals_what_was_sent(
    run: Run, origin: Origin, tmp_path: Path, path: str
) -> None:
    target = tmp_path / "saved.bin"
    done = run("-o", target, origin.url(f"/{path}/{LONG}"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert hashlib.sha256(target.read_bytes()).hexdigest() == sample_sha256(LONG)
    assert list(tmp_path.iterdir()) == [target]


def test_dash_means_standard_output(run: Run, origin: Origin) -> None:
    done = run("-o", "-", origin.url(f"/bytes/{LONG}"))
    assert hashlib.sha256(done.stdout).hexdigest() == sample_sha256(LONG)


def test_error_status_is_noted_when_its_body_is_saved(
    run: Run, origin: Origin, tmp_path: Path
) -> None:
    done = run("-o", tmp_path / "saved", origin.url("/status/404"))
    assert done.returncode == 0
    assert done.stderr.decode().splitlines() == ["aioclient: note: the answer is 404 Not Found"]


def test_folder_that_does_not_exist_is_one_error_line(
    run: Run, origin: Origin, tmp_path: Path
) -> None:
    done = run("-o", tmp_path / "no" / "file", origin.url("/json"))
    assert done.returncode == 1
    assert re.fullmatch(r"aioclient: error: cannot write .*file: .+", done.stderr.decode().strip())


def test_broken_download_leaves_no_file(run: Run, origin: Origin, tmp_path: Path) -> None:
    done = run("--timeout", "1", "-o", tmp_path / "saved", origin.url("/slow-body/10000/600"))
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_interrupted_download_leaves_the_older_file(
    start: Start, origin: Origin, tmp_path: Path
) -> None:
    target = tmp_path / "saved"
    target.write_bytes(b"older")
    process = start("-v", "-o", target, origin.url("/slow-body/10000/600"))
    assert process.stderr is not None
    while process.stderr.readline() != b"<\n":  # the end of the response's head
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"older"


def test_file_appears_only_when_all_went_well(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with whole_file(target) as file:
        file.write(b"content")
        assert not target.exists()
    assert target.read_bytes() == b"content"


def test_failure_removes_what_was_written(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_file(tmp_path / "file") as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege, modes are POSIX")
def test_link_and_mode_of_an_older_file_are_kept(tmp_path: Path) -> None:
    older, link = tmp_path / "older", tmp_path / "link"
    older.write_bytes(b"older")
    older.chmod(0o640)
    link.symlink_to(older)
    with whole_file(link) as file:
        file.write(b"newer")
    assert link.is_symlink()
    assert older.read_bytes() == b"newer"
    assert older.stat().st_mode & 0o777 == 0o640


def test_device_is_written_as_it_is(run: Run, origin: Origin) -> None:
    if sys.platform == "win32":
        pytest.skip("devices are named otherwise")
    assert run("-o", "/dev/null", origin.url("/json")).returncode == 0
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("before", ["", "sys.modules['rich'] = None"])
def test_terminal_sees_progress_with_rich_and_without(
    run_on_terminal: RunOnTerminal, origin: Origin, tmp_path: Path, before: str
) -> None:
    target = tmp_path / "saved.bin"
    status, seen = run_on_terminal("-o", target, origin.url(f"/bytes/{LONG}"), before=before)
    assert status == 0
    assert "3.0" in seen
    assert "MB" in seen
    assert hashlib.sha256(target.read_bytes()).hexdigest() == sample_sha256(LONG)


def test_bar_tells_part_speed_and_time_left() -> None:
    line = bar_line(25_000_000, 100_000_000, 0.5)
    assert line == "[######------------------]  25%  25.0 MB of 100.0 MB  50.0 MB/s  2 s left"


def test_bar_without_a_total_tells_bytes_and_speed() -> None:
    assert bar_line(1500, None, 1.0) == "1.5 kB  1.5 kB/s"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5e15, "5000.0 TB")]
)
def test_amount_is_in_decimal_units(count: float, text: str) -> None:
    assert amount(count) == text
