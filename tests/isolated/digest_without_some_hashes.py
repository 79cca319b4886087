"""Says which Digest challenges are answered where OpenSSL has only hashes with some properties.

Takes a folder for OpenSSL's configuration, and the properties.
"""

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
default_properties = {}
"""


def answer_all() -> None:
    import hashlib

    try:
        hashlib.new("sha512_256", b"")
    except ValueError:
        pass
    else:
        print("all hashes are there")
        return
    from aioclient._auth.challenge import parse_challenges
    from aioclient._auth.digest import DigestChallenge, DigestRefused, digest_response

    for algorithm in ("MD5", "SHA", "SHA-256", "SHA-512", "SHA-512-256"):
        (challenge,) = parse_challenges([f"Digest realm=r, nonce=n, algorithm={algorithm}"])
        try:
            digest_response(
                DigestChallenge.from_challenge(challenge),
                method="GET",
                uri="/",
                login="me",
                password="secret",
                cnonce="c",
                count=1,
            )
        except DigestRefused as error:
            print(error)
        else:
            print(algorithm)


if len(sys.argv) == 1:
    answer_all()
else:  # OpenSSL reads its configuration once, when it is loaded
    path = Path(sys.argv[1]) / "openssl.cnf"
    path.write_text(CONFIGURATION.format(sys.argv[2]), encoding="ascii")
    environment = os.environ | {"OPENSSL_CONF": str(path)}
    ended = subprocess.run([sys.executable, __file__], check=False, env=environment)
    sys.exit(ended.returncode)
