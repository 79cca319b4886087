"""The modules that programs know from aiohttp's client, and which are pages of `compat`."""

from typing import Final

#: Loaded when somebody asks for them.
PAGES: Final = frozenset(
    {
        "abc",
        "client",
        "client_exceptions",
        "client_middleware_digest_auth",
        "client_middlewares",
        "client_proto",
        "client_reqrep",
        "client_ws",
        "compression_utils",
        "connector",
        "cookiejar",
        "formdata",
        "hdrs",
        "helpers",
        "http",
        "http_exceptions",
        "http_parser",
        "http_websocket",
        "http_writer",
        "log",
        "multipart",
        "payload",
        "payload_streamer",
        "resolver",
        "streams",
        "tracing",
        "typedefs",
    }
)
