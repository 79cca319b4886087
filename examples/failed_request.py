"""A request that failed: what the server said, on which connection, after how long.

python examples/failed_request.py URL
"""

import asyncio
import sys

import aioclient


async def report(url: str) -> str:
    async with aioclient.ClientSession(max_error_body_size=1000) as session:
        try:
            async with session.get(url, raise_for_status=True) as response:
                seconds = response.elapsed.total_seconds()
                kind = response.connection.tls_version or "no TLS"
                return f"{response.status} after {seconds:.2f} s, {kind}"
        except aioclient.ClientResponseError as error:
            return f"{error.status}: {error.body.decode(errors='replace')}"
        except aioclient.ClientError as error:
            return str(error)


if __name__ == "__main__":
    print(asyncio.run(report(sys.argv[1])))
