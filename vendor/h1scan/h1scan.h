/* h1scan: finds and cuts the parts of an HTTP/1 message head (RFC 9112).
 *
 * A caller hands in bytes with their length and gets back numbers: how far a
 * part reaches, at which offsets its pieces lie, or which rule was broken.
 * Nothing is allocated, copied or kept; no byte at or past the given length is
 * read; there is no global state, so every function may run in any thread.
 *
 * Line ends: a head accepts CRLF and a lone LF (RFC 9112 section 2.2); a CR
 * that no LF follows is an error everywhere. Chunk lines accept CRLF only.
 *
 * The first byte that cannot be right decides which error is reported. A
 * result structure is written only together with H1SCAN_OK. buf may be NULL
 * where len is 0.
 */
#ifndef H1SCAN_H
#define H1SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum h1scan_result {
  H1SCAN_OK = 0,
  H1SCAN_END,             /* h1scan_field: the empty line that ends the section */
  H1SCAN_PARTIAL,         /* well formed so far; more bytes are needed */
  H1SCAN_NOT_HTTP,        /* does not begin with "HTTP/" */
  H1SCAN_BAD_VERSION,     /* not "HTTP/1." and one digit */
  H1SCAN_BAD_STATUS,      /* no space and three digits 100-999 after the version */
  H1SCAN_BAD_REASON,      /* control character (bare CR included) after the status */
  H1SCAN_BAD_FIELD_LINE,  /* no name, no colon right after it, or not a token */
  H1SCAN_BAD_FIELD_VALUE, /* control character (bare CR included) in a value */
  H1SCAN_BAD_CHUNK_SIZE,  /* no hexadecimal digits, or a stray byte after them */
  H1SCAN_BAD_CHUNK_EXT,   /* control character in a chunk extension, LF without CR,
                           * CR without LF */
  H1SCAN_CHUNK_TOO_LARGE  /* the size does not fit in 63 bits */
};

/* The size of the head at the start of buf, its empty line included, or 0 if
 * it is not complete yet. *scanned is 0 for the first call on a head and is
 * kept by the caller between calls on the same, longer buffer: bytes before it
 * are not looked at again, so a head in many pieces costs linear time.
 * An empty line right at the start of buf is such an end too (a trailer section
 * without fields is nothing else), so empty lines before a start line are the
 * caller's to remove. */
size_t h1scan_head_end(const unsigned char *buf, size_t len, size_t *scanned);

struct h1scan_status_line {
  unsigned minor_version; /* 0-9 */
  unsigned status;        /* 100-999 */
  size_t reason;          /* offset of the reason phrase */
  size_t reason_len;      /* 0 if there is none */
  size_t size;            /* of the whole line, its line end included */
};

/* status-line = HTTP-version SP status-code [ SP reason-phrase ] (section 4).
 * buf must hold the whole line (H1SCAN_PARTIAL otherwise, unless it is already
 * wrong). The reason keeps obs-text and white space around it; it may be
 * missing with its space. */
enum h1scan_result h1scan_status_line(const unsigned char *buf, size_t len,
                                      struct h1scan_status_line *line);

struct h1scan_field {
  size_t name;
  size_t name_len;
  size_t value;     /* without white space around it */
  size_t value_len;
  int folded;       /* 1 if the line had an obs-fold: the value may hold line ends */
};

/* field-line = field-name ":" OWS field-value OWS (section 5).
 * Cuts the field line that begins at *pos and moves *pos behind it (folded
 * continuation lines included). H1SCAN_END at the empty line, *pos behind it.
 * buf must hold the section as far as h1scan_head_end() found it (or a trailer
 * section cut the same way); H1SCAN_PARTIAL if it ends without an empty line.
 * On an error, as on H1SCAN_PARTIAL, *pos stays at the start of the line.
 * A line that begins with white space where no field precedes it is
 * H1SCAN_BAD_FIELD_LINE. Values hold HTAB, SP, visible ASCII and obs-text. */
enum h1scan_result h1scan_field(const unsigned char *buf, size_t len,
                                size_t *pos, struct h1scan_field *field);

struct h1scan_chunk_line {
  uint64_t chunk_size;
  size_t ext_len; /* bytes between the digits and the CRLF */
  size_t size;    /* of the whole line, its CRLF included */
};

/* chunk-size [ chunk-ext ] CRLF (section 7.1). After the digits may come
 * nothing, or white space (SP, HTAB) and then ";" or the CRLF, or ";" and
 * anything but control characters (HTAB allowed) up to the CRLF.
 * H1SCAN_PARTIAL if all of buf is well formed but holds no CRLF yet; each call
 * begins anew, so the caller limits how long a line may get. */
enum h1scan_result h1scan_chunk_line(const unsigned char *buf, size_t len,
                                     struct h1scan_chunk_line *line);

/* How many leading bytes of buf belong to the class; len if all do. */
size_t h1scan_span_token(const unsigned char *buf, size_t len);   /* tchar, RFC 9110 section 5.6.2 */
size_t h1scan_span_value(const unsigned char *buf, size_t len);   /* HTAB, SP, VCHAR, obs-text */
size_t h1scan_span_visible(const unsigned char *buf, size_t len); /* 0x21-0x7E */

/* 1 if buf equals lower without regard to ASCII case; lower is lower case. */
int h1scan_same_name(const unsigned char *buf, size_t len, const char *lower,
                     size_t lower_len);

#ifdef __cplusplus
}
#endif

#endif
