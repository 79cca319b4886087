"""Responses and request heads: the compiled parser, cutter and writer beside the Python ones.

The target of `tools/fuzz_parser.py`, which says what must hold.
"""

from collections.abc import Iterator

from fuzzing import main

# isort: split
import fuzz_parser  # found by the import above; needs atheris, and the compiled twins

one_input = fuzz_parser.Target()


def _seeds() -> Iterator[bytes]:
    """Those of the tests' corpus, which a frozen target has not with it."""
    yield from fuzz_parser.seeds()


SEEDS = _seeds()

if __name__ == "__main__":
    main(one_input, SEEDS)
