"""What the arguments of middlewares may be."""

import math

import pytest

import aioclient
from aioclient import RateLimitMiddleware, RetryMiddleware


async def a_coroutine_function(*_arguments):
    return True


class WithACoroutine:
    async def __call__(self, *_arguments):
        return True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempts", 2.0),
        ("attempts", True),
        ("attempts", "3"),
        ("attempts", None),
        ("methods", "GET"),
        ("methods", 5),
        ("methods", [b"GET"]),
        ("statuses", 503),
        ("statuses", ["503"]),
        ("statuses", [True]),
        ("exceptions", aioclient.ClientError),
        ("exceptions", [BaseException]),
        ("exceptions", [ValueError()]),
        ("exceptions", 5),
        ("retry_if", True),
        ("retry_if", a_coroutine_function),
        ("retry_if", WithACoroutine()),
        ("backoff", "1"),
        ("backoff", True),
        ("max_backoff", None),
        ("max_retry_after", [1]),
        ("max_total", "1"),
        ("budget_ratio", "1"),
        ("budget_minimum", 1.5),
        ("on_retry", 5),
        ("on_retry", a_coroutine_function),
        ("clock", 5.0),
        ("wall_clock", 5.0),
        ("sleep", 1),
        ("random", 0.5),
    ],
)
def test_retry_argument_of_a_wrong_type_is_refused(name, value):
    with pytest.raises(TypeError, match=rf"\b{name} must be|of {name} must be"):
        RetryMiddleware(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempts", 0),
        ("statuses", [99]),
        ("statuses", [1000]),
        ("exceptions", [aioclient.TotalTimeoutError]),
        ("backoff", -1),
        ("backoff", math.nan),
        ("max_backoff", -0.5),
        ("max_retry_after", math.nan),
        ("max_total", -1),
        ("budget_ratio", -0.1),
        ("budget_minimum", -1),
    ],
)
def test_retry_argument_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must"):
        RetryMiddleware(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requests_per_second", "5"),
        ("requests_per_second", True),
        ("burst", 1.5),
        ("max_concurrent", "1"),
        ("max_pause", None),
        ("clock", 5.0),
        ("wall_clock", a_coroutine_function),
        ("sleep", 1),
    ],
)
def test_rate_limit_argument_of_a_wrong_type_is_refused(name, value):
    with pytest.raises(TypeError, match=f"{name} must be"):
        RateLimitMiddleware(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requests_per_second", 0),
        ("requests_per_second", -1),
        ("requests_per_second", math.nan),
        ("burst", 0),
        ("max_concurrent", 0),
        ("per", "session"),
        ("per", None),
        ("max_pause", -1),
    ],
)
def test_rate_limit_argument_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must"):
        RateLimitMiddleware(**{name: value})


@pytest.mark.parametrize("middleware", [RetryMiddleware, RateLimitMiddleware])
def test_arguments_are_by_keyword(middleware):
    with pytest.raises(TypeError, match="positional"):
        middleware(3)


@pytest.mark.parametrize("middleware", [RetryMiddleware, RateLimitMiddleware])
def test_defaults_are_enough(middleware):
    assert callable(middleware())
