"""The soak test, for twenty seconds, and how it judges."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import soak_figures

SOAK: Final = Path(__file__).parent.parent / "tools" / "soak.py"
SECONDS: Final = 20
#: In so short a time memory is still being filled: 25 MiB in the time that counts.
RSS_BOUND: Final = 6000

WELL: Final[dict[str, Any]] = {
    "findings": {},
    "rss_slope_mib_per_hour": 1.0,
    "base": {"descriptors": 8, "tasks": 1, "timers": 0},
    "end": {"descriptors": 8, "tasks": 1, "timers": 0},
    "left": {},
    "growing": {},
    "servers": {"open": {}},
    "ended": {"done": 1000, "cancelled": 10},
}


@pytest.mark.skipif(sys.platform != "linux", reason="the program asks Linux how large it is")
def test_twenty_seconds_of_everything_leave_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    root = str(SOAK.parent.parent)
    options = ["--seconds", str(SECONDS), "--rss-bound", str(RSS_BOUND), "--json", str(path)]
    done = subprocess.run(
        [sys.executable, SOAK, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": root},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:]
    result = json.loads(path.read_text())
    assert result["verdict"] == "well"
    assert result["ended"]["cancelled"] > 0
    assert result["ended"]["failed as expected"] > 0


def test_a_run_without_a_finding_is_well() -> None:
    assert soak_figures.verdict(WELL, 8) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"findings": {"loop": 2}}, "loop: 2 times"),
        ({"rss_slope_mib_per_hour": 8.1}, "memory grows by 8.1 MiB an hour, the bound is 8"),
        ({"end": {"descriptors": 9, "tasks": 1}}, "9 descriptors at the end, 8 at the beginning"),
        ({"end": {"tasks": 2}}, "2 tasks at the end, 1 at the beginning"),
        ({"end": {"timers": 1}}, "1 timers at the end, 0 at the beginning"),
        ({"left": {"ClientSession": 1}}, "1 ClientSession left"),
        ({"growing": {"Route": [10, 99]}}, "more and more Route: [10, 99]"),
        ({"servers": {"open": {"tls": 1}}}, "connections that servers still have: {'tls': 1}"),
        ({"ended": {"failed": 3}}, "no request was done"),
    ],
)
def test_each_thing_that_is_not_well_is_named(changes: dict[str, Any], reason: str) -> None:
    assert soak_figures.verdict(WELL | changes, 8) == [reason]


def test_the_rise_of_memory_leaves_the_first_quarter_out() -> None:
    sizes = [10, 50, *(100 + number for number in range(6))]
    samples = [{"at_s": 3600.0 * i, "rss": size * 2**20} for i, size in enumerate(sizes)]
    assert soak_figures.rss_slope(samples) == pytest.approx(1.0)


def test_objects_that_become_more_and_more_are_seen() -> None:
    samples = [{"objects": {"Kept": 500, "Leaked": 10 * number}} for number in range(40)]
    assert set(soak_figures.growing(samples)) == {"Leaked"}


def test_objects_of_the_package_are_counted_by_their_types() -> None:
    import aioclient

    before = soak_figures.own_objects()["FormData"]
    forms = [aioclient.FormData({"a": "b"}) for _ in range(3)]
    assert soak_figures.own_objects()["FormData"] == before + len(forms)
