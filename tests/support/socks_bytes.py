"""The bytes by which a client asks SOCKS proxies to connect.

From RFC 1928 and RFC 1929, and for version 4 from its specification, which is no RFC.
"""

import socket
import struct

from proxy_names import Login


def socks_handshake(scheme: str, host: str, port: int, login: Login | None = None) -> bytes:
    """All that a client says to a proxy that agrees to everything, for an address or a name.

    With a login both ways of identification are offered, and the proxy wants this one.
    """
    if scheme.startswith("socks4"):
        user = login.user.encode() if login else b""
        is_name = not host.replace(".", "").isdigit()
        address = "0.0.0.1" if is_name else host  # 4a: a name follows
        after = host.encode() + b"\0" if is_name else b""
        return struct.pack(">BBH4s", 4, 1, port, socket.inet_aton(address)) + user + b"\0" + after
    if login is None:
        greeting = b"\x05\x01\x00"
    else:
        user, password = login.user.encode(), login.password.encode()
        greeting = b"\x05\x02\x00\x02\x01%c%b%c%b" % (len(user), user, len(password), password)
    return greeting + b"\x05\x01\x00" + _where(host) + struct.pack(">H", port)


def _where(host: str) -> bytes:
    if ":" in host:
        return b"\x04" + socket.inet_pton(socket.AF_INET6, host)
    if host.replace(".", "").isdigit():
        return b"\x01" + socket.inet_aton(host)
    return b"\x03%c%b" % (len(host), host.encode())
