"""The limits that the threat model names are those of the code, and all of them."""

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from typing import Any, Final

import pytest

import aioclient
from aioclient._http1.limits import Limits
from aioclient._message.options import RequestOptions
from aioclient._message.request import DEFAULT_REDIRECTS
from aioclient._session.websocket import DEFAULT_WS_TIMEOUT
from aioclient._session.ws_connect import DEFAULT_MAX_MSG_SIZE
from aioclient._timeout import DEFAULT_TIMEOUT

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "docs" / "threat_model.md").read_text("utf-8")
ROWS: Final = {
    match[1]: [cell.strip() for cell in match[2].split("|")]
    for match in re.finditer(r"(?m)^\| `([\w.]+)` \| (.*) \|$", PAGE)
}

#: Constants that are named as limits, and are none of what a peer can make grow.
OTHER: Final = {
    "client_request.MAX_READ_BODY_BYTES": "a body of the caller's own",
    "close_frames.MAX_REASON_SIZE": "a reason of the caller's own",
    "diagnosis.MAX_CONTROL_SIZE": "the same as in frame_checks",
    "digest.MAX_COUNT": "what eight digits can say",
    "expiry.MAX_DATE_CHARACTERS": "the same as an attribute",
    "jar_file.MAX_TIME": "the year 9999",
    "matching.MAX_NAME_CHARACTERS": "of a host that was asked for",
    "parse.MAX_KNOWN_CHARACTERS": "what is remembered",
    "tls_sessions.MAX_PAUSE": "connections until resumption is tried again",
    "_call.MAX_ERROR_CHARACTERS": "text of a record of the caller's own",
}
MODULES: Final = {
    found.name.rpartition(".")[2]: found.name
    for found in pkgutil.walk_packages(aioclient.__path__, "aioclient.")
    if not re.search(r"\.(testing|_cli|compat|__main__)\b|_[cp]y?$", found.name)
}


def parameters(function: Any) -> dict[str, Any]:
    return {n: p.default for n, p in inspect.signature(function).parameters.items()}


# Nothing tells it; "not given" and "given" have to be told apart.
KEEPALIVE_S: Final = float(
    re.findall(
        r"keepalive_timeout = ([\d.]+)", inspect.getsource(aioclient.BaseConnector.__init__)
    )[0]
)
OF_A_SESSION: Final = parameters(aioclient.ClientSession)
WITH_OWNERS: Final[dict[str, dict[str, Any]]] = {
    "ClientTimeout": {n: getattr(DEFAULT_TIMEOUT, n) for n in aioclient.ClientTimeout.__slots__},
    "ClientSession": OF_A_SESSION,
    "ClientWSTimeout": DEFAULT_WS_TIMEOUT._asdict(),
    "ws_connect": {"max_msg_size": DEFAULT_MAX_MSG_SIZE},
    "TCPConnector": parameters(aioclient.TCPConnector) | {"keepalive_timeout": KEEPALIVE_S},
    "MultipartReader": parameters(aioclient.MultipartReader),
    "BodyPartReader": parameters(aioclient.BodyPartReader),
}


def default_of(name: str) -> Any:
    """What the code has."""
    owner, _, attribute = name.rpartition(".")
    if not owner:
        return DEFAULT_REDIRECTS.limit if name == "max_redirects" else OF_A_SESSION[name]
    if owner in WITH_OWNERS:
        return WITH_OWNERS[owner][attribute]
    return getattr(importlib.import_module(MODULES[owner]), attribute)


def shown(name: str, value: Any) -> str:
    """How the table says it."""
    if value is None or value == sys.maxsize or (value == 0 and "limit" in name):
        return "none"
    last = name.rpartition(".")[2]
    if re.search(r"(_S|timeout|_cache)$", last) or name.startswith(("ClientTimeout", "ClientWST")):
        return f"{value:g} s" if value < 1000 else f"{value} s"
    is_size = re.search(r"_size$|_bufsize$|BYTES$|VALUE_CHARACTERS$", last) and "SHOWN" not in last
    if is_size and "cache" not in last and value >= 1024:
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if value % size == 0:
                return f"{value // size} {unit}"
        return f"{value} bytes"
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", ROWS)
def test_default_in_the_table_is_that_of_the_code(name: str) -> None:
    assert ROWS[name][0] == shown(name, default_of(name))


@pytest.mark.parametrize("name", ROWS)
def test_every_error_in_the_table_is_one_that_can_be_caught(name: str) -> None:
    for error in re.findall(r"`(\w+)`", ROWS[name][2]):
        kind = getattr(aioclient, error, None) or {
            "ValueError": ValueError,
            "TimeoutError": TimeoutError,
        }.get(error)
        assert kind is not None, error
        assert issubclass(kind, Exception)


def test_every_limit_is_in_the_table() -> None:
    wanted = {*Limits._fields, "read_bufsize"}
    wanted |= {name for name in OF_A_SESSION if name.startswith("max_")}
    wanted |= {name for name in RequestOptions.__annotations__ if name.startswith("max_")}
    wanted |= {f"ClientTimeout.{name}" for name in WITH_OWNERS["ClientTimeout"]}
    wanted -= {"ClientTimeout.ceil_threshold"}  # how exact they are
    wanted |= {f"ClientWSTimeout.{name}" for name in WITH_OWNERS["ClientWSTimeout"]}
    of_a_connector = ("limit", "limit_per_host", "keepalive_timeout", "max_connection_age")
    of_names = ("ttl_dns_cache", "dns_cache_max_size", "shutdown_timeout")
    wanted |= {f"TCPConnector.{name}" for name in (*of_a_connector, *of_names)}
    of_parts = ("max_headers", "max_field_size", "client_max_size")
    wanted |= {f"MultipartReader.{name}" for name in of_parts}
    for stem, module in MODULES.items():
        own = {
            name
            for name, value in vars(importlib.import_module(module)).items()
            if name.startswith("MAX_") and isinstance(value, int | float)
        }
        source = Path(str(importlib.import_module(module).__file__)).read_bytes()
        defined = {n for n in own if re.search(rb"(?m)^" + n.encode() + rb"\b.*=", source)}
        wanted |= {f"{stem}.{name}" for name in defined}
    assert wanted - set(OTHER) - set(ROWS) == set()


def test_reports_have_a_private_way() -> None:
    policy = (ROOT / "SECURITY.md").read_text("utf-8")
    for heading in ("Supported versions", "Report a vulnerability", "What counts"):
        assert f"\n## {heading}\n" in policy
    assert "Report a vulnerability" in policy.split("## Report", 1)[1]
    for link in re.findall(r"\]\(([\w/.]+)", policy):
        assert (ROOT / link).exists(), link


def test_the_table_would_notice_another_default() -> None:
    assert shown("max_head_size", 2**18) == "256 KiB"
    assert shown("max_head_size", 2**18 + 1) == "262145 bytes"
    assert shown("ClientTimeout.total", 300.0) == "300 s"
    assert shown("TCPConnector.limit_per_host", 0) == "none"
