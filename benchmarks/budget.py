"""Checks that requests cost no more than they did: calls, turns of the loop, and instructions.

    python benchmarks/budget.py            fails if something costs more than it may
    python benchmarks/budget.py --record   measures anew what it costs on this Python

Calls and turns are exact, and their limits are in count_get.py and count_echo.py. Instructions
(instructions.py) are compared with ``budget.json``, which has figures for some versions of Python.
Each workload has a spread that its count may be over: most are the same within 1 %, on one machine
and from one to another; with cookies, whose work depends on the clock and on how the heap happens
to be, it is 3 %. What costs less is said, so that it is recorded. No time is measured here.
"""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUDGET = HERE / "budget.json"
OURS = "aioclient"
#: By how much each may be over.
SPREADS = {
    "get_small_seq": 0.02,
    "get_small_c64": 0.02,
    "post_json_seq": 0.02,
    "headers_heavy": 0.05,
    "ws_echo_small": 0.02,
}
#: How often what seems to be too much is counted.
TRIES = 5


def _run(script: str, *options: str) -> str:
    """The output of a script, which has to succeed."""
    command = [sys.executable, str(HERE / script), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script} {' '.join(options)}: failed")
    return done.stdout


def _instructions(names: Iterable[str] = SPREADS) -> dict[str, int]:
    """What a request of each workload takes."""
    output = _run("instructions.py", "--peers", OURS, "--workloads", *names)
    found = json.loads(output.splitlines()[-1])["instructions_per_request"]
    return {workload: row[OURS] for workload, row in found.items()}


def _measured(allowed: dict[str, int]) -> dict[str, int]:
    """What each takes. What seems to be too much is counted again.

    The server has a say in it, and so has whatever else the machine does: a response that comes in
    two parts takes more. None of that makes it less, so the smallest count is the one that counts.
    """
    counts = _instructions()
    for _ in range(TRIES - 1):
        over = [name for name, by in SPREADS.items() if counts[name] > allowed[name] * (1 + by)]
        if not over:
            break
        counts |= {name: min(counts[name], count) for name, count in _instructions(over).items()}
    return counts


def _compare(measured: dict[str, int], allowed: dict[str, int]) -> bool:
    """Print both; is all within the budget?"""
    is_within = True
    for workload, count in measured.items():
        change = count / allowed[workload] - 1
        verdict = ""
        if change > SPREADS[workload]:
            verdict, is_within = "TOO MUCH", False
        elif change < -SPREADS[workload]:
            verdict = "less: record it"
        print(
            f"{workload:<14}  {count:>9,}  of {allowed[workload]:>9,}  {change:>+6.1%}  {verdict}"
        )
    return is_within


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--record", action="store_true", help="write what is measured to the file")
    arguments = parser.parse_args()
    for script in ("count_get.py", "count_echo.py"):
        _run(script, "--peers", OURS, "--check")
    print("calls and turns of the loop: within their limits")
    budget: dict[str, dict[str, int]] = json.loads(BUDGET.read_text())
    version = platform.python_version()
    if arguments.record:
        budget[version] = _instructions()
        BUDGET.write_text(json.dumps(budget, indent=1, sort_keys=True) + "\n")
        print(f"recorded for {version}: {budget[version]}")
    elif version not in budget:
        print(f"instructions: not compared, there is no budget for Python {version}")
    elif not _compare(_measured(budget[version]), budget[version]):
        sys.exit("requests cost more than they may; profile with instructions.py --profile")


if __name__ == "__main__":
    main()
