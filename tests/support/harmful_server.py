"""A server that breaks its connections at random moments, in a process of its own.

    python tests/support/harmful_server.py SEED CERTIFICATE_FOLDER HOST...

What it does to a request is always something that the client can recover from, if the request is a
GET: harm comes to connections that have carried a response before. The exceptions are answers that
it cuts off, and of those it tells. A request to /calm/NUMBER comes to no harm, and is answered
after a tenth of a second.

It says at which ports it listens; in the end, what it did.
"""

import asyncio
import contextlib
import random
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from server_process import tell, until_input_ends

FILLER: Final = random.Random(8305).randbytes(1500).hex()
#: What happens to a request on a connection that was kept, and how often out of a hundred.
ON_ARRIVAL: Final = {"answered": 88, "reset": 3, "closed": 6, "half-closed": 3}
#: How it is answered.
ANSWERS: Final = {"at once": 62, "late": 20, "in pieces": 16, "cut in the head": 1, "cut": 1}
#: What happens to its connection then.
AFTERWARDS: Final = {
    "kept": 44,
    "closed": 8,
    "reset": 3,
    "closed while idle": 15,
    "reset while idle": 6,
    "half-closed while idle": 5,
    "said to be closed": 5,
    "said to be closed, and left open": 3,
    "kept with a hint": 8,
    "kept for the last time": 3,
}
IDLE_S: Final = 0.03
LATE_S: Final = 0.02
CALM_S: Final = 0.1
#: The value of SO_LINGER with which closing resets.
LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
PAUSE_S: Final = 0.004


