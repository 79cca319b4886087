"""Libraries that were written for aiohttp run on aioclient: each scenario is a process of its own.

docs/compatibility.md has the table of them: which versions, and what they do here.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from reference import ROOT

FOLDER = Path(__file__).parent
SCENARIOS = sorted(path.stem.removeprefix("scenario_") for path in FOLDER.glob("scenario_*.py"))
#: Those that take a session, or something that a session takes; others only import aiohttp's.
GIVEN = {
    "aiohttp_retry",
    "elastic_transport",
    "fsspec",
    "opentelemetry",
    "sentry",
    "slack_sdk",
}
#: What each needs, by the names of packages.
PACKAGES = {
    "aiobotocore": ("aiobotocore", "s3fs", "moto"),
    "aiohttp_retry": ("aiohttp-retry",),
    "aiohttp_socks": ("aiohttp-socks",),
    "aioresponses": ("aioresponses",),
    "elastic_transport": ("elastic-transport",),
    "fsspec": ("fsspec",),
    "gql": ("gql",),
    "httpx_aiohttp": ("httpx-aiohttp",),
    "opentelemetry": ("opentelemetry-instrumentation-aiohttp-client",),
    "sentry": ("sentry-sdk",),
    "slack_sdk": ("slack_sdk",),
    "vcrpy": ("vcrpy",),
}


def play(name: str, way: str) -> None:
    for package in PACKAGES[name]:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{package} is not installed")
    done = subprocess.run(
        [sys.executable, "play.py", name, way],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=FOLDER,
        # No setting of the machine's is to count.
        env={**os.environ, "NO_PROXY": "*", "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines()[-1] == "done"


def test_every_scenario_has_its_packages() -> None:
    assert sorted(PACKAGES) == SCENARIOS
    assert set(SCENARIOS) >= GIVEN


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_library_runs_where_aioclient_is_installed_as_aiohttp(name: str) -> None:
    play(name, "installed")


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_library_runs_with_a_session_that_it_is_given(name: str) -> None:
    play(name, "given")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_table_names_the_library(name: str) -> None:
    text = (ROOT / "docs" / "compatibility.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for package in PACKAGES[name]:
        (row,) = [row for row in rows if row.split("|")[1].strip().startswith(f"{package} ")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert re.fullmatch(rf"{re.escape(package)} [\d.a-z]+", cells[0])
        assert (cells[2] == "yes") is (name in GIVEN), row
