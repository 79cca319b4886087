"""The corpus under tests/vectors once more, through real sockets and a session.

How an outcome of the parser shows here: a final head gives status, reason and fields of a response,
even if an error follows; without one, the request raises. An error after the head is raised by
`read`, and is of the same class. `end` means that the server need not close, `end with the
connection` and `cut off` that it does. Informational responses are not seen. Where the case says
whether the connection is kept, a second request shows it.

Left out are methods that a session does not send.
"""

import asyncio

import vectors
from running import run
from scripted import ScriptedServer, head_of

from aioclient import ClientError, ClientSession, ClientTimeout, TCPConnector

AT_ONCE = 24
ALL_WITHIN_S = 20.0
AGAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain"

CASES = [case for case in vectors.load_responses() if case.method not in ("CONNECT", "head")]


class Replayer:
    """Answers `/N` with the bytes of case N, and notes on which connection `/N/again` comes."""

    def __init__(self):
        self.was_kept = {}

    async def serve(self, reader, writer):
        number = None
        while True:
            path = (await head_of(reader)).split(b" ")[1].strip(b"/")
            if path.endswith(b"/again"):
                self.was_kept[int(path.removesuffix(b"/again"))] = number is not None
                writer.write(AGAIN)
                continue
            number = int(path)
            case = CASES[number]
            writer.write(case.data)
            await writer.drain()
            if case.expected.ending in (vectors.AT_CLOSE, vectors.CUT_OFF):
                return


async def outcome_of(case, number, session, server):
    """What the session makes of a case, in the corpus's own terms."""
    outcome = vectors.Outcome(ending=case.expected.ending)
    try:
        response = await session.request(
            case.method,
            server.url(f"/{number}"),
            read_until_eof=case.read_until_eof,
            **case.limits,
        )
        status = (response.version.minor, response.status)
        reason = response.reason.encode("utf-8", "surrogateescape")
        outcome.heads.append(vectors.Head(*status, reason, list(response.raw_headers)))
        outcome.body = await response.read()
        outcome.trailers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in response.trailers.items()
        ]
    except ClientError as error:
        outcome.error_class, outcome.message = type(error).__name__, str(error)
    return outcome


def as_seen_by_a_caller(case):
    """The expected outcome without what a caller does not see."""
    expected = case.expected
    failed = expected.ending in (vectors.CUT_OFF, vectors.ERROR)
    return vectors.Outcome(
        heads=[head for head in expected.heads if head.status >= 200],
        body=b"" if failed else expected.body,
        trailers=expected.trailers,
        ending=expected.ending,
        error_class=expected.error_class,
        message=expected.message,
    )


async def complaints(case, number, replayer, server):
    """What was not as expected of one case, on a session of its own."""
    timeout = ClientTimeout(total=ALL_WITHIN_S / 2)
    async with ClientSession(connector=TCPConnector(limit=2), timeout=timeout) as session:
        outcome = await outcome_of(case, number, session, server)
        seen = vectors.Case(
            case.name, case.line, expected=as_seen_by_a_caller(case), dropped_trailers=[]
        )
        found = vectors.differences(seen, outcome)
        if case.is_kept is not None and not found:
            async with session.get(server.url(f"/{number}/again")) as response:
                if await response.read() != b"again":
                    found.append("the next request got something else")
            if replayer.was_kept[number] is not case.is_kept:
                found.append(f"connection: expected to be kept: {case.is_kept}")
    return [f"{case.name} (line {case.line}):", *found] if found else []


def test_every_case_reads_the_same_through_a_socket():
    # One test for all: a server and a loop for each would take minutes.
    run(replay_all(), ALL_WITHIN_S)


async def replay_all():
    replayer = Replayer()
    gate = asyncio.Semaphore(AT_ONCE)
    async with ScriptedServer(replayer.serve) as server:

        async def one(case, number):
            async with gate:
                return await complaints(case, number, replayer, server)

        all_found = await asyncio.gather(*(one(case, n) for n, case in enumerate(CASES)))
    bad = ["\n  ".join(found) for found in all_found if found]
    assert not bad, f"{len(bad)} of {len(CASES)} cases:\n" + "\n".join(bad)


def test_most_cases_go_through_a_socket():
    assert len(CASES) >= 0.9 * len(vectors.load_responses())
