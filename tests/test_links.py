"""Links of the documentation lead somewhere: to files, and to headings in them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for pattern in ("*.md", ".github/**/*.md", "docs/**/*.md", "*/README.md", "vendor/*/README.md")
    for path in ROOT.glob(pattern)
    if not any(part.startswith((".venv", "build")) for part in path.relative_to(ROOT).parts)
)
#: Pages that are being written.
YET_TO_COME = {"SECURITY.md", "docs/soak.md", "docs/pitfalls.md", "docs/threat_model.md"}
#: Text that is to be taken as it is, where brackets are no link.
_CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(<?([^)>\s]+)>?\)|^\[[^\]]+\]: *(\S+)", re.MULTILINE)
_ANCHOR_OF_HTML = re.compile(r"<a (?:id|name)=\"([^\"]+)\"|^\(([\w-]+)\)=$", re.MULTILINE)


def without_code(path):
    return _CODE.sub("", path.read_text("utf-8"))


def links_of(path):
    """Those within the project; each with the file that it leads to, and where in that."""
    for match in _LINK.finditer(without_code(path)):
        link = match[1] or match[2]
        if not re.match(r"[a-z]+:", link):
            name, _, place = link.partition("#")
            yield link, path.parent / name if name else path, place


def places_of(path):
    """What can be behind the # of a link to this page: its headings, as GitHub makes them."""
    text = re.sub(r"^( *)```.*?^\1```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.*?)#*$", text, re.MULTILINE)
    words = (re.sub(r"\]\([^)]*\)", "]", each).strip().lower() for each in headings)
    places = {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in words}
    return places | {name for pair in _ANCHOR_OF_HTML.findall(text) for name in pair if name}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    broken = []
    for link, target, place in links_of(path):
        name = target.resolve().relative_to(ROOT).as_posix()
        if name in YET_TO_COME or (name.startswith(".github") and not (ROOT / ".github").exists()):
            continue  # an sdist has no workflows
        is_page = target.suffix == ".md" and target.is_file()
        if not target.exists() or (place and is_page and place not in places_of(target)):
            broken.append(link)
    assert broken == []


def test_links_are_found_and_broken_ones_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` heading\n[a](page.md#a-b-heading) [b](#a-b-heading) [c](https://c.example/)\n"
        "`[code](none)` [gone](gone.md) [`code`](gone.py) [place](page.md#none)\n"
        "```\n[example](none)\n# none\n```\n[r]: gone.txt\n"
    )
    found = [(link, target.exists(), place) for link, target, place in links_of(page)]
    assert found == [
        ("page.md#a-b-heading", True, "a-b-heading"),
        ("#a-b-heading", True, "a-b-heading"),
        ("gone.md", False, ""),
        ("gone.py", False, ""),
        ("page.md#none", True, "none"),
        ("gone.txt", False, ""),
    ]
    assert places_of(page) == {"a-b-heading"}


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md"])
def test_files_that_are_named_are_there(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip("not all of the checkout is here")
    named = re.findall(
        r"`((?:aioclient|benchmarks|docs|examples|tests|tools|vendor)/[\w./-]+)`",
        path.read_text("utf-8"),
    )
    assert [each for each in named if each not in INVENTED and not (ROOT / each).exists()] == []


#: What the guide for contributors makes up, for who follows it.
INVENTED = {"aioclient/_middlewares/cache.py", "tests/_middlewares/test_cache.py"}
