"""Generated responses, good and broken, read by this parser, by h11 and by httptools (llhttp).

Responses are made from the grammar of RFC 9112 with lenient and forbidden spellings among them, and
some are then mutated. Whether they are accepted, their status, fields and body are compared.
Wherever a reader differs from ours, a line of `KNOWN` must say so: which one, what about the input
or the two outcomes, and who is right by which section. A difference that no line explains fails.

AIOCLIENT_FUZZ_EXAMPLES=1000000 makes a long run; AIOCLIENT_FUZZ_SEED another one.
"""

import os
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
import vectors

EXAMPLES = int(os.environ.get("AIOCLIENT_FUZZ_EXAMPLES", "6000"))
SEED = int(os.environ.get("AIOCLIENT_FUZZ_SEED", "1"))

COMPLETE, PENDING, REFUSED = "complete", "pending", "refused"


@dataclass
class Reading:
    """What a reader made of a response, before it heard of the connection's end."""

    verdict: str = PENDING
    status: int = 0
    reason: bytes = b""
    fields: list = field(default_factory=list)
    body: bytes = b""
    why: str = ""


# --- readers ----------------------------------------------------------------------------------


def read_with_ours(parser_type, data, method):
    parser = parser_type()
    parser.start(method)
    outcome = vectors.outcome_of(parser, [data])
    reading = Reading(body=outcome.body, why=outcome.message)
    if outcome.ending in (vectors.END, vectors.ERROR):
        reading.verdict = COMPLETE if outcome.ending == vectors.END else REFUSED
    final = [head for head in outcome.heads if head.status >= 200]
    if final:
        reading.status, reading.reason = final[0].status, final[0].reason
        reading.fields = [(name.lower(), value) for name, value in final[0].fields]
    return reading


def read_with_h11(data, method):
    h11 = pytest.importorskip("h11")
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    reading = Reading()
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                reading.status, reading.reason = event.status_code, bytes(event.reason)
                reading.fields = [(bytes(name), bytes(value)) for name, value in event.headers]
            elif isinstance(event, h11.Data):
                reading.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                reading.verdict = COMPLETE
                return reading
            elif event in (h11.NEED_DATA, h11.PAUSED):
                return reading
    except h11.RemoteProtocolError as error:
        reading.verdict, reading.why = REFUSED, str(error)
    return reading


class _LlhttpMessages:
    """Hears what llhttp says; the first final response is the answer."""

    def __init__(self):
        self.reading = Reading()
        self.parser = None
        self.has_head = False

    def _listens(self):
        return self.reading.verdict == PENDING

    def on_message_begin(self):
        if self._listens():
            self.reading = Reading()
            self.has_head = False

    def on_status(self, reason):
        if self._listens():
            self.reading.reason += reason

    def on_header(self, name, value):
        if self._listens() and not self.has_head:
            self.reading.fields.append((name.lower(), value))

    def on_headers_complete(self):
        if self._listens():
            self.has_head = True
            self.reading.status = self.parser.get_status_code()

    def on_body(self, data):
        if self._listens():
            self.reading.body += data

    def on_message_complete(self):
        if self._listens() and self.reading.status >= 200:
            self.reading.verdict = COMPLETE


def read_with_llhttp(data, method):
    httptools = pytest.importorskip("httptools")
    messages = _LlhttpMessages()
    messages.parser = httptools.HttpResponseParser(messages)
    reading = messages.reading
    try:
        messages.parser.feed_data(data)
        reading = messages.reading
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        reading = messages.reading
        if reading.verdict == PENDING:
            reading.verdict, reading.why = REFUSED, f"{type(error).__name__}: {error}"
    if reading.status < 200:
        reading = Reading(reading.verdict, why=reading.why)
    return reading


# --- responses --------------------------------------------------------------------------------

CRLF = b"\r\n"


