"""Whatever happens to a request at any of its awaits, nothing is left of it.

Each scenario is a request, from its beginning to its end. It is played again and again; each time
an accident happens to it one moment later, until it is over before. After each time nothing may be
left, and the next requests work: `stage.py` looks for that, `accidents.py` has what happens when.
"""

import asyncio
import gc
import io
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import pytest
from accidents import (
    MOST_MOMENTS,
    NO_LIMIT,
    SHORT_PHASES,
    SHORT_TOTAL,
    Accident,
    EndOfTurn,
    Moment,
    Suspension,
    Turn,
    TurningLoop,
    cancel,
    close_session,
    drop,
    pass_limit_of_the_caller,
    stand_still,
)
from peer import BODY, LINES, SHRINKING_BODY
from running import WatchedLoop, closed_port, run
from stage import CONTENT, Act, Scenario, Stage, play, serving
from websocket_acts import CLOSING, LEFT_OPEN

import aioclient
from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    MultipartReader,
)

#: More than the package writes at once.
HUGE: Final = os.urandom(700_000)

# --- how an answer is read ------------------------------------------------------------------------

Reading = Callable[[ClientResponse], Awaitable[object]]


async def whole(response: ClientResponse) -> None:
    await response.read()


async def echo(response: ClientResponse) -> None:
    assert (await response.json())["id"] == "7"


async def text(response: ClientResponse) -> None:
    assert await response.text() == BODY.decode()


async def decoded(response: ClientResponse) -> None:
    assert await response.read() == SHRINKING_BODY


async def decoded_pieces(response: ClientResponse) -> None:
    assert b"".join([piece async for piece in response.content.iter_any()]) == SHRINKING_BODY


async def pieces(response: ClientResponse) -> None:
    assert b"".join([piece async for piece in response.content.iter_chunked(50_000)]) == BODY


async def chunks(response: ClientResponse) -> None:
    assert b"".join([piece async for piece, _ in response.content.iter_chunks()]) == BODY


async def lines(response: ClientResponse) -> None:
    assert [line.rstrip(b"\n") async for line in response.content] == LINES


async def again(response: ClientResponse) -> None:
    """Read, and if that is cancelled, read all the same: nothing got lost."""
    try:
        await text(response)
    except asyncio.CancelledError:
        await text(response)
        raise


async def decoded_again(response: ClientResponse) -> None:
    try:
        await decoded(response)
    except asyncio.CancelledError:
        await decoded(response)
        raise


async def rest(response: ClientResponse) -> None:
    assert await response.content.read() == BODY


async def what_there_is(response: ClientResponse) -> None:
    while await response.content.readany():
        pass


async def exactly(response: ClientResponse) -> None:
    assert await response.content.readexactly(len(BODY)) == BODY


async def all_arrived(response: ClientResponse) -> None:
    await response.content.wait_eof()
    assert await response.read() == BODY


async def parts(response: ClientResponse) -> None:
    found = [await part.text() async for part in MultipartReader.from_response(response)]
    assert found == [BODY[:100_000].decode()] * 2


async def a_part(response: ClientResponse) -> None:
    assert await response.content.readexactly(1000) == BODY[:1000]


async def hello(response: ClientResponse) -> None:
    assert await response.content.readexactly(5) == b"hello"


async def judged(response: ClientResponse) -> None:
    await response.read()
    response.raise_for_status()


# --- requests -------------------------------------------------------------------------------------


def request(
    method: str,
    path: str,
    reading: Reading = whole,
    *,
    status: int = 200,
    host: str = "127.0.0.1",
    where: str = "peer",
    data: Any = None,
    **options: Any,
) -> Act:
    """A request whose answer is read; `where` is one of the servers; a function makes `data`."""

    async def act(stage: Stage) -> None:
        servers = stage.servers
        url = getattr(servers, where).url(path, host)
        body = data(stage) if callable(data) else data
        context = servers.trusting if where == "tls" else True
        async with stage.session.request(
            method, url, data=body, ssl=context, **options
        ) as response:
            stage.response = response
            assert response.status == status
            await reading(response)

    return act


