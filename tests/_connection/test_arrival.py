"""What wakes a task up at once."""

import asyncio
import contextvars
import weakref

import pytest
from running import asynchronous, cancelled, settled, started

from aioclient._connection.arrival import Arrival


def arrival() -> Arrival[int]:
    return Arrival(asyncio.get_running_loop())


async def wait_for(awaited: Arrival[int], got: list[int]) -> int:
    got.append(await awaited)
    return got[-1]


async def from_a_callback(arrival: Arrival[int], value: int) -> None:
    """Set it where no task is running, as a transport does."""
    done = asyncio.get_running_loop().create_future()

    def call() -> None:
        arrival.set_now(value)
        done.set_result(None)

    asyncio.get_running_loop().call_soon(call)
    await done


@asynchronous
async def test_who_waits_goes_on_before_the_callback_does() -> None:
    awaited, got, steps = arrival(), list[int](), list[object]()
    task = await started(wait_for(awaited, got))

    def call() -> None:
        awaited.set_now(5)
        steps.append(list(got))

    asyncio.get_running_loop().call_soon(call)
    await asyncio.sleep(0)
    assert steps == [[5]]
    assert await task == 5


@asynchronous
async def test_it_can_be_awaited_again() -> None:
    awaited, got = arrival(), list[int]()
    for value in range(3):
        task = await started(wait_for(awaited, got))
        assert awaited.is_awaited
        await from_a_callback(awaited, value)
        assert not awaited.is_awaited
        await task
    assert got == [0, 1, 2]


@asynchronous
async def test_what_was_received_is_not_kept() -> None:
    class Large:
        pass

    awaited = Arrival[Large](asyncio.get_running_loop())

    async def receive() -> None:
        await awaited

    task = await started(receive())
    value = Large()
    seen = weakref.ref(value)
    asyncio.get_running_loop().call_soon(awaited.set_now, value)
    del value
    await task
    await settled()
    assert seen() is None


@asynchronous
async def test_it_cannot_be_now_while_another_task_runs() -> None:
    awaited, seen = arrival(), list[bool]()

    def look() -> None:
        seen.append(awaited.can_be_now)

    asyncio.get_running_loop().call_soon(look)
    await asyncio.sleep(0)
    assert seen == [False]  # nobody waits
    task = await started(wait_for(awaited, []))
    assert not awaited.can_be_now  # this is a task
    asyncio.get_running_loop().call_soon(look)
    await asyncio.sleep(0)
    assert seen == [False, True]
    await cancelled(task)


@asynchronous
async def test_it_may_be_left_to_the_next_turn() -> None:
    awaited, got, seen = arrival(), list[int](), list[int]()
    task = await started(wait_for(awaited, got))

    def call() -> None:
        awaited.set_soon(3)
        seen.extend(got)

    asyncio.get_running_loop().call_soon(call)
    assert await task == 3
    assert seen == []


@asynchronous
async def test_who_is_cancelled_gets_nothing() -> None:
    awaited, got = arrival(), list[int]()
    task = await started(wait_for(awaited, got))
    await cancelled(task)
    assert not awaited.is_awaited
    await from_a_callback(awaited, 1)
    assert got == []


@asynchronous
async def test_nothing_is_taken_between_a_cancellation_and_its_arrival() -> None:
    awaited, got = arrival(), list[int]()
    task = await started(wait_for(awaited, got))
    task.cancel()
    assert not awaited.is_awaited
    awaited.set_now(1)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == []


@asynchronous
async def test_a_cancellation_wins_against_what_comes_soon() -> None:
    awaited, got = arrival(), list[int]()
    task = await started(wait_for(awaited, got))
    awaited.set_soon(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == []


@pytest.mark.parametrize("words", [(), ("why",)])
@asynchronous
async def test_a_cancellation_keeps_its_message(words: tuple[str, ...]) -> None:
    awaited, seen = arrival(), list[tuple[object, ...]]()

    async def wait() -> None:
        try:
            await awaited
        except asyncio.CancelledError as error:
            seen.append(error.args)

    task = await started(wait())
    task.cancel(*words)
    await task
    assert seen == [words]


@asynchronous
async def test_the_task_goes_on_in_its_own_context() -> None:
    variable = contextvars.ContextVar("variable", default="outside")
    awaited, seen = arrival(), list[str]()

    async def wait() -> None:
        variable.set("inside")
        await awaited
        seen.append(variable.get())

    task = await started(wait())
    await from_a_callback(awaited, 1)
    await task
    assert seen == ["inside"]
    assert variable.get() == "outside"


@asynchronous
async def test_an_error_of_the_task_is_the_task_s() -> None:
    awaited = arrival()

    async def fail() -> None:
        await awaited
        raise LookupError

    task = await started(fail())
    await from_a_callback(awaited, 1)
    with pytest.raises(LookupError):
        await task


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_exit_of_the_task_is_the_end_of_the_loop_and_no_error_of_the_callback(
    kind: type[BaseException],
) -> None:
    steps = list[str]()

    async def end() -> None:
        awaited = arrival()

        async def leave() -> None:
            await awaited
            raise kind

        task = await started(leave())
        task.add_done_callback(lambda done: steps.append(repr(done.exception())))

        def call() -> None:
            awaited.set_now(1)
            steps.append("went on")

        asyncio.get_running_loop().call_soon(call)
        await asyncio.sleep(1)

    with pytest.raises(kind):
        asyncio.run(end())
    assert steps[0] == "went on"


@asynchronous
async def test_what_nobody_waits_for_is_nobody_s() -> None:
    awaited = arrival()
    awaited.set_now(1)
    awaited.set_soon(2)
    assert awaited.cancel() is False
    await settled()
    assert not awaited.is_awaited
