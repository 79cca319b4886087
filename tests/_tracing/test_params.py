"""What handlers are told: names and fields, and what is never printed."""

import dataclasses
import pickle
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import aioclient

SECRET = "xyzzy"
URL_ = URL(f"http://me:{SECRET}@a.example/path?q=1")
HEADERS = CIMultiDict({"Authorization": f"Bearer {SECRET}", "Accept": SECRET})
REQUEST = {"method": "GET", "url": URL_, "headers": HEADERS}

#: By position, as those of aiohttp have them, and then what was added.
FIELDS: dict[str, dict[str, Any]] = {
    "RequestStart": REQUEST,
    "RequestHeadersSent": {**REQUEST, "connection_id": 7},
    "RequestChunkSent": {"method": "POST", "url": URL_, "chunk": SECRET.encode()},
    "ResponseChunkReceived": {"method": "POST", "url": URL_, "chunk": SECRET.encode()},
    "RequestRedirect": {**REQUEST, "response": None},
    "RequestEnd": {**REQUEST, "response": None},
    "RequestException": {**REQUEST, "exception": ValueError(SECRET)},
    "RequestAttemptEnd": {
        **REQUEST,
        "response": None,
        "exception": ValueError(SECRET),
        "begun_at": 1.5,
        "sent_at": None,
    },
    "ConnectionQueuedStart": {},
    "ConnectionQueuedEnd": {},
    "ConnectionCreateStart": {},
    "ConnectionCreateEnd": {"connection_id": 7},
    "ConnectionReuseconn": {"connection_id": 7},
    "DnsResolveHostStart": {"host": "a.example"},
    "DnsResolveHostEnd": {"host": "a.example"},
    "DnsCacheHit": {"host": "a.example"},
    "DnsCacheMiss": {"host": "a.example"},
    "TlsHandshakeStart": {"host": "a.example"},
    "TlsHandshakeEnd": {"host": "a.example", "version": "TLSv1.3", "cipher": "A"},
    "ResponseInformational": {
        "method": "GET",
        "url": URL_,
        "status": 103,
        "headers": CIMultiDictProxy(HEADERS),
    },
    "ResponseEnd": {
        "method": "GET",
        "url": URL_,
        "response": None,
        "sent_bytes": 1,
        "received_bytes": 2,
        "exception": ValueError(SECRET),
        "ended_at": 3.5,
    },
}


def kind_of(event: str) -> Any:
    return getattr(aioclient, f"Trace{event}Params")


def test_there_is_one_for_each_signal() -> None:
    names = {name for name in aioclient.__all__ if name.startswith("Trace")}
    assert names == {f"Trace{event}Params" for event in FIELDS} | {"TraceConfig"}


@pytest.mark.parametrize("event", FIELDS)
def test_fields_are_given_by_position_or_by_name(event: str) -> None:
    kind, fields = kind_of(event), FIELDS[event]
    params = kind(*fields.values())
    assert {name: getattr(params, name) for name in fields} == fields
    assert params == kind(**fields)


@pytest.mark.parametrize("event", ["ConnectionCreateEnd", "ConnectionReuseconn"])
def test_what_was_added_need_not_be_given(event: str) -> None:
    assert kind_of(event)().connection_id == 0
    assert aioclient.TraceRequestHeadersSentParams(**REQUEST).connection_id == 0


def test_those_of_different_events_are_not_equal() -> None:
    assert aioclient.TraceConnectionCreateStartParams() == (
        aioclient.TraceConnectionCreateStartParams()
    )
    assert aioclient.TraceConnectionCreateStartParams() != (
        aioclient.TraceConnectionQueuedStartParams()
    )
    assert aioclient.TraceDnsCacheHitParams("a") != aioclient.TraceDnsCacheHitParams("b")


@pytest.mark.parametrize("event", [event for event in FIELDS if FIELDS[event]])
def test_fields_cannot_be_changed(event: str) -> None:
    params = kind_of(event)(**FIELDS[event])
    name = next(iter(FIELDS[event]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(params, name, None)
    assert not hasattr(params, "__dict__")


def test_they_can_be_pickled() -> None:
    params = aioclient.TraceTlsHandshakeEndParams("a.example", "TLSv1.3", None)
    assert pickle.loads(pickle.dumps(params)) == params


@pytest.mark.parametrize("event", FIELDS)
def test_no_repr_shows_what_may_be_a_secret(event: str) -> None:
    params = kind_of(event)(**FIELDS[event])
    assert SECRET not in repr(params)
    assert SECRET not in str(params)
    assert repr(params).startswith(f"Trace{event}Params(")


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        (
            aioclient.TraceRequestHeadersSentParams(**REQUEST),
            (
                "(method='GET', url='http://a.example/path?q=1', headers=<Authorization, Accept>, "
                "connection_id=0)"
            ),
        ),
        (
            aioclient.TraceRequestChunkSentParams("PUT", URL("http://a.example"), b"four"),
            "(method='PUT', url='http://a.example', chunk=<4 bytes>)",
        ),
        (
            aioclient.TraceResponseEndParams("GET", URL("/"), None, 0, 5, OSError("a")),  # type: ignore[arg-type] # a fake
            (
                "(method='GET', url='/', response=<NoneType>, sent_bytes=0, received_bytes=5, "
                "exception=<OSError>, ended_at=0.0)"
            ),
        ),
        (aioclient.TraceConnectionQueuedEndParams(), "()"),
        (aioclient.TraceDnsCacheHitParams("a.example"), "(host='a.example')"),
    ],
)
def test_names_and_lengths_are_shown(params: object, shown: str) -> None:
    assert repr(params) == type(params).__name__ + shown
