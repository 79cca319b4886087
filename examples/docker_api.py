"""What runs in Docker, and what happens there, by its API at a UNIX socket.

python examples/docker_api.py ps                  what runs
python examples/docker_api.py events [COUNT]      what happens, from now on; Ctrl-C ends it

DOCKER_HOST says where the socket is, if not at /var/run/docker.sock.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from typing import Any, Self

import aioclient


class Docker:
    """A client of the API; use it with `async with`."""

    def __init__(self, socket: str) -> None:
        self._session = aioclient.ClientSession(
            "http://docker/",  # the host is only what the Host header says
            connector=aioclient.UnixConnector(socket),
            timeout=aioclient.ClientTimeout(total=30),
            raise_for_status=True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def version(self) -> str:
        async with self._session.get("/version") as response:
            return str((await response.json())["ApiVersion"])

    async def containers(self) -> list[dict[str, Any]]:
        filters = json.dumps({"status": ["running"]})
        async with self._session.get("/containers/json", params={"filters": filters}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async def events(self) -> AsyncGenerator[dict[str, Any]]:
        """What happens, a line of JSON each: the body of an answer that does not end."""
        forever = aioclient.ClientTimeout(total=None)
        async with self._session.get("/events", timeout=forever) as response:
            async for line in response.content:
                yield json.loads(line)


async def main(what: str = "ps", count: str = "0") -> None:
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    async with Docker(socket.removeprefix("unix://")) as docker:
        if what == "ps":
            print("API", await docker.version())
            for each in await docker.containers():
                print(each["Id"][:12], each["Image"], each["Status"], *each["Names"])
            return
        left = int(count)
        async with contextlib.aclosing(docker.events()) as events:
            async for event in events:
                names = event["Actor"]["Attributes"]
                print(event["Type"], event["Action"], names.get("name", event["Actor"]["ID"][:12]))
                left -= 1
                if not left:
                    break


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(main(*sys.argv[1:]))
        except aioclient.ClientResponseError as error:  # it says why, in JSON
            sys.exit(f"{error.status}: {error.body.decode(errors='replace')}")
        except aioclient.ClientError as error:
            sys.exit(str(error))
