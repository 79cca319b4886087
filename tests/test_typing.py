"""What `tests/typing` says of the types that a program sees is what mypy finds.

`tools/check_types.py` asks pyright as well, of an aioclient that was installed from a wheel.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_a_type_checker_knows_the_types() -> None:
    files = sorted((ROOT / "tests" / "typing").glob("*.py"))
    assert files
    # Of an `ignore` that ignores nothing it complains, too.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