def get(path: str = "/echo?id=7", reading: Reading = echo, **options: Any) -> Act:
    return request("GET", path, reading, **options)


def post(data: Any, path: str = "/echo?id=7", reading: Reading = whole, **options: Any) -> Act:
    return request("POST", path, reading, data=data, **options)


def ends_with(error: type[Exception], act: Act) -> Act:
    """A request that ends with this error if nothing else happens."""

    async def ends(stage: Stage) -> None:
        with pytest.raises(error) as caught:
            await act(stage)
        stage.error = caught.value

    return ends


#: What goes ahead: a connection is kept.
kept = get("/echo", whole, timeout=NO_LIMIT)
kept_tls = get("/echo", whole, where="tls", timeout=NO_LIMIT)
#: The server closes it when it is asked again.
kept_for_one = get("/last", whole, timeout=NO_LIMIT)


async def held(stage: Stage) -> None:
    """What goes ahead: somebody has the only slot."""
    stage.holder = await stage.session.get(stage.url("/half"), timeout=NO_LIMIT)


async def after_the_holder(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(loop.call_soon, loop.call_soon, stage.release_holder)
    await get()(stage)


async def nowhere(stage: Stage) -> None:
    await stage.session.get(f"http://127.0.0.1:{closed_port()}/")


async def distrusted(stage: Stage) -> None:
    await stage.session.get(stage.servers.tls.url(), ssl=True)


async def without_session(stage: Stage) -> None:
    limits = stage.session.timeout
    async with aioclient.request("GET", stage.url("/counted"), timeout=limits) as response:
        await text(response)


async def without_session_or_block(stage: Stage) -> None:
    limits = stage.session.timeout
    response = await aioclient.request("GET", stage.url("/counted"), timeout=limits)
    try:
        await text(response)
    finally:
        response.release()


async def session_of_its_own(stage: Stage) -> None:
    limits = stage.session.timeout
    async with (
        ClientSession(timeout=limits) as session,
        session.get(stage.url("/echo")) as response,
    ):
        await response.read()


async def session_of_its_own_with_tls(stage: Stage) -> None:
    limits, context = stage.session.timeout, stage.servers.trusting
    async with ClientSession(timeout=limits) as session:
        await (await session.get(stage.servers.tls.url("/echo"), ssl=context)).read()


def some(stage: Stage) -> AsyncIterator[bytes]:
    return stage.body(4, 100)


def much(stage: Stage) -> AsyncIterator[bytes]:
    return stage.body(6, 50_000)


def very_much(stage: Stage) -> AsyncIterator[bytes]:
    return stage.body(4, 300_000, pauses=False)


def huge(stage: Stage) -> AsyncIterator[bytes]:
    return stage.body(2, 600_000)


def file(stage: Stage) -> BinaryIO:
    return stage.file


def in_memory(stage: Stage) -> BinaryIO:
    return io.BytesIO(CONTENT)


# --- scenarios ------------------------------------------------------------------------------------

CONNECTING: Final = {
    "new": Scenario(get()),
    "by-name": Scenario(get(host="localhost")),
    "tls": Scenario(get(where="tls")),
    "kept": Scenario(get(), kept),
    "stale": Scenario(get(), kept_for_one),
    "waiting": Scenario(after_the_holder, held),
    "nowhere": Scenario(ends_with(ClientConnectorError, nowhere)),
    "distrusted": Scenario(ends_with(ClientConnectorCertificateError, distrusted)),
    "without-session": Scenario(without_session),
    "without-session-or-block": Scenario(without_session_or_block),
    "session-of-its-own": Scenario(session_of_its_own),
    "session-of-its-own-tls": Scenario(session_of_its_own_with_tls),
}

READING: Final = {
    "head": Scenario(request("HEAD", "/counted"), kept),
    "counted": Scenario(get("/counted", whole), kept),
    "counted-tls": Scenario(get("/counted", whole, where="tls"), kept_tls),
    "chunked": Scenario(get("/pieces", whole), kept),
    "text": Scenario(get("/pieces", text), kept),
    "pieces": Scenario(get("/pieces", pieces), kept),
    "chunks": Scenario(get("/pieces", chunks), kept),
    "again": Scenario(get("/pieces", again), kept),
    "coded-again": Scenario(get("/gzip", decoded_again), kept),
    "json": Scenario(get("/apart?id=7", echo), kept),
    "rest": Scenario(get("/pieces", rest), kept),
    "what-there-is": Scenario(get("/pieces", what_there_is), kept),
    "exactly": Scenario(get("/pieces", exactly), kept),
    "all-arrived": Scenario(get("/pieces", all_arrived), kept),
    "parts": Scenario(get("/multipart", parts), kept),
    "lines": Scenario(get("/pieces", lines), kept),
    "a-part": Scenario(get("/pieces", a_part), kept),
    "a-part-of-unfinished": Scenario(get("/half", hello), kept),
    "coded": Scenario(get("/gzip", decoded), kept),
    "coded-pieces": Scenario(get("/gzip", decoded_pieces), kept),
    "cut-off": Scenario(ends_with(ClientPayloadError, get("/cut", whole)), kept),
}

SENDING: Final = {
    "bytes": Scenario(post(b"x" * 1000), kept),
    "large": Scenario(post(CONTENT), kept),
    "huge": Scenario(post(HUGE), kept),
    "huge-tls": Scenario(post(HUGE, where="tls"), kept_tls),
    "huge-roomy": Scenario(post(HUGE, where="other")),
    "generator-roomy": Scenario(post(very_much, where="other")),
    "generator-huge-roomy": Scenario(post(huge, where="other")),
    "file-behind-large-head": Scenario(post(file, headers={"X": "x" * 200_000}), kept),
    "json-body": Scenario(post(None, json={"name": "value" * 100}), kept),
    "form": Scenario(post({"name": "value"}), kept),
    "generator": Scenario(post(some)),
    "generator-large": Scenario(post(much), kept),
    "generator-tls": Scenario(post(much, where="tls"), kept_tls),
    "file": Scenario(post(file), kept),
    "file-chunked": Scenario(post(file, chunked=True), kept),
    "file-tls": Scenario(post(file, where="tls"), kept_tls),
    "file-in-memory": Scenario(post(in_memory), kept),
    "expect-continue": Scenario(post(b"hello", "/continue", expect100=True), kept),
    "expect-continue-file": Scenario(post(file, "/continue", expect100=True), kept),
    "expect-final": Scenario(post(b"hello", "/refuse", status=417, expect100=True), kept),
    "expect-silence": Scenario(post(b"hello", expect100=True, expect100_timeout=0.005), kept),
    "refused-large": Scenario(post(CONTENT, "/early", status=413), kept),
    "refused-generator": Scenario(post(much, "/early", status=413), kept),
    "refused-file": Scenario(post(file, "/early", status=413), kept),
    "answered-meanwhile": Scenario(post(much, "/meanwhile"), kept),
}

ANSWERED: Final = {
    "redirected-with-body": Scenario(post(b"x" * 1000, "/redirect/307"), kept),
    "redirected-with-file": Scenario(post(file, "/redirect/308"), kept),
    "redirected-without-body": Scenario(post(some, "/redirect/303"), kept),
    "redirected-away": Scenario(post(b"x" * 1000, "/away"), kept),
    "redirected-unfinished": Scenario(get("/unfinished/302", whole), kept),
    "raised": Scenario(
        ends_with(ClientResponseError, get("/status/404", raise_for_status=True)), kept
    ),
    "raised-unfinished": Scenario(
        ends_with(ClientResponseError, get("/unfinished/404", raise_for_status=True)), kept
    ),
    "raised-by-function": Scenario(
        ends_with(ClientResponseError, get("/status/401", raise_for_status=judged)), kept
    ),
}

SCENARIOS: Final = CONNECTING | READING | SENDING | ANSWERED | CLOSING

#: And those that are only dropped.
ALL_SCENARIOS: Final = SCENARIOS | LEFT_OPEN

#: Those that wait for each thing there is: for these, the loop stands still for a moment.
STANDING_STILL: Final = [
    "new",
    "by-name",
    "tls",
    "stale",
    "waiting",
    "nowhere",
    "without-session",
    "session-of-its-own",
    "chunked",
    "coded",
    "huge",
    "huge-tls",
    "generator-large",
    "file",
    "file-tls",
    "expect-silence",
    "redirected-with-file",
    "ws",
    "ws-tls",
    "ws-large",
]

#: Those whose coroutine awaits even when it is closed, which Python does not allow.
AWAITING_AT_THE_END: Final = {
    "without-session",
    "session-of-its-own",
    "session-of-its-own-tls",
    *CLOSING,
}

# --- tests ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "file.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(autouse=True, scope="module")
def little_garbage() -> Iterator[None]:
    """What there is already need not be looked at by each collection."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def play_at_all(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext, path: Path
) -> Callable[..., None]:
    """Plays a scenario with the accident at each moment there is."""

    def play_at_all(
        scenario: str,
        moments: type[Moment],
        accident: Accident,
        limits: ClientTimeout | None = None,
    ) -> None:
        async def all_moments() -> None:
            async with serving(server_tls, trusting, path) as servers:
                for number in range(1, MOST_MOMENTS + 1):
                    moment = moments(number)
                    try:
                        await play(ALL_SCENARIOS[scenario], servers, moment, accident, limits)
                    except BaseException as error:
                        error.add_note(f"at moment {number}")
                        raise
                    if not moment.has_come:
                        assert number > 1, "nothing was waited for"
                        break
                else:
                    raise AssertionError(f"not over after {MOST_MOMENTS} moments: too long")
            gc.collect()  # the loop hears of an error when the future that has it goes

        quick = partial(TurningLoop, skips_waits=True)
        run(all_moments(), 60, quick if issubclass(moments, Turn) else WatchedLoop)

    return play_at_all


@pytest.fixture(scope="module", autouse=True)
def _swept() -> None:
    """What tests before these dropped is not to be closed, and counted, while these run."""
    gc.collect()


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("accident", [cancel, pass_limit_of_the_caller, close_session])
def test_at_any_suspension(
    scenario: str, accident: Accident, play_at_all: Callable[..., None]
) -> None:
    play_at_all(scenario, Suspension, accident)


@pytest.mark.parametrize("scenario", [s for s in ALL_SCENARIOS if s not in AWAITING_AT_THE_END])
def test_dropped_at_any_suspension(scenario: str, play_at_all: Callable[..., None]) -> None:
    play_at_all(scenario, Suspension, drop)


turns_are_seen = pytest.mark.asyncio_only(reason="of other loops nobody sees when they turn")


@turns_are_seen
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(
    ("moments", "accident"),
    [
        (Turn, cancel),
        (EndOfTurn, cancel),
        (Turn, pass_limit_of_the_caller),
        (Turn, close_session),
        (EndOfTurn, close_session),
    ],
)
def test_at_any_turn_of_the_loop(
    scenario: str, moments: type[Moment], accident: Accident, play_at_all: Callable[..., None]
) -> None:
    play_at_all(scenario, moments, accident)


@turns_are_seen
@pytest.mark.parametrize("scenario", STANDING_STILL)
@pytest.mark.parametrize("limits", [SHORT_TOTAL, SHORT_PHASES], ids=["total", "phases"])
def test_when_a_limit_passes_at_any_turn_of_the_loop(
    scenario: str, limits: ClientTimeout, play_at_all: Callable[..., None]
) -> None:
    play_at_all(scenario, Turn, stand_still, limits)
