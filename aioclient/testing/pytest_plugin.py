"""Fixtures for pytest, for tests with any runner of coroutines.

Nothing loads it by itself: say ``-p aioclient.testing.pytest_plugin``, or in a `conftest.py` at the
top ``pytest_plugins = ["aioclient.testing.pytest_plugin"]``.
"""

from collections.abc import Callable, Iterator

import pytest

from ._mock_connector import MockConnector
from ._scripted_server import ScriptedServer

__all__ = ["aioclient_as_aiohttp", "mock_connector", "scripted_server"]


@pytest.fixture
def mock_connector() -> Iterator[MockConnector]:
    """A `MockConnector` without answers; it is cut off after the test if it was not closed."""
    connector = MockConnector()
    yield connector
    if not connector.closed:
        connector.abort()


@pytest.fixture
def scripted_server() -> Iterator[Callable[..., ScriptedServer]]:
    """Makes a `ScriptedServer` of the same arguments, for ``async with``.

    The test fails if one was made and not used, so that its scripts were not played.
    """
    made: list[ScriptedServer] = []

    def make(*scripts: object, **options: object) -> ScriptedServer:
        server = ScriptedServer(*scripts, **options)  # type: ignore[arg-type]  # it checks them
        made.append(server)
        return server

    yield make
    unused = sum(not server.port for server in made)
    assert not unused, f"{unused} of {len(made)} scripted servers not used: async with is missing"


@pytest.fixture
def aioclient_as_aiohttp() -> Iterator[None]:
    """During the test ``import aiohttp`` gives aioclient; see `aioclient.compat`."""
    from aioclient.compat import install_as_aiohttp, uninstall  # late: for this fixture only

    install_as_aiohttp()
    try:
        yield
    finally:
        uninstall()
