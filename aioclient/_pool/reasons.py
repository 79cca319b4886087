"""Why connections are closed: what `ConnectorStats.closed` counts by."""

from typing import Final

#: Unused for `keepalive_timeout`, or for as long as the server keeps it.
IDLE_TOO_LONG: Final = "idle_too_long"
#: Older than `max_connection_age`.
TOO_OLD: Final = "too_old"
#: By the server, while no request was on it.
CLOSED_BY_SERVER: Final = "closed_by_server"
#: By `close_idle()`.
CLOSE_IDLE: Final = "close_idle"
#: The request or the response said that it is the last.
NOT_PERSISTENT: Final = "not_persistent"
#: The connector closes after each response.
FORCE_CLOSE: Final = "force_close"
#: The request failed, was given up, or its response was not read.
BROKEN_OFF: Final = "broken_off"
#: The connector was closed.
CONNECTOR_CLOSED: Final = "connector_closed"

ALL: Final = (
    IDLE_TOO_LONG,
    TOO_OLD,
    CLOSED_BY_SERVER,
    CLOSE_IDLE,
    NOT_PERSISTENT,
    FORCE_CLOSE,
    BROKEN_OFF,
    CONNECTOR_CLOSED,
)
