#!/usr/bin/env python3
"""The client that the Autobahn test suite tests: it sends back what it receives.

    python tools/autobahn_agent.py URL NAME CASE ...    run cases of the server there

Exit status: 1 if a case ended with an error that no user should see.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import aioclient
from aioclient import ClientConnectionResetError, ClientSession, WSMsgType

#: So many cases run at once: most of them are short, or wait.
AT_ONCE: Final = 4
#: The suite gives up after 480 s at most.
CASE_S: Final = 600.0
#: The largest window for compression; a server may ask for a smaller one.
WINDOW_BITS: Final = 15
#: So long nothing is said.
_QUIET_S: Final = 30.0


class Progress:
    """Says now and then how far a run is."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._done = 0
        self._started_at = self._said_at = time.monotonic()

    def count(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._said_at >= _QUIET_S or self._done == self._total:
            self._said_at = now
            elapsed_s = now - self._started_at
            print(f"{self._name}: {self._done} of {self._total}, {elapsed_s:.0f} s", flush=True)


async def run_cases(
    server: str, name: str, cases: list[str], progress: Progress | None = None
) -> dict[str, Exception]:
    """Run cases, then let the server write its reports; give what went wrong in the client.

    `server` is its URL, and `name` that of the client, in the reports.
    """
    errors: dict[str, Exception] = {}
    left = iter(cases)
    async with ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_run_some(session, server, name, left, errors, progress))
    async with ClientSession() as session:
        await echo(session, server, "updateReports", {"agent": name})
    return errors


async def _run_some(
    session: ClientSession,
    server: str,
    name: str,
    cases: Iterator[str],
    errors: dict[str, Exception],
    progress: Progress | None,
) -> None:
    for case in cases:
        try:
            await echo(session, server, "runCase", {"casetuple": case, "agent": name})
        except Exception as error:  # whatever it is: the other cases are to be run
            errors[case] = error
        if progress is not None:
            progress.count()


async def echo(session: ClientSession, server: str, action: str, params: dict[str, str]) -> None:
    """Send back all text and binary messages until the server closes."""
    async with (
        asyncio.timeout(CASE_S),
        session.ws_connect(
            f"{server}/{action}", params=params, compress=WINDOW_BITS, max_msg_size=0
        ) as websocket,
    ):
        async for message in websocket:
            # Cases that end within a message, or break the rules, close it before it is sent back.
            with contextlib.suppress(ClientConnectionResetError):
                if message.type is WSMsgType.TEXT:
                    await websocket.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    await websocket.send_bytes(message.data)


def main(arguments: list[str]) -> int:
    """Run what the arguments say."""
    server, name, *cases = arguments
    progress = Progress(name, len(cases))
    errors = asyncio.run(run_cases(server, name, cases, progress))
    for case, error in errors.items():
        print(f"{name}: case {case}: {_words(error)}", file=sys.stderr, flush=True)
    return 1 if errors else 0


def _words(error: Any) -> str:
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--twins"]:
        print("compiled" if aioclient.extensions_active() else "python")
        sys.exit()
    sys.exit(main(sys.argv[1:]))
