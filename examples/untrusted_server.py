"""A server that is not to be trusted: how much it may send, and how to tell what was too much.

python examples/untrusted_server.py URL
"""

import asyncio
import sys

import aioclient


async def size_or_reason(url: str, max_size: int = 1_000_000) -> str:
    async with aioclient.ClientSession(
        max_head_size=16_384,  # bytes of the whole head
        max_headers=64,
        max_body_size=max_size,  # bytes of a body that is read whole, once decoded
        timeout=aioclient.ClientTimeout(total=30, sock_read=5),
    ) as session:
        try:
            async with session.get(url) as response:
                return f"{len(await response.read())} bytes"
        except aioclient.BodyTooLargeError as error:
            return f"too much: {error.limit} is {error.limit_value}"
        except aioclient.HeadLimitError as error:
            return f"too large a head: {error.limit} is {error.limit_value}"
        except aioclient.ServerProtocolError as error:
            return f"not HTTP as it should be: {error}"
        except aioclient.ClientError as error:
            return f"failed: {error}"


if __name__ == "__main__":
    print(asyncio.run(size_or_reason(sys.argv[1])))
