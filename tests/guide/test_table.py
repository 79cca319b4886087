"""The table of docs/guide.md, the headings of the guide, and the tests say the same."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: The title of the guide, and then its headings.
TITLE, *HEADINGS = (ROOT / "tests" / "vectors" / "guide_headings.txt").read_text().splitlines()
MODULES = sorted(path for path in HERE.glob("test_*.py") if path != Path(__file__))
TEXT = (ROOT / "docs" / "guide.md").read_text("utf-8")


def rows() -> list[tuple[str, list[str]]]:
    """Of the table: each heading with its tests, which are named behind a link to their module."""
    found = []
    cells = re.findall(r"^\| `(##+ .*?)` \| (.*?) \| .*\|$", TEXT, re.MULTILINE)
    for heading, tests in cells:
        link, *names = tests.split("<br>")
        (module,) = re.findall(r"\[(.*?)\]\(\.\./tests/guide/\1\)", link)
        found.append((heading, [f"{module}::{name.strip('`')}" for name in names]))
    return found


def sections() -> list[tuple[str, list[str]]]:
    """Of the modules: each heading, which is a line of its own, with the tests below it.

    A heading may be there several times, with a subject behind a colon.
    """
    names = {heading.lstrip("# ") for heading in HEADINGS}
    found: list[tuple[str, list[str]]] = []
    for path in MODULES:
        text = path.read_text("utf-8")
        tests = {
            node.lineno: node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        }
        assert len(set(tests.values())) == len(tests), f"a test of {path} hides another"
        heading = ""
        for number, line in enumerate(text.splitlines(), 1):
            if match := re.fullmatch(r"# --- (.*?) -+", line):
                whole = match[1]
                heading = whole if whole in names else whole.rpartition(": ")[0]
                if not found or found[-1][0] != heading:
                    found.append((heading, []))
            elif number in tests:
                assert heading, f"{tests[number]} is below no heading"
                found[-1][1].append(f"{path.name}::{tests[number]}")
    return found


def test_the_table_has_each_heading_of_the_guide_in_its_order() -> None:
    assert TITLE == "# Advanced Client Usage"
    assert [heading for heading, _ in rows()] == HEADINGS


def test_the_modules_have_each_heading_of_the_guide_in_its_order() -> None:
    assert [name for name, _ in sections()] == [heading.lstrip("# ") for heading in HEADINGS]


@pytest.mark.parametrize(("heading", "tests"), rows())
def test_each_test_that_the_table_names_is_below_its_heading(
    heading: str, tests: list[str]
) -> None:
    assert tests
    there = dict(sections())[heading.lstrip("# ")]
    assert [test for test in tests if test not in there] == []
    assert len(set(tests)) == len(tests)


def test_each_module_is_named() -> None:
    named = {test.partition("::")[0] for _, tests in rows() for test in tests}
    assert named == {path.name for path in MODULES}


def test_what_the_table_says_of_differences_is_there() -> None:
    differences = (ROOT / "docs" / "differences.md").read_text("utf-8")
    titles = {
        title.lower().replace(" ", "-"): title
        for title in re.findall(r"^## (.*)$", differences, re.MULTILINE)
    }
    links = re.findall(r"\[([^]]*)\]\(differences\.md#([^)]*)\)", TEXT)
    assert links
    for words, anchor in links:
        assert words in (titles[anchor], "differences.md")


def test_the_second_tables_speak_of_headings_of_the_guide() -> None:
    names = {heading.lstrip("# ") for heading in HEADINGS}
    below = TEXT.partition("## Where the guide does not hold")[2]
    first_cells = re.findall(r"^\| (.*?) \|", below, re.MULTILINE)
    assert {cell for cell in first_cells if cell not in ("Heading", "---")} <= names
