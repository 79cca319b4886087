"""The other end of a TLS link, without a socket: a server that a test plays."""

import ssl
from collections.abc import Callable


class TlsPeer:
    """Bytes that are to be sent to the client are in `outgoing` until somebody takes them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.received = bytearray()
        self.is_done = False
        #: The client said goodbye.
        self.heard_goodbye = False
        #: What went wrong, as an alert of the client.
        self.error: ssl.SSLError | None = None

    def receive(self, data: bytes) -> None:
        """Take what the client sent."""
        self._incoming.write(data)
        try:
            if not self.is_done:
                self.tls.do_handshake()
                self.is_done = True
            while piece := self.tls.read(65536):
                self.received += piece
            self.heard_goodbye = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # the answer to our own goodbye
            self.heard_goodbye = True
        except ssl.SSLError as error:
            self.error = error

    def take(self) -> bytes:
        """What is to be sent."""
        return self._outgoing.read()

    def say(self, data: bytes) -> bytes:
        """The same, with these bytes of the application behind it."""
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
        return self.take()

    def say_goodbye(self) -> bytes:
        """The same, with the goodbye of TLS behind it."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        return self.take()


def until_quiet(peer: TlsPeer, written: bytearray, deliver: Callable[[bytes], None]) -> None:
    """Let both sides answer each other until none has anything to say."""
    while True:
        data = bytes(written)
        written.clear()
        if data:
            peer.receive(data)
        answer = peer.take()
        if answer:
            deliver(answer)
        elif not written:
            return
