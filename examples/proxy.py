"""A request through a proxy, and who it was if it failed: the proxy, or the server behind it.

python examples/proxy.py URL http://me:secret@proxy.example:3128
HTTPS_PROXY=http://proxy.example:3128 python examples/proxy.py URL
"""

import asyncio
import sys

import aioclient


async def status_or_reason(url: str, proxy: str | None = None) -> str:
    # Without one here HTTP_PROXY, HTTPS_PROXY and ALL_PROXY count, but for hosts in NO_PROXY.
    async with aioclient.ClientSession(proxy=proxy, trust_env=True) as session:
        try:
            async with session.get(url) as response:
                if response.status == 407:  # http URLs are asked of the proxy itself
                    return f"login, please: {response.headers.get('Proxy-Authenticate')}"
                return f"{response.status}, connected to {response.connection.peername}"
        except aioclient.ClientHttpProxyError as error:
            page = error.body.decode(errors="replace")
            return f"no tunnel: {error.status} {error.message}, {page}"
        except aioclient.ClientProxyConnectionError as error:
            return f"no proxy: {error}"
        except aioclient.ClientError as error:
            return f"no answer: {error}"


if __name__ == "__main__":
    print(asyncio.run(status_or_reason(*sys.argv[1:])))
