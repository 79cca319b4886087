"""Values of fields that are taken apart: challenges, links, dispositions, media types and more."""

import warnings

from fuzzing import instrumented, main, must

with instrumented("aioclient._auth", "aioclient._body", "aioclient._http", "aioclient._message"):
    from yarl import URL

    from aioclient._auth.challenge import (
        MAX_CHALLENGES,
        parse_authentication_info,
        parse_challenges,
    )
    from aioclient._body.content_disposition import (
        content_disposition_filename,
        parse_content_disposition,
    )
    from aioclient._http.values import media_type, parse_parameters, text_codec, tokens
    from aioclient._http1.keep_alive import seconds_to_keep
    from aioclient._message.links import parse_links
    from aioclient._middlewares.retry_after import retry_after_s
    from aioclient._websocket.extensions import parse_extensions

SEEDS = [
    b'Digest realm="a", nonce="b", qop="auth,auth-int", algorithm=SHA-256, Basic realm="c"',
    b'Negotiate YWJj==, Bearer scope="a b", , Digest realm="\\"", domain="/ http://b/"',
    b"</a>; rel=\"next prev\"; title*=UTF-8''%c4%8d, <b?c>; rel=x",
    b'attachment; filename="a.txt"; filename*=UTF-8\'\'%e2%82%ac.txt; filename*0="b"',
    b'text/html; charset="utf-8"; a=b;;; c',
    b"permessage-deflate; client_max_window_bits=15; server_no_context_takeover",
    b"timeout=5, max=100",
    b"120",
    b"Wed, 21 Oct 2099 07:28:00 GMT",
]
BASE = URL("http://example.com/a")


def one_input(data: bytes) -> None:
    """Nothing but what is documented is raised, and what comes out is no more than went in."""
    # As fields of a response are decoded: never with line ends in it.
    data = data.replace(b"\r", b" ").replace(b"\n", b" ").replace(b"\0", b" ")
    text = data.decode("utf-8", "surrogateescape")
    must(len(parse_challenges([text, text])) <= MAX_CHALLENGES, "many challenges")
    parse_authentication_info(text)
    for link in parse_links(text, BASE).values():
        must(link.get("url") is not None, "a link without a URL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind, parameters = parse_content_disposition(text)
    must(kind is None or kind == kind.lower(), "a disposition in upper case")
    name = content_disposition_filename(parameters)
    must(name is None or len(name) <= len(text), "a name longer than its field")
    found = media_type(data)
    must("/" in found.essence, "a media type without a slash")
    text_codec(found.charset)
    must(sum(map(len, tokens(data))) <= len(data), "tokens of nothing")
    parse_parameters(text)
    must(seconds_to_keep(data) >= 0, "less than no time")
    seconds = retry_after_s({"Retry-After": text}, 0.0)
    must(seconds is None or seconds >= 0, "less than no time")
    try:
        parse_extensions([text])
    except ValueError as error:
        must(len(str(error)) < 1000, "a long message")


if __name__ == "__main__":
    main(one_input, SEEDS)
