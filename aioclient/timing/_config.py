"""What a session is given so that its requests are timed."""

from collections.abc import Callable
from typing import Any, Final

from aioclient._tracing.config import TraceConfig

from ._call import Call
from ._record import TimingRecord
from ._records import OnRecord, Records

_Hear = Callable[[Any, Call, Any], None]

#: What is done about each event: with the session, the call and what is told.
_HEARD: Final[dict[str, _Hear]] = {
    "request_start": lambda session, call, event: call.request_start(session, event),
    "connection_queued_start": lambda session, call, event: call.begins_with("queue"),
    "connection_create_start": lambda session, call, event: call.begins_with("connect"),
    "dns_resolvehost_start": lambda session, call, event: call.turns_to("dns"),
    "dns_resolvehost_end": lambda session, call, event: call.turns_to("connect"),
    "dns_cache_hit": lambda session, call, event: call.addresses_known(),
    "tls_handshake_start": lambda session, call, event: call.turns_to("tls"),
    "tls_handshake_end": lambda session, call, event: call.turns_to("connect"),
    "connection_create_end": lambda session, call, event: call.connected(
        event.connection_id, is_reused=False
    ),
    "connection_reuseconn": lambda session, call, event: call.connected(
        event.connection_id, is_reused=True
    ),
    "request_headers_sent": lambda session, call, event: call.headers_sent(event),
    "request_attempt_end": lambda session, call, event: call.attempt_end(event),
    "response_end": lambda session, call, event: call.response_end(event),
    "request_end": lambda session, call, event: call.request_end(),
    "request_exception": lambda session, call, event: call.request_exception(event),
}
#: And of these, if bodies are recorded: who is told of pieces needs each of them as a copy.
_HEARD_OF_BODIES: Final[dict[str, _Hear]] = {
    "request_chunk_sent": lambda session, call, event: call.chunk_sent(event),
    "response_chunk_received": lambda session, call, event: call.chunk_received(event),
}


class TimingConfig(TraceConfig[Call]):
    """Records where the time of requests goes, for ``ClientSession(trace_configs=[timing])``.

    Several sessions of one thread may have it.

    Arguments, all optional:

    - `max_records`: how many are kept; more push out the oldest, finished or not;
    - `on_record`: a function that is called with each record when that is finished, by the end of
      the response or an error, or pushed out. It must not block. What it raises, the exception
      handler of the event loop is told, and not the request;
    - `bodies`: record the bodies of requests and responses, too. Files are read for it then, where
      the system would send them by itself;
    - `max_body_bytes`: how much of each.

    Raises ValueError for a number that is not above 0.
    """

    def __init__(
        self,
        *,
        max_records: int = 1000,
        on_record: OnRecord | None = None,
        bodies: bool = False,
        max_body_bytes: int = 64 * 1024,
    ) -> None:
        if max_records < 1:
            raise ValueError(f"max_records must be above 0, not {max_records}")
        if max_body_bytes < 1:
            raise ValueError(f"max_body_bytes must be above 0, not {max_body_bytes}")
        records = Records(max_records, on_record)

        def call(trace_request_ctx: object = None) -> Call:
            return Call(records, max_body_bytes)

        super().__init__(call)
        self._records = records
        for event, hear in (_HEARD | _HEARD_OF_BODIES if bodies else _HEARD).items():
            self.signal(event).append(_handler(hear))

    @property
    def records(self) -> list[TimingRecord]:
        """What is recorded, a request that began earlier first; a copy of the list."""
        return self._records.kept()

    def clear(self) -> None:
        """Forget all of it. What is under way is not recorded any more."""
        self._records.clear()


def _handler(hear: _Hear) -> Any:  # a coroutine function, as signals want it
    async def handler(session: object, call: Call, event: object) -> None:
        hear(session, call, event)

    return handler
