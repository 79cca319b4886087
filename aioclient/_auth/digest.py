"""Digest authentication: from a challenge to the value of a header (RFC 7616).

Only the calculation: when there is a second request, which numbers and nonces it has, and for which
server a password may be used, others decide. They should keep one `cnonce` for as long as they
keep a challenge: the ``-sess`` algorithms are about that, and servers differ on what another means.

Values of a challenge are hashed without quotes and escapes, and as the bytes that came. Logins and
passwords are hashed in UTF-8; with ``charset=UTF-8`` in Unicode's Normalization Form C, too.

What is made of a password is no less secret than that: with a hash one can try passwords. Nothing
here keeps any, and no error has a login, a password or a hash in it.

The older forms of RFC 2617 (MD5 when no algorithm is named) and RFC 2069 (no qop) are understood:
devices that speak nothing else are still in use. RFC 7616 section 3.9.2 gives an example for
SHA-512-256 whose hashes are those of SHA-512, cut; it stands for SHA-512/256 of FIPS 180-4, as
erratum 4897 has it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hmac import compare_digest
from typing import Final, Self
from unicodedata import normalize
from urllib.parse import quote

from aioclient._auth.challenge import Challenge

#: The largest count of requests with one nonce: it has eight hexadecimal digits.
MAX_COUNT: Final = 0xFFFF_FFFF

# Names of algorithms, without "-sess", and what hashlib calls them; what is preferred comes first.
# The first two are registered (RFC 7616 section 6.1), and MD5 is, but only for old servers. Others
# are what some servers and clients, aiohttp among them, have besides.
_HASHES: Final = {
    "SHA-512-256": "sha512_256",
    "SHA-256": "sha256",
    "SHA256": "sha256",
    "SHA-512": "sha512",
    "SHA512": "sha512",
    "SHA": "sha1",
    "MD5": "md5",
}
_STRONGEST_FIRST: Final = tuple(dict.fromkeys(_HASHES.values()))
_SESSION: Final = "-SESS"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# What RFC 8187 section 3.2.1 calls attr-char, without what `quote` never encodes.
_EXTENDED_SAFE: Final = "!#$&+^`|"


class DigestRefused(ValueError):
    """A challenge cannot be answered. The text says why, and has no credentials in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestChallenge:
    """A Digest challenge that can be answered (RFC 7616 section 3.3)."""

    realm: str
    nonce: str
    opaque: str | None = None
    #: As the server wrote it, for it gets it back so; None is MD5, and it gets none back.
    algorithm: str | None = None
    #: "auth", "auth-int" or both; empty if the server knows neither (RFC 2069).
    qop: frozenset[str] = frozenset()
    #: The credentials were right, the nonce was too old: try again with this one.
    stale: bool = False
    #: The login is to be sent as a hash.
    userhash: bool = False
    is_utf8: bool = False
    #: The URIs for which the answer is good, as they came; empty for all of the server.
    domain: tuple[str, ...] = ()
    #: The nonce that the server sent with the challenge itself, if `nonce` is a later one.
    first_nonce: str | None = None

    @classmethod
    def from_challenge(cls, challenge: Challenge) -> Self:
        """What a challenge says; raises `DigestRefused` if it cannot be answered.

        Parameters that are not known are ignored, and so are unknown words in ``qop`` and
        ``charset`` (section 3.3).
        """
        given = challenge.parameters
        if challenge.scheme != "digest":
            raise DigestRefused(f"not a Digest challenge, but {challenge.scheme[:40]!r}")
        for name in ("realm", "nonce"):
            if name not in given:
                raise DigestRefused(f"a Digest challenge has no {name}")
        algorithm = given.get("algorithm")
        if algorithm is not None and _base_name(algorithm) not in _HASHES:
            raise DigestRefused(f"Digest algorithm {algorithm[:40]!r} is not known")
        if not _is_available(_hash_name(algorithm)):
            raise DigestRefused(f"Digest algorithm {algorithm or 'MD5'!r} is not available here")
        return cls(
            realm=given["realm"],
            nonce=given["nonce"],
            opaque=given.get("opaque"),
            algorithm=algorithm,
            qop=_known_qop(given.get("qop", "")),
            stale=given.get("stale", "").lower() == "true",
            userhash=given.get("userhash", "").lower() == "true",
            is_utf8=given.get("charset", "").lower() == "utf-8",
            domain=tuple(given.get("domain", "").split()),
        )

    @property
    def needs_body(self) -> bool:
        """Whether it cannot be answered without the body of the request."""
        return self.qop == {"auth-int"}

    @property
    def is_session(self) -> bool:
        """Whether the password is hashed together with the first nonce and cnonce."""
        return self.algorithm is not None and self.algorithm.upper().endswith(_SESSION)

    def with_next_nonce(self, info: Mapping[str, str]) -> Self:
        """The challenge for later requests, by the Authentication-Info of a response.

        Itself, if that has no ``nextnonce``. With another nonce, counting begins at 1 again
        (section 3.5).
        """
        nonce = info.get("nextnonce")
        if not nonce or nonce == self.nonce:
            return self
        first_nonce = self.nonce if self.first_nonce is None else self.first_nonce
        return replace(self, nonce=nonce, first_nonce=first_nonce)


