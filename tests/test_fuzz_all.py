"""The fuzz targets can be run: by one command, and on their seeds without any fuzzer."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import fuzz_all
import pytest

import aioclient

TOOLS: Final = Path(fuzz_all.__file__).parent
OSS_FUZZ: Final = TOOLS / "oss_fuzz"
PYTHON_TARGETS: Final = sorted(path.stem for path in OSS_FUZZ.glob("fuzz_*.py"))


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, command)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_every_target_runs_or_says_why_not(tmp_path: Path) -> None:
    done = run(TOOLS / "fuzz_all.py", "--seconds", 1, "--artifacts", tmp_path)
    assert done.returncode == 0, done.stdout
    verdicts = re.findall(r"(?m)^(\w+) +(passed|SKIPPED) +(.+)$", done.stdout)
    assert [name for name, _, _ in verdicts] == ["h1scan", *PYTHON_TARGETS, "frames"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PYTHON_TARGETS)
def test_mutations_of_the_seeds_show_nothing(name: str) -> None:
    done = run(OSS_FUZZ / f"{name}.py", "--plain", 300)
    if done.returncode == fuzz_all.CANNOT and "NOT RUN" in done.stdout:
        if aioclient.extensions_active() and name != "fuzz_response":  # which needs atheris
            pytest.fail(done.stdout)
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PYTHON_TARGETS)
def test_words_of_a_target_can_be_read_as_a_dictionary(name: str) -> None:
    path = fuzz_all.dictionary(name)
    assert path is not None
    for line in path.read_text("ascii").splitlines():
        is_word = re.fullmatch(r'(?:\w+=)?"(?:[^"\\]|\\\\|\\"|\\x[0-9A-Fa-f]{2})+"', line)
        assert is_word or line == "" or line.startswith("#"), line


def test_what_is_found_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "fuzz_broken.py"
    broken.write_text("raise SystemExit(77)")
    monkeypatch.setitem(fuzz_all.TARGETS, "fuzz_broken", broken)
    assert fuzz_all.run("fuzz_broken", 1, tmp_path)[0] == "FAILED"
    broken.write_text("print('NOT RUN: there is no such thing')\nraise SystemExit(2)")
    skipped = ("SKIPPED", "NOT RUN: there is no such thing")
    assert fuzz_all.run("fuzz_broken", 1, tmp_path) == skipped


def test_every_target_is_described() -> None:
    readme = (OSS_FUZZ / "README.md").read_text("utf-8")
    for name in (*PYTHON_TARGETS, "fuzz_h1scan", "fuzz_wsbytes"):
        assert f"`{name}`" in readme
    if shutil.which("bash") is None:
        return
    build = (OSS_FUZZ / "build.sh").read_text("utf-8")
    assert subprocess.run(["bash", "-n"], input=build, text=True, check=False).returncode == 0
