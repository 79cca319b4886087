"""What all tests share: twins, the event loop, how much generated input is tried, and httpbin."""

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from program import do_without
from running import TEST_LOOP

settings.register_profile("aioclient", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("aioclient")

HTTPBIN = Path(__file__).parent / "support" / "httpbin_server.py"

#: Which twins the whole run is about; "compiled" makes it an error that they are not built.
TEST_TWINS = os.environ.get("AIOCLIENT_TEST_TWINS", "")


def pytest_report_header() -> str:
    return f"event loop: {TEST_LOOP}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what only asyncio's own loop can be asked for."""
    marker = item.get_closest_marker("asyncio_only")
    if marker is not None and TEST_LOOP != "asyncio":
        pytest.skip(f"asyncio only: {marker.kwargs['reason']}")


@pytest.fixture(scope="session")
def twin():
    """A function that imports one twin of a module, as `twin("_http1.parser", "compiled")`."""

    def import_twin(name, kind):
        module = f"aioclient.{name}_{'c' if kind == 'compiled' else 'py'}"
        missing = kind == "compiled" and importlib.util.find_spec(module) is None
        if missing and TEST_TWINS != "compiled":  # else the import says what is missing
            pytest.skip("the compiled twins are not built (python setup.py build_ext -i)")
        return importlib.import_module(module)

    return import_twin


@pytest.fixture(scope="session", params=["compiled", "python"])
def kind(request):
    """Which twin a test runs with: every test that takes this runs with each."""
    return request.param


@pytest.fixture(scope="session")
def httpbin() -> Iterator[str]:
    """Where httpbin runs, on loopback: in the guide it is ``http://httpbin.org``."""
    if importlib.util.find_spec("httpbin") is None:
        do_without("the Python package httpbin is not installed")
    with subprocess.Popen(
        [sys.executable, HTTPBIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "httpbin did not start"
        yield f"http://127.0.0.1:{port}"
