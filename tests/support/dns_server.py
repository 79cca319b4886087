"""A name server on a loopback port."""

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord


class DnsServer(asyncio.DatagramProtocol):
    """Answers questions about the names it knows; NXDOMAIN about all others.

    Arguments: `names`, the addresses of each name; `failing`, names to answer SERVFAIL about;
    `silent`, names not to answer about until `speak` is called.
    """

    def __init__(
        self,
        names: Mapping[str, Iterable[str]],
        *,
        failing: Iterable[str] = (),
        silent: Iterable[str] = (),
    ) -> None:
        self.names = {name: list(addresses) for name, addresses in names.items()}
        self.failing = set(failing)
        self.silent = set(silent)
        #: What was asked: name and type of record.
        self.questions: list[tuple[str, str]] = []
        self.port = 0
        self._unanswered: list[tuple[bytes, object]] = []
        self._transport: asyncio.DatagramTransport

    @property
    def address(self) -> str:
        """For `nameservers`: host and port."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, client: object) -> None:
        question = DNSRecord.parse(data).q
        name = str(question.qname).removesuffix(".").lower()
        self.questions.append((name, QTYPE[question.qtype]))
        if name in self.silent:
            self._unanswered.append((data, client))
        else:
            self._answer(data, client)

    def speak(self) -> None:
        """Answer what was not answered."""
        self.silent.clear()
        while self._unanswered:
            self._answer(*self._unanswered.pop())

    def _answer(self, data: bytes, client: object) -> None:
        query = DNSRecord.parse(data)
        reply = query.reply()
        name = str(query.q.qname).removesuffix(".").lower()
        if name in self.failing:
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self.names:
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            for address in self.names[name]:
                kind = "AAAA" if ":" in address else "A"
                if QTYPE[query.q.qtype] == kind:
                    data_of = {"A": A, "AAAA": AAAA}[kind]
                    number = getattr(QTYPE, kind)
                    reply.add_answer(RR(query.q.qname, number, rdata=data_of(address), ttl=60))
        self._transport.sendto(reply.pack(), client)
