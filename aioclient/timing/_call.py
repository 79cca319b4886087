"""One call of a session, as its records hear of it.

Its sendings come one after another, so what is told of a connection is about the one that goes on.
Only a connection that was begun for a request may go to another one, and is told of all the same:
what comes when this one has a connection is not listened to. The end of a response is told before
the next sending, and that of the last one perhaps long after the call.
"""

import itertools
import time
from asyncio import CancelledError
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aioclient._message.response import ClientResponse
from aioclient._tracing import params as told
from aioclient.errors import without_credentials

from ._record import Course, Phase, RecordedBody, TimingRecord
from ._records import Records

if TYPE_CHECKING:
    from aioclient._session.session import ClientSession

#: How much of an error's words is kept.
MAX_ERROR_CHARACTERS: Final = 500

_numbers: Final = itertools.count(1)


class Call:
    """What the records are told of one call; the context that a trace hands on."""

    __slots__ = (
        "_count",
        "_current",
        "_failed",
        "_has_connection",
        "_is_receiving",
        "_last",
        "_max_body_bytes",
        "_number",
        "_records",
        "_request",
        "_version",
        "_was_cancelled",
    )

    def __init__(self, records: Records, max_body_bytes: int) -> None:
        self._records = records
        self._max_body_bytes = max_body_bytes
        self._number = next(_numbers)
        self._version = "1.1"
        self._request: told.TraceRequestStartParams | None = None
        # The sending that goes on, and whether it has a connection.
        self._current: TimingRecord | None = None
        self._has_connection = False
        # That failed, of which the call may have better words than its end; the last with a head.
        self._failed: TimingRecord | None = None
        self._was_cancelled = False
        self._last: TimingRecord | None = None
        self._is_receiving = False
        self._count = 0

    def request_start(self, session: "ClientSession", event: told.TraceRequestStartParams) -> None:
        """It begins; nothing may ever be sent."""
        self._version = f"{session.version.major}.{session.version.minor}"
        self._request = event

    # --- the sending that goes on -----------------------------------------------------------------

    def _begun(self) -> TimingRecord:
        """The record of the sending that goes on, or else of one that begins now."""
        record = self._current
        if record is None:
            self._finish_failed()
            request = self._request
            self._current = record = TimingRecord(
                self._number,
                "" if request is None else request.method,
                "" if request is None else str(request.url.with_fragment(None)),
                time.time(),
                Course(time.monotonic()),
                self._version,
            )
            self._has_connection = False
            self._count += 1
            self._records.add(record)
        return record

    def turns_to(self, phase: Phase) -> None:
        """The sending that goes on comes to another phase, unless it has a connection."""
        record = self._current
        if record is not None and not self._has_connection:
            record.course.turn_to(phase, time.monotonic())

    def addresses_known(self) -> None:
        """Somebody else had asked for them, or was asking: that was what it waited for."""
        record = self._current
        if record is not None and not self._has_connection:
            record.course.rename("dns")
            record.course.turn_to("connect", time.monotonic())

    def begins_with(self, phase: Phase) -> None:
        """The same, and a sending may begin with this."""
        self._begun()
        self.turns_to(phase)

    def connected(self, connection_id: int, is_reused: bool) -> None:
        """There is a connection for it."""
        record = self._begun()
        self.turns_to("send")
        record.connection_id = connection_id
        record.is_reused = is_reused
        self._has_connection = True

    def headers_sent(self, event: told.TraceRequestHeadersSentParams) -> None:
        """Its head was given to a connection."""
        record = self._begun()
        if not self._has_connection:  # one that was made for another
            self.connected(event.connection_id, is_reused=False)
        _describe(record, event.method, str(event.url), event.headers)

    def chunk_sent(self, event: told.TraceRequestChunkSentParams) -> None:
        """A piece of its body was given to a connection, perhaps after the answer was there."""
        record = self._current or self._last
        if record is not None:
            record.request_body = _with_piece(
                record.request_body, event.chunk, self._max_body_bytes
            )

    def attempt_end(self, event: told.TraceRequestAttemptEndParams) -> None:
        """It led to the head of a response, or failed."""
        record = self._begun()
        self._current = None
        _describe(record, event.method, str(event.url), event.headers)
        record.started_at -= max(0.0, record.course.begun_at - event.begun_at)
        record.course.begin(event.begun_at)
        response = event.response
        if response is None:
            if event.sent_at is not None:
                record.course.turn_to("wait", event.sent_at)
            record.course.end(time.monotonic())
            _add_error(record, event.exception)
            self._failed = record
            self._was_cancelled = isinstance(event.exception, CancelledError)
            return
        head_at = event.begun_at + response.elapsed.total_seconds()
        sent_at = head_at if event.sent_at is None else min(event.sent_at, head_at)
        record.course.turn_to("wait", sent_at)
        record.course.turn_to("receive", head_at)
        _add_head(record, response)
        self._last = record
        self._is_receiving = True

    # --- what comes after it ----------------------------------------------------------------------

    def chunk_received(self, event: told.TraceResponseChunkReceivedParams) -> None:
        """A piece of the last response's body was read, perhaps when that had ended long before."""
        record = self._last
        if record is not None:
            record.response_body = _with_piece(
                record.response_body, event.chunk, self._max_body_bytes
            )

    def response_end(self, event: told.TraceResponseEndParams) -> None:
        """No more comes of the last response; that of one before is told before the next begins."""
        record = self._last
        if record is None:
            return
        self._is_receiving = False
        record.sent_bytes = event.sent_bytes
        record.received_bytes = event.received_bytes
        record.course.end(event.ended_at)
        _add_error(record, event.exception)
        self._records.finish(record)

    def request_end(self) -> None:
        """There is an answer, which may be none of those that were received."""
        self._finish_failed()

    def request_exception(self, event: told.TraceRequestExceptionParams) -> None:
        """The call failed: by its last sending, or after that, or before the first."""
        failed = self._failed
        if failed is not None:
            if self._was_cancelled:  # perhaps by the total limit, which has words for it
                _add_error(failed, event.exception)
            self._finish_failed()
            return
        record = self._current
        if record is None and self._is_receiving:
            record = self._last
        if record is None and not self._count:
            record = self._begun()
            _describe(record, event.method, str(event.url), event.headers)
        if record is None:
            return
        self._current = None
        self._is_receiving = False
        record.course.end(time.monotonic())
        _add_error(record, event.exception)
        self._records.finish(record)

    def _finish_failed(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            self._records.finish(failed)


def _add_error(record: TimingRecord, error: BaseException | None) -> None:
    if error is not None:
        record.error_type = type(error).__name__
        record.error = without_credentials(str(error))[:MAX_ERROR_CHARACTERS]


def _describe(record: TimingRecord, method: str, url: str, headers: Mapping[str, str]) -> None:
    """The URL has no login: a trace is told of none."""
    record.method = method
    record.url = url
    record.request_headers = tuple(headers.items())


def _add_head(record: TimingRecord, response: ClientResponse) -> None:
    connection = response.connection
    record.status = response.status
    record.reason = response.reason or ""
    record.response_version = f"{response.version.major}.{response.version.minor}"
    record.response_headers = tuple(response.headers.items())
    record.connection_id = connection.id
    record.is_reused = connection.is_reused
    record.remote_address = connection.peername
    record.tls_version = connection.tls_version


def _with_piece(body: RecordedBody | None, piece: bytes, max_bytes: int) -> RecordedBody:
    if body is None:
        body = RecordedBody(max_bytes)
    body.add(piece)
    return body