def strongest_challenge(
    challenges: Iterable[Challenge], has_body: bool = True
) -> DigestChallenge | None:
    """The Digest challenge to answer; None if there is none that can be.

    The one with the strongest algorithm, of several the first. A server should name first what it
    prefers, but section 3.7 lets a client have a policy of its own. Without `has_body` those are
    left out that need the body of the request.
    """
    found = []
    for challenge in challenges:
        with suppress(DigestRefused):
            found.append(DigestChallenge.from_challenge(challenge))
    usable = [challenge for challenge in found if has_body or not challenge.needs_body]
    return min(usable, key=_rank, default=None)


def digest_response(
    challenge: DigestChallenge,
    *,
    method: str,
    uri: str,
    login: str,
    password: str,
    cnonce: str,
    count: int,
    body_digest_input: bytes | None = None,
) -> str:
    """The value of an Authorization or Proxy-Authorization header (RFC 7616 section 3.4).

    `uri` is the target of the request as it is in its first line. `cnonce` is a random text that
    the client makes, `count` how many requests had the nonce, this one included. With a body, its
    integrity is protected, too, if the server offers that (``auth-int``); with None only if that
    is all that it offers, and then `DigestRefused` is raised.

    Raises ValueError for a colon in the login, for what cannot be encoded, for control characters
    that cannot be sent, and for a count that has not eight digits.
    """
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"count of a nonce must be 1 to {MAX_COUNT}, not {count}")
    if ":" in login:  # it could not be told from the one that ends it
        raise ValueError('a login for Digest authentication must not contain ":"')
    qop = _chosen_qop(challenge, has_body=body_digest_input is not None)
    secret = _secret_hash(challenge, login, password, cnonce)
    about = _message_hash(challenge, method, uri, body_digest_input if qop == "auth-int" else None)
    parts = [
        _login_parameter(challenge, login),
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(uri)}",
        f'response="{_proof(challenge, secret, about, cnonce, count, qop)}"',
    ]
    if challenge.algorithm is not None:
        parts.append(f"algorithm={challenge.algorithm}")
    if challenge.opaque is not None:
        parts.append(f"opaque={_quoted(challenge.opaque)}")
    if qop is not None:
        # RFC 7616 section 3.4: neither of the two is quoted.
        parts += [f"qop={qop}", f"nc={count:08x}"]
    if qop is not None or challenge.is_session:
        # Without qop there should be none (RFC 2617 section 3.2.2), but the server of a "-sess"
        # algorithm could not verify anything without it.
        parts.append(f"cnonce={_quoted(cnonce)}")
    if challenge.userhash:
        parts.append("userhash=true")
    return "Digest " + ", ".join(parts)


def server_is_proven(
    info: Mapping[str, str],
    challenge: DigestChallenge,
    *,
    uri: str,
    login: str,
    password: str,
    cnonce: str,
    count: int,
    body: bytes | None = None,
) -> bool:
    """Whether an Authentication-Info proves that the server knows the password, too (section 3.5).

    The rest is as it was in the request; `body` is that of the response, and needed if the field
    has ``qop=auth-int``. False if there is no ``rspauth``, or if it is for another request. Without
    qop nothing proves anything: what an impostor saw once would be good for ever.
    """
    qop = info.get("qop")
    if qop not in challenge.qop or (qop == "auth-int" and body is None):
        return False
    if info.get("cnonce") != cnonce or info.get("nc", "").lower() != f"{count:08x}":
        return False
    secret = _secret_hash(challenge, login, password, cnonce)
    about = _message_hash(challenge, "", uri, body if qop == "auth-int" else None)
    expected = _proof(challenge, secret, about, cnonce, count, qop)
    return compare_digest(_octets(info.get("rspauth", "").lower()), _octets(expected))