class Maker:
    """Makes responses; which, the seed decides."""

    def __init__(self, seed):
        self._chance = random.Random(seed)

    def one_in(self, n):
        return self._chance.randrange(n) == 0

    def of(self, *choices):
        return self._chance.choice(choices)

    def usually(self, usual, *others, n=8):
        return self.of(*others) if self.one_in(n) else usual

    def line_end(self):
        return self.usually(CRLF, b"\n", b"\r\r\n", b"\r", b"\n\r", n=200)

    def status_line(self, status):
        version = self.usually(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.0", b"HTTP/1.9", n=5)
        version = self.usually(
            version, b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"ICY", b"HTTP/1.10", b"HTTP/1", n=40
        )
        space = self.usually(b" ", b"  ", b"\t", b"", n=60)
        status = self.usually(status, b"99", b"2000", b"099", b"+20", b"2_0", b"20x", n=60)
        reason = self.of(b" OK", b" OK", b" Not Found", b"", b" ", b" a  b\t", b" \xfc\xff")
        reason = self.usually(reason, b" a\0b", b" a\x01b", b" a\x7fb", b" a\rb", b"\tOK", n=40)
        return version + space + status + reason + self.line_end()

    def value(self):
        value = self.of(b"", b"y", b"a b", b"a, b", b'"a;b"', b"a:b", b"\xfc\x80", b"x" * 40)
        return self.usually(value, b"a\0b", b"a\x01b", b"a\x7fb", b"a\rb", b"a\x0bb", n=150)

    def field_line(self):
        name = self.of(b"X", b"x-y", b"Server", b"Date", b"!#$%&'*+-.^_`|~", b"Content-Lengthx")
        name = self.usually(name, b"X Y", b"X(", b"", b"X\0", b"\xfc", b"X\t", n=200)
        value = self.value()
        if self.one_in(25):
            value += self.line_end() + self.of(b" ", b"\t", b"  ") + self.value()
        return self.line(name, value)

    def line(self, name, value):
        colon = self.usually(b": ", b":", b":\t", b":  ", b": \t ", n=4)
        colon = self.usually(colon, b" : ", b"\t: ", b"", b" ", n=200)
        return name + colon + value + self.usually(b"", b" ", b" \t", n=20) + self.line_end()

    def fields(self):
        lines = b"".join(self.field_line() for _ in range(self._chance.randrange(4)))
        if self.one_in(10):
            value = self.of(b"close", b"keep-alive", b"close, x", b"Upgrade")
            lines += self.line(b"Connection", value)
        return self.usually(b"", b" ", b" X: y\r\n", n=300) + lines

    def body(self):
        size = self.of(0, 1, 5, 5, 17, 40)
        letters = self.of(b"x", b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\0\xff", b"5\r\n0\r\n\r\n")
        return (letters * 40)[:size]

    def length(self, size):
        usual = b"%d" % size
        return self.usually(
            usual,
            *(b"0" + usual, usual + b", " + usual, usual + b"\r\nContent-Length: " + usual),
            *(b"+" + usual, b"-" + usual, b"0x5", b"5_0", b"", b"5, 6", b"5,", b"5 5", b"\xb2"),
            *(usual + b"\r\nContent-Length: 3", b"9" * 19, b"1" + b"0" * 20, b"9" * 40, b"5;a"),
            *(b"\xd9\xa5", b"1" + b"0" * 17, b"18446744073709551621", b"9223372036854775808"),
        )

    def coding(self):
        return self.usually(
            self.usually(b"chunked", b"Chunked", b"CHUNKED", b"chunked "),
            *(b"gzip", b"identity", b"", b"gzip, chunked", b"chunked, gzip", b"xchunked"),
            *(b",chunked", b"chunked,", b"chunked, chunked", b"chunked;a=b", b"chunked\0"),
            *(b'"chunked"', b"chunked\r\nTransfer-Encoding: chunked", b"chunked chunked"),
            *(b"chunked\r\nTransfer-Encoding: identity", b"\x0bchunked", b"chun ked"),
            n=10,
        )

    def chunk(self, data):
        size = self.usually(b"%x", b"%X", b"0%x", b"000000000000000000000000%x", n=6) % len(data)
        size = self.usually(
            size,
            *(b"+" + size, b"-" + size, b"0x" + size, size + b"g", b" " + size, b"", size + b"_0"),
            *(b"1" + b"0" * 16 + size, b"8" + b"0" * 15, b"7" + b"f" * 15, b"f" * 16, b"f" * 30),
            n=60,
        )
        extension = self.usually(
            b"",
            *(b";a", b";a=b", b';a="b c"', b" ;a", b"; a = b", b" ", b"\t", b";", b";a=", b";;"),
            *(b';a="b', b";a b", b";=b", b";\xfc", b';a="\xfc"', b';a="b"c', b" a", b";a=b ;c"),
            *(b';a="\\""', b";a ", b"  ;  a", b';"a"', b";a/b"),
            n=10,
        )
        extension += self.usually(b"", b"a\nb", b";a\rb", b";a\0b", b";a\x01b", b";a\x7f", n=60)
        return size + extension + self.usually(CRLF, b"\n", b"\r", b"\r\r\n", b"\n\r", n=80)

    def chunked(self, body):
        data = b""
        while body:
            size = self._chance.randint(1, len(body))
            piece, body = body[:size], body[size:]
            data += self.chunk(piece) + piece
            data += self.usually(CRLF, b"\n", b"\r", b"", b"xx", b"\rx", b"\n\r", n=80)
        data += self.usually(self.chunk(b""), b"", n=60)
        if self.one_in(5):
            data += b"".join(self.field_line() for _ in range(self._chance.randrange(3)))
        if self.one_in(40):
            data += self.of(
                b"Content-Length: 5\r\n", b"Transfer-Encoding: gzip\r\n", b"Content-Length: x\r\n"
            )
        return data + self.usually(CRLF, b"\n", b"\r", b"", b"xx", n=60)

    def informational(self):
        status = self.of(b"100", b"102", b"103", b"199", b"101" if self.one_in(4) else b"100")
        framing = self.usually(b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n")
        return self.status_line(status) + self.fields() + framing + CRLF

    def response(self):
        data = self.usually(b"", b"\r\n", b"\n", b"\r\n\r\n", b" ", b"\r", n=30)
        while self.one_in(8):
            data += self.informational()
        status = self.usually(b"200", b"204", b"304", b"404", b"206", b"500", b"999", b"205", n=4)
        data += self.status_line(status) + self.fields()
        body = self.body()
        kind = self.of("length", "length", "chunked", "chunked", "chunked", "none", "both")
        if kind in ("length", "both"):
            data += self.line(b"Content-Length", self.length(len(body)))
        if kind == "chunked" or (kind == "both" and self.one_in(3)):
            name = self.usually(b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING")
            data += self.line(name, self.coding())
            body = self.chunked(body)
        data += self.fields() + self.usually(CRLF, b"\n", b"\r\r\n", b"\r", n=60) + body
        return data + self.usually(b"", b"x", CRLF, b"HTTP/1.1 200 OK\r\n\r\n", n=15)

    def mutated(self, data):
        for _ in range(self.of(0, 0, 0, 0, 0, 0, 1, 2)):
            at = self._chance.randrange(len(data) + 1)
            size = self.of(0, 0, 1, 1, 2, 8)
            piece = self.of(
                *(b"", b"", b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"0"),
                *(b"\x7f", b"\xff", b"\x01", b"5", b"HTTP/", b"-", b"\x0b", b"\r\n\r\n"),
            )
            data = data[:at] + piece + data[at + size :]
        return data

    def example(self):
        return self.mutated(self.response()), self.usually("GET", "HEAD", "POST", n=6)


# --- differences ------------------------------------------------------------------------------


class Known(NamedTuple):
    """A difference that may be: whose, which verdicts, what the readers say, what the input has.

    `ours` and `theirs` are the verdicts, joined by "|"; `says` is sought in the words of whoever
    refuses, `has` in the input. If all of them fit, the difference is explained.
    """

    name: str
    reader: str
    ours: str
    theirs: str
    says: str
    has: bytes
    right: str
    why: str


ACCEPTED = f"{COMPLETE}|{PENDING}"
ANY = rb""

# Parts of patterns for what the input has.
CONTROL = rb"[\x00-\x08\x0b-\x1f\x7f]"
EMPTY_LINES = rb"\A(?:\r?\n)+HTTP/"
NO_BODY = rb"(?i)HTTP/1\.[0-9] (?:1[0-9][0-9]|204|304)"
CODING = rb"(?is)transfer-encoding:"
LENGTH = rb"(?is)content-length:"
FOLD = rb"\n[ \t]"
LONE_LF = rb"(?<!\r)\n"

KNOWN = [
    # What h11 accepts.
    Known(
        *("control characters in fields", "h11", REFUSED, ACCEPTED),
        *("^control character in header line", CONTROL, "ours"),
        "RFC 9110 section 5.5: CTLs but HTAB are no part of a value, and dangerous ones",
    ),
    Known(
        *("control characters in the reason", "h11", REFUSED, ACCEPTED),
        *("^control character in status line", CONTROL, "ours"),
        "RFC 9112 section 4: a reason phrase has HTAB, SP, VCHAR and obs-text",
    ),
    Known(
        *("both kinds of framing", "h11", REFUSED, ACCEPTED),
        *("^response has both", CODING, "ours"),
        "RFC 9112 section 6.3 item 3: it ought to be handled as an error; h11 ignores the length",
    ),
    Known(
        *("any version", "h11", REFUSED, ACCEPTED),
        *("^the server speaks another version", rb"HTTP/", "ours"),
        "RFC 9110 section 2.5: another major version is another syntax; "
        "h11 takes any two digits, and waits for the end of a head that cannot be one",
    ),
    Known(
        *("refused when the head is whole", "h11", REFUSED, PENDING),
        *("^the server's answer is not HTTP", ANY, "both"),
        "no rule says when: the first wrong byte is enough for ours, h11 waits for an empty line",
    ),
    Known(
        *("length of 19 digits or more", "h11", REFUSED, ACCEPTED),
        *("^invalid Content-Length", rb"[0-9]{19}", "both"),
        "RFC 9110 section 8.6: large numbers must be anticipated; no body has 10**18 bytes",
    ),
    Known(
        *("control characters in chunk extensions", "h11", REFUSED, ACCEPTED),
        *("^malformed chunk size line", rb";[^\n]*[\x00-\x08\x0b-\x1f\x7f]", "ours"),
        "RFC 9112 section 7.1.1: an extension is made of tokens and quoted strings",
    ),
    Known(
        *("chunk size beyond 63 bits", "h11", REFUSED, ACCEPTED),
        *("^malformed chunk size line", rb"[0-9A-Fa-f]{16}", "ours"),
        "RFC 9112 section 7.1: overflow must be prevented; h11 counts without bounds",
    ),
    Known(
        *("lone LF after a chunk size", "h11", REFUSED, PENDING),
        *("^malformed chunk size line", LONE_LF, "ours"),
        "RFC 9112 section 7.1: the line ends with CRLF; h11 goes on looking for one",
    ),
    Known(
        *("wrong line end after the last chunk", "h11", REFUSED, ACCEPTED),
        *("^chunk data is not followed by CRLF", rb"0[^\n]*\r\n(?:\n|\r[^\n])", "ours"),
        "RFC 9112 section 7.1: CRLF ends the trailer section; h11 takes a lone LF, "
        "or waits for a line end that would make it one",
    ),
    Known(
        *("lone LF after the last chunk", "h11", PENDING, COMPLETE),
        *("", rb"0[^\n]*\r\n\n\Z", "ours"),
        "RFC 9112 section 7.1: CRLF ends the trailer section; ours refuses with the next byte",
    ),
    # What h11 refuses.
    Known(
        *("empty lines before a response", "h11", ACCEPTED, REFUSED),
        *("^no response line received", EMPTY_LINES, "ours"),
        "RFC 9112 section 2.2: robust readers skip an empty line before a start line",
    ),
    Known(
        *("empty lines after an informational response", "h11", ACCEPTED, REFUSED),
        *("^no response line received", rb"(?s)HTTP/1\.[0-9] 1.*\n\r?\n\r?\n", "ours"),
        "RFC 9112 section 2.2, as above",
    ),
    Known(
        *("white space in a chunk line", "h11", ACCEPTED, REFUSED),
        *("^illegal chunk header", rb"[0-9A-Fa-f][ \t]+[;\r]", "ours"),
        "RFC 9112 section 7.1.1: BWS may stand before the semicolon",
    ),
    Known(
        *("chunk size of more than 20 digits", "h11", ACCEPTED, REFUSED),
        *("^illegal chunk header", rb"0[0-9A-Fa-f]{20}", "ours"),
        "RFC 9112 section 7.1: 1*HEXDIG; ours bounds the line and the value, not the zeros",
    ),
    Known(
        *("framing of a response without a body", "h11", ACCEPTED, REFUSED),
        *(
            "^(Only Transfer-Enc|multiple Transfer-Enc|bad Content-L|conflicting Content-L)",
            NO_BODY,
        ),
        "ours",
        "RFC 9112 section 6.3 item 1: no body, regardless of the fields",
    ),
    Known(
        *("framing of an answer to HEAD", "h11 to HEAD", ACCEPTED, REFUSED),
        *("^(Only Transfer-Enc|multiple Transfer-Enc|bad Content-L|conflicting Content-L)", ANY),
        "ours",
        "RFC 9112 section 6.3 item 1: no body, regardless of the fields",
    ),
    Known(
        *("list with empty members", "h11", ACCEPTED, REFUSED),
        *("^(Only Transfer-Enc|multiple Transfer-Enc)", rb"(?i)transfer-encoding:[ \t]*,|chunked,"),
        "ours",
        "RFC 9110 section 5.6.1.2: empty members of a list are ignored",
    ),
    Known(
        *("framing fields in trailers", "h11", ACCEPTED, REFUSED),
        *("^(Only Transfer-Enc|multiple Transfer-Enc|bad Content-L|conflicting Content-L)", CODING),
        "ours",
        "RFC 9110 section 6.5.1: a trailer that is not allowed is ignored",
    ),
    Known(
        *("head refused before it is whole", "h11", PENDING, REFUSED),
        *("^illegal (request|status) line", ANY, "both"),
        "no rule says when",
    ),
    Known(
        *("first wrong byte after chunk data", "h11", PENDING, REFUSED),
        *("^malformed chunk footer", CODING, "h11"),
        "RFC 9112 section 7.1: no second byte can make it right; ours looks at both together",
    ),
    # What llhttp accepts.
    Known(
        *("control characters in the reason", "llhttp", REFUSED, ACCEPTED),
        *("^control character in status line", CONTROL, "ours"),
        "RFC 9112 section 4: a reason phrase has HTAB, SP, VCHAR and obs-text",
    ),
    Known(
        *("other codings than chunked", "llhttp", REFUSED, ACCEPTED),
        *("^unsupported Transfer-Encoding", CODING, "ours"),
        "RFC 9112 section 6.1: what was coded cannot be read; llhttp reads on to the close",
    ),
    Known(
        *("versions 0.9 and 2.0", "llhttp", REFUSED, ACCEPTED),
        *("^the server speaks another version", rb"HTTP/(?:0\.9|2\.0)", "ours"),
        "RFC 9110 section 2.5: another major version is another syntax",
    ),
    Known(
        *("CRs before a response", "llhttp", REFUSED, ACCEPTED),
        *("^the server's answer is not HTTP", rb"(?:\A|\n)\r+(?!\n)", "ours"),
        "RFC 9112 section 2.2: a bare CR is no line end",
    ),
    Known(
        *("length of 19 digits", "llhttp", REFUSED, ACCEPTED),
        *("^invalid Content-Length", rb"[0-9]{19}", "both"),
        "RFC 9110 section 8.6: large numbers must be anticipated; no body has 10**18 bytes",
    ),
    Known(
        *("status below 100", "llhttp", REFUSED, ACCEPTED),
        *("^malformed status line", rb"HTTP/1\.[01] 0[0-9][0-9]", "ours"),
        "RFC 9110 section 15: 100 to 599, and other classes at most",
    ),
    Known(
        *("lone LF after a chunk size", "llhttp", REFUSED, ACCEPTED),
        *("^malformed chunk size line", LONE_LF, "ours"),
        "RFC 9112 section 7.1: the line ends with CRLF",
    ),
    # "chunked" with blanks and an HTAB behind it is not recognised, so all that follows differs.
    Known(
        *("HTAB after the coding", "llhttp", "any", "any"),
        *("", rb"(?i)transfer-encoding:[^\n]*chunked[ \t]*\t", "ours"),
        "RFC 9110 section 5.5: white space around a value is no part of it",
    ),
    Known(
        *("lists of codings with empty members", "llhttp", "any", "any"),
        *("", rb"(?i)transfer-encoding:[ \t]*(?:,[ \t]*chunked|chunked[ \t]*,)", "ours"),
        "RFC 9110 section 5.6.1.2: empty members of a list are ignored",
    ),
    Known(
        *("chunk size of 64 bits", "llhttp", REFUSED, ACCEPTED),
        *("^malformed chunk size line", rb"[89A-Fa-f][0-9A-Fa-f]{15}", "ours"),
        "RFC 9112 section 7.1: overflow must be prevented",
    ),
    # What llhttp refuses.
    Known(
        *("folded fields", "llhttp", ACCEPTED, REFUSED),
        *("Unexpected whitespace after header value|Invalid header value char", FOLD, "ours"),
        "RFC 9112 section 5.2: a user agent must replace obs-fold",
    ),
    Known(
        *("minor versions above 1", "llhttp", ACCEPTED, REFUSED),
        *("Invalid HTTP version", rb"HTTP/1\.[2-9]", "ours"),
        "RFC 9110 section 2.5: a higher minor version is read like the highest known",
    ),
    Known(
        *("lone LF in a head", "llhttp", ACCEPTED, REFUSED),
        *("Missing expected CR|Invalid header (field|value) char|Invalid response status", LONE_LF),
        "ours",
        "RFC 9112 section 2.2: a lone LF may be taken for a line end",
    ),
    Known(
        *("white space and odd extensions in chunk lines", "llhttp", ACCEPTED, REFUSED),
        *("Invalid character in chunk (size|extensions)", rb"[0-9A-Fa-f](?:[ \t]|;)", "ours"),
        "RFC 9112 section 7.1.1: unknown extensions are ignored; BWS may stand around them",
    ),
    Known(
        *("informational response that closes", "llhttp", ACCEPTED, REFUSED),
        *("Data after `Connection: close`|Invalid character in chunk size", rb"HTTP/1\.[0-9] 1"),
        "ours",
        "RFC 9110 section 15.2: the final response follows; llhttp takes it for the next message",
    ),
    Known(
        *("informational response with framing fields", "llhttp", ACCEPTED, REFUSED),
        *("Expected HTTP/", rb"HTTP/1\.[0-9] 1", "ours"),
        "RFC 9112 section 6.3 item 1: no body; llhttp skips one of that length",
    ),
    Known(
        *("informational response with framing fields, read on", "llhttp", "any", "any"),
        *("", rb"(?is)\A.{0,8}HTTP/1\.[0-9] 1.*?(?:content-length|transfer-encoding):", "ours"),
        "RFC 9112 section 6.3 item 1, as above",
    ),
    Known(
        *("framing of a response without a body", "llhttp", ACCEPTED, REFUSED),
        *("Content-Length|Transfer-Encoding", NO_BODY, "ours"),
        "RFC 9112 section 6.3 item 1: no body, regardless of the fields",
    ),
    Known(
        *("equal lengths", "llhttp", ACCEPTED, REFUSED),
        *("Duplicate Content-Length|Invalid character in Content-Length", LENGTH, "ours"),
        "RFC 9110 section 8.6: a list of equal lengths may be read as one",
    ),
    Known(
        *("framing fields in trailers", "llhttp", ACCEPTED, REFUSED),
        *("Content-Length|Transfer-Encoding", CODING, "ours"),
        "RFC 9110 section 6.5.1: a trailer that is not allowed is ignored",
    ),
    Known(
        *("refused before the head is whole", "llhttp", PENDING, REFUSED),
        *("", rb"\A(?:\r?\n)*HTTP/1", "both"),
        "no rule says when: ours judges a head, a trailer section or a chunk line as a whole",
    ),
]

# Both accept: how fields may look that are the same.


def as_h11_shows(fields):
    """Framing fields normalised, several lengths as one; a fold is a space more or less."""
    shown = []
    for name, value in fields:
        if name == b"content-length":
            if any(known == name for known, _ in shown):
                continue
            value = value.partition(b",")[0].strip(b" \t")
        elif name == b"transfer-encoding":
            value = value.lower()
        shown.append((name, re.sub(rb"[ \t]+", b" ", value)))
    return shown


def without_blanks(fields):
    """White space behind a value is no part of it (RFC 9110 section 5.5); llhttp shows it."""
    return [(name, value.rstrip(b" \t")) for name, value in fields]


def explanation(reader, data, method, ours, theirs):
    """The line of the table that explains a difference; None if there is none."""
    says = ours.why if ours.verdict == REFUSED else theirs.why
    names = (reader, f"{reader} to {method}")
    for known in KNOWN:
        if known.reader not in names:
            continue
        if known.ours != "any" and ours.verdict not in known.ours.split("|"):
            continue
        if known.theirs != "any" and theirs.verdict not in known.theirs.split("|"):
            continue
        if re.search(known.says, says) and re.search(known.has, data):
            return known
    return None


def differs(reader, ours, theirs):
    if ours.verdict != theirs.verdict:
        return True
    if ours.verdict == REFUSED or not ours.status:
        return False
    if reader == "h11":
        # Folds: how many spaces remain of the white space around them.
        fields = as_h11_shows(ours.fields) != as_h11_shows(theirs.fields)
    else:
        fields = ours.fields != without_blanks(theirs.fields)
    mine = (ours.status, ours.reason, ours.body)
    return fields or mine != (theirs.status, theirs.reason, theirs.body)


READERS = {"h11": read_with_h11, "llhttp": read_with_llhttp}


@pytest.mark.parametrize("reader", READERS)
def test_every_difference_is_explained(reader, kind, twin):
    parser_type = twin("_http1.parser", kind).ResponseParser
    examples, seed = EXAMPLES // 2, f"{SEED} {kind}"
    maker = Maker(seed)
    used = Counter()
    for _ in range(examples):
        data, method = maker.example()
        if reader == "llhttp" and method == "HEAD":
            method = "GET"  # llhttp cannot be told what was asked
        theirs = READERS[reader](data, method)
        ours = read_with_ours(parser_type, data, method)
        used[f"both {ours.verdict}"] += ours.verdict == theirs.verdict
        if differs(reader, ours, theirs):
            known = explanation(reader, data, method, ours, theirs)
            assert known is not None, f"\n{method} {data!r}\nours: {ours}\n{reader}: {theirs}"
            used[known.name] += 1
    print(f"{reader}: {examples} examples, seed {seed!r}: {dict(used.most_common())}")
    unused = [k.name for k in KNOWN if k.reader.startswith(reader) and not used[k.name]]
    print(f"lines that explained nothing this time: {unused}")
    # A comparison that never agrees, or never sees anything broken, would show little.
    for verdict in (COMPLETE, PENDING, REFUSED):
        assert used[f"both {verdict}"] > examples // 40


def test_table_says_who_is_right():
    for known in KNOWN:
        assert known.right in ("ours", "h11", "llhttp", "both")
        assert re.search(r"RFC 911[02] section \d|no rule says when", known.why), known.name
