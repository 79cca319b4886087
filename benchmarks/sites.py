"""The servers that some workloads need, all at once."""

import contextlib
from collections.abc import Iterable, Iterator

import body_server
import nginx
import socket_server
from workloads import TLS_SERVERS, Server, Site, Workload

_OF_NGINX: frozenset[Server] = TLS_SERVERS | {"nginx"}


@contextlib.contextmanager
def serve(chosen: Iterable[Workload], core: int | None) -> Iterator[dict[Server, Site]]:
    """Run what these workloads need, pinned to `core` if given; yields where each is."""
    chosen = list(chosen)
    needed = {workload.server for workload in chosen}
    sites: dict[Server, Site] = {}
    with contextlib.ExitStack() as stack:
        if not needed.isdisjoint(_OF_NGINX):
            with_download = any(workload.path in ("/download", "/ten") for workload in chosen)
            with_tls = not needed.isdisjoint(TLS_SERVERS)
            sites.update(stack.enter_context(nginx.serve(core, with_download, with_tls)))
        if "bodies" in needed:
            sites["bodies"] = Site(stack.enter_context(body_server.serve(core)))
        if "sockets" in needed:
            sites["sockets"] = Site(stack.enter_context(socket_server.serve(core)))
        yield sites
