"""Downloading into a file, with progress on standard error.

The bytes go into a temporary file beside the wanted one, which takes its name when all have
arrived: a download that breaks leaves nothing behind, and an older file as it was.
"""

import contextlib
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import aioclient

from . import show

if TYPE_CHECKING:
    from rich.console import Console

REFRESH_S = 0.1  # between two states of the plain bar
BAR_CHARS = 24

Advance = Callable[[int], None]


async def save(response: aioclient.ClientResponse, name: str) -> int:
    """Save the body of a response as a file and give its size in bytes.

    When it is cancelled, or the body breaks off, there is no new file.

    Raises:
        OSError: The file cannot be written.
        ClientError: The body did not arrive whole.
    """
    if response.status >= 400:
        reason = show.printable(f"{response.status} {response.reason or ''}".rstrip())
        print(f"aioclient: note: the answer is {reason}", file=sys.stderr)
    size = 0
    with whole_file(Path(name)) as file, progress(name, response.content_length) as advance:
        async for piece in response.content.iter_any():
            file.write(piece)
            size += len(piece)
            advance(len(piece))
    return size


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only if the `with` ends well."""
    target = path.resolve()  # a link stays, what it points to is replaced
    if target.exists() and not target.is_file():
        with _open(target, "wb", path) as device:  # such as /dev/null; refused for a folder
            yield device
        return
    partial = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.part")
    file = _open(partial, "xb", path)
    try:
        with file:
            yield file
        if target.exists():
            partial.chmod(stat.S_IMODE(target.stat().st_mode))
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _open(path: Path, mode: Literal["wb", "xb"], wanted: Path) -> BinaryIO:
    try:
        return path.open(mode)
    except OSError as error:
        raise OSError(f"cannot write {wanted}: {error.strerror}") from error


@contextlib.contextmanager
def progress(name: str, total: int | None) -> Iterator[Advance]:
    """Show how far a download of `total` bytes is; give the function to call with each advance."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    console = show.rich_console(sys.stderr)
    if console is not None:
        with _rich_progress(console, name, total) as advance:
            yield advance
        return
    bar = PlainBar(total)
    try:
        yield bar.advance
    finally:
        bar.finish()


@contextlib.contextmanager
def _rich_progress(console: "Console", name: str, total: int | None) -> Iterator[Advance]:
    from rich.progress import (  # late, as all of rich
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    label = TextColumn("{task.description}", markup=False)
    columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(label, BarColumn(), *columns, console=console) as bar:
        task = bar.add_task(show.printable(Path(name).name), total=total)
        yield lambda count: bar.advance(task, count)


class PlainBar:
    """A progress bar on one line of standard error, with nothing but the standard library."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._started_at = time.monotonic()
        self._shown_at = 0.0
        self._width = 0

    def advance(self, count: int) -> None:
        """Count bytes, and show them if the last time is long enough ago."""
        self._done += count
        now = time.monotonic()
        if now - self._shown_at >= REFRESH_S:
            self._shown_at = now
            self._show(now)

    def finish(self) -> None:
        """Show the last state and leave the line."""
        self._show(time.monotonic())
        print(file=sys.stderr)

    def _show(self, now: float) -> None:
        line = bar_line(self._done, self._total, now - self._started_at)
        print("\r" + line.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(line)


def bar_line(done: int, total: int | None, elapsed_s: float) -> str:
    """Draw the state of a download: bytes, speed, and time left where the total is known."""
    speed = done / elapsed_s if elapsed_s > 0 else 0.0
    if not total:
        return f"{amount(done)}  {amount(speed)}/s"
    part = min(done / total, 1.0)
    bar = ("#" * int(part * BAR_CHARS)).ljust(BAR_CHARS, "-")
    left = f"{(total - done) / speed:.0f} s left" if speed and done < total else ""
    return f"[{bar}] {part:4.0%}  {amount(done)} of {amount(total)}  {amount(speed)}/s  {left}"


def amount(count: float) -> str:
    """Write a number of bytes for a person, in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
