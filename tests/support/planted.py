"""Secrets to plant, and the search for them in all that may come out.

A secret is searched for in each form that it takes on its way, and by its ends, which are the same
in most of them. It has a percent sign, a letter that two encodings write differently, and what
must be encoded in a URL; where it goes only ASCII can be sent, it has but the ends.

Nothing is searched that has no business with a secret but to hold it: `OPEN` says what that is.
"""

import contextlib
import copy
import logging
import pickle
import re
import traceback
import warnings
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from types import MethodType
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from yarl import URL

from aioclient import BasicAuth, ClientResponse, InvalidURL, RequestInfo
from aioclient._connection.http1 import Http1Connection
from aioclient._http.events import ResponseHead
from aioclient._net.route import Proxy
from aioclient.errors._pickling import PastResponse


class Secret:
    """A password, the login that it belongs to, and all that it may look like."""

    def __init__(self, name: str, start: str, middle: str, end: str) -> None:
        self.name = name
        self.login = "me"
        self.text = start + middle + end
        login = f"{self.login}:{self.text}"
        encoded = [(self.text.encode(each), each) for each in ("utf-8", "latin-1")]
        forms = {
            "as it is": self.text,
            "its start": start,
            "its end": end,
            "in ASCII": ascii(self.text)[1:-1],
            **{f"quoted, {each}": quote(data, safe="") for data, each in encoded},
            **{f"misread {each}": data.decode("latin-1") for data, each in encoded},
            **{f"repr, {each}": repr(data)[2:-1] for data, each in encoded},
            **{f"base64, {each}": b64encode(data).decode() for data, each in encoded},
            **{
                f"basic, {each}": b64encode(login.encode(each)).decode()
                for each in ("utf-8", "latin-1")
            },
        }
        self.forms: Final[Mapping[str, str]] = forms

    @property
    def quoted(self) -> str:
        """As it is written in a URL."""
        return quote(self.text, safe="")

    @property
    def user_info(self) -> str:
        """Of a URL."""
        return f"{self.login}:{self.quoted}"

    @property
    def auth(self) -> BasicAuth:
        """The same for an option."""
        return BasicAuth(self.login, self.text, "utf-8")

    def url(self, url: str) -> str:
        """A URL with it."""
        return url.replace("://", f"://{self.user_info}@", 1)


#: One for each of those who must not see that of another.
SERVER: Final = Secret("the server's", "Qz7server", "%é#/", "kP2server")
PROXY: Final = Secret("the proxy's", "Qz7proxy", "%é@/", "kP2proxy")
SOCKS: Final = Secret("the SOCKS proxy's", "Qz7socks", "-", "kP2socks")
KEY: Final = Secret("the private key's", "Qz7key", "%é#", "kP2key")
SECRETS: Final = (SERVER, PROXY, SOCKS, KEY)


class Open(NamedTuple):
    """An attribute that may lead to secrets, whose these are, and why that is so."""

    kind: type
    attribute: str
    secrets: tuple[Secret, ...]
    why: str
    in_pickles: bool = False


OPEN: Final = (
    Open(
        RequestInfo,
        "headers",
        (SERVER,),
        "the headers that the caller's own request was sent with, as documented",
        in_pickles=True,
    ),
    Open(
        InvalidURL,
        "url",
        (SERVER,),
        "what the caller gave, as documented; the texts show it without user-info",
        in_pickles=True,
    ),
    Open(InvalidURL, "args", (SERVER,), "the same", in_pickles=True),
    Open(
        Proxy,
        "auth",
        (PROXY, SOCKS),
        "part of the pool's key: connections with other credentials are others; not in pickles",
    ),
    Open(Proxy, "field_lines", (PROXY,), "the same"),
    Open(Http1Connection, "_proxy_lines", (PROXY,), "private: the same, as it is sent"),
    Open(
        PastResponse,
        "headers",
        (SERVER,),
        "what a server said, as documented; a Location may have user-info",
        in_pickles=True,
    ),
    Open(ResponseHead, "field_section", (SERVER,), "the same, as it came"),
    Open(ResponseHead, "location", (SERVER,), "the same"),
    Open(
        ClientResponse,
        "_request",
        (SERVER, PROXY),
        "private: what was asked, for the request that follows a redirect; `request_info` tells it",
    ),
)


