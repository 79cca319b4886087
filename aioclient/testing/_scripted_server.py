"""A server on loopback that plays scripts: bytes in, bytes out."""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, Self, SupportsIndex, TypeAlias

from ._steps import ScriptFailure, ScriptFunction, Step, break_off, shown_bytes

#: What a script is made of, and a script.
ScriptStep: TypeAlias = Step | ScriptFunction
Script: TypeAlias = ScriptStep | Sequence[ScriptStep]

#: At the end, scripts that are still being played have so many seconds; and bytes that were sent
#: after the end of a script, to arrive.
_GRACE_S: Final = 0.5
_ARRIVAL_S: Final = 0.01


class ScriptedServer:
    """Plays a script with each connection, from the beginning of ``async with`` on.

    Arguments:
        scripts: for each connection, in the order in which they are made, a sequence of steps, or
            one step. A step is one of `expect`, `expect_request`, `send`, `send_in_pieces`,
            `pause`, `wait_for`, `announce`, `close` and `reset`, or an async function that is given
            an `asyncio.StreamReader` and an `asyncio.StreamWriter`.
        repeat: the last script is for all connections that come after it (False).
        ssl_context: for a server with TLS; `url` has https then.
        host: the address to listen at, of this machine ("127.0.0.1").
        time_limit: for how many seconds a step may take (5), all but `pause`.

    At the end of the block every connection is closed. It raises AssertionError then if a script
    was not played to its end, if a client sent what no step has taken, or if there was a connection
    without a script for it. If the block ends with an error, that gets a note which says so.
    """

    def __init__(
        self,
        *scripts: Script,
        repeat: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        time_limit: float = 5.0,
    ) -> None:
        if not time_limit > 0:
            raise ValueError(f"time_limit must be above 0, not {time_limit}")
        self._scripts = [_steps(script) for script in scripts]
        self._repeat = repeat
        self._ssl_context = ssl_context
        self._host = host
        self._time_limit_s = time_limit
        self._server: asyncio.Server | None = None
        self._played: list[_Played] = []
        #: Where it listens, from the beginning of the block on.
        self.port: int = 0

    def url(self, path: str = "/") -> str:
        """The URL of a path."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._ssl_context else 'http'}://{host}:{self.port}{path}"

    @property
    def received(self) -> list[bytes]:
        """What each connection has received, in the order in which they were made."""
        return [bytes(played.received) for played in self._played]

    async def __aenter__(self) -> Self:
        """Listen."""
        if self._server is not None:
            raise RuntimeError("a ScriptedServer is for one use")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._new_protocol, self._host, 0, ssl=self._ssl_context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close all, and raise AssertionError for what was not as it should be."""
        server = self._server
        if server is None:
            return
        server.close()
        try:
            if exc is None:
                await self._wait_for_ends()
        finally:
            tasks = [played.stop() for played in self._played]
            await asyncio.gather(*tasks, return_exceptions=True)
            try:
                async with asyncio.timeout(_GRACE_S):
                    await server.wait_closed()
            except TimeoutError:
                pass  # a client in the middle of a handshake, which has to do with it
        problems = self._problems()
        if not problems:
            return
        report = "".join(f"\n  {problem}" for problem in problems)
        if exc is not None:
            exc.add_note(f"ScriptedServer:{report}")
            return
        error = next((played.error for played in self._played if played.error), None)
        raise AssertionError(f"scripts were not played as written:{report}") from error

    async def _wait_for_ends(self) -> None:
        """Let scripts come to their ends, and arrive what has been sent."""
        unfinished = [played.task for played in self._played if not played.is_over]
        ends = [asyncio.ensure_future(played.ended.wait()) for played in self._played]
        try:
            if unfinished:
                await asyncio.wait(ends, timeout=_GRACE_S)
            if tails := {played.task for played in self._played if not played.task.done()}:
                await asyncio.wait(tails, timeout=_ARRIVAL_S)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    def _problems(self) -> list[str]:
        problems = [words for played in self._played for words in played.problems()]
        made, scripts = len(self._played), len(self._scripts)
        problems += [
            f"connection {number}: was not made" for number in range(made + 1, scripts + 1)
        ]
        return problems

    def _new_protocol(self) -> asyncio.StreamReaderProtocol:
        loop = asyncio.get_running_loop()
        received = bytearray()
        reader = _RecordingReader(received, loop)

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            number = len(self._played)
            if number < len(self._scripts):
                steps: list[ScriptStep] | None = self._scripts[number]
            else:
                steps = self._scripts[-1] if self._repeat and self._scripts else None
            played = _Played(number + 1, steps, received, reader, writer, self._time_limit_s)
            self._played.append(played)

        return asyncio.StreamReaderProtocol(reader, connected, loop=loop)


