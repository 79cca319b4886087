"""What the modules of the guide share."""

import pytest


@pytest.fixture
def site(httpbin: str) -> str:
    """httpbin under a name: addresses are no hosts for cookies."""
    return httpbin.replace("127.0.0.1", "localhost")
