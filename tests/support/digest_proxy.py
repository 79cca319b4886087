"""An HTTP proxy that asks for Digest authentication (RFC 7616 section 3.8).

It makes the tunnels that are asked for; what it should forward it answers itself.
"""

import asyncio
from typing import Any

from digest_site import DigestSite
from recording_proxy import pass_on


class DigestProxy(DigestSite):
    """Serves whoever knows the password, and answers others with 407 and a challenge."""

    STATUS = 407
    ASKS = "Proxy-Authenticate"
    ANSWER = "Proxy-Authorization"
    INFO = "Proxy-Authentication-Info"

    def __init__(self, **options: Any) -> None:
        """Options are those of a `DigestSite`."""
        super().__init__(**options)
        #: What went through tunnels to servers, as far as its beginning.
        self.passed_on = bytearray()
        #: What is said instead of making a tunnel, if it is.
        self.connect_status: int | None = None

    async def _connect(
        self,
        target: str,
        head: list[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if self.connect_status is not None:
            lines = [f"HTTP/1.1 {self.connect_status} X", "Content-Length: 0", *head, "", ""]
            writer.write("\r\n".join(lines).encode())
            return
        host, _, port = target.rpartition(":")
        agreed = "\r\n".join(["HTTP/1.1 200 X", *head, "", ""]).encode()
        await pass_on((host.strip("[]"), int(port)), agreed, reader, writer, self.passed_on)
