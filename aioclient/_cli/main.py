"""The command line's entry: from arguments to a request, from its failure to one clear line.

Every error that a user can meet leaves as one line on standard error and an exit status; what has
a traceback is a bug of ours.
"""

import argparse
import asyncio
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ssl import SSLContext, create_default_context
from typing import TYPE_CHECKING, Any

import aioclient

from . import download, show

if TYPE_CHECKING:
    from aioclient import TraceConfig
    from aioclient.timing import TimingRecord

CONNECT_TIMEOUT_S = 30.0
SILENCE_TIMEOUT_S = 60.0
ERROR_LIMIT_CHARS = 500  # what a peer's words may fill of an error line

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_DESCRIPTION = """\
Fetch a URL and print the answer.

On a terminal, JSON is indented, other text is decoded by its charset, and binary content is
refused. Into a pipe or a file go the exact bytes of the body.
"""
_EPILOG = f"""\
A URL without a scheme means http://. METHOD is GET unless given; POST with -d or --json.
Without --timeout: {CONNECT_TIMEOUT_S:g} s to connect, {SILENCE_TIMEOUT_S:g} s of silence.

exit status: 0 an answer came, whatever its status, 404 and 500 included; 1 none came, or it could
not be printed or written; 2 wrong usage; 130 interrupted by Ctrl-C.

Colours appear on a terminal when rich is installed (pip install "aioclient-http[cli]") and
NO_COLOR is not set.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    output: str | None
    verbose: bool
    insecure: bool
    cacert: str | None
    timeout_s: float | None
    timing: bool
    har: str | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name; by default, `sys.argv[1:]`.

    Returns:
        The exit status: 0, 1 or 130. Wrong usage raises `SystemExit(2)`, as argparse does.
    """
    options = parse_arguments(arguments)
    try:
        asyncio.run(fetch(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is still buffered goes nowhere, so that
        # the interpreter does not fail on it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (aioclient.ClientError, OSError, ValueError) as error:
        print("aioclient: error:", describe_error(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def fetch(options: Options) -> None:
    """Make the request and print or save what comes back, and tell where the time went."""
    if not options.timing and options.har is None:
        await make_request(options)
        return
    from aioclient.timing import TimingConfig  # late: most requests are not timed

    timing = TimingConfig()
    try:
        await make_request(options, [timing])
    except BaseException:
        # What went wrong before is what the user has to hear of.
        try:
            tell_timing(options, timing.records)
        except OSError as error:
            print("aioclient: note:", describe_error(error), file=sys.stderr)
        raise
    tell_timing(options, timing.records)


def tell_timing(options: Options, records: "list[TimingRecord]") -> None:
    """Draw or save the phases of the requests, as far as they came."""
    if options.timing:
        from . import waterfall  # late: rarely needed

        waterfall.show_waterfall(records)
    if options.har is not None:
        from aioclient.timing import write_har

        try:
            write_har(options.har, records)
        except OSError as error:
            raise OSError(f"cannot write {options.har}: {error.strerror}") from error


async def make_request(options: Options, trace_configs: "Sequence[TraceConfig[Any]]" = ()) -> None:
    """Make the request and print or save what comes back."""
    timeout = aioclient.ClientTimeout(
        total=options.timeout_s,
        sock_connect=None if options.timeout_s else CONNECT_TIMEOUT_S,
        sock_read=None if options.timeout_s else SILENCE_TIMEOUT_S,
    )
    started_at = time.perf_counter()
    async with (
        aioclient.ClientSession(timeout=timeout, trace_configs=trace_configs) as session,
        session.request(
            options.method,
            options.url,
            headers=options.headers,
            data=options.body,
            ssl=tls_wish(options),
        ) as response,
    ):
        head_s = time.perf_counter() - started_at
        if options.verbose:
            show.show_exchange(response)
        size = await deliver(response, options.output)
        if options.verbose:
            show.show_timing(head_s, size)


async def deliver(response: aioclient.ClientResponse, output: str | None) -> int:
    """Print or save the body; give its size in bytes."""
    if output is None and sys.stdout.isatty():
        return await show.show_body(response)
    if output is None or output == "-":
        return await show.copy_body(response)
    return await download.save(response, output)


def tls_wish(options: Options) -> SSLContext | bool:
    """Say how the server's certificate is checked: by a CA file, by the system's, or not at all."""
    if options.cacert is not None:
        try:
            return create_default_context(cafile=options.cacert)
        except OSError as error:  # ssl.SSLError, for a file without a certificate, is one
            raise ValueError(f"cannot use --cacert {options.cacert}: {error}") from error
    return not options.insecure


def describe_error(error: Exception) -> str:
    """Tell in one printable line what went wrong."""
    text = " ".join(str(error).split())
    if isinstance(error, TimeoutError) and not text:
        text = "time limit is over"
    elif not text:
        text = type(error).__name__
    elif isinstance(error, aioclient.InvalidURL):
        text = f"not a URL that can be fetched: {text}"
    if isinstance(error, aioclient.ClientConnectorCertificateError):
        text += " (trust another authority with --cacert FILE, or any server with --insecure)"
    return show.printable(text[:ERROR_LIMIT_CHARS])


def parse_arguments(arguments: Sequence[str] | None) -> Options:
    """Read the command line; leaves with status 2 and a usage line when it is wrong."""
    parser = make_parser()
    found = parser.parse_intermixed_args(arguments)
    if not 1 <= len(found.target) <= 2:
        parser.error("expected a URL, with a method before it or alone")
    *methods, url = found.target
    body, content_type = found.data, "text/plain; charset=utf-8"
    if body is None:
        body, content_type = found.json, "application/json"
    headers: list[tuple[str, str]] = found.header
    if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers = [*headers, ("Content-Type", content_type)]
    return Options(
        method=read_method(parser, methods[0]) if methods else "GET" if body is None else "POST",
        url=url if _SCHEME.match(url) else f"http://{url}",
        headers=headers,
        body=body,
        output=found.output,
        verbose=found.verbose,
        insecure=found.insecure,
        cacert=found.cacert,
        timeout_s=found.timeout,
        timing=found.timing,
        har=found.har,
    )


def make_parser() -> argparse.ArgumentParser:
    """Lay out the arguments and their help."""
    parser = argparse.ArgumentParser(
        prog="aioclient",
        usage="aioclient [METHOD] URL [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("target", nargs="*", metavar="[METHOD] URL", help="what to fetch")
    add(
        "-H",
        "--header",
        metavar="NAME:VALUE",
        action="append",
        default=[],
        type=read_header,
        help="send this header field; may be given many times",
    )
    content = parser.add_mutually_exclusive_group()
    content.add_argument("-d", "--data", type=os.fsencode, help="send this text as the body")
    content.add_argument("--json", type=read_json, help="send this JSON as the body")
    add("-o", "--output", metavar="FILE", help="save the body as FILE; - is standard output")
    add("-v", "--verbose", action="store_true", help="tell both heads and times on standard error")
    add("--timing", action="store_true", help="draw where the time went on standard error")
    add("--har", metavar="FILE", help="save heads and times as a HAR file, without secrets")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--insecure", action="store_true", help="accept any server's certificate")
    trust.add_argument("--cacert", metavar="FILE", help="trust the authorities in this PEM file")
    add("--timeout", metavar="S", type=read_seconds, help="give up after S seconds in all")
    add("--version", action="version", version=version_line())
    return parser


def version_line() -> str:
    """Tell the versions, and which twins run."""
    twins = "compiled" if aioclient.extensions_active() else "pure Python"
    return f"aioclient {aioclient.__version__} (Python {platform.python_version()}, {twins})"


def read_method(parser: argparse.ArgumentParser, text: str) -> str:
    """Read a method, in capitals as all registered ones are."""
    if not _TOKEN.fullmatch(text):
        parser.error(f"bad method: {text[:100]!r}")
    return text.upper()


def read_header(text: str) -> tuple[str, str]:
    """Read a header field from NAME:VALUE."""
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name) or re.search(r"[\r\n\0]", value):
        raise argparse.ArgumentTypeError(f"expected NAME:VALUE, got {text[:100]!r}")
    return name, value.strip(" \t")


def read_json(text: str) -> bytes:
    """Check that a text is JSON; it is sent as it was typed."""
    import json  # late: only this option needs it

    try:
        json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    return text.encode()


def read_seconds(text: str) -> float:
    """Read a time limit."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds over 0, got {text[:100]!r}")
    return seconds