class _RecordingReader(asyncio.StreamReader):
    """Keeps all that it is fed with."""

    def __init__(self, received: bytearray, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._received = received

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        self._received.extend(data)
        super().feed_data(data)


class _Played:
    """One connection, and how far its script is; it is played in a task of its own."""

    def __init__(
        self,
        number: int,
        steps: list[ScriptStep] | None,
        received: bytearray,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        time_limit_s: float,
    ) -> None:
        self._number = number
        self._steps = steps
        #: All that came.
        self.received: Final = received
        self._reader = reader
        self._writer = writer
        self._time_limit_s = time_limit_s
        self._at = 0  # how many steps were played
        self._unexpected = b""
        #: What ended the script too early.
        self.error: Exception | None = None
        #: Set when the script is at its end, or has failed.
        self.ended: Final = asyncio.Event()
        self.task: Final = asyncio.get_running_loop().create_task(self._play())

    @property
    def is_over(self) -> bool:
        """Is the script at its end, or has it failed?"""
        return self.ended.is_set()

    def stop(self) -> "asyncio.Task[None]":
        """End it now; the task ends soon."""
        self.task.cancel()
        return self.task

    def problems(self) -> list[str]:
        """What was not as the script says."""
        name = f"connection {self._number}"
        if self._steps is None:
            return [f"{name}: there is no script for it"]
        if self._at < len(self._steps):
            step = self._steps[self._at]
            why = "the server was closed" if self.error is None else _said(self.error)
            return [f"{name}: step {self._at + 1} of {len(self._steps)}, {_named(step)}: {why}"]
        if self._unexpected:
            return [f"{name}: got {shown_bytes(self._unexpected)} after the end of its script"]
        return []

    async def _play(self) -> None:
        try:
            for step in self._steps or ():
                await self._play_step(step)
                self._at += 1
            self.ended.set()
            if self._steps is not None and not self._writer.is_closing():
                await self._hear_the_rest()
        except Exception as error:
            self.error = error
        finally:
            self.ended.set()
            if self.error is not None or self._steps is None:
                break_off(self._writer)
            self._writer.transport.abort()

    async def _play_step(self, step: ScriptStep) -> None:
        is_limited = not isinstance(step, Step) or step.is_limited
        try:
            async with asyncio.timeout(self._time_limit_s if is_limited else None) as limit:
                if isinstance(step, Step):
                    await step.play(self._reader, self._writer)
                else:
                    await step(self._reader, self._writer)
        except TimeoutError as error:
            if not limit.expired():
                raise
            more = f" (so far it had got {shown_bytes(bytes(self.received))})"
            raise ScriptFailure(f"took longer than {self._time_limit_s:g} s{more}") from error

    async def _hear_the_rest(self) -> None:
        """Keep the connection until the client closes it."""
        try:
            while piece := await self._reader.read(65536):
                self._unexpected += piece[: 200 - len(self._unexpected)]
        except OSError:
            pass  # the client broke it off, which is its right


def _steps(script: Script) -> list[ScriptStep]:
    steps = [script] if isinstance(script, Step) or callable(script) else list(script)
    for step in steps:
        if not isinstance(step, Step) and not callable(step):
            raise TypeError(f"a script is made of steps and functions, not of {step!r}")
    return steps


def _named(step: ScriptStep) -> str:
    return str(step) if isinstance(step, Step) else getattr(step, "__name__", repr(step))


def _said(error: Exception) -> str:
    if isinstance(error, ScriptFailure):
        return str(error)
    if isinstance(error, ConnectionError | asyncio.IncompleteReadError):
        return f"the client ended the connection ({error})"
    return repr(error)
