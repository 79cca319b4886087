"""Header names as shared constants, and the name that a peer's spelling stands for.

A constant is an `istr`: a string that a case-insensitive multidict does not have to fold again.
"""

from multidict import istr

ACCEPT = istr("Accept")
ACCEPT_ENCODING = istr("Accept-Encoding")
AUTHORIZATION = istr("Authorization")
CONNECTION = istr("Connection")
CONTENT_ENCODING = istr("Content-Encoding")
CONTENT_LENGTH = istr("Content-Length")
CONTENT_TYPE = istr("Content-Type")
COOKIE = istr("Cookie")
EXPECT = istr("Expect")
HOST = istr("Host")
LOCATION = istr("Location")
SET_COOKIE = istr("Set-Cookie")
PROXY_AUTHORIZATION = istr("Proxy-Authorization")
TRANSFER_ENCODING = istr("Transfer-Encoding")
USER_AGENT = istr("User-Agent")

# The names that servers send most, besides the ones above.
_ALSO_SENT_BY_SERVERS = """
Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers
Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Expose-Headers
Access-Control-Max-Age Age Allow Alt-Svc Cache-Control CF-Cache-Status CF-RAY Content-Disposition
Content-Language Content-Location Content-Range Content-Security-Policy
Content-Security-Policy-Report-Only Cross-Origin-Embedder-Policy Cross-Origin-Opener-Policy
Cross-Origin-Resource-Policy Date ETag Expires Keep-Alive Last-Modified Link NEL Origin
Permissions-Policy Pragma Proxy-Authenticate Referrer-Policy Report-To Retry-After Server
Server-Timing Set-Cookie Strict-Transport-Security Timing-Allow-Origin Trailer Upgrade Vary Via
WWW-Authenticate X-Cache X-Content-Type-Options X-Frame-Options X-Powered-By
X-RateLimit-Limit X-RateLimit-Remaining X-RateLimit-Reset X-Request-ID X-XSS-Protection
"""

_REFUSED_IN_TRAILERS = """
authorization cache-control connection content-encoding content-length content-location
content-range content-type cookie date expires host keep-alive location max-forwards pragma
proxy-authenticate proxy-authorization range retry-after set-cookie te trailer transfer-encoding
upgrade vary www-authenticate
"""
#: Lower-case names of fields that must not come after a body, because they decide about framing,
#: routing, authentication, content or caching before it (RFC 9110 section 6.5.1).
REFUSED_IN_TRAILERS = frozenset(_REFUSED_IN_TRAILERS.split())


def _spellings() -> dict[bytes, istr]:
    names = [value for value in globals().values() if isinstance(value, istr)]
    names.extend(istr(name) for name in _ALSO_SENT_BY_SERVERS.split())
    spellings = {}
    for name in names:
        spellings[name.encode("ascii")] = name
        spellings[name.lower().encode("ascii")] = name
    return spellings


#: The usual spelling and the lower-case one of each well-known name -> the shared constant.
SHARED_NAMES: dict[bytes, istr] = _spellings()


#: Other spellings that were received lately -> their `istr`; a server sends the same ones again.
#: Peers choose what is in it, so it stays small: `shared_name` forgets all when it is full.
SEEN_NAMES: dict[bytes, istr] = {}
_MAX_SEEN = 256
_MAX_SEEN_BYTES = 64  # of one spelling


def shared_name(spelling: bytes) -> istr:
    """The shared constant for a name as received, or an `istr` of that spelling for any other."""
    name = SHARED_NAMES.get(spelling) or SEEN_NAMES.get(spelling)
    if name is None:
        name = SHARED_NAMES.get(spelling.lower()) or istr(spelling.decode("ascii"))
        if len(spelling) <= _MAX_SEEN_BYTES:
            if len(SEEN_NAMES) >= _MAX_SEEN:
                SEEN_NAMES.clear()
            SEEN_NAMES[spelling] = name
    return name
