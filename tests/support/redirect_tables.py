"""What shall arrive where when a request is redirected: tables, and what they say of a request.

They know nothing of the package. What they say is:

- RFC 9110 section 15.4 about methods, and what follows for the body and for what describes it;
- a header goes to another origin only if it is known to be harmless or was named by the caller;
- an origin is scheme, host and port: each of them alone makes another one;
- what was dropped stays dropped, also on the way back; but what a session has for an origin (its
  `auth`, its `cookies`) is looked up again for each request;
- user-info in a redirect's URL is used there, in place of all other credentials.

To try another body, credential or way, add a row to BODIES, KINDS or PLACES.
"""

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import aioclient
from aioclient import BasicAuth, __version__

# --- the tables ----------------------------------------------------------------------------------

#: Which methods become GET; RFC 9110 sections 15.4.2 to 15.4.9.
BECOMES_GET: dict[int, set[str]] = {
    301: {"POST"},
    302: {"POST"},
    303: {"GET", "POST", "PUT", "PATCH", "DELETE"},
    307: set(),
    308: set(),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Origin(NamedTuple):
    """Scheme, host, and which of the two ports."""

    scheme: str
    host: str
    port: str


HERE = Origin("http", "127.0.0.1", "first")
SECURE = HERE._replace(scheme="https")
OTHER_PORT = HERE._replace(port="second")
OTHER_HOST = HERE._replace(host="localhost")

#: The origins that one request is sent to, one after the other.
PLACES = {
    "same origin": (HERE, HERE),
    "other port": (HERE, OTHER_PORT),
    "other host": (HERE, OTHER_HOST),
    "http to https": (HERE, SECURE),
    "https to http": (SECURE, HERE),
    "there, on, and back": (HERE, OTHER_PORT, OTHER_PORT, HERE),
}

# How long a header goes along. What is not in the table belongs to the origin it was made for.
ALWAYS = "always"
SAME_METHOD = "until the method changes"
WITH_BODY = "until the body is dropped"
IN_ORIGIN = "within its origin"
GOES_ALONG = {
    "accept": ALWAYS,
    "accept-encoding": ALWAYS,
    "accept-language": ALWAYS,
    "user-agent": ALWAYS,
    "if-none-match": SAME_METHOD,
    "content-disposition": WITH_BODY,
    "content-encoding": WITH_BODY,
    "content-language": WITH_BODY,
    "content-type": WITH_BODY,
}
AUTOMATIC = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("User-Agent", f"Python/{sys.version_info[0]}.{sys.version_info[1]} aioclient/{__version__}"),
)


@dataclass(frozen=True)
class Body:
    """A kind of body: the request's options, and what arrives of it."""

    name: str
    options: Callable[[BinaryIO], dict[str, Any]] = lambda file: {}
    content_type: str | None = None
    content: bytes = b""
    is_chunked: bool = False
    can_replay: bool = True
    coding: str | None = None
    disposition: str | None = None


FILE_CONTENT = b"0\r\n\r\nfile \xff"


def opened(file: BinaryIO) -> BinaryIO:
    """The file, of which the first byte was read already."""
    file.seek(1)
    return file


async def pieces() -> AsyncIterator[bytes]:
    yield b"pie"
    yield b"ces"


def fields_with_file() -> Any:
    made = aioclient.FormData({"a": "1 2"})
    made.add_field("b", b"\r\n--", filename="b.bin")
    return made


BINARY = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"  # its fields stand for the body: a boundary is never the same
NO_BODY = Body("none")
BODIES = (
    NO_BODY,
    Body("bytes", lambda file: {"data": b"\0\xff\r\n"}, BINARY, b"\0\xff\r\n"),
    Body("str", lambda file: {"data": "tělo", "chunked": True}, TEXT, "tělo".encode(), True),
    Body("json", lambda file: {"json": [1, None]}, "application/json", b"[1, null]"),
    Body("form", lambda file: {"data": {"a": "1 2", "b": "&"}}, FORM, b"a=1+2&b=%26"),
    Body(
        "file",
        lambda file: {"data": opened(file)},
        BINARY,
        FILE_CONTENT[1:],
        disposition='attachment; filename="body"',
    ),
    Body("file in memory", lambda file: {"data": BytesIO(b"memory")}, BINARY, b"memory"),
    Body("multipart", lambda file: {"data": fields_with_file()}, MULTIPART, b"a=1 2&b=\r\n--"),
    Body("gzip", lambda file: {"data": b"x", "compress": "gzip"}, BINARY, b"x", True, True, "gzip"),
    Body("generator", lambda file: {"data": pieces()}, BINARY, b"pieces", True, can_replay=False),
)

Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Kind:
    """A kind of credential: who says it, and how."""

    name: str
    headers: Fields = field(default_factory=list)
    session_headers: Fields = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    session_options: dict[str, Any] = field(default_factory=dict)
    #: Headers that `options` stand for.
    stands_for: Fields = field(default_factory=list)
    #: Headers that `session_options` stand for: only for the first origin, but always there.
    session_stands_for: Fields = field(default_factory=list)
    #: User-info in the URL of the first request, and in that of the first redirect.
    first_user: str | None = None
    next_user: str | None = None
    #: A header that was named in cross_origin_headers.
    named: str = ""