class Chances:
    """Draws what happens, and counts it."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.drawn: Counter[str] = Counter()

    def draw(self, what: str, weights: dict[str, int]) -> str:
        (drawn,) = self.random.choices(list(weights), list(weights.values()))
        self.drawn[f"{what}: {drawn}"] += 1
        return drawn


class Seen:
    """What the server remembers of all requests."""

    def __init__(self) -> None:
        self.open = 0
        self.accepted = 0
        #: How often each POST was read to its end, and each GET answered.
        self.posts: Counter[int] = Counter()
        self.gets: Counter[int] = Counter()
        #: Requests whose answer was cut off.
        self.cut: list[int] = []


class Harmful(asyncio.Protocol):
    """One connection."""

    def __init__(self, chances: Chances, seen: Seen) -> None:
        self._chances = chances
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._unread = b""
        self._body_left: int | None = 0  # None: chunked
        self._is_answered_early = False
        self._is_deaf = False
        self._is_busy = False
        self._served = 0
        self._request: tuple[str, int, bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: Any = None

    # --- what arrives -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._seen.open += 1
        self._seen.accepted += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.open -= 1
        self._is_deaf = True
        self._drop_timer()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_busy and not self._is_deaf:
            self._drop_timer()
            self._go_on()

    def _go_on(self) -> None:
        """Take requests from what has arrived, until an answer has to be waited for."""
        while not self._is_busy and not self._is_deaf:
            if self._request is None and not self._take_head():
                return
            if not self._is_busy and not self._is_deaf and not self._take_body():
                return

    def _take_head(self) -> bool:
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        self._unread = rest
        start, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = start.split(" ")
        is_calm = target.startswith("/calm/")
        self._request = (method, int(target.rpartition("/")[2]), is_calm)
        fields = dict(line.lower().split(": ", 1) for line in lines)
        is_chunked = "transfer-encoding" in fields
        self._body_left = None if is_chunked else int(fields.get("content-length", "0"))
        if self._served and not is_calm and self._harm():
            return True
        # To answer at the head is to answer before the body is there.
        if method == "POST" and self._body_left != 0 and self._chances.random.random() < 0.2:
            self._is_answered_early = True
            self._chances.drawn["POST answered early"] += 1
            self._answer()
        return True

    def _take_body(self) -> bool:
        """Take the body away when it is complete, and answer if that was not done before."""
        end = self._body_left
        if end is None:  # there is no line end in what the clients send
            end = self._unread.find(b"0\r\n\r\n") + 5
            if end < 5:
                return False
        elif len(self._unread) < end:
            return False
        self._unread = self._unread[end:]
        assert self._request is not None
        method, number, is_calm = self._request
        if not is_calm:
            (self._seen.posts if method == "POST" else self._seen.gets)[number] += 1
        if self._is_answered_early:
            self._is_answered_early = False
            self._request = None
        else:
            self._answer()
        return True

    # --- what is answered ---------------------------------------------------------------------

    def _harm(self) -> bool:
        """Perhaps break the connection on which a request arrives; was it?"""
        fate = self._chances.draw("request", ON_ARRIVAL)
        if fate == "answered":
            return False
        self._request = None
        self._is_deaf = True
        if fate == "reset":
            self._reset()
        elif fate == "closed":
            self._transport.close()
        else:
            self._half_close()
        return True

    def _answer(self) -> None:
        assert self._request is not None
        _, number, is_calm = self._request
        self._is_busy = True
        how = "late" if is_calm else self._chances.draw("answer", ANSWERS)
        afterwards = "kept" if is_calm else self._chances.draw("connection", AFTERWARDS)
        answer = self._answer_to(number, afterwards, how == "in pieces")
        draw = self._chances.random
        match how:
            case "at once":
                self._send([answer], 0.0, afterwards)
            case "late":
                wait_s = CALM_S if is_calm else draw.uniform(0, LATE_S)
                self._later(wait_s, lambda: self._send([answer], 0.0, afterwards))
            case "in pieces":
                cuts = sorted(draw.randrange(len(answer)) for _ in range(4))
                starts, ends = [0, *cuts], [*cuts, len(answer)]
                pieces = [answer[a:b] for a, b in zip(starts, ends, strict=True)]
                self._send(pieces, PAUSE_S, afterwards)
            case _:
                self._seen.cut.append(number)
                head = answer.index(b"\r\n\r\n")
                cut = draw.randrange(1, head) if how == "cut in the head" else head + 100
                self._is_deaf = True
                self._send([answer[:cut]], 0.0, draw.choice(["closed", "reset"]))

    def _answer_to(self, number: int, afterwards: str, is_chunked: bool) -> bytes:
        body = f"{number};{FILLER}".encode()
        fields = [f"X-Number: {number}"]
        if afterwards.startswith("said to be closed"):
            fields.append("Connection: close")
        elif afterwards == "kept with a hint":
            fields.append(f"Keep-Alive: timeout={self._chances.random.randrange(1, 4)}, max=7")
        elif afterwards == "kept for the last time":
            fields.append("Keep-Alive: timeout=5, max=0")
        if is_chunked:
            fields.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            fields.append(f"Content-Length: {len(body)}")
        return "\r\n".join(["HTTP/1.1 200 OK", *fields, "\r\n"]).encode() + body

    def _send(self, pieces: list[bytes], pause_s: float, afterwards: str) -> None:
        self._transport.write(pieces[0])
        if len(pieces) > 1:
            self._later(pause_s, lambda: self._send(pieces[1:], pause_s, afterwards))
        else:
            self._end(afterwards)

    def _end(self, afterwards: str) -> None:
        """The answer is out."""
        self._served += 1
        self._is_busy = False
        if not self._is_answered_early:
            self._request = None
        idle_s = self._chances.random.uniform(0, IDLE_S)
        match afterwards:
            case "closed" | "said to be closed":
                self._transport.close()
            case "reset":
                self._later(0.001, self._reset)
            case "closed while idle":
                self._later(idle_s, self._transport.close)
            case "reset while idle":
                self._later(idle_s, self._reset)
            case "half-closed while idle":
                self._later(idle_s, self._half_close)
        if self._unread:  # the rest of a body
            self._loop.call_soon(self._go_on)

    # --- means --------------------------------------------------------------------------------

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something, unless another request arrives before."""
        self._drop_timer()
        self._timer = self._loop.call_later(seconds, action)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _reset(self) -> None:
        self._is_deaf = True
        sock = self._transport.get_extra_info("socket")
        if not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self._transport.abort()

    def _half_close(self) -> None:
        self._is_deaf = True
        if self._transport.can_write_eof():
            with contextlib.suppress(OSError):  # the client was faster
                self._transport.write_eof()
        else:  # over TLS
            self._transport.close()


async def serve(seed: str, folder: Path, hosts: list[str]) -> None:
    """Serve on one port of all hosts, and with TLS on another of the first."""
    chances, seen = Chances(seed), Seen()
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def accept() -> Harmful:
        return Harmful(chances, seen)

    first = await loop.create_server(accept, hosts[0], 0, backlog=1000)
    port = first.sockets[0].getsockname()[1]
    others = [await loop.create_server(accept, host, port, backlog=1000) for host in hosts[1:]]
    tls = await loop.create_server(accept, hosts[0], 0, ssl=context, backlog=1000)
    tell({"port": port, "tls_port": tls.sockets[0].getsockname()[1]})
    await until_input_ends()
    tell(
        {
            "open": seen.open,
            "accepted": seen.accepted,
            "drawn": dict(sorted(chances.drawn.items())),
            "cut": seen.cut,
            "posts": sum(seen.posts.values()),
            "posts_twice": [number for number, count in seen.posts.items() if count > 1],
            "gets_more_than_twice": [n for n, count in seen.gets.items() if count > 2],
        }
    )
    for server in (first, *others, tls):
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
