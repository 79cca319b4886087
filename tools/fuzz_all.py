#!/usr/bin/env python3
"""Runs every fuzz target for some seconds, one after the other.

    python tools/fuzz_all.py                        10 seconds each
    python tools/fuzz_all.py --seconds 600 --artifacts FOLDER
    python tools/fuzz_all.py --only fuzz_urls frames
    python tools/fuzz_all.py --strict               a target that cannot be run is a failure

The targets:

* h1scan: those of the C library, by libFuzzer with AddressSanitizer and UBSan, in four builds. That
  needs clang with its fuzzer runtime.
* fuzz_...: those of `tools/oss_fuzz`, by atheris (Linux, `pip install atheris`), some of which need
  the compiled twins in the checkout (`python setup.py build_ext --inplace`).
* frames: generated WebSocket frames to both twins, by `tools/fuzz_frames.py`.

What cannot be run is SKIPPED, with the reason. Exit status: 0 if nothing was found, 1 if something
was, with the input in --artifacts.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent
OSS_FUZZ = TOOLS / "oss_fuzz"
H1SCAN = ROOT / "vendor" / "h1scan"
CANNOT = 2  # the exit status of what says that it cannot be run
SHOWN_LINES = 40
TARGETS = {
    "h1scan": H1SCAN / "check.py",
    **{path.stem: path for path in sorted(OSS_FUZZ.glob("fuzz_*.py"))},
    "frames": TOOLS / "fuzz_frames.py",
}


def say(text: str) -> None:
    """Print a line now."""
    print(text, flush=True)


def dictionary(name: str) -> Path | None:
    """The words of a target, if there are some."""
    shared = {"fuzz_response": "h1scan", "fuzz_websocket": "wsbytes"}
    if name in shared:
        return H1SCAN / "fuzz" / f"{shared[name]}.dict"
    path = OSS_FUZZ / "dictionaries" / f"{name}.dict"
    return path if path.exists() else None


def command(name: str, seconds: int, folder: Path, artifacts: Path) -> list[str]:
    """How a target is started."""
    path = str(TARGETS[name])
    if name == "h1scan":
        return [sys.executable, path, "--fuzz", str(seconds)]
    if name == "frames":
        return [sys.executable, path, "--seconds", str(seconds), "--seed", str(time.time_ns())]
    seeds, corpus = folder / "seeds", folder / "corpus"
    corpus.mkdir()
    # A target that cannot be run says so twice; the second time counts.
    subprocess.run([sys.executable, path, "--seeds", str(seeds)], check=False, capture_output=True)
    seeds.mkdir(exist_ok=True)
    words = dictionary(name)
    return [
        *(sys.executable, path, f"-max_total_time={seconds}", "-max_len=1000", "-timeout=20"),
        *("-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={artifacts}/{name}-"),
        *([f"-dict={words}"] if words else []),
        *(str(corpus), str(seeds)),
    ]


def run(name: str, seconds: int, artifacts: Path) -> tuple[str, str]:
    """Run one target; the verdict, and what is to be said of it."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        done = subprocess.run(
            command(name, seconds, Path(folder), artifacts),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=folder,
        )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if done.returncode == 0:
        units = [line for line in lines if "number_of_executed_units" in line]
        return "passed", f"{units[-1].split()[-1]} inputs" if units else last
    if done.returncode == CANNOT:
        return "SKIPPED", last
    say("\n".join(lines[-SHOWN_LINES:]))
    return "FAILED", f"exit status {done.returncode}, inputs are in {artifacts}"


def main() -> int:
    """Read the options, run, sum up."""
    parser = argparse.ArgumentParser(description="Run every fuzz target for some seconds.")
    parser.add_argument("--seconds", type=int, default=10, help="for each target (10)")
    parser.add_argument("--only", nargs="+", choices=list(TARGETS), metavar="TARGET")
    parser.add_argument("--artifacts", type=Path, help="a folder for inputs that show something")
    parser.add_argument("--strict", action="store_true", help="what cannot be run is a failure")
    parser.add_argument("--list", action="store_true", help="show the targets' names")
    options = parser.parse_args()
    if options.list:
        say("\n".join(TARGETS))
        return 0
    artifacts = options.artifacts or Path(tempfile.mkdtemp(prefix="fuzz-artifacts-"))
    artifacts.mkdir(parents=True, exist_ok=True)
    verdicts = []
    for name in options.only or TARGETS:
        verdict, more = run(name, options.seconds, artifacts.resolve())
        verdicts.append(verdict)
        say(f"{name:20} {verdict:8} {more}")
    if not options.artifacts and not any(artifacts.iterdir()):
        artifacts.rmdir()
    bad = {"FAILED", "SKIPPED"} if options.strict else {"FAILED"}
    return 1 if bad & set(verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
