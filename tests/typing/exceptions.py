"""What a type checker knows of errors and what they tell: read by it, and never run."""

import datetime as dt
from collections.abc import Mapping
from typing import assert_type

from yarl import URL

import aioclient
from aioclient import (
    CertificateFacts,
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeoutError,
    ConnectAttempt,
    InvalidURL,
    RequestInfo,
    ServerTimeoutError,
    TooManyRedirects,
    UnixClientConnectorError,
    WSServerHandshakeError,
)


async def each_kind_tells_what_it_knows(session: ClientSession) -> None:
    try:
        await session.get("https://a/")
    except TooManyRedirects as error:
        assert_type(error.history[0], ClientResponse)
    except ClientResponseError as error:
        assert_type(error.status, int)
        assert_type(error.message, str)
        assert_type(error.request_info, RequestInfo)
        assert_type(error.request_info.real_url, URL)
        assert_type(error.headers, Mapping[str, str] | None)
        assert_type(error.body, bytes)
    except ClientConnectorCertificateError as error:
        assert_type(error.certificate_error, OSError)
        assert_type(error.certificate, CertificateFacts | None)
        if error.certificate is not None:
            assert_type(error.certificate.names, tuple[str, ...])
            assert_type(error.certificate.not_after, dt.datetime)
    except UnixClientConnectorError as error:
        assert_type(error.path, str)
    except ClientConnectorError as error:
        assert_type(error.host, str)
        assert_type(error.port, int)
        assert_type(error.os_error, OSError)
        assert_type(error.attempts, tuple[ConnectAttempt, ...])
        for attempt in error.attempts:
            assert_type(attempt.address, str)
            assert_type(attempt.port, int)
            assert_type(attempt.error, OSError)
    except ClientOSError as error:
        assert_type(error.errno, int | None)
    except ClientTimeoutError as error:
        assert_type(error.limit, str)
        assert_type(error.elapsed_s, float)
    except InvalidURL as error:
        assert_type(error.url, str | URL)
        assert_type(error.description, str | None)
    except ClientError as error:
        assert_type(error, ClientError)


def caught(timeout: TimeoutError, system: OSError, value: ValueError, client: ClientError) -> None:
    pass


def they_are_what_programs_catch(
    timeout: ServerTimeoutError,
    connector: ClientConnectorError,
    url: InvalidURL,
    handshake: WSServerHandshakeError,
) -> None:
    caught(timeout, connector, url, handshake)


def wrong(error: ClientResponseError, other: ClientError) -> None:
    print(error.nonsense)  # type: ignore[attr-defined]
    print(other.status)  # type: ignore[attr-defined]
    print(aioclient.NoSuchError)  # type: ignore[attr-defined]