class Search:
    """Looks for secrets in what it is given; `found` says where there were which, and how."""

    def __init__(self, secrets: Iterable[Secret] = SECRETS, is_open: Iterable[Open] = OPEN) -> None:
        self._secrets = tuple(secrets)
        self._open = tuple(is_open)
        forms = {form for secret in self._secrets for form in secret.forms.values()}
        self._any = re.compile("|".join(map(re.escape, forms)))
        self.found: list[str] = []
        #: What the package logged and warned of, and what event loops were told.
        self.heard: list[str] = []

    def assert_nothing_found(self) -> None:
        """Fail with what was found."""
        assert not self.found, "\n".join(dict.fromkeys(self.found))

    def text(self, where: str, text: str | bytes, may_have: tuple[Secret, ...] = ()) -> None:
        """Look at a text."""
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        if self._any.search(text) is None:
            return
        for secret in self._secrets:
            forms = [name for name, form in secret.forms.items() if form in text]
            if forms and secret not in may_have:
                self.found.append(f"{where}: {secret.name} secret ({', '.join(forms)})")

    def error(self, where: str, error: BaseException) -> None:
        """Look at an exception: what it says, what it leads to, and what copies have of it."""
        self.text(f"traceback of {where}", "".join(traceback.format_exception(error)))
        self.value(where, error)
        for name, transfer in _COPIES.items():
            try:
                again = transfer(error)
            except TypeError:  # as that of one of another's
                continue
            self.text(f"str of {name} of {where}", str(again))
            self.value(f"{name} of {where}", again, is_pickle=name == "pickle")

    def value(self, where: str, value: object, *, is_pickle: bool = False) -> None:
        """Look at an object and all that it leads to."""
        is_open = [row for row in self._open if row.in_pickles or not is_pickle]
        seen: dict[tuple[int, tuple[Secret, ...]], object] = {}
        # With those that may be there.
        left: list[tuple[str, object, tuple[Secret, ...]]] = [(where, value, ())]
        while left:
            path, one, may_have = left.pop()
            if (id(one), may_have) in seen:
                continue
            seen[id(one), may_have] = one
            if isinstance(one, str | bytes | bytearray):
                self.text(path, bytes(one) if isinstance(one, bytearray) else one, may_have)
                continue
            if isinstance(one, URL):
                self.text(path, str(one), may_have)
                continue
            if _is_shown(one):
                self.text(f"repr of {path}", repr(one), may_have)
            if isinstance(one, BaseException):
                self.text(f"str of {path}", str(one))
            for name, part in _parts(one):
                rows = (
                    row.secrets
                    for row in is_open
                    if isinstance(one, row.kind) and row.attribute == name
                )
                left.append((f"{path}.{name}", part, may_have + sum(rows, ())))

    def reprs(self, where: str, value: object) -> None:
        """Look at the `repr` of every object of ours that this one leads to, private ones too."""
        seen: dict[int, object] = {}
        left = [(where, value)]
        while left:
            path, one = left.pop()
            if id(one) in seen:
                continue
            seen[id(one)] = one
            if _is_shown(one):
                self.text(f"repr of {path}", repr(one))
            left += [(f"{path}.{name}", part) for name, part in _parts(one)]

    @contextlib.contextmanager
    def logs(self) -> Iterator[None]:
        """Look at all that is logged in a block, and let nobody else see that: it is a lot."""
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        root.handlers[:] = [_Listener(self)]
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.handlers[:] = before
            root.setLevel(level)

    def warnings(self, caught: Iterable[warnings.WarningMessage]) -> None:
        """Look at what was warned of."""
        for each in caught:
            self.heard.append(str(each.message))
            self.text(each.category.__name__, str(each.message))

    def contexts(self, contexts: Iterable[Mapping[str, Any]]) -> None:
        """Look at what an event loop was told."""
        for context in contexts:
            self.heard.append(str(context.get("message")))
            for name, value in context.items():
                self.text(f"repr of {name} for the event loop", repr(value))
                if isinstance(value, BaseException):
                    self.error(f"{name} for the event loop", value)


class _Listener(logging.Handler):
    """Hands what is logged to a search."""

    def __init__(self, search: Search) -> None:
        super().__init__()
        self._search = search

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.name.startswith("aioclient"):
            self._search.heard.append(text)
        self._search.text(f"log of {record.name}", text)


_COPIES: Final = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
}


def _is_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "aioclient"


def _is_shown(value: object) -> bool:
    """Is its `repr` its own? That of a collection has those of its items."""
    return _is_ours(value) or isinstance(value, BaseException)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """What an object leads to: attributes, private ones too, of ours and of errors, and items."""
    if isinstance(value, BaseException):
        names = ["args", "__cause__", "__context__", "__notes__", *vars(value)]
        yield from ((name, getattr(value, name, None)) for name in names)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield "key", key
            yield str(key), item
    elif isinstance(value, tuple | list | AbstractSet):
        yield from ((str(index), item) for index, item in enumerate(value))
    elif isinstance(value, MethodType):
        yield "__self__", value.__self__
    elif isinstance(value, partial):
        yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
    elif _is_ours(value) and not isinstance(value, type):
        for kind in type(value).__mro__:
            slots = vars(kind).get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, name):
                    yield name, getattr(value, name)
        yield from getattr(value, "__dict__", {}).items()
