"""A request to a server at a UNIX socket, for instance Docker's.

python examples/unix_socket.py /var/run/docker.sock /version
"""

import asyncio
import sys

import aioclient


async def get(path: str, target: str) -> str:
    connector = aioclient.UnixConnector(path)
    # The host is only what the Host header says.
    async with aioclient.ClientSession("http://localhost/", connector=connector) as session:
        try:
            async with session.get(target) as response:
                return await response.text()
        except aioclient.UnixClientConnectorError as error:
            return str(error)


if __name__ == "__main__":
    print(asyncio.run(get(*sys.argv[1:])))
