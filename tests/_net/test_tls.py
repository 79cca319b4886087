"""The TLS contexts that connections without one of the caller's share."""

import asyncio

import pytest
from running import asynchronous

from aioclient._net.tls import context_for


@pytest.mark.parametrize("wish", [True, False])
@asynchronous
async def test_a_context_is_made_once(wish: bool) -> None:
    loop = asyncio.get_running_loop()
    contexts = await asyncio.gather(*(context_for(wish, loop) for _ in range(3)))
    assert len(set(contexts)) == 1


@asynchronous
async def test_a_context_that_was_made_needs_no_thread() -> None:
    loop = asyncio.get_running_loop()
    first = await context_for(True, loop)
    asking = context_for(True, loop)
    with pytest.raises(StopIteration) as at_once:
        asking.send(None)
    assert at_once.value.value is first
