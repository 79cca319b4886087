"""What was sent, and whether that is what a test expects."""

import json as json_module
from collections.abc import Iterator, Mapping
from typing import Final

from ._answers import RequestPattern
from ._mock_request import MockRequest
from ._mock_response import NO_JSON
from ._showing import numbered, shown_header, shown_value


class Expected:
    """What a request is expected to bring, besides method and URL."""

    def __init__(
        self,
        pattern: RequestPattern,
        json: object = NO_JSON,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | str | None = None,
    ) -> None:
        self.pattern: Final = pattern
        self._json = json
        self._headers = headers or {}
        self._body = body.encode() if isinstance(body, str) else body

    def differences(self, request: MockRequest) -> Iterator[str]:
        """What is otherwise, in words, of a request with the method and URL."""
        for name, value in self._headers.items():
            values = request.headers.getall(name, ())
            if value not in values if value is not None else values:
                was = shown_header(name, ", ".join(values) if values else None)
                yield f"header {name} was {was}, expected {shown_header(name, value)}"
        if self._json is not NO_JSON and not self._has_json(request):
            yield f"body was {request.shown_body}, expected JSON {shown_value(self._json)}"
        if self._body is not None and not (request.is_read and request.body == self._body):
            yield f"body was {request.shown_body}, expected {len(self._body)} other bytes"

    def _has_json(self, request: MockRequest) -> bool:
        try:
            # Through JSON, which knows no tuples.
            return bool(request.json() == json_module.loads(json_module.dumps(self._json)))
        except (RuntimeError, ValueError):
            return False


def assert_sent(
    requests: list[MockRequest], expected: Expected, times: int | None
) -> list[MockRequest]:
    """The requests that are as expected. Raises AssertionError for another number of them."""
    like = [request for request in requests if expected.pattern.matches(request)]
    found = [request for request in like if not any(expected.differences(request))]
    if len(found) == times or (times is None and found):
        return found
    if times is None or not found:
        what = f"{expected.pattern} was not sent"
    else:
        what = f"{expected.pattern} was sent {_times(len(found))}, not {_times(times)}"
    if like != found:
        what += " as expected"
    raise AssertionError(f"{what}; sent was:{_listed(requests, expected)}")


def assert_not_sent(requests: list[MockRequest], expected: Expected) -> None:
    """Raises AssertionError for a request that is as described."""
    for request in requests:
        if expected.pattern.matches(request) and not any(expected.differences(request)):
            raise AssertionError(
                f"{expected.pattern} was sent; sent was:{numbered(map(str, requests))}"
            )


def _listed(requests: list[MockRequest], expected: Expected) -> str:
    lines = []
    for request in requests:
        line = str(request)
        if expected.pattern.matches(request):
            line += "".join(f"\n       {words}" for words in expected.differences(request))
        lines.append(line)
    return numbered(lines)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
