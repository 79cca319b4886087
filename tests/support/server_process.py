"""Servers in a process of their own, so that they do not run in step with the client.

A server is a script of this folder. It says where it is with `tell`, serves `until_input_ends`, and
may then `tell` what it has seen. If whoever started it is gone, its input ends, too.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_FOLDER = Path(__file__).parent


class ServerProcess:
    """One that runs, from `with` on. `told` is what it said first."""

    def __init__(self, script: str, *arguments: object) -> None:
        self._command = [sys.executable, str(_FOLDER / script), *map(str, arguments)]
        self._process: subprocess.Popen[str]
        self.told: Any = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.told = json.loads(self._process.stdout.readline())
        return self

    def report(self) -> Any:
        """End it, and give what it said last. Blocks."""
        said, _ = self._process.communicate(timeout=30)
        assert self._process.returncode == 0
        return json.loads(said)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class Standstill:
    """For how long a loop stood still at most (seconds)."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        pause_s = 0.01
        while True:
            begin = time.monotonic()
            await asyncio.sleep(pause_s)
            self.seconds = max(self.seconds, time.monotonic() - begin - pause_s)


@contextlib.asynccontextmanager
async def standstill() -> AsyncIterator[Standstill]:
    """Watch the loop that runs: on a machine that is too busy, time is no measure."""
    still = Standstill()
    task = asyncio.create_task(still.watch())
    try:
        yield still
    finally:
        task.cancel()
        await asyncio.wait([task])


def tell(what: object) -> None:
    """Say something to whoever started this process."""
    print(json.dumps(what), flush=True)


async def until_input_ends() -> None:
    """Wait until this process is to end."""
    await asyncio.to_thread(sys.stdin.read)
