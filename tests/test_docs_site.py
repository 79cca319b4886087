"""The documentation as a whole: what has to be where, and that all code in it is run."""

import re
import subprocess
import sys
from pathlib import Path

import docs_links
import pictures
import pytest
from doc_examples import DOCS, blocks, examples

import aioclient
import aioclient.testing
import aioclient.timing
from aioclient._pages import PAGES as MODULES

ROOT = DOCS.parent
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
#: Languages of blocks in which nothing can be run.
SHOWN = {"", "text"}


def text_of(page):
    return (DOCS / page).read_text("utf-8")


# --- code ----------------------------------------------------------------------------------------


def pages_that_are_run():
    """Those that a test takes the examples of, as the tests say themselves."""
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_docs*.py"))
    named = set(re.findall(r'\bexamples\("([\w./]+)"\)', tests))
    moving = {f"migration_from_{name}.md" for name in ("aiohttp", "httpx", "requests")}
    guides = {page for page in PAGES if page.startswith("howto/")}
    return named | moving | guides | {"index.md"}


@pytest.mark.parametrize("page", PAGES)
def test_each_block_is_run_or_says_why_not(page):
    is_run = page in pages_that_are_run()
    loose = [
        block.text
        for block in blocks(page)
        if block.language not in SHOWN
        and not block.reason
        and not (block.language == "python" and is_run)
    ]
    assert loose == []


def test_all_blocks_are_seen():
    for page in PAGES:
        fences = re.findall(r"^ *```", text_of(page), re.MULTILINE)
        assert len(fences) == 2 * len(list(blocks(page))), page


@pytest.mark.parametrize("example", examples("compatibility.md"))
def test_example_about_compatibility_runs(example):
    program = f"{example}\nassert aiohttp.ClientSession.__module__.startswith('aioclient.')"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


# --- the site ------------------------------------------------------------------------------------


def test_each_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"^ *- (?:[^:\n]*: )?(\S+\.md)$", navigation, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(PAGES) <= set(named)


def test_pictures_are_up_to_date(capsys):
    assert pictures.main(["--check"]) == 0, capsys.readouterr().out


def test_pictures_are_drawn_when_they_are_not(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "FOLDER", tmp_path)
    assert pictures.main(["--check"]) == 1
    assert "tools/pictures.py" in capsys.readouterr().out
    assert pictures.main([]) == 0
    assert pictures.main(["--check"]) == 0


@pytest.mark.parametrize("page", PAGES)
def test_each_picture_is_said_in_words(page):
    for words, _ in re.findall(r"!\[([^]]*)\]\(([^)]*)\)", text_of(page)):
        assert words


def test_links_of_a_site_are_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="a/">1</a><a href="a/index.html#there">2</a><a href="#here">3</a><p id="here">'
        '<a href="https://elsewhere.example/">4</a><img src="picture.svg">'
    )
    (tmp_path / "a" / "index.html").write_text('<a href="..">1</a><a name="there"></a>')
    (tmp_path / "picture.svg").touch()
    assert docs_links.problems(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="none.html">1</a><a href="a/#gone">2</a><a href="#gone">3</a>'
        '<script src="https://elsewhere.example/x.js"></script><link rel="stylesheet" href="b.css">'
    )
    (tmp_path / "b.css").write_text("@font-face { src: url(//elsewhere.example/font) }")
    assert docs_links.problems(tmp_path) == [
        "b.html: loads https://elsewhere.example/x.js",
        "b.html: #gone leads to no place on b.html",
        "b.html: a/#gone leads to no place on a/index.html",
        "b.html: none.html leads to no file",
        "b.css: loads //elsewhere.example/font",
    ]


# --- the reference -------------------------------------------------------------------------------

REFERENCE = "".join(text_of(page) for page in PAGES if page.startswith("reference/"))


@pytest.mark.parametrize("module", [aioclient, aioclient.testing, aioclient.timing])
def test_each_public_name_has_one_place(module):
    shown = re.findall(rf"^::: {re.escape(module.__name__)}\.(\w+)$", REFERENCE, re.MULTILINE)
    assert len(shown) == len(set(shown))
    listed = {"hdrs"} if module is aioclient else set()  # a module, among those of the last page
    assert set(shown) - {"pytest_plugin"} == set(module.__all__) - listed


def test_each_module_is_listed():
    listed = re.findall(r"^\| `aioclient\.(\w+)` \|", text_of("reference/compat.md"), re.MULTILINE)
    assert set(listed) == set(MODULES)
    assert len(listed) == len(MODULES)


def test_the_command_line_is_shown_as_it_is():
    (shown,) = [each.text for each in blocks("reference/command_line.md") if not each.reason]
    command = [sys.executable, "-m", "aioclient", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    if sys.version_info < (3, 13):  # later ones say it in other words
        assert "".join(done.stdout.split()) == "".join(shown.split())
    options = re.findall(r"(?<![\w-])--?\w+", done.stdout)
    assert set(options) == set(re.findall(r"(?<![\w-])--?\w+", shown))


# --- the guide of aiohttp ------------------------------------------------------------------------


def test_each_heading_of_the_guide_has_a_page():
    rows = re.findall(r"^\| `##.*$", text_of("guide.md"), re.MULTILINE)
    assert len(rows) == 31
    for row in rows:
        assert re.search(r" \| \[[^]]+\]\((?!\.\.|differences)[\w/]+\.md(#[\w-]+)?\) \| ", row), row


def test_each_middleware_has_a_page():
    for name in ("Retry", "RateLimit", "DigestAuth", "BearerAuth", "Logging"):
        page = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        assert f"{name}Middleware(" in text_of(f"howto/{page}.md")