def _base_name(algorithm: str) -> str:
    """The name of an algorithm as `_HASHES` has it; it may come in any case of letters."""
    # Outside of ASCII there are letters whose upper case is in it.
    return algorithm.upper().removesuffix(_SESSION) if algorithm.isascii() else ""


def _hash_name(algorithm: str | None) -> str:
    return "md5" if algorithm is None else _HASHES[_base_name(algorithm)]


def _rank(challenge: DigestChallenge) -> int:
    return _STRONGEST_FIRST.index(_hash_name(challenge.algorithm))


@cache
def _is_available(hash_name: str) -> bool:
    """SHA-512/256 comes with OpenSSL only; whoever built Python may have left out others."""
    with suppress(ValueError):
        _hex_hash(hash_name, b"")
        return True
    return False


def _hex_hash(hash_name: str, data: bytes) -> str:
    # Without the flag, Python in FIPS mode refuses MD5 and SHA-1. The server has chosen the
    # algorithm, and a digest of either is still better than a password.
    return hashlib.new(hash_name, data, usedforsecurity=False).hexdigest()


def _hash_of(challenge: DigestChallenge, *parts: str) -> str:
    return _hex_hash(_hash_name(challenge.algorithm), _octets(":".join(parts)))


def _octets(text: str) -> bytes:
    # Some surrogates are bytes of a challenge that are no UTF-8. For others, of a login or a
    # password, Python's error would quote the whole text.
    with suppress(UnicodeEncodeError):
        return text.encode("utf-8", "surrogateescape")
    raise ValueError("credentials for Digest authentication cannot be encoded in UTF-8")


def _known_qop(value: str) -> frozenset[str]:
    words = {word.strip(" \t").lower() for word in value.split(",")} - {""}
    known = frozenset(words & {"auth", "auth-int"})
    if words and not known:
        raise DigestRefused(f"Digest qop {value[:40]!r} is not known")
    return known


def _chosen_qop(challenge: DigestChallenge, has_body: bool) -> str | None:
    if not challenge.qop:
        return None
    if has_body and "auth-int" in challenge.qop:
        return "auth-int"
    if "auth" in challenge.qop:
        return "auth"
    raise DigestRefused("Digest qop is only auth-int, for which the body is needed")


def _normal(challenge: DigestChallenge, text: str) -> str:
    return normalize("NFC", text) if challenge.is_utf8 else text  # section 4


def _secret_hash(challenge: DigestChallenge, login: str, password: str, cnonce: str) -> str:
    """H(A1) (section 3.4.2)."""
    secret = _hash_of(
        challenge, _normal(challenge, login), challenge.realm, _normal(challenge, password)
    )
    if not challenge.is_session:
        return secret
    nonce = challenge.nonce if challenge.first_nonce is None else challenge.first_nonce
    return _hash_of(challenge, secret, nonce, cnonce)


def _message_hash(challenge: DigestChallenge, method: str, uri: str, body: bytes | None) -> str:
    """H(A2) (section 3.4.3), with a body that for auth-int."""
    if body is None:
        return _hash_of(challenge, method, uri)
    return _hash_of(challenge, method, uri, _hex_hash(_hash_name(challenge.algorithm), body))


def _proof(
    challenge: DigestChallenge, secret: str, about: str, cnonce: str, count: int, qop: str | None
) -> str:
    """What ``response`` and ``rspauth`` are (section 3.4.1); without qop that of RFC 2069."""
    if qop is None:
        return _hash_of(challenge, secret, challenge.nonce, about)
    return _hash_of(challenge, secret, challenge.nonce, f"{count:08x}", cnonce, qop, about)


def _login_parameter(challenge: DigestChallenge, login: str) -> str:
    text = _normal(challenge, login)
    if challenge.userhash:
        return f'username="{_hash_of(challenge, text, challenge.realm)}"'  # section 3.4.4
    # Section 3.4. A server that says nothing of UTF-8 is older than "username*".
    if challenge.is_utf8 and (not text.isascii() or _CONTROL.search(text)):
        return f"username*=UTF-8''{quote(_octets(text), _EXTENDED_SAFE)}"
    return f"username={_quoted(text, 'login')}"


def _quoted(text: str, what: str = "value") -> str:
    """As a quoted string (RFC 9110 section 5.6.4)."""
    if _CONTROL.search(text):
        raise ValueError(f"a {what} for Digest authentication has control characters")
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
