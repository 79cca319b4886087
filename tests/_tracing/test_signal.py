"""The lists of functions that are told of events."""

from typing import Any

import pytest
from running import asynchronous

from aioclient._tracing.signal import Signal


async def first(*args: Any) -> None:
    args[0].append(("first", *args[1:]))


async def second(*args: Any) -> None:
    args[0].append(("second", *args[1:]))


async def third(*args: Any) -> None:
    args[0].append(("third", *args[1:]))


async def heard(signal: Signal[Any]) -> list[str]:
    """Who is told, in order."""
    told: list[tuple[str]] = []
    signal.freeze()
    await signal.send(told)
    return [name for name, *_ in told]


@asynchronous
async def test_handlers_are_awaited_in_the_order_in_which_they_were_appended() -> None:
    signal: Signal[Any, int] = Signal()
    told: list[Any] = []
    signal.append(second)
    signal.append(first)
    signal.freeze()
    await signal.send(told, 1)
    assert told == [("second", 1), ("first", 1)]


@asynchronous
async def test_a_handler_that_raises_is_the_last() -> None:
    async def fails(*args: Any) -> None:
        raise LookupError("of the handler")

    signal: Signal[Any] = Signal()
    signal.extend([first, fails, second])
    signal.freeze()
    told: list[Any] = []
    with pytest.raises(LookupError, match="of the handler"):
        await signal.send(told)
    assert told == [("first",)]


@asynchronous
async def test_it_is_a_list() -> None:
    signal: Signal[Any] = Signal()
    assert not signal
    signal.extend([first, second])
    signal.insert(0, third)
    signal[1] = third
    signal[1:2] = [first, first]
    del signal[1]
    signal.remove(second)
    signal += [second]
    assert len(signal) == 3
    assert signal[0] is third
    assert signal[1:] == [first, second]
    assert second in signal
    assert list(reversed(signal)) == [second, first, third]
    assert await heard(signal) == ["third", "first", "second"]


@asynchronous
async def test_it_is_a_decorator() -> None:
    signal: Signal[Any] = Signal()
    assert signal(first) is first
    assert await heard(signal) == ["first"]


@asynchronous
async def test_it_is_not_sent_before_it_is_frozen() -> None:
    signal: Signal[Any] = Signal()
    signal.append(first)
    assert not signal.frozen
    with pytest.raises(RuntimeError, match="only after it was frozen"):
        await signal.send([])


@pytest.mark.parametrize(
    "change",
    [
        lambda signal: signal.append(second),
        lambda signal: signal.insert(0, second),
        lambda signal: signal.extend([second]),
        lambda signal: signal.remove(first),
        lambda signal: signal.pop(),
        lambda signal: signal.clear(),
        lambda signal: signal.reverse(),
        lambda signal: signal.__setitem__(0, second),
        lambda signal: signal.__setitem__(slice(None), [second]),
        lambda signal: signal.__delitem__(0),
        lambda signal: signal(second),
    ],
)
def test_it_is_not_changed_after_it_was_frozen(change: Any) -> None:
    signal: Signal[Any] = Signal()
    signal.extend([first, third])
    signal.freeze()
    signal.freeze()
    assert signal.frozen
    with pytest.raises(RuntimeError, match="cannot be changed any more"):
        change(signal)
    assert list(signal) == [first, third]


@pytest.mark.parametrize(
    "change",
    [
        lambda signal: signal.append("first"),
        lambda signal: signal.insert(0, None),
        lambda signal: signal.extend([7]),
        lambda signal: signal.__setitem__(0, "first"),
        lambda signal: signal.__setitem__(slice(None), ["first"]),
    ],
)
def test_a_handler_that_cannot_be_called_is_refused(change: Any) -> None:
    signal: Signal[Any] = Signal()
    signal.append(first)
    with pytest.raises(TypeError, match="a handler must be callable, not"):
        change(signal)
    assert list(signal) == [first]


def test_its_repr_does_not_show_what_handlers_hold() -> None:
    signal: Signal[Any] = Signal()
    signal.append(first)
    assert repr(signal) == "<Signal frozen=False handlers=1>"
