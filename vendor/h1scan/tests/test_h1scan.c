/* Tests of h1scan. Prints every failed check and, as its last line,
 * "N passed, M failed"; exit status 1 if M is not 0.
 *
 * Every input is handed over in a heap block that ends exactly where the input
 * ends, so that AddressSanitizer notices a read beyond it. */
#include "../h1scan.h"
#include "checking.h"

/* Naive references ------------------------------------------------------- */

static int naive_token(int byte) {
  return byte != 0 && byte < 0x80 &&
         strchr("!#$%&'*+-.^_`|~0123456789"
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                byte) != NULL;
}

static int naive_value(int byte) {
  return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

static int naive_visible(int byte) { return byte > ' ' && byte < 0x7F; }

static size_t naive_head_end(const unsigned char *buf, size_t len) {
  size_t i;
  for (i = 0; i < len; i++) {
    if (i > 0 && buf[i - 1] != '\n') continue;
    if (buf[i] == '\n') return i + 1;
    if (buf[i] == '\r' && i + 1 < len && buf[i + 1] == '\n') return i + 2;
  }
  return 0;
}

/* Byte classes ----------------------------------------------------------- */

typedef size_t span_function(const unsigned char *, size_t);
typedef int naive_function(int);

static size_t naive_span(naive_function *belongs, const unsigned char *buf,
                         size_t len) {
  size_t i = 0;
  while (i < len && belongs(buf[i])) i++;
  return i;
}

static void test_span(span_function *span, naive_function *belongs) {
  static const size_t lengths[] = {0,  1,  2,  3,  7,  8,  14, 15, 16, 17, 18,
                                   23, 30, 31, 32, 33, 34, 47, 48, 49, 63, 64,
                                   65, 80};
  unsigned char fill[80];
  size_t shift, which, at;
  int byte, round;

  CHECK(span(NULL, 0) == 0);
  memset(fill, 'a', sizeof fill);

  /* Every byte value at every place of each length, at each alignment. */
  for (shift = 0; shift < 16; shift++) {
    for (which = 0; which < sizeof lengths / sizeof lengths[0]; which++) {
      const size_t len = lengths[which];
      const struct block block = block_new(fill, len, shift);
      CHECK(span(block.buf, len) == len);
      for (at = 0; at < len; at++) {
        int wrong = 0;
        for (byte = 0; byte < 256; byte++) {
          block.buf[at] = (unsigned char)byte;
          if (span(block.buf, len) != (belongs(byte) ? len : at)) wrong++;
        }
        CHECK(wrong == 0);
        block.buf[at] = 'a';
      }
      block_free(block);
    }
  }

  /* Bytes of the class only, a few others among them: the first one counts. */
  for (round = 0; round < 20000; round++) {
    unsigned char bytes[100];
    const size_t len = random_number(sizeof bytes + 1);
    struct block block;
    for (at = 0; at < len; at++) {
      do bytes[at] = (unsigned char)random_number(256);
      while (!belongs(bytes[at]) && random_number(40) != 0);
    }
    block = block_new(bytes, len, random_number(16));
    CHECK(span(block.buf, len) == naive_span(belongs, block.buf, len));
    block_free(block);
  }
}

/* Head end --------------------------------------------------------------- */

struct head_case {
  const char *text;
  size_t end;
};

static const struct head_case head_cases[] = {
    {"", 0},
    {"\r", 0},
    {"\n", 1},
    {"\r\n", 2},
    {"\r\nx", 2},
    {"\n\n", 1},
    {"\r\r\n", 0},
    {"\r\rx\n\n", 5},
    {"x", 0},
    {"x\r\n", 0},
    {"x\r\n\r", 0},
    {"x\r\n\r\n", 5},
    {"x\n\n", 3},
    {"x\n\r\n", 4},
    {"x\r\n\n", 4},
    {"x\n\r\r\n", 0},
    {"x\n\r\r\n\n", 6},
    {"x\n\rx\n\r\n", 7},
    {"x\r\r\n\r\n", 6},
    {"x\r\n \r\n\r\n", 8},
    {"x\n\t\n\n", 5},
    {"\r\n\r\n", 2},
    {"HTTP/1.1 200 OK\r\na: b\r\n\r\n", 25},
    {"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n\r\n", 25},
    {"HTTP/1.1 200 OK\na: b\n\nbody\n\n", 22},
    {"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", 29},
    {"a\nb\nc\nd\n\r\n", 10},
    {"\rx\n\r\n", 5},
};

/* One call on all of the bytes, without and with a split at each place, then
 * byte by byte. Bytes before *scanned are overwritten between the calls: they
 * must not be looked at again. */
static void test_head_bytes(const char *text, size_t len, size_t end) {
  const struct block whole = block_new(text, len, 0);
  size_t scanned = 0;
  size_t split, at, found;

  CHECK_FOR(text, h1scan_head_end(whole.buf, len, &scanned) == end);
  CHECK_FOR(text, scanned <= len);
  CHECK_FOR(text, h1scan_head_end(whole.buf, len, &scanned) == end);

  for (split = 0; split <= len; split++) {
    const struct block first = block_new(text, split, split % 16);
    const struct block second = block_new(text, len, split % 16);
    const size_t first_end = end <= split ? end : 0;
    scanned = 0;
    CHECK_FOR(text, h1scan_head_end(first.buf, split, &scanned) == first_end);
    CHECK_FOR(text, scanned <= split);
    memset(second.buf, '\n', scanned);
    CHECK_FOR(text, h1scan_head_end(second.buf, len, &scanned) == end);
    block_free(first);
    block_free(second);
  }

  scanned = 0;
  found = 0;
  for (at = 1; at <= len && found == 0; at++) {
    const struct block part = block_new(text, at, 0);
    memset(part.buf, '\n', scanned);
    found = h1scan_head_end(part.buf, at, &scanned);
    if (found == 0) {
      /* Linear time: no more than LF and CR are left to look at again. */
      CHECK_FOR(text, scanned <= at && at - scanned <= 2);
    } else {
      CHECK_FOR(text, found == at);
    }
    block_free(part);
  }
  CHECK_FOR(text, found == end);
  block_free(whole);
}

static void test_head_end(void) {
  size_t i, scanned;
  int round;

  for (i = 0; i < sizeof head_cases / sizeof head_cases[0]; i++) {
    const char *const text = head_cases[i].text;
    CHECK_FOR(text, naive_head_end((const unsigned char *)text,
                                   strlen(text)) == head_cases[i].end);
    test_head_bytes(text, strlen(text), head_cases[i].end);
  }

  /* Every string of up to eight of the three bytes that matter. */
  for (i = 0; i <= 8; i++) {
    static const char letters[3] = {'x', '\r', '\n'};
    size_t count = 1, number, k;
    for (k = 0; k < i; k++) count *= 3;
    for (number = 0; number < count; number++) {
      char text[9];
      size_t rest = number;
      for (k = 0; k < i; k++) {
        text[k] = letters[rest % 3];
        rest /= 3;
      }
      text[i] = '\0';
      test_head_bytes(text, i, naive_head_end((const unsigned char *)text, i));
    }
  }

  /* Longer ones, in random pieces. */
  for (round = 0; round < 5000; round++) {
    char text[200];
    const size_t len = random_number(sizeof text);
    struct block block;
    size_t end, at = 0, found = 0;
    for (i = 0; i < len; i++) {
      const uint32_t kind = random_number(16);
      text[i] = kind == 0 ? '\n' : kind <= 2 ? '\r' : 'x';
    }
    text[len] = '\0';
    end = naive_head_end((const unsigned char *)text, len);
    block = block_new(text, len, 0);
    scanned = 0;
    while (at < len && found == 0) {
      at += 1 + random_number((uint32_t)(len - at));
      found = h1scan_head_end(block.buf, at, &scanned);
      if (found == 0) memset(block.buf, '\n', scanned);
    }
    CHECK_FOR(text, found == end);
    block_free(block);
  }

  scanned = 0;
  CHECK(h1scan_head_end(NULL, 0, &scanned) == 0 && scanned == 0);

  /* A state that belongs to a longer buffer is not trusted. */
  scanned = 100;
  CHECK(h1scan_head_end((const unsigned char *)"a\n\n", 3, &scanned) == 3);
}

/* Status line ------------------------------------------------------------ */

struct status_case {
  const char *text;
  enum h1scan_result result;
  unsigned minor_version;
  unsigned status;
  const char *reason;
  size_t size;
};

static const struct status_case status_cases[] = {
    {"HTTP/1.1 200 OK\r\n", H1SCAN_OK, 1, 200, "OK", 17},
    {"HTTP/1.0 404 Not Found\r\n", H1SCAN_OK, 0, 404, "Not Found", 24},
    {"HTTP/1.9 999 x\n", H1SCAN_OK, 9, 999, "x", 15},
    {"HTTP/1.1 100\r\n", H1SCAN_OK, 1, 100, "", 14},
    {"HTTP/1.1 100\n", H1SCAN_OK, 1, 100, "", 13},
    {"HTTP/1.1 100 \r\n", H1SCAN_OK, 1, 100, "", 15},
    {"HTTP/1.1 100 \n", H1SCAN_OK, 1, 100, "", 14},
    {"HTTP/1.1 204 \tA  b \t\r\n", H1SCAN_OK, 1, 204, "\tA  b \t", 22},
    {"HTTP/1.1 200 \x80\xFF\xE9\r\n", H1SCAN_OK, 1, 200, "\x80\xFF\xE9", 18},
    {"HTTP/1.1 200 A reason of more than sixteen bytes\r\nnext", H1SCAN_OK, 1,
     200, "A reason of more than sixteen bytes", 50},
    {"HTTP/1.1 200 OK\r\n\r\n", H1SCAN_OK, 1, 200, "OK", 17},
    {"ICY 200 OK\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"http/1.1 200 OK\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"HTTPS/1.1 200 OK\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {" HTTP/1.1 200 OK\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"\r\nHTTP/1.1 200 OK\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"H\r\n", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"HTTP/2.0 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/2 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/ 1.1 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/11 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/1,1 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/1. 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/1.x 200 OK\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/\r\n", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/1.10 200 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1\t200 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1  200 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 \r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 99 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 099 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 2000 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 20x OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 -20 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 +20 OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 200OK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 200\tOK\r\n", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
    {"HTTP/1.1 200\rOK\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200\r\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200 O\rK\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200 OK\r\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200 O\x7FK\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200 O\x01K\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    {"HTTP/1.1 200 O\x1BK\r\n", H1SCAN_BAD_REASON, 0, 0, NULL, 0},
    /* The first wrong byte decides. */
    {"HTTX/2.0 000\r", H1SCAN_NOT_HTTP, 0, 0, NULL, 0},
    {"HTTP/2.0 000\r", H1SCAN_BAD_VERSION, 0, 0, NULL, 0},
    {"HTTP/1.0 000\rx", H1SCAN_BAD_STATUS, 0, 0, NULL, 0},
};

static void check_status(const unsigned char *buf, size_t len,
                         const struct status_case *expected) {
  static const struct h1scan_status_line untouched = {77, 77, 77, 77, 77};
  struct h1scan_status_line line = untouched;
  const enum h1scan_result result = h1scan_status_line(buf, len, &line);
  CHECK_FOR(expected->text, result == expected->result);
  if (result == H1SCAN_OK && expected->reason != NULL) {
    CHECK_FOR(expected->text, line.minor_version == expected->minor_version);
    CHECK_FOR(expected->text, line.status == expected->status);
    CHECK_FOR(expected->text, line.size == expected->size);
    CHECK_FOR(expected->text, line.reason_len == strlen(expected->reason));
    CHECK_FOR(expected->text, line.reason + line.reason_len < line.size);
    CHECK_FOR(expected->text, memcmp(buf + line.reason, expected->reason,
                                     line.reason_len) == 0);
  } else {
    CHECK_FOR(expected->text, line.minor_version == 77 && line.status == 77 &&
                                  line.reason == 77 && line.reason_len == 77 &&
                                  line.size == 77);
  }
}

/* What the byte at a place of "HTTP/1.1 200 OK\r\n" makes of the line. */
static enum h1scan_result naive_status_byte(size_t at, int byte) {
  static const char model[] = "HTTP/1.1 200 OK\r\n";
  const int digit = byte >= '0' && byte <= '9';
  if (byte == model[at]) return H1SCAN_OK;
  if (at < 5) return H1SCAN_NOT_HTTP;
  if (at == 7) return digit ? H1SCAN_OK : H1SCAN_BAD_VERSION;
  if (at < 8) return H1SCAN_BAD_VERSION;
  if (at == 8) return H1SCAN_BAD_STATUS;
  if (at == 9) return digit && byte != '0' ? H1SCAN_OK : H1SCAN_BAD_STATUS;
  if (at < 12) return digit ? H1SCAN_OK : H1SCAN_BAD_STATUS;
  if (at == 12) {
    if (byte == '\n') return H1SCAN_OK;
    return byte == '\r' ? H1SCAN_BAD_REASON : H1SCAN_BAD_STATUS;
  }
  if (byte == '\n') return H1SCAN_OK;
  if (at == 16 || byte == '\r') {
    /* "O\r", "\rK", "\r\r" or a CR before anything else but LF */
    return H1SCAN_BAD_REASON;
  }
  return naive_value(byte) ? H1SCAN_OK : H1SCAN_BAD_REASON;
}

static void test_status_line(void) {
  static const char model[] = "HTTP/1.1 200 OK\r\n";
  size_t i, at;
  unsigned number;

  for (i = 0; i < sizeof status_cases / sizeof status_cases[0]; i++) {
    const struct status_case *const expected = &status_cases[i];
    const size_t len = strlen(expected->text);
    size_t cut;
    int decided = 0;
    for (cut = 0; cut <= len; cut++) {
      /* Undecided first, then the one result for good. */
      const struct block block = block_new(expected->text, cut, cut % 16);
      struct h1scan_status_line line;
      const enum h1scan_result result =
          h1scan_status_line(block.buf, cut, &line);
      if (result != H1SCAN_PARTIAL) decided = 1;
      CHECK_FOR(expected->text,
                result == (decided ? expected->result : H1SCAN_PARTIAL));
      if (expected->result == H1SCAN_OK)
        CHECK_FOR(expected->text, decided == (cut >= expected->size));
      if (decided || cut == len) check_status(block.buf, cut, expected);
      block_free(block);
    }
  }

  /* Every byte value at every place; an error shows with that very byte,
   * except that of a CR only the byte behind it tells. */
  for (at = 0; at < sizeof model - 1; at++) {
    int byte;
    for (byte = 0; byte < 256; byte++) {
      const struct block block = block_new(model, sizeof model - 1, at % 16);
      const enum h1scan_result expected = naive_status_byte(at, byte);
      struct h1scan_status_line line;
      block.buf[at] = (unsigned char)byte;
      CHECK(h1scan_status_line(block.buf, sizeof model - 1, &line) == expected);
      if (expected != H1SCAN_OK) {
        const size_t seen = at + (byte == '\r' && at >= 12 && at < 16 ? 2 : 1);
        CHECK(h1scan_status_line(block.buf, seen, &line) == expected);
        CHECK(h1scan_status_line(block.buf, seen - 1, &line) == H1SCAN_PARTIAL);
      }
      block_free(block);
    }
  }

  for (number = 0; number < 1000; number++) {
    char text[32];
    struct h1scan_status_line line;
    enum h1scan_result result;
    struct block block;
    snprintf(text, sizeof text, "HTTP/1.%u %03u\r\n", number % 10, number);
    block = block_new(text, 14, 0);
    result = h1scan_status_line(block.buf, 14, &line);
    if (number < 100) {
      CHECK_FOR(text, result == H1SCAN_BAD_STATUS);
    } else {
      CHECK_FOR(text, result == H1SCAN_OK && line.status == number);
      CHECK_FOR(text, line.minor_version == number % 10);
      CHECK_FOR(text, line.reason_len == 0 && line.reason <= line.size);
    }
    block_free(block);
  }

  {
    struct h1scan_status_line line;
    static const unsigned char with_nul[] = "HTTP/1.1 200 O\0K\r\n";
    CHECK(h1scan_status_line(NULL, 0, &line) == H1SCAN_PARTIAL);
    CHECK(h1scan_status_line(with_nul, sizeof with_nul - 1, &line) ==
          H1SCAN_BAD_REASON);
  }
}

/* Fields ----------------------------------------------------------------- */

/* One field line at the start of text. size is where the next line begins or,
 * for an error, how many bytes it takes to tell. */
struct field_case {
  const char *text;
  enum h1scan_result result;
  const char *name;
  const char *value;
  int folded;
  size_t size;
};

static const struct field_case field_cases[] = {
    {"a: b\r\n\r\n", H1SCAN_OK, "a", "b", 0, 6},
    {"a:b\r\n\r\n", H1SCAN_OK, "a", "b", 0, 5},
    {"a: b\n\n", H1SCAN_OK, "a", "b", 0, 5},
    {"a:\r\n\r\n", H1SCAN_OK, "a", "", 0, 4},
    {"a:\n\n", H1SCAN_OK, "a", "", 0, 3},
    {"a: \t \r\n\r\n", H1SCAN_OK, "a", "", 0, 7},
    {"a: \n\n", H1SCAN_OK, "a", "", 0, 4},
    {"a: b\r\nc: d\r\n\r\n", H1SCAN_OK, "a", "b", 0, 6},
    {"a: b\nc: d\n\n", H1SCAN_OK, "a", "b", 0, 5},
    {"a: \t b \t c \t \r\n\r\n", H1SCAN_OK, "a", "b \t c", 0, 15},
    {"a: b: c\r\n\r\n", H1SCAN_OK, "a", "b: c", 0, 9},
    {"a::\r\n\r\n", H1SCAN_OK, "a", ":", 0, 5},
    {"a: \x80\xFF\r\n\r\n", H1SCAN_OK, "a", "\x80\xFF", 0, 7},
    {"!#$%&'*+-.^_`|~09AZaz: v\r\n\r\n", H1SCAN_OK, "!#$%&'*+-.^_`|~09AZaz",
     "v", 0, 26},
    {"Content-Security-Policy: default-src 'self'; img-src *\r\n\r\n", H1SCAN_OK,
     "Content-Security-Policy", "default-src 'self'; img-src *", 0, 56},
    /* Folds, with each pair of line ends. */
    {"a: b\r\n c\r\n\r\n", H1SCAN_OK, "a", "b\r\n c", 1, 10},
    {"a: b\n c\n\n", H1SCAN_OK, "a", "b\n c", 1, 8},
    {"a: b\r\n c\n\n", H1SCAN_OK, "a", "b\r\n c", 1, 9},
    {"a: b\n\tc\r\n\r\n", H1SCAN_OK, "a", "b\n\tc", 1, 9},
    {"a: b \t\r\n \t c \r\n\r\n", H1SCAN_OK, "a", "b \t\r\n \t c", 1, 15},
    {"a: b\r\n c\r\n\td\r\ne: f\r\n\r\n", H1SCAN_OK, "a", "b\r\n c\r\n\td", 1, 14},
    {"a: b\r\n c: d\r\n\r\n", H1SCAN_OK, "a", "b\r\n c: d", 1, 13},
    {"a: b\r\n \r\n c\r\n\r\n", H1SCAN_OK, "a", "b\r\n \r\n c", 1, 13},
    /* Folds at the ends of the value are trimmed with the white space. */
    {"a:\r\n b\r\n\r\n", H1SCAN_OK, "a", "b", 1, 8},
    {"a: \r\n b\r\n\r\n", H1SCAN_OK, "a", "b", 1, 9},
    {"a:\n\tb\n\n", H1SCAN_OK, "a", "b", 1, 6},
    {"a:\r\n \r\n \tb\r\n\r\n", H1SCAN_OK, "a", "b", 1, 12},
    {"a: b\r\n \r\n\r\n", H1SCAN_OK, "a", "b", 1, 9},
    {"a: b\n\t\n\n", H1SCAN_OK, "a", "b", 1, 7},
    {"a: b\r\n \r\n\t \r\n\r\n", H1SCAN_OK, "a", "b", 1, 13},
    {"a:\r\n \r\n\r\n", H1SCAN_OK, "a", "", 1, 7},
    {"a: \n\t\n \n\n", H1SCAN_OK, "a", "", 1, 8},
    /* The empty line. */
    {"\r\n", H1SCAN_END, NULL, NULL, 0, 2},
    {"\n", H1SCAN_END, NULL, NULL, 0, 1},
    {"\r\n\r\n", H1SCAN_END, NULL, NULL, 0, 2},
    {"\nx", H1SCAN_END, NULL, NULL, 0, 1},
    /* Wrong lines. */
    {": b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 1},
    {" a: b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 1},
    {"\ta: b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 1},
    {" \r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 1},
    {"a : b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"a\t: b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"a b: c\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"abc\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 4},
    {"abc\n\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 4},
    {"a\r\n : b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"a(b): c\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"\xE9: c\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 1},
    {"\ra: b\r\n\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"\r\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 2},
    {"HTTP/1.1 200 OK\r\n", H1SCAN_BAD_FIELD_LINE, NULL, NULL, 0, 5},
    /* Wrong values. */
    {"a: b\rc\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 6},
    {"a: b\r\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 6},
    {"a:\rb\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 4},
    {"a: b\x01" "c\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 5},
    {"a: b\x7F\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 5},
    {"a: \x0B" "b\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 4},
    {"a: b\r\n c\x02\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 9},
    {"a: b\r\n c\rd\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 10},
    {"a: b\r\n \x0C\r\n\r\n", H1SCAN_BAD_FIELD_VALUE, NULL, NULL, 0, 8},
    /* Not complete. */
    {"", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"\r", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc:", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc: def", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc: def\r", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc: def\r\n", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc: def\r\n ", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
    {"abc: def\r\n g\r\n", H1SCAN_PARTIAL, NULL, NULL, 0, 0},
};

/* Runs one case cut to its first cut bytes, with other bytes before it. */
static void check_field(const struct field_case *expected, size_t cut,
                        size_t before) {
  static const char lead[] = "\n \r\n\t: x";
  static const struct h1scan_field untouched = {77, 77, 77, 77, 77};
  struct h1scan_field field = untouched;
  const char *const text = expected->text;
  const struct block block = block_new(text, cut, before);
  const unsigned char *const buf = block.buf - before;
  const size_t len = before + cut;
  size_t pos = before;
  /* A whole line is known by the byte behind it, which may not be a blank. */
  const size_t needed = expected->size + (expected->result == H1SCAN_OK);
  enum h1scan_result wanted = expected->result;
  enum h1scan_result result;

  if (cut < needed) wanted = H1SCAN_PARTIAL;
  memcpy(block.buf - before, lead, before);
  result = h1scan_field(buf, len, &pos, &field);
  CHECK_FOR(text, result == wanted);
  if (result == H1SCAN_OK && expected->name != NULL) {
    CHECK_FOR(text, pos == before + expected->size);
    CHECK_FOR(text, field.name == before);
    CHECK_FOR(text, field.name_len == strlen(expected->name));
    CHECK_FOR(text, memcmp(buf + field.name, expected->name,
                           strlen(expected->name)) == 0);
    CHECK_FOR(text, field.value > field.name + field.name_len);
    CHECK_FOR(text, field.value + field.value_len < pos);
    CHECK_FOR(text, field.value_len == strlen(expected->value));
    CHECK_FOR(text, memcmp(buf + field.value, expected->value,
                           strlen(expected->value)) == 0);
    CHECK_FOR(text, field.folded == expected->folded);
  } else {
    CHECK_FOR(text,
              pos == before + (result == H1SCAN_END ? expected->size : 0));
    CHECK_FOR(text, field.name == 77 && field.name_len == 77 &&
                        field.value == 77 && field.value_len == 77 &&
                        field.folded == 77);
  }
  block_free(block);
}

/* A whole section, cut field by field. */
static void test_section(void) {
  static const char text[] =
      "Host: example.org\r\n"
      "Empty:\r\n"
      "X-Folded: one\r\n\ttwo\n  three\r\n"
      "x-lf: v\n"
      "Set-Cookie: a=b; Path=/; Expires=Wed, 09 Jun 2021 10:18:14 GMT\r\n"
      "\r\n";
  static const struct {
    const char *name;
    const char *value;
  } expected[] = {
      {"Host", "example.org"},
      {"Empty", ""},
      {"X-Folded", "one\r\n\ttwo\n  three"},
      {"x-lf", "v"},
      {"Set-Cookie", "a=b; Path=/; Expires=Wed, 09 Jun 2021 10:18:14 GMT"},
  };
  const size_t len = sizeof text - 1;
  const struct block block = block_new(text, len, 0);
  struct h1scan_field field;
  size_t pos = 0, scanned = 0, i;

  CHECK(h1scan_head_end(block.buf, len, &scanned) == len);
  for (i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    CHECK(h1scan_field(block.buf, len, &pos, &field) == H1SCAN_OK);
    CHECK(field.name_len == strlen(expected[i].name) &&
          memcmp(block.buf + field.name, expected[i].name, field.name_len) == 0);
    CHECK(field.value_len == strlen(expected[i].value) &&
          memcmp(block.buf + field.value, expected[i].value,
                 field.value_len) == 0);
  }
  CHECK(h1scan_field(block.buf, len, &pos, &field) == H1SCAN_END);
  CHECK(pos == len);
  CHECK(h1scan_field(block.buf, len, &pos, &field) == H1SCAN_PARTIAL);
  pos = len + 5;
  CHECK(h1scan_field(block.buf, len, &pos, &field) == H1SCAN_PARTIAL);
  CHECK(pos == len + 5);
  pos = 0;
  CHECK(h1scan_field(NULL, 0, &pos, &field) == H1SCAN_PARTIAL && pos == 0);
  block_free(block);
}

static void test_field(void) {
  size_t i, at, len;
  int byte;

  for (i = 0; i < sizeof field_cases / sizeof field_cases[0]; i++) {
    const size_t whole = strlen(field_cases[i].text);
    size_t cut, before;
    for (cut = 0; cut <= whole; cut++)
      for (before = 0; before < 8; before += 7)
        check_field(&field_cases[i], cut, before);
  }

  /* Every byte value at every place of values around the vector width. */
  for (len = 1; len <= 50; len++) {
    char text[64];
    text[0] = 'n';
    text[1] = ':';
    memset(text + 2, 'v', len);
    memcpy(text + 2 + len, "\r\n\r\n", 4);
    for (at = 2; at < 2 + len; at++) {
      const struct block block = block_new(text, len + 6, len % 16);
      int wrong = 0;
      for (byte = 0; byte < 256; byte++) {
        struct h1scan_field field;
        size_t pos = 0;
        enum h1scan_result result;
        block.buf[at] = (unsigned char)byte;
        result = h1scan_field(block.buf, len + 6, &pos, &field);
        if (byte == '\n') {
          /* What is left of the line begins the next one. */
          if (result != H1SCAN_OK || pos != at + 1) wrong++;
          if (field.value_len != at - 2) wrong++;
        } else if (!naive_value(byte)) {
          if (result != H1SCAN_BAD_FIELD_VALUE || pos != 0) wrong++;
        } else {
          const int blank = byte == ' ' || byte == '\t';
          const size_t trimmed = blank && (at == 2 || at == 1 + len);
          if (result != H1SCAN_OK || pos != len + 4 || field.folded) wrong++;
          if (field.value_len != len - trimmed) wrong++;
          if (field.value != (blank && at == 2 && len > 1 ? 3u : 2u) &&
              len > 1)
            wrong++;
        }
      }
      CHECK(wrong == 0);
      block_free(block);
    }
  }

  /* Every byte value at every place of a name. */
  for (at = 0; at < 20; at++) {
    for (byte = 0; byte < 256; byte++) {
      char text[] = "abcdefghijklmnopqrst: v\r\n\r\n";
      const size_t whole = sizeof text - 1;
      struct block block;
      struct h1scan_field field;
      size_t pos = 0;
      enum h1scan_result wanted = H1SCAN_BAD_FIELD_LINE;
      if (naive_token(byte) || (byte == ':' && at > 0)) wanted = H1SCAN_OK;
      if (byte == '\n' && at == 0) wanted = H1SCAN_END;
      text[at] = (char)byte;
      block = block_new(text, whole, at);
      CHECK(h1scan_field(block.buf, whole, &pos, &field) == wanted);
      if (wanted == H1SCAN_OK)
        CHECK(field.name_len == (byte == ':' ? at : 20));
      block_free(block);
    }
  }

  test_section();
}

/* Chunk lines ------------------------------------------------------------ */

/* size as in field_case. */
struct chunk_case {
  const char *text;
  enum h1scan_result result;
  uint64_t chunk_size;
  size_t ext_len;
  size_t size;
};

#define LARGEST ((uint64_t)0x7FFFFFFFFFFFFFFF)

static const struct chunk_case chunk_cases[] = {
    {"0\r\n", H1SCAN_OK, 0, 0, 3},
    {"0\r\n\r\n", H1SCAN_OK, 0, 0, 3},
    {"5\r\nhello\r\n", H1SCAN_OK, 5, 0, 3},
    {"1aF\r\n", H1SCAN_OK, 0x1AF, 0, 5},
    {"0123456789\r\n", H1SCAN_OK, 0x123456789, 0, 12},
    {"abcdef\r\n", H1SCAN_OK, 0xABCDEF, 0, 8},
    {"ABCDEF\r\n", H1SCAN_OK, 0xABCDEF, 0, 8},
    {"7FFFFFFFFFFFFFFF\r\n", H1SCAN_OK, LARGEST, 0, 18},
    {"7fffffffffffffff;x\r\n", H1SCAN_OK, LARGEST, 2, 20},
    {"00000000000000000000000000000000007FFFFFFFFFFFFFFF\r\n", H1SCAN_OK,
     LARGEST, 0, 52},
    {"0000000000000000000000000000000000000000\r\n", H1SCAN_OK, 0, 0, 42},
    {"7FFFFFFFFFFFFFF\r\n", H1SCAN_OK, (uint64_t)0x7FFFFFFFFFFFFFF, 0, 17},
    {"FFFFFFFFFFFFFFF\r\n", H1SCAN_OK, (uint64_t)0xFFFFFFFFFFFFFFF, 0, 17},
    {"8000000000000000\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 16},
    {"08000000000000000\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 17},
    {"FFFFFFFFFFFFFFFF\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 16},
    {"10000000000000000\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 17},
    {"10000000000000005\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 17},
    {"7FFFFFFFFFFFFFFF0\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 17},
    {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n", H1SCAN_CHUNK_TOO_LARGE, 0, 0,
     16},
    {"FFFFFFFFFFFFFFFFx", H1SCAN_CHUNK_TOO_LARGE, 0, 0, 16},
    /* Extensions. */
    {"5;\r\n", H1SCAN_OK, 5, 1, 4},
    {"5;a=b\r\n", H1SCAN_OK, 5, 4, 7},
    {"5;a=\"q\"; c\r\n", H1SCAN_OK, 5, 9, 12},
    {"5 ;a\r\n", H1SCAN_OK, 5, 3, 6},
    {"5 \t ;\ta\r\n", H1SCAN_OK, 5, 6, 9},
    {"5 \r\n", H1SCAN_OK, 5, 1, 4},
    {"5 \t\t\r\n", H1SCAN_OK, 5, 3, 6},
    {"5;\x80\xFF\r\n", H1SCAN_OK, 5, 3, 6},
    {"5;an extension longer than a vector\r\n", H1SCAN_OK, 5, 34, 37},
    {"5;a\x01\r\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 4},
    {"5;a\x7F\r\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 4},
    {"5;a\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 4},
    {"5;a\rb\r\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 5},
    {"5;a\r\r\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 5},
    {"5\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 2},
    {"5 \n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 3},
    {"5\rx", H1SCAN_BAD_CHUNK_EXT, 0, 0, 3},
    {"5\r\r\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 3},
    {"5 \r;\n", H1SCAN_BAD_CHUNK_EXT, 0, 0, 4},
    /* Not a size. */
    {"\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {"\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {";a\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {" 5\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {"+5\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {"-5\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    {"0x5\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 2},
    {"5_0\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 2},
    {"5g\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 2},
    {"5 0\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 3},
    {"5\x01\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 2},
    {"5 \x01\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 3},
    {"5,a\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 2},
    {"\xEF\xBC\x95\r\n", H1SCAN_BAD_CHUNK_SIZE, 0, 0, 1},
    /* Not complete. */
    {"", H1SCAN_PARTIAL, 0, 0, 0},
    {"5", H1SCAN_PARTIAL, 0, 0, 0},
    {"5\r", H1SCAN_PARTIAL, 0, 0, 0},
    {"5 ", H1SCAN_PARTIAL, 0, 0, 0},
    {"5 \r", H1SCAN_PARTIAL, 0, 0, 0},
    {"5;", H1SCAN_PARTIAL, 0, 0, 0},
    {"5;a", H1SCAN_PARTIAL, 0, 0, 0},
    {"5;a\r", H1SCAN_PARTIAL, 0, 0, 0},
};

static void test_chunk_line(void) {
  static const struct h1scan_chunk_line untouched = {77, 77, 77};
  size_t i, at;
  int byte, bits;

  for (i = 0; i < sizeof chunk_cases / sizeof chunk_cases[0]; i++) {
    const struct chunk_case *const expected = &chunk_cases[i];
    const char *const text = expected->text;
    const size_t whole = strlen(text);
    size_t cut;
    for (cut = 0; cut <= whole; cut++) {
      const struct block block = block_new(text, cut, cut % 16);
      struct h1scan_chunk_line line = untouched;
      const enum h1scan_result result = h1scan_chunk_line(block.buf, cut, &line);
      if (cut < expected->size || expected->result == H1SCAN_PARTIAL) {
        CHECK_FOR(text, result == H1SCAN_PARTIAL);
      } else {
        CHECK_FOR(text, result == expected->result);
      }
      if (result == H1SCAN_OK) {
        CHECK_FOR(text, line.chunk_size == expected->chunk_size);
        CHECK_FOR(text, line.ext_len == expected->ext_len);
        CHECK_FOR(text, line.size == expected->size);
      } else {
        CHECK_FOR(text, line.chunk_size == 77 && line.ext_len == 77 &&
                            line.size == 77);
      }
      block_free(block);
    }
  }

  /* Every byte value as the digit, behind it, and in the extension. */
  for (at = 0; at < 4; at++) {
    for (byte = 0; byte < 256; byte++) {
      const struct block block = block_new("5 ;e\r\n", 6, at);
      const int hex =
          byte != 0 && byte < 0x80 &&
          strchr("0123456789abcdefABCDEF", byte) != NULL;
      const int blank = byte == ' ' || byte == '\t';
      const int line_end = byte == '\r' || byte == '\n';
      enum h1scan_result wanted;
      struct h1scan_chunk_line line;
      block.buf[at] = (unsigned char)byte;
      if (at == 0)
        wanted = hex ? H1SCAN_OK : H1SCAN_BAD_CHUNK_SIZE;
      else if (at == 1)
        wanted = hex || blank || byte == ';' ? H1SCAN_OK
                 : line_end                  ? H1SCAN_BAD_CHUNK_EXT
                                             : H1SCAN_BAD_CHUNK_SIZE;
      else if (at == 2)
        /* "e" is a stray byte then, but for ";" before it */
        wanted = byte == ';' ? H1SCAN_OK
                 : line_end  ? H1SCAN_BAD_CHUNK_EXT
                             : H1SCAN_BAD_CHUNK_SIZE;
      else
        wanted = naive_value(byte) ? H1SCAN_OK : H1SCAN_BAD_CHUNK_EXT;
      CHECK(h1scan_chunk_line(block.buf, 6, &line) == wanted);
      block_free(block);
    }
  }

  /* Each power of two, the number before and the number after it. */
  for (bits = 0; bits < 64; bits++) {
    int step;
    for (step = -1; step <= 1; step++) {
      const uint64_t number = ((uint64_t)1 << bits) + (uint64_t)(int64_t)step;
      char text[40];
      struct h1scan_chunk_line line;
      struct block block;
      enum h1scan_result result;
      snprintf(text, sizeof text, "%s%08lX%08lX\r\n", step == 0 ? "" : "000",
              (unsigned long)(number >> 32),
              (unsigned long)(number & 0xFFFFFFFFu));
      block = block_new(text, strlen(text), 0);
      result = h1scan_chunk_line(block.buf, strlen(text), &line);
      if (number > LARGEST)
        CHECK_FOR(text, result == H1SCAN_CHUNK_TOO_LARGE);
      else
        CHECK_FOR(text, result == H1SCAN_OK && line.chunk_size == number);
      block_free(block);
    }
  }

  {
    struct h1scan_chunk_line line;
    CHECK(h1scan_chunk_line(NULL, 0, &line) == H1SCAN_PARTIAL);
    CHECK(h1scan_chunk_line((const unsigned char *)"5\0\r\n", 4, &line) ==
          H1SCAN_BAD_CHUNK_SIZE);
    CHECK(h1scan_chunk_line((const unsigned char *)"5;\0\r\n", 5, &line) ==
          H1SCAN_BAD_CHUNK_EXT);
  }
}

/* Names ------------------------------------------------------------------ */

static int same(const char *name, const char *lower) {
  const struct block left = block_new(name, strlen(name), 0);
  const struct block right = block_new(lower, strlen(lower), 0);
  const int answer = h1scan_same_name(left.buf, strlen(name),
                                      (const char *)right.buf, strlen(lower));
  block_free(left);
  block_free(right);
  return answer;
}

static void test_same_name(void) {
  int left, right;

  CHECK(h1scan_same_name(NULL, 0, "", 0) == 1);
  CHECK(same("", "") == 1);
  CHECK(same("Content-Length", "content-length") == 1);
  CHECK(same("CONTENT-LENGTH", "content-length") == 1);
  CHECK(same("content-length", "content-length") == 1);
  CHECK(same("content-lengt", "content-length") == 0);
  CHECK(same("content-lengthx", "content-length") == 0);
  CHECK(same("content_length", "content-length") == 0);
  CHECK(same("content-lengtH", "content-length") == 1);
  CHECK(same("xontent-length", "content-length") == 0);
  CHECK(same("", "a") == 0);
  CHECK(same("a", "") == 0);

  for (left = 0; left < 256; left++) {
    int wrong = 0;
    for (right = 0; right < 256; right++) {
      const unsigned char byte = (unsigned char)left;
      const unsigned char lower = (unsigned char)right;
      int folded = left;
      if (right >= 'A' && right <= 'Z') continue;
      if (left >= 'A' && left <= 'Z') folded = left - 'A' + 'a';
      if (h1scan_same_name(&byte, 1, (const char *)&lower, 1) !=
          (folded == right))
        wrong++;
    }
    CHECK(wrong == 0);
  }
}

int main(void) {
  test_span(h1scan_span_token, naive_token);
  test_span(h1scan_span_value, naive_value);
  test_span(h1scan_span_visible, naive_visible);
  test_head_end();
  test_status_line();
  test_field();
  test_chunk_line();
  test_same_name();
  return report();
}
