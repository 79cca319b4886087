/* h1scan: see h1scan.h for the contract of every function here.
 *
 * Two habits hold throughout. Every function reads its bytes from left to
 * right and answers at the first one that cannot be right, so a peer's mistake
 * is reported as early as possible and always the same way, however the bytes
 * were cut into pieces. And a result structure is written only together with
 * the answer H1SCAN_OK, so that no caller can work with half of one.
 */
#include "h1scan.h"

#include <string.h>

/* The vector loop needs nothing beyond what each of these targets guarantees,
 * so it is chosen when compiling and not at run time. Big-endian ARM is left
 * to the portable loop: its lane order would need code of its own. */
#if !defined(H1SCAN_NO_SIMD)
#if defined(__SSE2__) || defined(_M_X64)
#define SCAN_SSE2 1
#include <emmintrin.h>
#elif (defined(__ARM_NEON) || defined(__aarch64__) || defined(_M_ARM64)) && \
    !defined(__ARM_BIG_ENDIAN) && !defined(__AARCH64EB__)
#define SCAN_NEON 1
#include <arm_neon.h>
#endif
#endif

#if defined(_MSC_VER) && (defined(SCAN_SSE2) || defined(SCAN_NEON))
#include <intrin.h>
#endif

/* Byte classes ----------------------------------------------------------- */

#define IS_TOKEN 1   /* tchar, RFC 9110 section 5.6.2 */
#define IS_VALUE 2   /* HTAB, SP, VCHAR, obs-text: RFC 9110 section 5.5 */
#define IS_VISIBLE 4 /* VCHAR, RFC 5234 appendix B.1 */

/* Sixteen bytes a row; the comment names the first one of the row. */
static const unsigned char byte_class[256] = {
  0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* 00 */
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
  2, 7, 6, 7, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6, /* 20 */
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6, /* 30 */
  6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* 40 */
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7, /* 50 */
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* 60 */
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0, /* 70 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 80 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 90 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* A0 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* B0 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* C0 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* D0 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* E0 */
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* F0 */
};

static int is_class(unsigned char byte, int wanted) {
  return (byte_class[byte] & wanted) != 0;
}

/* OWS = *( SP / HTAB ), RFC 9110 section 5.6.3. */
static int is_blank(unsigned char byte) {
  return byte == ' ' || byte == '\t';
}

static int is_digit(unsigned char byte) {
  return byte >= '0' && byte <= '9';
}

/* HEXDIG in either case, as chunk-size has it; -1 for any other byte. */
static int hex_digit(unsigned char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

static size_t span_class(const unsigned char *buf, size_t len, int wanted) {
  size_t i = 0;
  while (i < len && is_class(buf[i], wanted)) i++;
  return i;
}

/* Value scan ------------------------------------------------------------- */

#if defined(SCAN_SSE2) || defined(SCAN_NEON)

#define LANES 16

/* Index of the lowest set bit; bits is not 0. */
#if defined(SCAN_SSE2)
static size_t lowest_bit(unsigned bits) {
#if defined(__GNUC__) || defined(__clang__)
  return (size_t)__builtin_ctz(bits);
#elif defined(_MSC_VER)
  unsigned long index;
  _BitScanForward(&index, bits);
  return (size_t)index;
#else
  size_t index = 0;
  while ((bits & 1u) == 0) {
    bits >>= 1;
    index++;
  }
  return index;
#endif
}
#else
static size_t lowest_bit(uint64_t bits) {
#if defined(__GNUC__) || defined(__clang__)
  return (size_t)__builtin_ctzll(bits);
#elif defined(_MSC_VER)
  unsigned long index;
  _BitScanForward64(&index, bits);
  return (size_t)index;
#else
  size_t index = 0;
  while ((bits & 1u) == 0) {
    bits >>= 1;
    index++;
  }
  return index;
#endif
}
#endif

/* How many of the 16 bytes at `at` come before the first that may not stand in
 * a value: a control character other than HTAB (CTL, RFC 5234 appendix B.1).
 * LANES if all of them may. */
static size_t good_lanes(const unsigned char *at) {
#if defined(SCAN_SSE2)
  const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
  /* SSE2 compares only signed bytes; an unsigned byte is at most 0x1F exactly
   * when the smaller of the two is the byte itself. */
  const __m128i low =
      _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
  const __m128i bad = _mm_or_si128(_mm_andnot_si128(tab, low), del);
  const unsigned mask = (unsigned)_mm_movemask_epi8(bad);
  return mask == 0 ? LANES : lowest_bit(mask);
#else
  const uint8x16_t bytes = vld1q_u8(at);
  const uint8x16_t low = vcltq_u8(bytes, vdupq_n_u8(0x20));
  const uint8x16_t tab = vceqq_u8(bytes, vdupq_n_u8('\t'));
  const uint8x16_t del = vceqq_u8(bytes, vdupq_n_u8(0x7F));
  const uint8x16_t bad = vorrq_u8(vbicq_u8(low, tab), del);
  /* NEON has no movemask: narrowing each pair of lanes by four bits leaves
   * four bits for every lane in one 64-bit number. */
  const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(bad), 4);
  const uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(narrow), 0);
  return mask == 0 ? LANES : lowest_bit(mask) / 4;
