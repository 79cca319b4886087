#!/usr/bin/env python3
"""Writes the table of docs/migration_from_aiohttp.md, which lists all of docs/differences.md.

    python3 tools/differences_table.py           write it
    python3 tools/differences_table.py --check   only say whether it is up to date

Each bullet of docs/differences.md is a row, and so is each row of the table at its end. Of a bullet
with several sentences the row has the first.

Exit status: 0 if the table is up to date or was written; 1 if --check found that it is not.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
SOURCE: Final = _DOCS / "differences.md"
PAGE: Final = _DOCS / "migration_from_aiohttp.md"
BEGIN: Final = "<!-- begin of the table: python3 tools/differences_table.py writes it -->"
END: Final = "<!-- end of the table -->"
#: The end of a sentence that another follows.
_STOP: Final = re.compile(r"[.?!](?= )")
#: What has no end of a sentence in it.
_CODE: Final = re.compile(r"`[^`]*`")
_ASIDE: Final = re.compile(r"\([^()]*\)")
_AS_ABOVE: Final = "as above"


class Difference(NamedTuple):
    """What is done otherwise, and the heading that says so."""

    heading: str
    text: str


def main(arguments: list[str]) -> int:
    """Write the table, or look whether it is there."""
    parser = argparse.ArgumentParser(description="writes the table of all differences")
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    before = PAGE.read_text("utf-8")
    after = with_table(before, list(differences(SOURCE.read_text("utf-8"))))
    if before == after:
        return 0
    if options.check:
        print(f"{PAGE.name} is not up to date: run python3 tools/differences_table.py")
        return 1
    PAGE.write_text(after, "utf-8", newline="\n")
    return 0


def differences(text: str) -> Iterator[Difference]:
    """All that the text has, in its order. A section without any is a ValueError."""
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        found = [*_of_bullets(heading, body), *_of_table(heading, body)]
        if not found:
            raise ValueError(f"{SOURCE.name}: nothing was found below {heading!r}")
        yield from found


def _of_bullets(heading: str, body: str) -> Iterator[Difference]:
    # A bullet goes on in lines that are indented.
    for bullet in re.findall(r"^- (.*(?:\n  .*)*)", body, re.MULTILINE):
        yield Difference(heading, " ".join(bullet.split()))


def _of_table(heading: str, body: str) -> Iterator[Difference]:
    rows = [
        re.split(r" ?(?<!\\)\| ?", line)[1:-1]
        for line in re.findall(r"^\|.*\|$", body, re.MULTILINE)
    ]
    why = ""
    for owner, names, here, reason in rows[2:]:
        why = why if reason == _AS_ABOVE else reason
        yield Difference(heading, ": ".join(filter(None, (owner, names, here))) + f" ({why})")


def with_table(page: str, found: list[Difference]) -> str:
    """The page with these differences between its two comments."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} lacks one of the comments {BEGIN!r} and {END!r}")
    table = "| section | difference |\n| --- | --- |\n" + "".join(map(_row, found))
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _row(difference: Difference) -> str:
    heading, text = difference
    link = f"{SOURCE.name}#{anchor(heading)}"
    first = first_sentence(text)
    more = "" if first == text else f" [more]({link})"
    cell = re.sub(r"(?<!\\)\|", r"\|", first)
    return f"| [{heading}]({link}) | {cell}{more} |\n"


def anchor(heading: str) -> str:
    """What a link to a heading ends with."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def first_sentence(text: str) -> str:
    """The text up to the end of its first sentence."""
    plain = text
    for pattern in (_CODE, _ASIDE):
        plain = pattern.sub(lambda match: "x" * len(match[0]), plain)
    stop = _STOP.search(plain)
    return text[: stop.end()] if stop else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
