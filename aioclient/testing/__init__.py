"""For tests of programs that use aioclient; not loaded by `import aioclient`.

mock = MockConnector()
mock.get("http://service.example/items", json=[1, 2])
async with aioclient.ClientSession(connector=mock) as session:
    ...
mock.assert_sent("GET", "http://service.example/items")
"""

from ._asgi_connector import ASGIConnector as ASGIConnector
from ._errors import NoAnswerError as NoAnswerError
from ._mock_connector import MockConnector as MockConnector
from ._mock_request import MockRequest as MockRequest
from ._mock_response import MockResponse as MockResponse
from ._scripted_server import ScriptedServer as ScriptedServer
from ._steps import Step as Step
from ._steps import announce as announce
from ._steps import close as close
from ._steps import expect as expect
from ._steps import expect_request as expect_request
from ._steps import pause as pause
from ._steps import reset as reset
from ._steps import send as send
from ._steps import send_in_pieces as send_in_pieces
from ._steps import wait_for as wait_for

__all__ = [
    "ASGIConnector",
    "MockConnector",
    "MockRequest",
    "MockResponse",
    "NoAnswerError",
    "ScriptedServer",
    "Step",
    "announce",
    "close",
    "expect",
    "expect_request",
    "pause",
    "reset",
    "send",
    "send_in_pieces",
    "wait_for",
]
