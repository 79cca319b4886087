"""One HTTP request to an ASGI app, and its response."""

import asyncio
import logging
from typing import Final

from ._asgi import ASGIApp, Message, Scope, decoded
from ._errors import note_origin
from ._memory_server import Served
from ._server_side import ServerExchange

LOG: Final = logging.getLogger("aioclient.testing")


class HttpCall:
    """Calls an app for one request."""

    def __init__(
        self, served: Served, exchange: ServerExchange, scope: Scope, raises: bool
    ) -> None:
        self._served = served
        self._exchange = exchange
        self._scope = scope
        self._raises = raises
        self._reading = asyncio.Lock()
        self._is_request_told = False
        # What the app has said of the head of its response; None: nothing yet.
        self._start: Message | None = None
        # A whole response that is not written yet.
        self._held: bytes | None = None
        self._is_complete = False
        #: Set when nothing more is to be written.
        self.answered: Final = asyncio.Event()
        # Set when there is nothing to wait for any more: it is answered, or the client is gone.
        self._over = asyncio.Event()
        served.end.on_lost = self._client_lost

    async def run(self, app: ASGIApp) -> BaseException | None:
        """Call the app; gives an error that its caller did not hear of."""
        try:
            await app(self._scope, self._receive, self._send)
            if self._held is not None:
                await self._write_held(self._held)
            if self._is_complete or self._served.end.is_lost:
                return None
            done = "has not completed its response" if self._start else "has not responded"
            raise RuntimeError(f"the app {done} to {self._name}")
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # those of pytest are no Exceptions
            return await self._failed(error)
        finally:
            if not self._is_complete:
                self._exchange.persists = False
            self._end()

    async def _failed(self, error: BaseException) -> BaseException | None:
        end, is_complete = self._served.end, self._is_complete
        if end.is_lost and not is_complete and _comes_of_sending(error):
            return None  # by that it was told that the client is gone
        if self._held is None and is_complete and self._raises:
            return error
        if is_complete or end.is_lost or not self._raises:
            LOG.error("the app failed in %s", self._name, exc_info=error)
        if end.is_lost or (self._held is None and is_complete):
            return None
        if self._raises:
            note_origin(error, "the app")
            self._served.fail(error)
        elif self._exchange.has_begun:
            end.reset(ConnectionResetError("the app failed in the middle of its response"))
        elif self._held is not None:
            await self._write_held(self._held)
        else:
            text = b"Internal Server Error"
            await self._exchange.begin(500, [("Content-Type", "text/plain")], len(text), body=text)
            await self._exchange.finish()
            self._is_complete = True
        return None

    async def discard(self) -> bool:
        """Read what the app has left of the request; False if the client went away instead."""
        async with self._reading:
            return await self._exchange.discard()

    @property
    def _name(self) -> str:
        return f"{self._scope['method']} {self._scope['path']}"

    def _client_lost(self) -> None:
        self._end()

    def _end(self) -> None:
        self._over.set()
        self.answered.set()

    # --- what the app calls -----------------------------------------------------------------------

    async def _receive(self) -> Message:
        async with self._reading:
            if not self._is_request_told and not self._over.is_set():
                try:
                    piece = await self._exchange.read()
                except ConnectionResetError:
                    return {"type": "http.disconnect"}
                self._is_request_told = self._exchange.is_read
                return {
                    "type": "http.request",
                    "body": piece,
                    "more_body": not self._exchange.is_read,
                }
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            self._start = message
        elif kind == "http.response.body" and self._start is not None and not self._is_complete:
            await self._send_body(
                self._start, bytes(message.get("body", b"")), bool(message.get("more_body", False))
            )
        else:
            raise RuntimeError(f"unexpected message {kind!r} of the app")

    async def _send_body(self, start: Message, body: bytes, more: bool) -> None:
        exchange = self._exchange
        if exchange.has_begun:
            await exchange.write(body)
        elif not more and self._raises and start["status"] >= 500:
            # Frameworks answer so for an error which they raise then: who called shall have that.
            self._held = body
            self._is_complete = True
            self._over.set()
            return
        else:
            await exchange.begin(
                start["status"],
                decoded(start.get("headers", ())),
                None if more else len(body),
                body=body,
            )
        if not more:
            await self._complete()

    async def _write_held(self, body: bytes) -> None:
        start, self._held = self._start, None
        if start is not None:
            await self._exchange.begin(
                start["status"], decoded(start.get("headers", ())), len(body), body=body
            )
            await self._complete()

    async def _complete(self) -> None:
        is_short = self._exchange.is_short
        await self._exchange.finish()
        self._is_complete = True
        self._end()
        if is_short:
            raise RuntimeError("the body of the response is shorter than its Content-Length")


def _comes_of_sending(error: BaseException | None) -> bool:
    """Is it, or was it raised for, the error of sending to a client that is gone?"""
    while error is not None and not isinstance(error, ConnectionResetError):
        error = error.__cause__ or error.__context__
    return error is not None
