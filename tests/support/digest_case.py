"""One request that is authenticated by Digest, and its calculation apart from the package's."""

import hashlib

from aioclient._auth.challenge import parse_challenges
from aioclient._auth.digest import DigestChallenge, digest_response

#: A challenge as most servers send it.
PLAIN = DigestChallenge(realm="r", nonce="n", qop=frozenset({"auth"}))
#: The request that is answered for, unless a test says otherwise.
REQUEST = {
    "method": "GET",
    "uri": "/dir/index.html",
    "login": "Mufasa",
    "password": "Circle of Life",
    "cnonce": "c",
    "count": 1,
}
#: The hashes by the names of their algorithms.
HASHES = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}


def challenge_of(value):
    (challenge,) = parse_challenges([value])
    return DigestChallenge.from_challenge(challenge)


def answer(challenge, **changes):
    """The parameters of an answer, unquoted: credentials have the grammar of challenges."""
    value = digest_response(challenge, **REQUEST | changes)
    (credentials,) = parse_challenges([value])
    assert credentials.scheme == "digest"
    return credentials.parameters


def calculated(algorithm, qop, parameters, method, password, body=b"", first_nonce=None):
    """The response, written down from sections 3.4.1 to 3.4.3."""

    def digest(text):
        return HASHES[algorithm.removesuffix("-sess")](text).hexdigest().encode()

    get = {name: value.encode() for name, value in parameters.items()}.__getitem__
    first = digest(get("username") + b":" + get("realm") + b":" + password.encode())
    if algorithm.endswith("-sess"):
        first = digest(first + b":" + (first_nonce or get("nonce")) + b":" + get("cnonce"))
    second = method.encode() + b":" + get("uri")
    if qop == "auth-int":
        second += b":" + digest(body)
    if qop is None:
        return digest(first + b":" + get("nonce") + b":" + digest(second)).decode()
    middle = b":".join([get("nonce"), get("nc"), get("cnonce"), get("qop")])
    return digest(first + b":" + middle + b":" + digest(second)).decode()
