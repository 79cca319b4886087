#!/usr/bin/env python3
"""Runs the tests of the twins, built with AddressSanitizer and UBSan.

    python tools/sanitize.py                    the corpus, the twins' agreement, other parsers
    python tools/sanitize.py PYTEST_OPTION ...  other tests or options of pytest
    python tools/sanitize.py tools/fuzz_frames.py [OPTION ...]     generated WebSocket frames
    AIOCLIENT_FUZZ_EXAMPLES=500000 python tools/sanitize.py    with more generated input

The twins are built by gcc in a temporary copy of the checkout, for the Python that runs this, which
needs Cython, setuptools and what the tests need (the extra `dev`). Memory that Python hands out
comes straight from malloc, so that an access past the end of any object is seen. Leaks are not
looked for: Python keeps much to its end.

Exit status: 0 if all is well, 1 on any failure or finding, 2 where it cannot be done.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("aioclient", "tests", "tools", "vendor", "setup.py", "pyproject.toml", "README.md")
NEEDED = ("Cython", "setuptools", "pytest", "hypothesis", "multidict", "yarl", "trustme")
FLAGS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]
FLAGS += ["-fno-omit-frame-pointer", "-Wno-maybe-uninitialized"]
TESTS = ["tests/_http1", "tests/_http", "tests/_cookies/test_quote.py", "tests/twins"]
# What starts other programs, which would run under the sanitizers' libraries, too; what takes time.
LEFT_OUT = "not stubs_agree and not without_asserts and not linear_time"
# An out-of-bounds read that only a sanitizer sees: proves that the runs below would tell.
PROBE = """
#include <stdlib.h>
int main(int argc, char **argv) {
  (void)argv;
  char *block = malloc(8);
  int read = block[7 + argc];
  free(block);
  return read == 77;
}
"""


class CannotSanitize(Exception):
    """Something that is needed is not here; the message says what."""


def say(text: str) -> None:
    """Print a line now, before whatever a child process prints."""
    print(text, flush=True)


def main(options: list[str]) -> int:
    """Build, test, and say how it went."""
    if options and options[0] in ("-h", "--help"):
        say((__doc__ or "").strip())
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="sanitize-") as folder:
            return sanitize(Path(folder), options)
    except CannotSanitize as reason:
        say(f"sanitize: NOT RUN: {reason}")
        return 2


def sanitize(folder: Path, options: list[str]) -> int:
    """Build in `folder` and run the tests there."""
    libraries = find_libraries(folder)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CannotSanitize(f"this Python has no {', '.join(missing)} (the extra `dev` has)")
    copy = folder / "checkout"
    ignored = shutil.ignore_patterns("*.so", "*_c.c", "__pycache__", "*.pyc")
    copy.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy)
    say("sanitize: building the compiled twins ...")
    build(copy, folder)
    environment = sanitized(libraries)
    check_build(copy, environment)
    if options and Path(options[0]).parent.name == "tools":
        program = options
    else:
        default = [*TESTS, "-q", "-p", "no:cacheprovider", "-k", LEFT_OUT]
        program = ["-m", "pytest", *(options or default)]
    say(f"sanitize: python {' '.join(program)}")
    command = [sys.executable, *program]
    status = subprocess.run(command, check=False, cwd=copy, env=environment).returncode
    say(f"sanitize: {'no finding' if status == 0 else f'FAILED, exit status {status}'}")
    return 1 if status else 0


def find_libraries(folder: Path) -> list[str]:
    """The sanitizers' libraries, after a check that they see what they are for."""
    if sys.platform != "linux":
        raise CannotSanitize("needs Linux, where a library can be loaded before Python")
    gcc = shutil.which("gcc")
    if gcc is None:
        raise CannotSanitize("there is no gcc")
    found = []
    for name in ("libasan.so", "libubsan.so"):
        done = subprocess.run(
            [gcc, f"-print-file-name={name}"], check=True, capture_output=True, text=True
        )
        path = done.stdout.strip()
        if not Path(path).is_absolute():
            raise CannotSanitize(f"gcc has no {name}")
        found.append(path)
    source, program = folder / "probe.c", folder / "probe"
    source.write_text(PROBE)
    # Without optimization: the compiler must not find the mistake before the sanitizer does.
    built = subprocess.run(
        [gcc, *FLAGS, "-O0", "-w", str(source), "-o", str(program)],
        check=False,
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise CannotSanitize(f"gcc does not support {FLAGS[0]}: {built.stderr.strip()}")
    run = subprocess.run([str(program)], check=False, capture_output=True, text=True)
    if "AddressSanitizer" not in run.stderr:
        raise CannotSanitize("AddressSanitizer does not work here")
    return found


def build(copy: Path, folder: Path) -> None:
    """Build the twins in place, by a compiler that adds the sanitizers to every command."""
    compiler = folder / "sanitizing-gcc"
    # The last -O wins, so this one does over what setup.py asks for.
    compiler.write_text(f'#!/bin/sh\nexec gcc "$@" {" ".join(FLAGS)}\n')
    compiler.chmod(0o755)
    environment = {
        **os.environ,
        "AIOCLIENT_BUILD_EXTENSIONS": "yes",
        "CC": str(compiler),
        "LDSHARED": f"{compiler} -shared",
    }
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        check=False,
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotSanitize(f"the twins could not be built:\n{done.stdout}{done.stderr}")


def sanitized(libraries: list[str]) -> dict[str, str]:
    """The environment of a Python whose extensions are sanitized."""
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(libraries),
        "PYTHONMALLOC": "malloc",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "AIOCLIENT_TEST_TWINS": "compiled",
    }
    environment.pop("AIOCLIENT_NO_EXTENSIONS", None)
    return environment


def check_build(copy: Path, environment: dict[str, str]) -> None:
    """Make sure that the tests will meet the twins that were just built, sanitizers and all."""
    program = (
        "import aioclient, aioclient._http1.parser_c as p\n"
        "assert aioclient.extensions_active()\n"
        "data = open(p.__file__, 'rb').read()\n"
        "assert b'__asan_report_load' in data and b'__ubsan_handle' in data, 'no sanitizers'\n"
        "print(p.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode or not done.stdout.startswith(str(copy)):
        raise CannotSanitize(f"the sanitized twins do not load:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
