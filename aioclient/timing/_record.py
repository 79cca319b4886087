"""What is known of one sending of a request: its phases, and what went over the wire.

A request is in exactly one phase at any time. What is noted are the turns from one to the next, as
often as they come: with a proxy there is connecting, TLS, connecting again and TLS again. Therefore
the phases never overlap, and together they are the whole time.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

from aioclient._net.link_facts import Address

Phase: TypeAlias = Literal["queue", "dns", "connect", "tls", "send", "wait", "receive"]
Fields: TypeAlias = tuple[tuple[str, str], ...]

#: In the order in which a request goes through them.
PHASES: Final[tuple[Phase, ...]] = ("queue", "dns", "connect", "tls", "send", "wait", "receive")


class Phases(NamedTuple):
    """How long each phase took, in seconds; None if the request was not in it, or is still.

    Attributes:
        queue_s: until a connection was taken, or began to be made: waiting for its turn.
        dns_s: asking for addresses.
        connect_s: connecting, to a proxy and through it included.
        tls_s: handshakes.
        send_s: until the request was given to the system, its body included.
        wait_s: from then to the head of the response.
        receive_s: from the head of the response to the end of its body.
    """

    queue_s: float | None = None
    dns_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    send_s: float | None = None
    wait_s: float | None = None
    receive_s: float | None = None

    @property
    def total_s(self) -> float:
        """All of them together."""
        return sum(seconds for _, seconds in self.items())

    def items(self) -> list[tuple[Phase, float]]:
        """Those that the request was in, by name, in order."""
        known = zip(PHASES, self, strict=True)
        return [(phase, seconds) for phase, seconds in known if seconds is not None]


class Course:
    """The turns from phase to phase, at times of `time.monotonic`, which never go back."""

    __slots__ = ("_begun_at", "_ended_at", "_turns")

    def __init__(self, begun_at: float) -> None:
        self._begun_at = begun_at
        self._turns: list[tuple[Phase, float]] = [("queue", begun_at)]
        self._ended_at: float | None = None

    @property
    def begun_at(self) -> float:
        """When the first phase began."""
        return self._begun_at

    @property
    def phase(self) -> Phase:
        """The phase that it is in, or was in last."""
        return self._turns[-1][0]

    def begin(self, at: float) -> None:
        """It has begun earlier than anybody knew."""
        self._begun_at = min(at, self._begun_at)
        self._turns[0] = ("queue", self._begun_at)

    def turn_to(self, phase: Phase, at: float) -> None:
        """From now on it is in another phase."""
        self._turns.append((phase, max(at, self._turns[-1][1])))

    def rename(self, phase: Phase) -> None:
        """What it turned to last was another phase."""
        self._turns[-1] = (phase, self._turns[-1][1])

    def end(self, at: float) -> None:
        """It is over."""
        self._ended_at = max(at, self._turns[-1][1])

    def spans(self) -> list[tuple[Phase, float]]:
        """The phases one after another, and how long it was in each; the last if that is over."""
        times = [at for _, at in self._turns]
        if self._ended_at is not None:
            times.append(self._ended_at)
        seconds = (end - begin for begin, end in pairwise(times))
        return [(phase, each) for (phase, _), each in zip(self._turns, seconds, strict=False)]

    def phases(self) -> Phases:
        """How long it was in each altogether."""
        spent: dict[str, float] = {}
        for phase, seconds in self.spans():
            spent[phase] = spent.get(phase, 0.0) + seconds
        return Phases(*map(spent.get, PHASES))


class RecordedBody:
    """A body, or the beginning of it, as it was written or read; codings of a response undone."""

    __slots__ = ("_content", "_max_bytes", "is_cut")

    def __init__(self, max_bytes: int) -> None:
        self._content = bytearray()
        self._max_bytes = max_bytes
        #: Was there more of it than is kept?
        self.is_cut: bool = False

    @property
    def content(self) -> bytes:
        """What is kept of it."""
        return bytes(self._content)

    def add(self, piece: bytes) -> None:
        """There is more of it."""
        room = self._max_bytes - len(self._content)
        self._content += piece[:room]
        self.is_cut = self.is_cut or len(piece) > room

    def __repr__(self) -> str:  # without the content: it may be a secret
        return f"<{type(self).__name__} of {len(self._content)} bytes>"


@dataclass(slots=True, eq=False, repr=False)
class TimingRecord:
    """One sending of one request. It is filled while that goes on, and not to be changed.

    A call of a session has several if there are redirects, if a middleware sends again, or if a
    kept connection was found closed. Headers are as they were sent and received, secrets included;
    they are not in the repr.

    Attributes:
        call: a number that the records of one call share, and no others.
        method, url: of the request; the URL has no login, password or fragment.
        started_at: when it began, in seconds since 1970, as of `time.time`.
        course: what `phases` are counted from.
        request_version, response_version: of HTTP, as "1.1"; the latter None before a response.
        status, reason: of the response; None and "" before it.
        connection_id: `ConnectionInfo.id`, 0 if there was no connection.
        is_reused: had the connection served a request before?
        remote_address: of the server or a proxy, as `ConnectionInfo.peername`.
        tls_version: as "TLSv1.3"; None without TLS, or before the response.
        sent_bytes, received_bytes: of the bodies, as they went over the wire, at the end.
        error_type, error: class and words of what it failed with, without credentials; or None.
            With a status, too, if it failed after the head of the response.
        request_headers, response_headers: pairs of name and value.
        request_body, response_body: if the config records bodies, and there were any.
        is_finished: False while it goes on, and for ever if it was pushed out of the records.
    """

    call: int
    method: str
    url: str
    started_at: float
    course: Course
    request_version: str = "1.1"
    response_version: str | None = None
    status: int | None = None
    reason: str = ""
    connection_id: int = 0
    is_reused: bool = False
    remote_address: Address = None
    tls_version: str | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    error_type: str | None = None
    error: str | None = None
    request_headers: Fields = field(default=())
    response_headers: Fields = field(default=())
    request_body: RecordedBody | None = None
    response_body: RecordedBody | None = None
    is_finished: bool = False

    @property
    def phases(self) -> Phases:
        """How long each phase took."""
        return self.course.phases()

    def __repr__(self) -> str:
        outcome = self.error_type or self.status or "under way"
        total_ms = self.phases.total_s * 1000
        return f"<{type(self).__name__} {self.method} {self.url} {outcome}, {total_ms:.1f} ms>"
