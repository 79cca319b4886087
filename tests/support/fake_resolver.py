"""A resolver that knows what a test tells it."""

import socket
from collections.abc import Mapping, Sequence

from aioclient import AbstractResolver, ResolveResult
from aioclient._net.names import resolve_result


class FakeResolver(AbstractResolver):
    """Gives the addresses of the names it knows, and gaierror for all others."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = names
        #: What it was asked for, and whether it was closed.
        self.asked: list[str] = []
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown to this test")
        return [
            resolve_result(
                host, address, port, socket.AF_INET6 if ":" in address else socket.AF_INET
            )
            for address in self.names[host]
        ]

    async def close(self) -> None:
        self.closed = True
