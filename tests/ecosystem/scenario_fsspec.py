"""fsspec's HTTP filesystem: reads whole files, ranges and blocks, lists, and writes nothing."""

import asyncio
import threading

import fsspec
from fsspec.implementations.http import HTTPFileSystem
from scenario import WAY, Answer, Seen, Site, run

DATA = bytes(range(256)) * 4096  # 1 MiB


def answer(seen: Seen) -> Answer:
    if seen.path == "/list/":
        return 200, b'<a href="/list/a.bin">a</a> <a href="/list/b.bin">b</a>', {}
    if seen.path.endswith(".missing"):
        return 404, b"no", {}
    fields = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    wanted = seen.headers.get("range")
    if wanted is None:
        return 200, DATA, fields
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    end = min(int(last), len(DATA) - 1) if last else len(DATA) - 1
    fields["Content-Range"] = f"bytes {first}-{end}/{len(DATA)}"
    return 206, DATA[int(first) : end + 1], fields


async def get_client(**options: object):
    import aioclient

    options.pop("loop", None)
    return aioclient.ClientSession(**options)


async def main() -> None:
    options = {} if WAY == "installed" else {"get_client": get_client}
    async with Site(answer) as site:
        await asyncio.to_thread(use, site, options)
        filesystem = HTTPFileSystem(asynchronous=True, skip_instance_cache=True, **options)
        session = await filesystem.set_session()
        assert type(session).__module__.startswith("aioclient")
        assert await filesystem._cat_file(site.url("/a.bin"), start=10, end=20) == DATA[10:20]
        assert await filesystem._exists(site.url("/a.bin"))
        await session.close()
        site.check_client()


def use(site: Site, options: dict[str, object]) -> None:
    """As a program without a loop uses it, which has one in a thread of fsspec's."""
    filesystem = fsspec.filesystem("http", skip_instance_cache=True, **options)
    assert threading.current_thread() is not threading.main_thread()
    assert filesystem.cat(site.url("/a.bin")) == DATA
    assert filesystem.info(site.url("/a.bin"))["size"] == len(DATA)
    assert filesystem.exists(site.url("/a.bin"))
    assert not filesystem.exists(site.url("/a.missing"))
    assert filesystem.cat_file(site.url("/a.bin"), start=100, end=300) == DATA[100:300]
    assert sorted(filesystem.ls(site.url("/list/"), detail=False)) == [
        site.url("/list/a.bin"),
        site.url("/list/b.bin"),
    ]
    with filesystem.open(site.url("/a.bin"), block_size=2**16) as file:
        file.seek(500_000)
        assert file.read(1000) == DATA[500_000:501_000]
    try:
        filesystem.cat(site.url("/a.missing"))
    except FileNotFoundError:
        pass
    else:
        raise AssertionError("a file that is missing was there")


run(main)
