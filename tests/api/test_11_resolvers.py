"""Section 11 of the reference: resolvers."""

import inspect
import socket
from typing import Any

import pytest
from dns_server import DnsServer
from reference import Call, Line, Names
from running import asynchronous

from aioclient import (
    AbstractResolver,
    AsyncResolver,
    DefaultResolver,
    ResolveResult,
    ThreadedResolver,
)

_SYSTEM = "tests/_net/test_resolver.py::"
_OWN = "tests/_net/test_async_resolver.py::"
_NAMES = "tests/_net/test_names.py::"

_RESOLVE = f"host, port=0, family={int(socket.AF_INET)}"

ROWS = (
    Call("AbstractResolver.resolve", _RESOLVE, is_async=True),
    Call("AbstractResolver.close", is_async=True),
    Names("ResolveResult", "hostname host port family proto flags"),
    Line("AbstractResolver is abstract", "test_the_interface_is_abstract"),
    Call("ThreadedResolver", "loop=None"),
    Call("ThreadedResolver.resolve", _RESOLVE, is_async=True),
    Call("ThreadedResolver.close", is_async=True),
    Line("it asks getaddrinfo in a thread", f"{_SYSTEM}test_the_system_is_asked_in_a_thread"),
    Line(
        "a scope is in `host`, as the name of an interface",
        f"{_SYSTEM}test_scope_of_an_answer_is_kept",
        "The scope of a link-local address is in `host` as the index of its interface",
    ),
    Line(
        "`flags` are those for addresses as text",
        "test_every_resolver_answers_in_the_same_form",
    ),
    Call("AsyncResolver", "loop=None, *args, **kwargs"),
    Call("AsyncResolver.resolve", _RESOLVE, is_async=True),
    Call("AsyncResolver.close", is_async=True),
    Line(
        "nameservers and all else go to aiodns.DNSResolver",
        f"""test_every_resolver_answers_in_the_same_form
        {_OWN}test_the_port_of_the_name_server_can_be_an_option
        {_OWN}test_name_servers_can_be_the_first_argument_behind_loop""",
    ),
    Line(
        "it has to be made in a running loop",
        f"{_OWN}test_a_resolver_can_be_made_outside_of_a_loop",
        "An `AsyncResolver` can be made outside of a running loop.",
    ),
    Line(
        "without arguments one is shared per loop",
        f"{_OWN}test_plain_resolvers_share_what_they_hold_until_the_last_is_closed",
    ),
    Line(
        "without aiodns it is a RuntimeError",
        f"{_OWN}test_aiodns_is_needed",
        "It needs aiodns 4",
    ),
    Line(
        "errors of aiodns are an OSError",
        f"{_OWN}test_a_name_that_does_not_resolve_is_a_gaierror",
        "a name that does not resolve is a `socket.gaierror` whichever resolver was asked",
    ),
    Call("DefaultResolver", "loop=None"),
    Line(
        "DefaultResolver is one of both",
        f"""test_the_default_is_a_class_of_its_own
        {_SYSTEM}test_the_default_asks_the_system_without_aiodns
        {_SYSTEM}test_the_default_does_not_ask_the_system_with_aiodns""",
        "`DefaultResolver` is a class of its own",
    ),
    Line(
        "localhost is looked up",
        f"""{_SYSTEM}test_localhost_is_not_looked_up
        {_NAMES}test_names_below_localhost_are_loopback_addresses""",
        "`localhost` and names below it are `::1` and `127.0.0.1` without a look-up (RFC 6761).",
    ),
)


def test_the_interface_is_abstract() -> None:
    assert AbstractResolver.__abstractmethods__ == {"resolve", "close"}
    for kind in (ThreadedResolver, AsyncResolver, DefaultResolver):
        assert issubclass(kind, AbstractResolver)
    assert ResolveResult.__required_keys__ == {
        "hostname",
        "host",
        "port",
        "family",
        "proto",
        "flags",
    }


def test_the_default_is_a_class_of_its_own() -> None:
    assert inspect.isclass(DefaultResolver)
    assert DefaultResolver not in (AsyncResolver, ThreadedResolver)


@pytest.mark.parametrize("kind", [ThreadedResolver, DefaultResolver, AsyncResolver])
@asynchronous
async def test_every_resolver_answers_in_the_same_form(kind: Any) -> None:
    async with DnsServer({"a.example": ["127.0.0.1"]}) as server:
        is_own = kind is AsyncResolver
        resolver = kind(nameservers=[server.address]) if is_own else kind()
        host = "a.example" if is_own else "127.0.0.1"
        assert await resolver.resolve(host, 80) == [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": 80,
                "family": socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
        ]
        await resolver.close()
