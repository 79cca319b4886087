#!/usr/bin/env python3
"""Builds h1scan and wsbytes and runs their tests, or their fuzz targets.

    check.py                    the tests, in four builds
    check.py --fuzz [SECONDS]   the fuzz targets, in two builds (default: 30 each)
    check.py --seeds FOLDER --library NAME      write the seeds of a fuzz target

Exit status: 0 if all is well, 1 on any failure, 2 if no compiler can do it.
The compiler is that of the environment variable CC, else cc, gcc or clang.
Everything is built in a temporary directory.
"""

import argparse
import itertools
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WARNINGS = [
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
NO_SIMD = ["-DH1SCAN_NO_SIMD"]

SEEDS = {
    "h1scan": {
        "head": b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello",
        "head-lf": b"HTTP/1.0 404 Not Found\nA: b\nC:\n\n",
        "head-folded": b"HTTP/1.1 200 \r\nA: b\r\n c\r\n\td \r\nE:\r\n f\r\n\r\n",
        "fields": b"A: a value longer than two vectors of 16 bytes\r\nB: \xe9\r\n\r\n",
        "bare-cr": b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
        "chunk": b'1aF ;name="value"\r\n',
        "chunk-large": b"07FFFFFFFFFFFFFFF\r\n",
        "trailers": b"\r\n",
    },
    "wsbytes": {
        "short": b"key!\x03\x81\x81\x05hello",
        "long": b"key!\x21\x82\x82\x7e\x01\x00" + b"x" * 256,
        "longest": b"\x00\xff\x80\x7f\x07\xc1\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00",
        "text": "key!\x12\x01 κόσμε 😀 \ud7ff\ue000\uffff".encode(),
        "no-text": b"key!\x12\x01 a \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf",
    },
}


def say(text: str) -> None:
    print(text, flush=True)


def find_compiler() -> list[str] | None:
    """The command that compiles C, as the words of a command line."""
    words = shlex.split(os.environ.get("CC", ""))
    if words:
        return words if shutil.which(words[0]) else None
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    return None


def compile_c(
    compiler: list[str], flags: list[str], sources: list[Path], target: Path
) -> subprocess.CompletedProcess[str]:
    command = [*compiler, *flags, *map(str, sources), "-o", str(target)]
    return subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")


def supports(compiler: list[str], flags: list[str], source: str, build: Path) -> bool:
    """Whether a small program built with these flags compiles and runs."""
    path = build / "probe.c"
    path.write_text(source)
    target = build / "probe"
    if compile_c(compiler, flags, [path], target).returncode:
        return False
    run = [str(target), "-runs=0"]
    return subprocess.run(run, check=False, cwd=build, capture_output=True).returncode == 0


def check(build: Path) -> int:
    compiler = find_compiler()
    if compiler is None:
        wanted = os.environ.get("CC") or "cc, gcc or clang"
        say(f"h1scan: NOT CHECKED: there is no C compiler here ({wanted})")
        return 2

    optimized = ["-O2", "-g"]
    builds = [
        ("plain", optimized),
        ("no SIMD", [*optimized, *NO_SIMD]),
    ]
    program = "int main(void) { return 0; }\n"
    if supports(compiler, SANITIZERS, program, build):
        builds += [(f"{name}, sanitizers", [*flags, *SANITIZERS]) for name, flags in builds]
    else:
        say(
            "h1scan: NOT RUN with sanitizers: "
            f"{shlex.join(compiler)} does not support {SANITIZERS[0]}"
        )

    failures = 0
    for number, (library, (name, flags)) in enumerate(itertools.product(SEEDS, builds)):
        target = build / f"test{number}"
        sources = [HERE / f"{library}.c", HERE / "tests" / f"test_{library}.c"]
        compiled = compile_c(compiler, [*WARNINGS, *flags], sources, target)
        if compiled.returncode:
            failures += 1
            say(f"{library} ({name}): does not compile\n{compiled.stderr}")
            continue
        run = subprocess.run(
            [str(target)],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        say(f"{library} ({name}): {run.stdout.strip()}")
        if run.returncode:
            failures += 1
            say(f"{library} ({name}): FAILED, exit status {run.returncode}")
    return 1 if failures else 0


def find_fuzzer(build: Path) -> list[str] | None:
    """A clang that comes with the libFuzzer runtime."""
    program = (
        "#include <stddef.h>\n"
        "int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);\n"
        "int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {\n"
        "  (void)data;\n"
        "  (void)size;\n"
        "  return 0;\n"
        "}\n"
    )
    names = ["clang", *(f"clang-{version}" for version in range(20, 15, -1))]
    flags = ["-fsanitize=fuzzer,address,undefined"]
    for name in names:
        if shutil.which(name) and supports([name], flags, program, build):
            return [name]
    return None


def fuzz(build: Path, seconds: int) -> int:
    compiler = find_fuzzer(build)
    if compiler is None:
        say(
            "h1scan: NOT FUZZED: neither clang nor clang-16 to clang-20 is here "
            "together with its fuzzer runtime"
        )
        return 2

    flags = [
        *WARNINGS,
        "-O1",
        "-g",
        "-fsanitize=fuzzer,address,undefined",
        "-fno-sanitize-recover=all",
    ]
    failures = 0
    simd = (("SIMD", []), ("no SIMD", NO_SIMD))
    for library, (name, more) in itertools.product(SEEDS, simd):
        work = build / f"{library}-{name.replace(' ', '-')}"
        corpus = work / "corpus"
        corpus.mkdir(parents=True)
        for seed, content in SEEDS[library].items():
            (corpus / seed).write_bytes(content)
        target = work / "fuzz"
        sources = [HERE / f"{library}.c", HERE / "fuzz" / f"fuzz_{library}.c"]
        compiled = compile_c(compiler, [*flags, *more], sources, target)
        if compiled.returncode:
            failures += 1
            say(f"{library} ({name}): does not compile\n{compiled.stderr}")
            continue
        say(f"{library} ({name}): fuzzing for {seconds} s")
        run = subprocess.run(
            [
                str(target),
                f"-max_total_time={seconds}",
                "-max_len=600",
                "-timeout=10",
                f"-dict={HERE / 'fuzz' / f'{library}.dict'}",
                "-print_final_stats=1",
                str(corpus),
            ],
            check=False,
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = run.stdout.splitlines()
        if run.returncode:
            failures += 1
            say("\n".join(lines[-200:]))
            for path in sorted(work.glob("*-*")):
                say(f"{library} ({name}): {path.name} is {path.read_bytes()!r}")
            say(f"{library} ({name}): FAILED, exit status {run.returncode}")
        else:
            units = [x for x in lines if "number_of_executed_units" in x]
            count = units[-1].split()[-1] if units else "?"
            say(f"{library} ({name}): {count} inputs, no violation")
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Test or fuzz h1scan and wsbytes.")
    parser.add_argument(
        "--fuzz",
        nargs="?",
        type=int,
        const=30,
        metavar="SECONDS",
        help="run each fuzz target for this long in each build (default: 30)",
    )
    parser.add_argument("--seeds", type=Path, metavar="FOLDER", help="write seeds and do no more")
    parser.add_argument("--library", choices=list(SEEDS), default="h1scan", help="whose seeds")
    arguments = parser.parse_args()
    if arguments.seeds is not None:
        arguments.seeds.mkdir(parents=True, exist_ok=True)
        for name, content in SEEDS[arguments.library].items():
            (arguments.seeds / name).write_bytes(content)
        return 0
    with tempfile.TemporaryDirectory(prefix="h1scan-") as directory:
        build = Path(directory)
        if arguments.fuzz is not None:
            if arguments.fuzz < 1:
                parser.error("SECONDS must be at least 1")
            return fuzz(build, arguments.fuzz)
        return check(build)


if __name__ == "__main__":
    sys.exit(main())
