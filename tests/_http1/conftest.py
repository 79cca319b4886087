"""Parsers of either kind, and what they make of bytes, in a form that is easy to compare."""

import random

import pytest

from aioclient._http.events import ChunkEnds, ResponseHead, Trailers


def summary(events):
    """Heads as their status, the pieces of a body as one, an exception as its type.

    Trailers and the ends of chunks are left out; they have tests of their own.
    """
    short = []
    for event in events:
        if isinstance(event, ChunkEnds | Trailers):
            continue
        if isinstance(event, ResponseHead):
            short.append(event.status)
        elif isinstance(event, bytes) and short and isinstance(short[-1], bytes):
            short[-1] += event
        elif isinstance(event, Exception):
            short.append(type(event))
        else:
            short.append(event)
    return short


def cuts(data):
    """The same bytes whole, one by one, and in a few random ways."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    chance = random.Random(len(data))
    for _ in range(8):
        places = sorted(chance.choices(range(len(data) + 1), k=chance.randint(1, 6)))
        yield [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.fixture(scope="session")
def parser_type(twin, kind):
    return twin("_http1.parser", kind).ResponseParser


@pytest.fixture(scope="session")
def new_parser(parser_type):
    """A parser that expects the response to a request."""

    def make(method="GET", **options):
        parser = parser_type(**options)
        parser.start(method)
        return parser

    return make


@pytest.fixture(scope="session")
def parse(new_parser):
    """The events of one response that arrives whole."""

    def feed(data, method="GET", eof=False, **options):
        parser = new_parser(method, **options)
        events = parser.feed(data)
        return events + parser.feed_eof() if eof else events

    return feed


@pytest.fixture(scope="session")
def head_of(parse):
    """The head that begins a response."""

    def first(data, method="GET"):
        events = parse(data, method)
        assert isinstance(events[0], ResponseHead), events
        return events[0]

    return first


@pytest.fixture(scope="session")
def error_of(parse):
    """The exception that ends a response, by which it must."""

    def last(data, method="GET", eof=False, **options):
        error = parse(data, method, eof, **options)[-1]
        assert isinstance(error, Exception), error
        return error

    return last


@pytest.fixture(scope="session")
def check_at_every_cut(new_parser):
    """A response gives the expected events however its bytes are cut into pieces."""

    def check(data, expected, method="GET", eof=False):
        for pieces in cuts(data):
            parser = new_parser(method)
            events = [event for piece in pieces for event in parser.feed(piece)]
            if eof:
                events += parser.feed_eof()
            assert summary(events) == expected, pieces

    return check