#endif
}

static size_t span_value(const unsigned char *buf, size_t len) {
  size_t i = 0;
  while (len - i >= LANES) {
    const size_t good = good_lanes(buf + i);
    i += good;
    if (good != LANES) return i;
  }
  /* A last vector would read past len, so the rest goes byte by byte. */
  while (i < len && is_class(buf[i], IS_VALUE)) i++;
  return i;
}

#else

static size_t span_value(const unsigned char *buf, size_t len) {
  return span_class(buf, len, IS_VALUE);
}

#endif

size_t h1scan_span_token(const unsigned char *buf, size_t len) {
  return span_class(buf, len, IS_TOKEN);
}

size_t h1scan_span_value(const unsigned char *buf, size_t len) {
  return len == 0 ? 0 : span_value(buf, len);
}

size_t h1scan_span_visible(const unsigned char *buf, size_t len) {
  return span_class(buf, len, IS_VISIBLE);
}

/* Line ends -------------------------------------------------------------- */

enum line_end {
  LINE_END_WRONG = -1, /* some other byte, or a CR that no LF follows */
  LINE_END_CUT = 0,    /* the bytes stop before it can be told */
  LINE_END_LF = 1,     /* the values of these two are their sizes */
  LINE_END_CRLF = 2
};

/* What stands at buf[at]. A recipient may take a lone LF for a line end and
 * must not take a lone CR for one: RFC 9112 section 2.2. */
static enum line_end line_end_at(const unsigned char *buf, size_t len,
                                 size_t at) {
  if (at == len) return LINE_END_CUT;
  if (buf[at] == '\n') return LINE_END_LF;
  if (buf[at] != '\r') return LINE_END_WRONG;
  if (at + 1 == len) return LINE_END_CUT;
  return buf[at + 1] == '\n' ? LINE_END_CRLF : LINE_END_WRONG;
}

/* Head ------------------------------------------------------------------- */

/* *scanned is 0 or, once something was scanned, either the place of an LF that
 * an empty line may still follow or the first byte not looked at yet. All that
 * is remembered is in the bytes from there on, so nothing before is needed. */
size_t h1scan_head_end(const unsigned char *buf, size_t len, size_t *scanned) {
  size_t at = *scanned;
  if (at > len) at = 0; /* not the buffer of the last call: begin anew */

  if (at == 0) {
    /* Lines begin at offset 0 as well as behind each LF: a trailer section
     * without fields is nothing but the empty line (RFC 9112 section 7.1.2). */
    const enum line_end end = line_end_at(buf, len, 0);
    *scanned = 0;
    if (end > LINE_END_CUT) return (size_t)end;
    if (end == LINE_END_CUT) return 0;
  }

  while (at < len) {
    const unsigned char *const found =
        (const unsigned char *)memchr(buf + at, '\n', len - at);
    enum line_end end;
    if (found == NULL) break;
    at = (size_t)(found - buf);
    end = line_end_at(buf, len, at + 1);
    if (end != LINE_END_WRONG) {
      *scanned = at; /* look at this LF again, with what comes behind it */
      return end == LINE_END_CUT ? 0 : at + 1 + (size_t)end;
    }
    at++;
  }
  *scanned = len;
  return 0;
}

/* Status line ------------------------------------------------------------ */

/* The fixed part is "HTTP/1.x nnn"; these are the places in it. */
enum {
  AT_MAJOR = 5,
  AT_POINT = 6,
  AT_MINOR = 7,
  AT_SPACE = 8,
  AT_STATUS = 9,
  AFTER_STATUS = 12
};

