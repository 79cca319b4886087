"""A server that asks for Digest authentication, and what it makes of the answers.

`DigestProxy` in `digest_proxy.py` is a proxy that does.

It takes Authorization fields apart, and calculates, apart from the package: written down from
sections 3.3 to 3.5 of RFC 7616.
"""

import asyncio
import hashlib
import itertools
import re
import ssl
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from multidict import CIMultiDict
from pages import read_body
from scripted import ScriptedServer, head_of

HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}
LOGIN: Final = ("user", "open sesame")
_PARAMETER: Final = re.compile(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))(?:, |\Z)')


class Came(NamedTuple):
    """A request, what was proven by it, and its answer."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes
    #: Those of the Authorization field, if it has one.
    parameters: dict[str, str]
    status: int

    @property
    def use(self) -> tuple[str, str]:
        """What no two requests may have in common: nonce and count."""
        return self.parameters["nonce"], self.parameters["nc"]


class DigestSite(ScriptedServer):
    """Answers whoever knows the password with 200, others with a challenge."""

    #: What it says and hears by which name; 401, too.
    STATUS = 401
    ASKS = "WWW-Authenticate"
    ANSWER = "Authorization"
    INFO = "Authentication-Info"

    def __init__(
        self,
        *,
        algorithm: str | None = "SHA-256",
        qop: str | None = "auth",
        more: str = "",
        realm: str = "realm",
        uses: int = 2**32,
        says_stale: bool = True,
        one_nonce: bool = False,
        gives_next: bool = False,
        login: tuple[str, str] = LOGIN,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`more` are parameters of the challenge; `uses` says how often a nonce is good.

        With `one_nonce` all challenges have the same nonce; with `gives_next` a right answer is
        answered with another.
        """
        super().__init__(self._talk, ssl_context)
        self.algorithm = algorithm
        self.qop = qop
        self.more = more
        self.realm = realm
        self.uses = uses
        self.login = login
        self._says_stale = says_stale
        self._one_nonce = one_nonce
        self._gives_next = gives_next
        self._numbers = itertools.count(1)
        # Of each nonce: the counts that were seen. Of "-sess", the first nonce and cnonce.
        self._seen: dict[str, set[str]] = {}
        self._begun_by: dict[str, tuple[str, str | None]] = {}
        self.came: list[Came] = []
        #: Where requests are sent on to, by their targets.
        self.redirects: dict[str, str] = {}
        #: What a right answer is answered with.
        self.info = ""
        #: What is said instead of the challenge, if it is.
        self.fields: list[str] | None = None

    @property
    def statuses(self) -> list[int]:
        """Of all answers so far."""
        return [came.status for came in self.came]

    @property
    def answered(self) -> list[Came]:
        """The requests that had an Authorization field."""
        return [came for came in self.came if came.parameters]

    def forget(self) -> None:
        """Take no nonce any more that was given before."""
        self._seen.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line, *fields = (await head_of(reader)).decode("utf-8", "surrogateescape").split("\r\n")
            headers = CIMultiDict(
                [(name, value) for name, _, value in (text.partition(": ") for text in fields[:-2])]
            )
            if headers.get("Expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            method, target, _ = line.split(" ")
            body = await read_body(reader, headers)
            parameters = _parameters(headers.get(self.ANSWER, ""))
            head, status = self._answer(method, target, body, parameters)
            self.came.append(Came(method, target, headers, body, parameters, status))
            if method == "CONNECT" and status == 200:
                await self._connect(target, head, reader, writer)
                return
            text = f"{status} {target}"
            length = f"Content-Length: {len(text)}"
            lines = "\r\n".join([f"HTTP/1.1 {status} X", length, *head, "", text])
            writer.write(lines.encode("utf-8", "surrogateescape"))
            await writer.drain()

    async def _connect(
        self,
        target: str,
        head: list[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        raise AssertionError("this is no proxy")

    def _answer(
        self, method: str, target: str, body: bytes, parameters: dict[str, str]
    ) -> tuple[list[str], int]:
        if parameters and self._is_right(method, target, body, parameters):
            nonce, count = parameters["nonce"], parameters.get("nc", "")
            seen = self._seen.get(nonce)
            if seen is None or count in seen or len(seen) >= self.uses:
                return self._challenge(is_stale=self._says_stale), self.STATUS
            if self.qop is not None:
                seen.add(count)
            info = self._next_nonce(nonce) if self._gives_next else self.info
            head = [f"{self.INFO}: {info}"] if info else []
            if target in self.redirects:
                return [*head, f"Location: {self.redirects[target]}"], 302
            return head, 200
        return self._challenge(), self.STATUS

    def _challenge(self, is_stale: bool = False) -> list[str]:
        nonce = "only" if self._one_nonce else f"n{next(self._numbers)}"
        self._seen.setdefault(nonce, set())
        self._begun_by[nonce] = (nonce, None)
        if self.fields is not None:
            return [f"{self.ASKS}: {field.replace('NONCE', nonce)}" for field in self.fields]
        parts = [f'realm="{self.realm}"', f'nonce="{nonce}"']
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.qop is not None:
            parts.append(f'qop="{self.qop}"')
        parts += ["stale=true"] * is_stale + [self.more] * bool(self.more)
        return [f"{self.ASKS}: Digest {', '.join(parts)}"]

    def _next_nonce(self, nonce: str) -> str:
        following = f"n{next(self._numbers)}"
        self._seen[following] = set()
        self._begun_by[following] = self._begun_by[nonce]
        return f'nextnonce="{following}"'

    def _is_right(self, method: str, target: str, body: bytes, parameters: dict[str, str]) -> bool:
        get = {name: _bytes(value) for name, value in parameters.items()}.__getitem__
        algorithm = parameters.get("algorithm", "MD5")
        name, password = self.login
        nonce = parameters["nonce"]

        def digest(*parts: bytes) -> bytes:
            data = b":".join(parts)
            return HASHES[algorithm.removesuffix("-sess")](data).hexdigest().encode()

        first = digest(name.encode(), _bytes(parameters["realm"]), password.encode())
        if algorithm.endswith("-sess"):
            begun_with, cnonce = self._begun_by.get(nonce, (nonce, None))
            cnonce = cnonce or parameters["cnonce"]
            self._begun_by[nonce] = begun_with, cnonce
            first = digest(first, begun_with.encode(), cnonce.encode())
        qop = parameters.get("qop")
        second = [method.encode(), get("uri")] + [digest(body)] * (qop == "auth-int")
        middle = [] if qop is None else [get("nc"), get("cnonce"), get("qop")]
        named = digest(name.encode(), _bytes(self.realm)).decode()
        return (
            parameters["uri"] == target
            and parameters["realm"] == self.realm
            and parameters["username"] == (named if "userhash" in parameters else name)
            and (qop is None if self.qop is None else qop in self.qop.replace(" ", "").split(","))
            and get("response") == digest(first, get("nonce"), *middle, digest(*second))
        )


def _parameters(value: str) -> dict[str, str]:
    scheme, _, rest = value.partition(" ")
    if scheme != "Digest":
        return {}
    found = list(_PARAMETER.finditer(rest))
    assert "".join(match[0] for match in found) == rest, f"malformed: {rest!r}"
    pairs = [(match[1], re.sub(r"\\(.)", r"\1", match[2] or match[3] or "")) for match in found]
    assert len(dict(pairs)) == len(pairs), "a parameter came twice"
    return dict(pairs)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
