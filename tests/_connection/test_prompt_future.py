"""A future whose task goes on within the callback that settles it."""

import asyncio
import contextlib
import contextvars
import gc
import weakref

import pytest
from running import asynchronous, cancelled, settled, started

from aioclient._connection.arrival import Arrival
from aioclient._connection.prompt_future import PromptFuture


def future() -> PromptFuture[int]:
    return PromptFuture(asyncio.get_running_loop())


async def wait_for(awaited: PromptFuture[int], steps: list[object]) -> int:
    steps.append(await awaited)
    return 1


@asynchronous
async def test_let_go_wakes_the_task_before_it_returns() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))

    def call() -> None:
        awaited.is_held = True
        awaited.set_result(5)
        steps.append("held")
        awaited.let_go()
        steps.append("let go")

    asyncio.get_running_loop().call_soon(call)
    assert await task == 1
    assert steps == ["held", 5, "let go"]


@asynchronous
async def test_let_go_wakes_nobody_if_nothing_came() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))
    awaited.is_held = True
    awaited.let_go()
    await settled()
    assert steps == []
    await cancelled(task)


@asynchronous
async def test_another_task_goes_on_first() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))
    awaited.settle_now(5)  # by a task, this one
    steps.append("settled")
    await task
    assert steps == ["settled", 5]


@asynchronous
async def test_what_is_not_held_wakes_its_task_in_the_next_turn() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))

    def call() -> None:
        awaited.set_result(5)
        steps.append("settled")

    asyncio.get_running_loop().call_soon(call)
    await task
    assert steps == ["settled", 5]


@asynchronous
async def test_what_has_come_is_not_waited_for() -> None:
    awaited = future()
    awaited.set_result(5)
    assert awaited.done()
    assert await awaited == 5
    assert await awaited == 5
    assert awaited.exception() is None


@asynchronous
async def test_an_error_is_raised_each_time() -> None:
    awaited, error = future(), ValueError("no")
    awaited.set_exception(error)
    for _ in range(2):
        with pytest.raises(ValueError, match="no") as caught:
            await awaited
        assert caught.value is error
        assert len(caught.traceback) < 6
    assert awaited.exception() is error


@asynchronous
async def test_an_error_wakes_the_task_within_let_go() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))
    seen = list[bool]()

    def call() -> None:
        awaited.is_held = True
        awaited.set_exception(ValueError("no"))
        awaited.let_go()
        seen.append(task.done())

    asyncio.get_running_loop().call_soon(call)
    with pytest.raises(ValueError, match="no"):
        await task
    assert seen == [True]


@asynchronous
async def test_who_is_cancelled_while_it_is_held_gets_nothing() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))
    awaited.is_held = True
    awaited.set_result(5)
    task.cancel()
    awaited.let_go()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == []
    assert awaited.result() == 5  # for whoever wants it still


@asynchronous
async def test_a_cancellation_cancels_it_with_its_message() -> None:
    awaited, steps = future(), list[object]()
    task = await started(wait_for(awaited, steps))
    task.cancel("by me")
    with pytest.raises(asyncio.CancelledError, match="by me"):
        await task
    assert awaited.cancelled()
    assert awaited.done()
    assert not awaited.cancel()
    with pytest.raises(asyncio.CancelledError):
        awaited.exception()
    with pytest.raises(asyncio.InvalidStateError, match="it is cancelled"):
        awaited.set_result(5)


@asynchronous
async def test_it_is_settled_once() -> None:
    awaited = future()
    with pytest.raises(asyncio.InvalidStateError):
        awaited.result()
    with pytest.raises(asyncio.InvalidStateError):
        awaited.exception()
    awaited.set_result(5)
    with pytest.raises(asyncio.InvalidStateError, match="it is finished"):
        awaited.set_exception(ValueError())
    with pytest.raises(asyncio.InvalidStateError):
        awaited.set_result(6)
    assert not awaited.cancel()
    assert repr(awaited) == "<PromptFuture finished>"


@asynchronous
async def test_a_task_that_comes_late_is_woken_up() -> None:
    awaited = future()
    called = list[object]()
    awaited.set_result(5)
    awaited.add_done_callback(called.append)
    assert called == []
    await settled()
    assert called == [awaited]


@asynchronous
async def test_the_task_has_its_own_context() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    awaited, seen = future(), list[str]()

    async def wait() -> None:
        variable.set("of the task")
        await awaited
        seen.append(variable.get())

    task = await started(wait())
    variable.set("of the callback")
    asyncio.get_running_loop().call_soon(awaited.settle_now, 1)
    await task
    assert seen == ["of the task"]


class Weak(Exception):
    """One that can be referred to weakly."""


@pytest.mark.parametrize("make", [PromptFuture[int], Arrival[int]])
@asynchronous
async def test_an_error_goes_with_who_got_it(make: type[PromptFuture[int]]) -> None:
    """Without the garbage collector: it holds the frames that it passed, and they hold nothing."""

    async def wait() -> None:
        await place.pop()

    awaited = make(asyncio.get_running_loop())
    place = [awaited]
    gc.disable()
    try:
        task = await started(wait())
        error = Weak()
        seen = weakref.ref(error)
        awaited.set_exception(error)
        with contextlib.suppress(Weak):
            await task
        del task, error, awaited
        await settled()
        assert seen() is None
    finally:
        gc.enable()
