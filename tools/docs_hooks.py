"""What mkdocs does besides, when it builds the documentation: see `mkdocs.yml`.

Pages link to files of the repository that lie outside `docs/`: to examples, tests, CHANGES.md. Each
file that is linked to is made a page of the site, below `repository/`, and the links lead there. So
one link works in both places, and the site is whole without the repository.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = "docs/"
MADE: Final = "repository/"
_FENCE: Final = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)|^\[[^]]+\]: (\S+)$", re.MULTILINE)
_LANGUAGES: Final = {".py": "python", ".toml": "toml", ".yml": "yaml", ".sh": "sh"}
#: A long name in code, which a narrow table may break behind an underscore or a dot.
_LONG_NAME: Final = re.compile(r"(?<=<code>)[\w.:/-]{24,}(?=</code>)")
#: How much pages of a folder count in a search: who looks for a word wants to read of it first.
_BOOSTS: Final = {"howto/": 3.0, "explanation/": 2.0, "reference/": 0.5}
#: What a page of a folder lists.
_LISTED: Final = (".py", ".md")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave out of the navigation what this checkout does not have."""
    config.nav = _existing(config.nav or [])
    return config


def _existing(entries: list[object]) -> list[object]:
    kept: list[object] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, value),) = entry.items()
            if isinstance(value, list):
                kept.append({title: _existing(value)})
            elif _repository_path(value).exists():
                kept.append(entry)
        elif _repository_path(str(entry)).exists():
            kept.append(entry)
    return kept


def _repository_path(uri: str) -> Path:
    """The file that a page of the site is made of."""
    return ROOT / (uri.removeprefix(MADE) if uri.startswith(MADE) else DOCS + uri)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside `docs/` that pages link to, and those that these link to."""
    in_navigation = set(_leaves(config.nav or []))
    wanted = [path.removeprefix(MADE) for path in in_navigation if path.startswith(MADE)]
    for file in files.documentation_pages():
        wanted += _linked(DOCS + file.src_uri, file.content_string)
    while wanted:
        path = wanted.pop()
        uri = _uri(path)
        if uri in files.src_uris:
            continue
        content = _content(path)
        files.append(_made(config, uri, content, in_navigation))
        if path.endswith(".md"):
            wanted += _linked(path, content)
        elif (ROOT / path).is_dir():
            wanted += [f"{path}/{name}" for name in _listing(path)]
    return files


def _made(config: MkDocsConfig, uri: str, content: str, in_navigation: set[str]) -> File:
    made = File.generated(config, uri, content=content)
    if uri not in in_navigation:
        made.inclusion = InclusionLevel.NOT_IN_NAV
    return made


def _leaves(entries: Iterable[object]) -> Iterator[str]:
    for entry in entries:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        if isinstance(value, list):
            yield from _leaves(value)
        else:
            yield str(value)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to the pages that were made."""
    here = page.file.src_uri
    for folder, boost in _BOOSTS.items():
        if here.startswith(folder):
            page.meta.setdefault("search", {"boost": boost})
    is_made = here.startswith(MADE)
    source = here.removeprefix(MADE).removesuffix(".src.md") if is_made else DOCS + here

    def rewritten(match: re.Match[str]) -> str:
        link = match[1] or match[2]
        target, hash_sign, anchor = link.partition("#")
        path = _resolved(source, target)
        if path is None:
            return match[0]
        uri = path.removeprefix(DOCS) if path.startswith(DOCS) else _uri(path)
        to = posixpath.relpath(uri, posixpath.dirname(here) or ".")
        return match[0].replace(link, to + hash_sign + anchor)

    return _outside_fences(markdown, rewritten)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Say where long names in code may be broken."""
    return _LONG_NAME.sub(lambda match: re.sub(r"(?<=[_./])(?=\w)", "<wbr>", match[0]), html)


def _outside_fences(text: str, rewritten: Callable[[re.Match[str]], str]) -> str:
    parts = []
    end = 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(rewritten, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(rewritten, text[end:])])


def _linked(source: str, text: str) -> Iterator[str]:
    """The paths outside `docs/` that a file of the repository links to."""
    for match in _LINK.finditer(_FENCE.sub("", text)):
        path = _resolved(source, (match[1] or match[2]).partition("#")[0])
        if path is not None and not path.startswith(DOCS):
            yield path


def _resolved(source: str, target: str) -> str | None:
    """The path in the repository that a link leads to; None if that is no other file of it."""
    if not target or ":" in target:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    return path if not path.startswith("..") and (ROOT / path).exists() else None


def _uri(path: str) -> str:
    return MADE + (path if path.endswith(".md") else f"{path}.src.md")


def _listing(path: str) -> list[str]:
    names = sorted(each.name for each in (ROOT / path).iterdir())
    return [name for name in names if name.endswith(_LISTED) and name != "__init__.py"]


def _content(path: str) -> str:
    """The page that is made of a file or folder."""
    file = ROOT / path
    aside = "---\nsearch:\n  exclude: true\n---\n\n"
    if file.is_dir():
        folder = posixpath.basename(path)
        links = "".join(f"- [{name}]({folder}/{name})\n" for name in _listing(path))
        return f"{aside}# {path}\n\n{links}"
    text = file.read_text("utf-8")
    if path.endswith(".md"):
        return text
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = _LANGUAGES.get(file.suffix, "text")
    return f"{aside}# {file.name}\n\n`{path}`\n\n{fence}{language}\n{text}{fence}\n"
