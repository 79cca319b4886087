"""An observer that keeps what it is told, and waits or fails where it is told to."""

import asyncio
from typing import Any


class RecordingObserver:
    """As `aioclient._observer.Observer`; `told` has each event, with what it is about."""

    def __init__(self, *, waits_at: str = "", fails_at: str = "") -> None:
        self.told: list[tuple[Any, ...]] = []
        self._waits_at = waits_at
        self._fails_at = fails_at
        self._may_go = asyncio.Event()
        #: How many of its methods are at it now.
        self.telling = 0

    @property
    def names(self) -> list[str]:
        """The names of the events, without what they are about."""
        return [name for name, *_ in self.told]

    def let_go(self) -> None:
        """Wait no more."""
        self._may_go.set()

    async def _hear(self, name: str, *about: Any) -> None:
        self.told.append((name, *about))
        self.telling += 1
        try:
            if name == self._waits_at:
                await self._may_go.wait()
            if name == self._fails_at:
                raise LookupError(f"of the observer, at {name}")
        finally:
            self.telling -= 1

    async def queued_start(self) -> None:
        await self._hear("queued_start")

    async def queued_end(self) -> None:
        await self._hear("queued_end")

    async def connection_create_start(self) -> None:
        await self._hear("connection_create_start")

    async def connection_create_end(self, connection_id: int) -> None:
        await self._hear("connection_create_end", connection_id)

    async def reuseconn(self, connection_id: int) -> None:
        await self._hear("reuseconn", connection_id)

    async def dns_resolvehost_start(self, host: str) -> None:
        await self._hear("dns_resolvehost_start", host)

    async def dns_resolvehost_end(self, host: str) -> None:
        await self._hear("dns_resolvehost_end", host)

    async def dns_cache_hit(self, host: str) -> None:
        await self._hear("dns_cache_hit", host)

    async def dns_cache_miss(self, host: str) -> None:
        await self._hear("dns_cache_miss", host)

    async def tls_handshake_start(self, host: str) -> None:
        await self._hear("tls_handshake_start", host)

    async def tls_handshake_end(self, host: str, version: str | None, cipher: str | None) -> None:
        await self._hear("tls_handshake_end", host, version, cipher)
