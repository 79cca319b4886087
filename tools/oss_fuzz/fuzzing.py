"""What all atheris targets share: how they are started, and how inputs are taken apart.

A target is a module with `one_input(data)`, which raises `Violation`, or whatever is wrong, for an
input that shows a mistake, and `SEEDS`. Its name is the name of its dictionary, if it has one. It
can be started as libFuzzer's targets are, and besides writes its seeds:

    python tools/oss_fuzz/fuzz_set_cookie.py -max_total_time=30 CORPUS
    python tools/oss_fuzz/fuzz_set_cookie.py --seeds FOLDER
    python tools/oss_fuzz/fuzz_set_cookie.py --plain 1000      mutated seeds, without atheris
"""

import contextlib
import hashlib
import importlib
import logging
import random
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
#: Found from the checkout; a frozen target has them in it.
for _folder in (ROOT / "tests" / "support", ROOT / "tools", ROOT):
    if _folder.is_dir() and str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))


class Violation(Exception):
    """Something does not hold that must hold for every input."""


def must(condition: bool, what: str) -> None:
    """Raise if a condition does not hold; unlike `assert`, under -O, too."""
    if not condition:
        raise Violation(what)


def instrumented(*packages: str) -> contextlib.AbstractContextManager[Any]:
    """Import within this what is to guide the fuzzer; nothing happens without atheris."""
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        return contextlib.nullcontext()
    manager: contextlib.AbstractContextManager[Any] = atheris.instrument_imports(
        include=list(packages)
    )
    return manager


def pieces_of(data: bytes, number: int) -> list[bytes]:
    """The data whole, byte by byte, or in pieces of some size."""
    size = (len(data) or 1, 1, 2, 3, 7, 16, 61, 128)[number % 8]
    return [data[i : i + size] for i in range(0, len(data), size)]


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with some bytes changed, left out, doubled, or taken from another."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, length = chance.randint(0, len(data)), chance.choice((0, 1, 1, 4))
        other = chance.choice(seeds)
        start = chance.randint(0, len(other))
        inserted = chance.choice((b"", chance.randbytes(1), other[start : start + 8]))
        data[at : at + length] = inserted
    return bytes(data)


def main(one_input: Callable[[bytes], None], seeds: Iterable[bytes]) -> None:
    """Write the seeds, try mutations of them, or fuzz with the arguments of libFuzzer."""
    if sys.argv[1:2] == ["--seeds"]:
        folder = Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        return
    logging.disable()
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--plain"]:
        chance, known = random.Random(1), list(seeds)
        for seed in known:
            one_input(seed)
        for _ in range(int(sys.argv[2])):
            data = mutated(chance, known)
            try:
                one_input(data)
            except Exception:
                print(f"found by {data!r}")
                raise
        return
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        print("NOT RUN: pip install atheris")
        sys.exit(2)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
