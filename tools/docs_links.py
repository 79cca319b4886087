"""Follows the links of a site that lies in a folder: to pages, to places on them, to its files.

A page may link to other sites, but must load nothing from them: no script, style, font or picture.
"""

import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

#: Which attributes of which tags are loaded when a page is looked at; of `link` by what it is for.
_LOADED: Final = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
_LOADED_LINKS: Final = {"stylesheet", "icon", "preload", "modulepreload", "preconnect"}
_CSS_URL: Final = re.compile(
    r"url\(\s*['\"]?((?:https?:)?//[^)'\"]*)|@import\s+['\"]?(https?:[^'\";]*)"
)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        #: The places on the page that a link may name.
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to, and that one can be led to it."""
        given = dict(attrs)
        for name in ("id", "name"):
            if value := given.get(name):
                self.places.add(value)
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)
        if tag == "link" and (target := given.get("href")):
            kinds = set((given.get("rel") or "").split())
            (self.loaded if kinds & _LOADED_LINKS else self.links).append(target)
        self.loaded += [value for name, value in attrs if value and (tag, name) in _LOADED]


def problems(site: Path) -> list[str]:
    """Each link that leads nowhere, and each thing that comes from another site, in a line."""
    pages = {
        path.relative_to(site).as_posix(): _Page(path.read_text("utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    found = []
    for name, page in pages.items():
        found += [f"{name}: loads {each}" for each in page.loaded if _is_elsewhere(each)]
        here = [each for each in [*page.links, *page.loaded] if not _is_elsewhere(each)]
        found += [f"{name}: {what}" for what in _dead(site, name, here, pages)]
    for style in sorted(site.rglob("*.css")):
        for match in _CSS_URL.finditer(style.read_text("utf-8")):
            found.append(f"{style.relative_to(site)}: loads {match[1] or match[2]}")
    return found


def _is_elsewhere(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.scheme or parts.netloc)


def _dead(site: Path, name: str, links: list[str], pages: dict[str, _Page]) -> Iterator[str]:
    for link in sorted(set(links)):
        parts = urlsplit(link)
        path = name
        if parts.path:
            # 404.html is shown anywhere, so its links begin at the root of the site.
            start = "" if parts.path.startswith("/") else posixpath.dirname(name)
            path = posixpath.normpath(posixpath.join(start, unquote(parts.path).lstrip("/")))
            if (site / path).is_dir():
                path = posixpath.normpath(f"{path}/index.html")
        if not (site / path).is_file():
            yield f"{link} leads to no file"
        elif parts.fragment and path in pages and not _is_place(parts.fragment, pages[path]):
            yield f"{link} leads to no place on {path}"


def _is_place(fragment: str, page: _Page) -> bool:
    return unquote(fragment) in page.places or fragment.startswith("__")  # what scripts make
