"""Many files at once into a folder, with progress bars where rich is installed.

python examples/download_many.py FOLDER URL [URL ...] [--at-once 4]
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from yarl import URL

import aioclient

Begin = Callable[[str, int | None], Callable[[int], None]]

#: A large file may take as long as it takes; a server that is silent for a minute has gone.
TIMEOUT = aioclient.ClientTimeout(total=None, sock_connect=30, sock_read=60)


@contextmanager
def progress_bars() -> Iterator[Begin]:
    """A function that begins a bar of this name and size, and gives one that moves it on."""
    try:
        from rich.console import Console
        from rich.progress import DownloadColumn, Progress, TransferSpeedColumn
    except ImportError:
        yield lambda name, size: lambda count: None
        return
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def begin(name: str, size: int | None) -> Callable[[int], None]:
            bar = progress.add_task(name, total=size)
            return lambda count: progress.advance(bar, count)

        yield begin


def file_names(urls: list[str]) -> dict[str, str]:
    """A name for each URL: its last part, without what has a meaning to a file system."""
    names: dict[str, str] = {}
    for number, url in enumerate(urls, 1):
        name = re.sub(r"[^\w.-]+", "_", URL(url).name).lstrip(".") or "index"
        names[url] = f"{number}-{name}" if name in names.values() else name
    return names


async def download(session: aioclient.ClientSession, url: str, path: Path, begin: Begin) -> int:
    part = path.with_name(f"{path.name}.part")  # the name is there when all of the file is
    # Not compressed on the way, so that the size that the server says is that of the file.
    async with session.get(url, headers={"Accept-Encoding": "identity"}) as response:
        move_on = begin(path.name, response.content_length)
        try:
            with part.open("wb") as file:
                async for piece in response.content.iter_chunked(256 * 1024):
                    await asyncio.to_thread(file.write, piece)
                    move_on(len(piece))
                size = file.tell()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return size


async def download_all(urls: list[str], folder: Path, at_once: int = 4) -> dict[str, int | str]:
    """How many bytes each URL gave, or why it gave none."""
    outcomes: dict[str, int | str] = {}
    names = file_names(urls)
    left = iter(names)

    async def take_turns(session: aioclient.ClientSession, begin: Begin) -> None:
        for url in left:  # one iterator for all: each takes what is next
            try:
                outcomes[url] = await download(session, url, folder / names[url], begin)
            except aioclient.ClientError as error:
                outcomes[url] = f"failed: {error}"

    retry = [aioclient.RetryMiddleware()]  # until a body begins
    async with aioclient.ClientSession(
        timeout=TIMEOUT, middlewares=retry, raise_for_status=True
    ) as session:
        with progress_bars() as begin:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(take_turns(session, begin))
    return outcomes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("urls", metavar="URL", nargs="+")
    parser.add_argument("--at-once", type=int, default=4, help="how many (4)")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    outcomes = asyncio.run(download_all(given.urls, given.folder, given.at_once))
    for url, outcome in outcomes.items():
        print(f"{outcome:,} bytes: {url}" if isinstance(outcome, int) else f"{outcome}: {url}")
    sys.exit(any(isinstance(outcome, str) for outcome in outcomes.values()))
