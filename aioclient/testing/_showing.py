"""Requests in messages, without what is a secret: such messages end up in the logs of CI."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from yarl import URL

from aioclient._middlewares.redaction import HIDDEN, SECRET_WORDS, printable

_MAX_CHARACTERS: Final = 300


def is_secret(name: str) -> bool:
    """Does a header, parameter or field of this name hold a secret, by the sound of it?"""
    sound = name.lower().replace("_", "-")
    return any(word in sound for word in SECRET_WORDS)


def shown_url(url: URL) -> str:
    """A URL without login and password, and without the values of secret parameters."""
    shown = str(url.with_user(None) if url.absolute else url)
    query = url.raw_query_string
    if any(is_secret(name) for name in url.query):
        pairs = (pair.partition("=") for pair in query.split("&"))
        hidden = "&".join(
            f"{name}={HIDDEN}" if is_secret(unquote_plus(name)) else f"{name}{equals}{value}"
            for name, equals, value in pairs
        )
        shown = shown.replace(f"?{query}", f"?{hidden}", 1)
    return printable(shown)


def shown_header(name: str, value: str | None) -> str:
    """What a header has as its value."""
    if value is None:
        return "missing"
    return HIDDEN if is_secret(name) else printable(repr(value))


def shown_value(value: object) -> str:
    """A value of JSON."""
    return _cut(repr(_without_secrets(value)))


def shown_body(body: bytes | None, content_type: str) -> str:
    """What a request had as its body; None: nobody has read all of it."""
    if body is None:
        return "not read"
    if not body:
        return "empty"
    if "json" in content_type:
        try:
            return shown_value(json.loads(body))
        except ValueError:
            pass
    if content_type.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return _cut(repr([(name, HIDDEN if is_secret(name) else text) for name, text in pairs]))
    return _cut(f"{len(body)} bytes, {body[:100]!r}")


def numbered(lines: Iterable[str]) -> str:
    """One line for each, with its number; a word if there is none."""
    kept = [f"\n  {number}. {line}" for number, line in enumerate(lines, 1)]
    if len(kept) > 30:
        kept[15:-15] = ["\n  ..."]
    return "".join(kept) or " nothing"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if is_secret(str(name)) else _without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value


def _cut(text: str) -> str:
    text = re.sub(r"//[^\s/?#]*@", "//", text)
    return f"{text[:_MAX_CHARACTERS]}..." if len(text) > _MAX_CHARACTERS else text
