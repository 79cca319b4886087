"""The pages about moving: the table of all differences, and the names that the pages speak of."""

import importlib
import inspect
import re
import ssl
from collections import Counter
from pathlib import Path

import differences_table
import pytest
from differences_table import Difference, anchor, differences, first_sentence, with_table
from program import do_without

import aioclient
from aioclient._message.options import RequestOptions

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ["migration", *(f"migration_from_{name}" for name in ("aiohttp", "httpx", "requests"))]


def text_of(page):
    return (DOCS / f"{page}.md").read_text("utf-8")


def without_examples(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


# --- the table of all differences ----------------------------------------------------------------


def test_the_table_is_up_to_date(capsys):
    status = differences_table.main(["--check"])
    assert status == 0, capsys.readouterr().out


def test_the_table_has_a_row_for_each_difference():
    source = text_of("differences")
    bullets = len(re.findall(r"^- ", source, re.MULTILINE))
    rows = len(re.findall(r"^\| ", source, re.MULTILINE)) - 2
    assert bullets > 100
    assert len(list(differences(source))) == bullets + rows


def test_a_difference_that_is_added_makes_the_check_fail(tmp_path, monkeypatch, capsys):
    for name in ("SOURCE", "PAGE"):
        path = getattr(differences_table, name)
        copy = tmp_path / path.name
        copy.write_text(path.read_text("utf-8"), "utf-8")
        monkeypatch.setattr(differences_table, name, copy)
    with differences_table.SOURCE.open("a", encoding="utf-8") as file:
        file.write("\n## More\n\n- A `|` more. With\n  words.\n")
    assert differences_table.main(["--check"]) == 1
    assert "tools/differences_table.py" in capsys.readouterr().out
    assert differences_table.main([]) == 0
    assert differences_table.main(["--check"]) == 0
    row = "| [More](differences.md#more) | A `\\|` more. [more](differences.md#more) |\n"
    assert row in differences_table.PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "One sentence.",
        "A version 3.14 is no end.",
        "Neither is code, `a. b`.",
        "Nor (what is said. aside).",
        "Nor (`a()` in. an aside).",
    ],
)
def test_first_sentence(text):
    assert first_sentence(text) == text
    assert first_sentence(f"{text} `Another`. And one.") == text


def test_a_section_without_differences_is_an_error():
    with pytest.raises(ValueError, match="below 'Empty'"):
        list(differences("# Title\n\n## Empty\n\nwords\n"))


def test_what_is_as_above_is_said_again():
    table = "| of | names | here | why |\n| --- | --- | --- | --- |\n"
    rows = "| `A` | `b` | missing | so |\n| `C` | | is no class | as above |\n"
    found = list(differences(f"\n## Names\n\n{table}{rows}"))
    assert found == [
        Difference("Names", "`A`: `b`: missing (so)"),
        Difference("Names", "`C`: is no class (so)"),
    ]


def test_a_page_needs_both_comments():
    with pytest.raises(ValueError, match="lacks one of the comments"):
        with_table(differences_table.BEGIN, [])


# --- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]*)\)", without_examples(text_of(page)))
    assert links
    for link in set(links):
        name, _, target = link.partition("#")
        assert not name or (DOCS / name).exists(), link
        if target:
            text = without_examples(text_of(name.removesuffix(".md") or page))
            assert target in map(anchor, re.findall(r"^#+ (.*)$", text, re.MULTILINE)), link


def test_each_page_is_in_the_readme():
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    for path in DOCS.glob("*.md"):
        assert f"(docs/{path.name})" in readme


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_names_of_aioclient_are_there(page):
    for module in ("", ".testing"):
        here = importlib.import_module(f"aioclient{module}")
        names = re.findall(rf"\baioclient{re.escape(module)}\.(\w+)\b", text_of(page))
        for name in names:
            assert name in ("testing", "cookies") or hasattr(here, name), name


def tables(text):
    """The rows of all tables, each as a list of its cells."""
    lines = re.findall(r"^\| (.*) \|$", without_examples(text), re.MULTILINE)
    return [re.split(r" ?(?<!\\)\| ?", line) for line in lines]


#: Whose arguments the second columns may name.
CALLED = [
    *(aioclient.ClientSession, aioclient.TCPConnector, aioclient.UnixConnector),
    *(aioclient.ClientTimeout, aioclient.BasicAuth, aioclient.FormData, aioclient.CookieJar),
    *(aioclient.ClientResponse.text, aioclient.ClientResponse.json, ssl.create_default_context),
]


@pytest.mark.parametrize("page", PAGES[2:])
def test_arguments_of_aioclient_are_there(page):
    known = set(RequestOptions.__annotations__)
    for called in CALLED:
        known |= set(inspect.signature(called).parameters)
    named = Counter(
        name for row in tables(text_of(page)) for name in re.findall(r"\b(\w+)=(?!\")", row[1])
    )
    assert named.total() > 30
    assert set(named) <= known


@pytest.mark.parametrize(
    ("page", "module"),
    [("migration_from_httpx", "httpx"), ("migration_from_requests", "requests.exceptions")],
)
def test_exceptions_are_there(page, module):
    try:
        there = importlib.import_module(module)
    except ImportError:
        do_without(f"the Python package {module.partition('.')[0]} is not installed")
    section = text_of(page).partition("\n## Errors\n")[2].partition("\n## ")[0]
    rows = [row for row in tables(section) if not row[0].startswith(("---", "`httpx", "`requests"))]
    assert len(rows) > 15
    for theirs, *ours in rows:
        for name in re.findall(r"`([A-Z]\w+)`", theirs):
            assert issubclass(getattr(there, name), Exception)
        for name in re.findall(r"`([A-Z]\w+)`", " ".join(ours)):
            assert issubclass(getattr(aioclient, name), aioclient.ClientError)
