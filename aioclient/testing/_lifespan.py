"""The lifespan of an ASGI app: its start before the first request, its end after the last."""

import asyncio
from typing import Any, Final, Literal, TypeAlias

from ._asgi import ASGIApp, Message, versions

#: "auto": an app need not know of it; "on": it must; "off": it is not asked.
LifespanWish: TypeAlias = Literal["auto", "on", "off"]


class Lifespan:
    """Runs the lifespan of one app, in a task of its own."""

    def __init__(self, app: ASGIApp, wish: LifespanWish) -> None:
        self._app = app
        self._wish = wish
        #: What the app keeps in it, its requests find in their scope.
        self.state: Final[dict[str, Any]] = {}
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None]
        self._has_started = False
        self._stopped = False
        self._failure: str | None = None

    async def start(self) -> None:
        """Start the app, or wait until somebody else has. Raises RuntimeError if it cannot.

        Cancelling gives up the waiting only.
        """
        if self._wish == "off" or self._stopped:
            return
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._started = loop.create_future()
            self._messages.put_nowait({"type": "lifespan.startup"})
            self._task = loop.create_task(self._run())
        await asyncio.shield(self._started)

    async def stop(self, within_s: float) -> None:
        """Let the app end what it has started. Raises RuntimeError if it says that it cannot."""
        self._stopped = True
        task = self._task
        if task is None:
            return
        if not self._started.done():
            task.cancel()
        self._messages.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([task], timeout=within_s)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
            raise RuntimeError(f"the app did not shut down within {within_s:g} s")
        if self._has_started and not task.cancelled() and (error := task.exception()) is not None:
            raise RuntimeError("the app failed in its shutdown") from error

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": versions(), "state": self.state}
        started = self._started
        try:
            await self._app(scope, self._messages.get, self._send)
        except Exception as error:
            if self._has_started:
                raise
            if self._failure is None and self._wish == "auto":
                started.set_result(None)  # it does not know of lifespans
                return
            self._could_not_start(error)
        except asyncio.CancelledError:
            started.cancel()
            raise
        else:
            if self._has_started:
                if self._failure is not None:
                    raise RuntimeError(self._failure)
            elif self._failure is None and self._wish == "auto":
                started.set_result(None)
            else:
                self._could_not_start(None)

    def _could_not_start(self, error: Exception | None) -> None:
        why = (self._failure or "").strip().rpartition("\n")[2]  # it may be a whole traceback
        failed = RuntimeError(f"the app could not start{': ' if why else ''}{why}")
        failed.__cause__ = error
        self._started.set_exception(failed)
        self._started.exception()  # so that nobody has to ask for it

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete":
            self._has_started = True
            if not self._started.done():
                self._started.set_result(None)
        elif kind in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
            self._failure = str(message.get("message", ""))
        elif kind != "lifespan.shutdown.complete":
            raise RuntimeError(f"unexpected message {kind!r} of the app")
