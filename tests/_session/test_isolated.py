"""What is left when the event loop, or the interpreter, is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "isolated"


@pytest.mark.parametrize("state", ["unread", "released"])
@pytest.mark.parametrize(
    "end", ["response first", "session first", "close", "leave to the interpreter"]
)
def test_what_outlives_its_event_loop_raises_nothing(state: str, end: str) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::ResourceWarning",
            SCRIPTS / "unread_at_the_end.py",
            f"{state}, {end}",
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