BEARER = [("Authorization", "Bearer secret")]
COOKIE = [("cookie", "a=secret")]
JAR = {"cookies": {"a": "secret"}}
API_KEY = [("X-Api-Key", "secret")]
NAMED = {"cross_origin_headers": ["x-api-key"]}
ME = {"auth": BasicAuth("me", "secret")}
MINE = [("authorization", "Basic bWU6c2VjcmV0")]  # RFC 7617 section 2: base64 of "me:secret"
YOURS = [("authorization", "Basic eW91OmhpZGRlbg==")]  # of "you:hidden"
TO_PROXY = [("Proxy-Authorization", "Basic secret")]
HOST = [("Host", "secret.example")]
COPIES = [("Cookie", "a=secret"), ("COOKIE", "b=secret"), ("x-api-key", "c"), ("X-API-KEY", "d")]
KINDS = (
    Kind("none"),
    Kind("Authorization of the request", BEARER),
    Kind("Authorization of the session", session_headers=BEARER),
    Kind("auth of the request", options=ME, stands_for=MINE),
    Kind("auth of the session", session_options=ME, session_stands_for=MINE),
    Kind("user-info in the first URL", stands_for=MINE, first_user="me:secret"),
    Kind("user-info in the redirect over Authorization", BEARER, next_user="you:hidden"),
    Kind(
        "user-info in the redirect over auth of the session",
        session_options=ME,
        session_stands_for=MINE,
        next_user="you:hidden",
    ),
    Kind("Cookie", COOKIE),
    Kind("cookies of the request", options=JAR, stands_for=COOKIE),
    Kind("cookies of the session", session_options=JAR, session_stands_for=COOKIE),
    Kind("Proxy-Authorization", TO_PROXY),
    Kind("several of the session and Host", HOST, session_headers=[*COOKIE, *TO_PROXY]),
    Kind("custom header of the request", API_KEY),
    Kind("custom header of the session", session_headers=API_KEY),
    Kind("custom header that the request names", API_KEY, options=NAMED, named="x-api-key"),
    Kind(
        "custom header that the session names",
        session_headers=API_KEY,
        session_options=NAMED,
        named="x-api-key",
    ),
    Kind("copies in any case", COPIES),
)
#: What every request says besides.
HEADERS = [("If-None-Match", '"1"'), ("Content-Language", "cs")]
SESSION_HEADERS = [("Accept-Language", "cs")]


# --- what they say -------------------------------------------------------------------------------


class Message(NamedTuple):
    """One request, as a server sees it; fields in order of their names in lower case."""

    scheme: str
    port: str
    method: str
    path: str
    fields: Fields
    body: bytes


class Outcome(NamedTuple):
    """All that arrived, and what the caller got: name of an error, or status and redirects."""

    messages: list[Message]
    error: str
    status: int = 0
    redirects: int = 0


def _with_one_cookie_field(fields: Fields) -> Fields:
    """Several Cookie fields leave as one (RFC 6265bis section 5.8.3)."""
    cookies = [value for name, value in fields if name.lower() == "cookie"]
    others = [(name, value) for name, value in fields if name.lower() != "cookie"]
    return [*others, ("cookie", "; ".join(cookies))] if cookies else others


def first_fields(kind: Kind, body: Body) -> Fields:
    """The headers of the first request, but for what depends on where it goes.

    From here on names are in lower case, which is all the same (RFC 9110 section 5.1).
    """
    fields = _with_one_cookie_field([*kind.headers, *kind.stands_for, *HEADERS])
    fields += [*kind.session_headers, *SESSION_HEADERS, *AUTOMATIC]
    if body.content_type is not None:
        fields.append(("Content-Type", body.content_type))
    if body.disposition is not None:
        fields.append(("Content-Disposition", body.disposition))
    if body.coding is not None:
        fields.append(("Content-Encoding", body.coding))
    return [(name.lower(), value) for name, value in fields]


def expected(
    status: int, origins: tuple[Origin, ...], method: str, body: Body, kind: Kind
) -> Outcome:
    """What the tables say."""
    fields = first_fields(kind, body)
    table = {**GOES_ALONG, kind.named: ALWAYS}
    messages: list[Message] = []
    for number, origin in enumerate(origins):
        if number:
            next_method = "GET" if method in BECOMES_GET[status] else method
            keeps_body = next_method == method and status != 303
            if keeps_body and not body.can_replay:
                return Outcome(messages, "ClientPayloadError")
            lasts = {
                ALWAYS: True,
                SAME_METHOD: next_method == method,
                WITH_BODY: keeps_body,
                IN_ORIGIN: origin == origins[number - 1],
            }
            fields = [pair for pair in fields if lasts[table.get(pair[0], IN_ORIGIN)]]
            if number == 1 and kind.next_user is not None:
                fields = [*(pair for pair in fields if pair[0] != "authorization"), *YOURS]
            method = next_method
            body = body if keeps_body else NO_BODY
        names = {name for name, _ in fields}
        if origin == origins[0]:
            fields += [pair for pair in kind.session_stands_for if pair[0] not in names]
        whole = [*fields, *framing(method, body)]
        if "host" not in names:
            whole.append(("host", f"{origin.host}:{origin.port}"))
        whole.sort()
        path = f"/{number}"
        messages.append(Message(origin.scheme, origin.port, method, path, whole, body.content))
    return Outcome(messages, "", 200, len(messages) - 1)


def framing(method: str, body: Body) -> Fields:
    """How the end of the body is told (RFC 9110 section 8.6, RFC 9112 section 6)."""
    if body.is_chunked:
        return [("transfer-encoding", "chunked")]
    if body is NO_BODY and method not in ("POST", "PUT", "PATCH"):
        return []
    return [("content-length", str(len(body.content)))]
