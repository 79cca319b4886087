"""The tutorial, from its first block to its last, with the server that it speaks of."""

import asyncio
import functools
import http.server
import re
import subprocess
import sys
import threading

import pytest
from doc_examples import DOCS, examples, first_line, said

EXAMPLES = examples("tutorial.md")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def address(tmp_path, monkeypatch):
    """The server of Python, with the files that the first block makes."""
    monkeypatch.chdir(tmp_path)
    exec(EXAMPLES[0], {})
    handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def whole_programs():
    return [each for each in EXAMPLES[1:] if not each.startswith("# ")]


@pytest.mark.parametrize("number", range(len(whole_programs())))
def test_program_of_the_tutorial_runs(number, address, capsys):
    program = whole_programs()[number]
    exec(program.replace("127.0.0.1:8000", address), {})
    printed = capsys.readouterr().out
    assert printed
    for words in said(program):
        assert words in printed


def named(name):
    (program,) = [each for each in EXAMPLES if first_line(each) == f"# {name}"]
    return program


def test_the_program_prints_what_is_shown(address, tmp_path, capsys):
    names = {"__name__": "fetch_reports"}
    exec(named("fetch_reports.py"), names)
    asyncio.run(names["main"](f"http://{address}/"))
    shown = re.search(r"```text\n(.*?)```", (DOCS / "tutorial.md").read_text("utf-8"), re.DOTALL)
    assert capsys.readouterr().out == shown[1]
    assert (tmp_path / "report-1.txt").read_text() == "This is report-1.txt.\n" * 1000


def test_the_test_passes(tmp_path):
    for name in ("fetch_reports.py", "test_fetch_reports.py"):
        (tmp_path / name).write_text(named(name))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "1 passed" in done.stdout, done.stdout