/* The result for one byte of the fixed part, H1SCAN_OK if it may stand there. */
static enum h1scan_result check_fixed_byte(size_t at, unsigned char byte) {
  static const unsigned char http_name[AT_MAJOR] = {'H', 'T', 'T', 'P', '/'};
  /* HTTP-name is case-sensitive: RFC 9112 section 2.3. */
  if (at < AT_MAJOR)
    return byte == http_name[at] ? H1SCAN_OK : H1SCAN_NOT_HTTP;
  /* HTTP-version = HTTP-name "/" DIGIT "." DIGIT (section 2.3), and a message
   * of another major version is not in this format at all. */
  if (at == AT_MAJOR) return byte == '1' ? H1SCAN_OK : H1SCAN_BAD_VERSION;
  if (at == AT_POINT) return byte == '.' ? H1SCAN_OK : H1SCAN_BAD_VERSION;
  if (at == AT_MINOR) return is_digit(byte) ? H1SCAN_OK : H1SCAN_BAD_VERSION;
  /* One SP; section 4 lets a recipient be laxer and we are not. */
  if (at == AT_SPACE) return byte == ' ' ? H1SCAN_OK : H1SCAN_BAD_STATUS;
  /* status-code = 3DIGIT (section 4); below 100 there is no class of status
   * (RFC 9110 section 15). */
  if (at == AT_STATUS && byte == '0') return H1SCAN_BAD_STATUS;
  return is_digit(byte) ? H1SCAN_OK : H1SCAN_BAD_STATUS;
}

enum h1scan_result h1scan_status_line(const unsigned char *buf, size_t len,
                                      struct h1scan_status_line *line) {
  size_t at;
  size_t reason;
  enum line_end end;

  for (at = 0; at < AFTER_STATUS; at++) {
    enum h1scan_result result;
    if (at == len) return H1SCAN_PARTIAL;
    result = check_fixed_byte(at, buf[at]);
    if (result != H1SCAN_OK) return result;
  }

  if (at == len) return H1SCAN_PARTIAL;
  reason = at;
  if (buf[at] == ' ') {
    /* reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ), section 4. */
    reason = at + 1;
    at = reason + span_value(buf + reason, len - reason);
  } else if (buf[at] != '\r' && buf[at] != '\n') {
    return H1SCAN_BAD_STATUS; /* a fourth digit, or anything else run into it */
  }
  /* Without the SP the line may end here: section 4 demands the SP even before
   * an empty reason, but many servers leave both out. */
  end = line_end_at(buf, len, at);
  if (end == LINE_END_CUT) return H1SCAN_PARTIAL;
  if (end == LINE_END_WRONG) return H1SCAN_BAD_REASON;

  line->minor_version = (unsigned)(buf[AT_MINOR] - '0');
  line->status = (unsigned)(buf[AT_STATUS] - '0') * 100u +
                 (unsigned)(buf[AT_STATUS + 1] - '0') * 10u +
                 (unsigned)(buf[AT_STATUS + 2] - '0');
  line->reason = reason;
  line->reason_len = at - reason;
  line->size = at + (size_t)end;
  return H1SCAN_OK;
}

/* Fields ----------------------------------------------------------------- */

/* White space as it may stand at the ends of a value. A checked value holds CR
 * and LF only as the line ends of folds, which section 5.2 makes white space
 * like the rest. */
static int is_blank_or_fold(unsigned char byte) {
  return is_blank(byte) || byte == '\r' || byte == '\n';
}

