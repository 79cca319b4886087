"""vcrpy: what a server said is recorded to a cassette, and played back without it."""

import tempfile
from pathlib import Path

import aiohttp
import vcr
from scenario import Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    if seen.path == "/moved":
        return 302, b"", {"Location": "/there"}
    if seen.path == "/cookie":
        return 200, b"set", {"Set-Cookie": "a=b; Path=/"}
    return json_answer({"path": seen.path, "body": seen.body.decode(), "n": len(site.seen)})


site = Site(answer)


async def ask(base: str) -> list[object]:
    """Several requests; gives what they were answered with."""
    said: list[object] = []
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/a", params={"q": "1"}) as response:
            said += [response.status, await response.json(), str(response.url)]
        async with session.post(f"{base}/b", json={"x": 1}) as response:
            said.append(await response.json())
        async with session.get(f"{base}/moved") as response:
            said += [await response.text(), len(response.history), str(response.url)]
        async with session.get(f"{base}/cookie") as response:
            said += [await response.read(), response.headers["Set-Cookie"]]
        said.append([cookie.value for cookie in session.cookie_jar])
        async with session.get(f"{base}/stream") as response:
            said.append(b"".join([chunk async for chunk in response.content.iter_chunked(5)]))
    return said


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cassette = str(Path(folder, "cassette.yaml"))
        async with site:
            with vcr.use_cassette(cassette, record_mode="once"):
                recorded = await ask(site.url("").rstrip("/"))
            arrived = len(site.seen)
            assert arrived == 6
            with vcr.use_cassette(cassette, record_mode="none") as tape:
                assert await ask(site.url("").rstrip("/")) == recorded
                assert tape.all_played
            assert len(site.seen) == arrived  # the second time nothing was sent
            site.check_client()


run(main)
