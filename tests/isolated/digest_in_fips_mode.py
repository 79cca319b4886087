"""Answers challenges of all algorithms where OpenSSL only gives what FIPS approves for security."""

import os
import subprocess
import sys
from pathlib import Path

CONFIGURATION = """
openssl_conf = the_start
[the_start]
alg_section = the_algorithms
providers = the_providers
[the_providers]
default = the_provider
[the_provider]
activate = 1
[the_algorithms]
default_properties = fips=yes
"""


def answer_all() -> None:
    import hashlib

    try:
        hashlib.md5(b"")
    except ValueError:
        pass
    else:
        print("no FIPS mode")
        return
    from aioclient._auth.challenge import parse_challenges
    from aioclient._auth.digest import DigestChallenge, digest_response

    for algorithm in ("MD5", "SHA", "SHA-256", "SHA-512", "SHA-512-256"):
        (challenge,) = parse_challenges([f"Digest realm=r, nonce=n, algorithm={algorithm}"])
        digest_response(
            DigestChallenge.from_challenge(challenge),
            method="GET",
            uri="/",
            login="me",
            password="secret",
            cnonce="c",
            count=1,
        )
    print("done")


if len(sys.argv) == 1:
    answer_all()
else:  # OpenSSL reads its configuration once, when it is loaded
    path = Path(sys.argv[1]) / "openssl.cnf"
    path.write_text(CONFIGURATION, encoding="ascii")
    environment = os.environ | {"OPENSSL_CONF": str(path)}
    ended = subprocess.run([sys.executable, __file__], check=False, env=environment)
    sys.exit(ended.returncode)
