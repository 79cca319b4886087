"""What is made of pip-audit's answer, and which packages it is asked about."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("packaging", reason="packaging is not installed")

TOOL: Final = Path(__file__).parent.parent / "tools" / "audit.py"
GOOD: Final[dict[str, Any]] = {"name": "yarl", "version": "1.0", "vulns": []}
BAD: Final[dict[str, Any]] = {
    "name": "rich",
    "version": "13.0",
    "vulns": [{"id": "CVE-2099-1", "fix_versions": ["13.1"]}],
}
UNKNOWN: Final[dict[str, Any]] = {"name": "brotli", "skip_reason": "not found"}


def audit(folder: Path, *options: str, answer: object = None, error: str = "") -> tuple[int, str]:
    """Run it with a pip-audit that gives this answer."""
    package = folder / "pip_audit"
    package.mkdir()
    (package / "__init__.py").touch()
    said = f"print({json.dumps(answer)!r})\n" if answer is not None else ""
    failed = f"import sys; sys.exit({error!r})\n" if error else ""
    (package / "__main__.py").write_text(said + failed)
    done = subprocess.run(
        [sys.executable, TOOL, *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_nothing_known_is_well(tmp_path: Path) -> None:
    status, said = audit(tmp_path, answer={"dependencies": [GOOD]})
    assert (status, "1 packages, 0 with known vulnerabilities" in said) == (0, True)


def test_a_vulnerability_fails_and_is_named(tmp_path: Path) -> None:
    # pip-audit itself has a status other than 0 then.
    status, said = audit(tmp_path, answer={"dependencies": [GOOD, BAD]}, error="found")
    assert status == 1
    assert "audit: rich 13.0: CVE-2099-1, fixed in 13.1\n" in said


@pytest.mark.parametrize(
    ("answer", "error"),
    [(None, "ConnectionError: no route"), ({"dependencies": [UNKNOWN, UNKNOWN]}, "")],
)
def test_what_cannot_be_asked_is_skipped_and_fails_where_that_is_wanted(
    tmp_path: Path, answer: object, error: str
) -> None:
    status, said = audit(tmp_path, answer=answer, error=error)
    assert (status, "audit: SKIPPED (offline: " in said) == (0, True)
    (tmp_path / "strict").mkdir()
    status, said = audit(tmp_path / "strict", "--strict", answer=answer, error=error)
    assert (status, "audit: FAILED (offline: " in said) == (1, True)


def test_one_that_is_not_known_fails_only_where_that_is_wanted(tmp_path: Path) -> None:
    answer = {"dependencies": [GOOD, UNKNOWN]}
    status, said = audit(tmp_path, answer=answer)
    assert (status, "audit: nothing is known of brotli\n" in said) == (0, True)
    (tmp_path / "strict").mkdir()
    assert audit(tmp_path / "strict", "--strict", answer=answer)[0] == 1


def test_packages_of_users_are_asked_about(tmp_path: Path) -> None:
    _, said = audit(tmp_path, "--list")
    names = {line.partition("==")[0] for line in said.splitlines() if "==" in line}
    assert {"aiohappyeyeballs", "multidict", "publicsuffixlist", "yarl", "propcache"} <= names
    assert not {"pytest", "aiohttp", "mkdocs", "ruff"} & names