enum h1scan_result h1scan_field(const unsigned char *buf, size_t len,
                                size_t *pos, struct h1scan_field *field) {
  const size_t name = *pos;
  size_t name_end;
  size_t value;
  size_t value_end;
  size_t at;
  int folded = 0;

  if (name >= len) return H1SCAN_PARTIAL;

  /* field-name = token, RFC 9110 section 5.1. */
  name_end = name;
  while (name_end < len && is_class(buf[name_end], IS_TOKEN)) name_end++;

  if (name_end == name) {
    /* The empty line that ends the section: RFC 9112 section 2.1. Anything
     * else is an error, the white space before a first field (section 2.2)
     * and a colon without a name among them. */
    const enum line_end end = line_end_at(buf, len, name);
    if (end == LINE_END_WRONG) return H1SCAN_BAD_FIELD_LINE;
    if (end == LINE_END_CUT) return H1SCAN_PARTIAL;
    *pos = name + (size_t)end;
    return H1SCAN_END;
  }
  if (name_end == len) return H1SCAN_PARTIAL;
  /* No white space between name and colon: recipients that differ in what
   * they make of it have been a security hole (RFC 9112 section 5.1). */
  if (buf[name_end] != ':') return H1SCAN_BAD_FIELD_LINE;

  value = name_end + 1;
  while (value < len && is_blank(buf[value])) value++;

  at = value;
  for (;;) {
    enum line_end end;
    at += span_value(buf + at, len - at);
    value_end = at;
    end = line_end_at(buf, len, at);
    if (end == LINE_END_CUT) return H1SCAN_PARTIAL;
    /* CR, LF and NUL are dangerous in a value and other control characters
     * are invalid: RFC 9110 section 5.5. */
    if (end == LINE_END_WRONG) return H1SCAN_BAD_FIELD_VALUE;
    at += (size_t)end;
    if (at == len) return H1SCAN_PARTIAL; /* a fold may still follow */
    if (!is_blank(buf[at])) break;
    /* obs-fold = OWS CRLF RWS: RFC 9112 section 5.2. A user agent has to make
     * it SP; where it is, the caller finds in the value. */
    folded = 1;
  }

  /* OWS around the value is not part of it: RFC 9112 section 5.1. */
  if (folded) {
    while (value < value_end && is_blank_or_fold(buf[value])) value++;
    while (value_end > value && is_blank_or_fold(buf[value_end - 1]))
      value_end--;
  } else {
    while (value_end > value && is_blank(buf[value_end - 1])) value_end--;
  }

  field->name = name;
  field->name_len = name_end - name;
  field->value = value;
  field->value_len = value_end - value;
  field->folded = folded;
  *pos = at;
  return H1SCAN_OK;
}

/* Chunks ----------------------------------------------------------------- */

enum h1scan_result h1scan_chunk_line(const unsigned char *buf, size_t len,
                                     struct h1scan_chunk_line *line) {
  /* The most that still fits in 63 bits with one more digit behind it. */
  static const uint64_t last_shiftable = UINT64_MAX >> 5;
  uint64_t chunk_size = 0;
  size_t digits_end;
  size_t at = 0;

  /* chunk-size = 1*HEXDIG, with any number of zeros before it; the overflow is
   * the recipient's to notice: RFC 9112 section 7.1. */
  while (at < len) {
    const int digit = hex_digit(buf[at]);
    if (digit < 0) break;
    if (chunk_size > last_shiftable) return H1SCAN_CHUNK_TOO_LARGE;
    chunk_size = chunk_size << 4 | (uint64_t)digit;
    at++;
  }
  if (at == len) return H1SCAN_PARTIAL;
  if (at == 0) return H1SCAN_BAD_CHUNK_SIZE;
  digits_end = at;

  /* chunk-ext = *( BWS ";" ... ), section 7.1.1. White space right before the
   * CRLF is not in the grammar, but some servers pad the size with it. */
  while (at < len && is_blank(buf[at])) at++;
  if (at == len) return H1SCAN_PARTIAL;
  if (buf[at] == ';') {
    /* What an extension says is ignored (section 7.1.1); what is not checked
     * further must at least not hold anything like a line end. */
    at += span_value(buf + at, len - at);
  } else if (buf[at] != '\r' && buf[at] != '\n') {
    return H1SCAN_BAD_CHUNK_SIZE;
  }

  switch (line_end_at(buf, len, at)) {
    case LINE_END_CUT:
      return H1SCAN_PARTIAL;
    case LINE_END_CRLF:
      break;
    case LINE_END_LF:
      /* Section 2.2 allows the lone LF in the start line and fields only. Two
       * parties that disagree about where a chunk begins disagree about where
       * the next message begins. */
    case LINE_END_WRONG:
    default:
      return H1SCAN_BAD_CHUNK_EXT;
  }

  line->chunk_size = chunk_size;
  line->ext_len = at - digits_end;
  line->size = at + 2;
  return H1SCAN_OK;
}

/* Names ------------------------------------------------------------------ */

/* Field names are case-insensitive: RFC 9110 section 5.1. Only letters are
 * folded; setting bit 0x20 of every byte would make "^" equal to "~". */
int h1scan_same_name(const unsigned char *buf, size_t len, const char *lower,
                     size_t lower_len) {
  size_t i;
  if (len != lower_len) return 0;
  for (i = 0; i < len; i++) {
    unsigned char byte = buf[i];
    if (byte >= 'A' && byte <= 'Z') byte = (unsigned char)(byte | 0x20);
    if (byte != (unsigned char)lower[i]) return 0;
  }
  return 1;
}
