"""What all tests share: each twin of a module, and how much generated input is tried."""

import importlib
import importlib.util
import os

import pytest
from hypothesis import settings

settings.register_profile("aioclient", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("aioclient")

#: Which twins the whole run is about; "compiled" makes it an error that they are not built.
TEST_TWINS = os.environ.get("AIOCLIENT_TEST_TWINS", "")


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
