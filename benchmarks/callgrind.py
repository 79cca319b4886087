"""Instructions of a process, counted by valgrind's callgrind."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)
_RUN_SECONDS = 1800


def run(command: Sequence[str], out: Path, *options: str) -> None:
    """Run a command under callgrind, which writes its profile to `out`."""
    try:
        result = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *options, *command],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_RUN_SECONDS,
        )
    except FileNotFoundError:
        sys.exit("valgrind not found; on Debian: apt-get install valgrind")
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr}")


def total(out: Path) -> int:
    """The instructions of a profile."""
    match = _TOTAL.search(out.read_text(errors="replace"))
    if match is None:
        sys.exit("callgrind wrote no total")
    return int(match[1])
