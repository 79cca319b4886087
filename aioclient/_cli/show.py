"""Printing: heads and times on standard error, the body on standard output.

What a server sent is never written to a terminal as it came: control characters, which could move
the cursor or change the terminal's state, are shown as escapes.
"""

import codecs
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

import aioclient

if TYPE_CHECKING:
    from rich.console import Console

INDENT = "  "

_REFUSAL = "{} would garble the terminal: save the body with -o FILE, or pipe it"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SECRET_FIELDS = frozenset({"authorization", "proxy-authorization"})


class BinaryBody(ValueError):
    """The body is not text, and its reader is a terminal."""


def printable(text: str) -> str:
    """Show control characters as escapes, all but the ends of lines and tabs."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def is_json(content_type: str) -> bool:
    """Is this media type JSON, or built upon it? RFC 6839 section 3.1."""
    return content_type.endswith(("/json", "+json"))


def show_exchange(response: aioclient.ClientResponse) -> None:
    """Print the heads of a request and of its response on standard error."""
    request = response.request_info
    request_line = f"{request.method} {request.url.raw_path_qs} HTTP/1.1"
    version = response.version
    name = f"HTTP/{version.major}.{version.minor}"
    status_line = f"{name} {response.status} {response.reason or ''}".rstrip()
    _show_head("> ", request_line, request.headers.items())
    _show_head("< ", status_line, response.headers.items())


def show_timing(head_s: float, size: int) -> None:
    """Print when the head came and how large the body was, on standard error."""
    _show_line(f"* head after {head_s * 1000:.1f} ms, body of {size} bytes")


async def copy_body(response: aioclient.ClientResponse) -> int:
    """Write the body to standard output byte for byte, as it comes; give its size."""
    size = 0
    async for piece in response.content.iter_any():
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        size += len(piece)
    return size


async def show_body(response: aioclient.ClientResponse) -> int:
    """Print the body on a terminal, for a person; give its size in bytes.

    Text is printed as it comes, so that an endless stream of events can be watched.

    Raises:
        BinaryBody: It is not text.
    """
    if response.content_type.startswith("text/"):
        return await _show_stream(response)
    body = await response.read()
    text = readable_text(body, response.content_type, response.charset)
    if text is None:
        raise BinaryBody(_REFUSAL.format(f"{len(body)} bytes of {response.content_type}"))
    if is_json(response.content_type):
        try:
            _print_json(indent_json(text))
            return len(body)
        except (ValueError, RecursionError):
            pass  # not JSON after all, or nested without end: print it as it is
    text = text.replace("\r\n", "\n")
    _print_text(text if text.endswith("\n") or not text else f"{text}\n")
    return len(body)


def readable_text(body: bytes, content_type: str, charset: str | None) -> str | None:
    """Decode a body if it is text, by its type or by its looks; None if it is not."""
    declared = is_json(content_type) or charset is not None or content_type.endswith("+xml")
    try:
        text = body.decode(charset or "utf-8", "replace" if declared else "strict")
    except UnicodeDecodeError:
        return None
    except LookupError:
        text = body.decode("utf-8", "replace")
    return None if "\0" in text else text


def indent_json(text: str) -> str:
    """Lay JSON out in indented lines, every key, number and repetition kept as it was sent.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply to be read.
    """
    import json  # late: most answers need none

    text = text.removeprefix("\ufeff")
    json.loads(text)
    lines: list[str] = []
    depth, opened = 0, False
    for found in _JSON_PART.finditer(text):
        part = found[0]
        closes, was_opened, opened = part in "]}", opened, part in "[{"
        depth += opened - closes
        if closes != was_opened:  # neither an empty list or object, nor between two members
            lines.append(f"\n{INDENT * (depth - opened)}")
        if part == ",":
            part = f",\n{INDENT * depth}"
        elif part == ":":
            part = ": "
        elif part.startswith('"'):  # so that \\u017e becomes readable
            part = json.dumps(json.loads(part), ensure_ascii=False)
        lines.append(part)
    return "".join(lines)


async def _show_stream(response: aioclient.ClientResponse) -> int:
    """Print text as it comes."""
    size, ends_line = 0, True
    decoder = make_decoder(response.charset)
    async for piece in response.content.iter_any():
        text = decoder.decode(piece)
        if size == 0 and "\0" in text:
            raise BinaryBody(_REFUSAL.format(f"{response.content_type} that is not text"))
        size += len(piece)
        _print_text(text)
        ends_line = text.endswith("\n") if text else ends_line
    rest = decoder.decode(b"", final=True)
    _print_text(rest if rest.endswith("\n") or (ends_line and not rest) else f"{rest}\n")
    return size


def make_decoder(charset: str | None) -> io.IncrementalNewlineDecoder:
    """Make a decoder for text that comes in pieces; an unknown charset counts as UTF-8."""
    try:
        decoder = codecs.getincrementaldecoder(charset or "utf-8")("replace")
    except LookupError:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return io.IncrementalNewlineDecoder(decoder, translate=True)


def rich_console(stream: TextIO) -> "Console | None":
    """Give a console that prints in colour, or None where that is not possible or not wished."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return None
    try:
        from rich.console import Console  # late: costs start-up time, and may be missing
    except ImportError:
        return None
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def _print_json(text: str) -> None:
    console = rich_console(sys.stdout)
    if console is None:
        _print_text(f"{text}\n")
        return
    from rich.highlighter import JSONHighlighter  # late, as all of rich
    from rich.text import Text

    coloured = Text(printable(text))
    JSONHighlighter().highlight(coloured)
    console.print(coloured, soft_wrap=True)


def _print_text(text: str) -> None:
    """Print text that came from outside, in what standard output can encode."""
    encoding = sys.stdout.encoding or "utf-8"
    shown = printable(text).encode(encoding, "backslashreplace").decode(encoding)
    print(shown, end="", flush=True)


def _show_head(mark: str, first: str, fields: Iterable[tuple[str, str]]) -> None:
    _show_line(mark + first, style="bold")
    for name, value in _without_secrets(fields):
        _show_line(f"{mark}{name}: {value}", style="cyan", styled_to=len(mark) + len(name))
    _show_line(mark.rstrip())


def _without_secrets(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Hide credentials: what is printed here ends up in bug reports."""
    for name, value in fields:
        yield name, "(hidden)" if name.lower() in _SECRET_FIELDS else value


def _show_line(line: str, style: str = "dim", styled_to: int | None = None) -> None:
    """Print a line on standard error, in colour where possible up to a column."""
    console = rich_console(sys.stderr)
    text = printable(line)
    if console is None:
        print(text, file=sys.stderr)
        return
    from rich.text import Text  # late, as all of rich

    coloured = Text(text)
    coloured.stylize(style, 0, styled_to)
    console.print(coloured, soft_wrap=True)
