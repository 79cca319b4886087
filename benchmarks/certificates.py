"""Certificates for the TLS workloads: an authority of our own, and a server that it vouches for.

As with public authorities there is an intermediate one, whose certificate the server sends with its
own: a client that does a full handshake verifies two certificates.
"""

import ssl
import sys
from pathlib import Path


def write(folder: Path) -> Path:
    """Make server.pem, key and certificate for 127.0.0.1, there; the file of its authority."""
    try:
        import trustme  # late: the workloads without TLS do without it
    except ImportError as exc:
        sys.exit(f"TLS needs trustme, see requirements.txt ({exc})")
    authority = trustme.CA()
    authority.create_child_ca().issue_cert(
        "127.0.0.1"
    ).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


def trusting(authority: str) -> ssl.SSLContext:
    """A context of a client that trusts this authority alone."""
    return ssl.create_default_context(cafile=authority)
