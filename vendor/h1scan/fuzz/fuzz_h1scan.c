/* libFuzzer target: every function of h1scan over one input, which lies in a
 * heap block of exactly its size. What must hold for any bytes at all is
 * checked, and the process aborted where it does not. */
#include "../h1scan.h"
#include "must.h"

/* For checks that look at each prefix of the input. */
#define LONGEST_PREFIXED 96

static int is_value_byte(unsigned byte) {
  return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

static int is_visible_byte(unsigned byte) {
  return byte > ' ' && byte < 0x7F;
}

static int is_token_byte(unsigned byte) {
  return is_visible_byte(byte) &&
         strchr("\"(),/:;<=>?@[\\]{}", (int)byte) == NULL;
}

static int is_blank(unsigned byte) { return byte == ' ' || byte == '\t'; }

/* Result structures are filled with this before each call. */
#define FILLER 77

static int is_untouched(const void *structure, size_t size) {
  const unsigned char *const bytes = (const unsigned char *)structure;
  size_t i = 0;
  while (i < size && bytes[i] == FILLER) i++;
  return i == size;
}

/* Spans ------------------------------------------------------------------ */

static void check_spans(const unsigned char *buf, size_t len) {
  size_t from;
  for (from = 0; from <= len && from < 40; from++) {
    const size_t rest = len - from;
    size_t i = 0;
    while (i < rest && is_value_byte(buf[from + i])) i++;
    MUST(h1scan_span_value(buf + from, rest) == i);
    i = 0;
    while (i < rest && is_token_byte(buf[from + i])) i++;
    MUST(h1scan_span_token(buf + from, rest) == i);
    i = 0;
    while (i < rest && is_visible_byte(buf[from + i])) i++;
    MUST(h1scan_span_visible(buf + from, rest) == i);
  }
}

/* Head end --------------------------------------------------------------- */

static size_t naive_head_end(const unsigned char *buf, size_t len) {
  size_t i;
  for (i = 0; i < len; i++) {
    if (i > 0 && buf[i - 1] != '\n') continue;
    if (buf[i] == '\n') return i + 1;
    if (buf[i] == '\r' && i + 1 < len && buf[i + 1] == '\n') return i + 2;
  }
  return 0;
}

/* Feeds the input in pieces of the given size; what was scanned is filled with
 * empty lines, which must not be seen. */
static size_t head_end_in_pieces(const unsigned char *buf, size_t len,
                                 size_t piece) {
  unsigned char *const copy = (unsigned char *)malloc(len + 1);
  size_t scanned = 0, at = 0, end = 0;
  MUST(copy != NULL);
  if (len > 0) memcpy(copy, buf, len);
  while (at < len && end == 0) {
    const size_t before = scanned;
    at = len - at > piece ? at + piece : len;
    end = h1scan_head_end(copy, at, &scanned);
    MUST(scanned <= at && scanned >= before);
    if (end == 0) {
      MUST(at - scanned <= 2);
      memset(copy, '\n', scanned);
    } else {
      MUST(end <= at);
    }
  }
  free(copy);
  return end;
}

static size_t check_head_end(const unsigned char *buf, size_t len) {
  size_t scanned = 0;
  const size_t end = h1scan_head_end(buf, len, &scanned);
  MUST(end <= len && scanned <= len);
  MUST(end == naive_head_end(buf, len));
  MUST(end == h1scan_head_end(buf, len, &scanned));
  MUST(end == head_end_in_pieces(buf, len, 1));
  MUST(end == head_end_in_pieces(buf, len, 3));
  MUST(end == head_end_in_pieces(buf, len, len == 0 ? 1 : 1 + buf[0] % 32u));
  return end;
}

/* Status line ------------------------------------------------------------ */

static enum h1scan_result check_status_line(const unsigned char *buf, size_t len,
                                            size_t *line_size) {
  struct h1scan_status_line line;
  enum h1scan_result result;
  size_t i;

  memset(&line, FILLER, sizeof line);
  result = h1scan_status_line(buf, len, &line);
  *line_size = 0;
  switch (result) {
    case H1SCAN_OK:
      MUST(line.size <= len && line.size >= 13);
      MUST(memcmp(buf, "HTTP/1.", 7) == 0);
      MUST(line.minor_version == (unsigned)(buf[7] - '0'));
      MUST(line.minor_version <= 9);
      MUST(line.status >= 100 && line.status <= 999);
      {
        char digits[16];
        snprintf(digits, sizeof digits, " %u", line.status);
        MUST(memcmp(buf + 8, digits, 4) == 0);
      }
      MUST(line.reason == (buf[12] == ' ' ? 13u : 12u));
      MUST(line.reason + line.reason_len < line.size);
      for (i = 0; i < line.reason_len; i++)
        MUST(is_value_byte(buf[line.reason + i]));
      i = line.reason + line.reason_len;
      if (line.size - i == 2) MUST(buf[i++] == '\r');
      MUST(line.size - i == 1 && buf[i] == '\n');
      *line_size = line.size;
      return result;
    case H1SCAN_PARTIAL:
      MUST(len == 0 || memchr(buf, '\n', len) == NULL);
      break;
    case H1SCAN_NOT_HTTP:
      MUST(len < 5 || memcmp(buf, "HTTP/", 5) != 0);
      break;
    case H1SCAN_BAD_VERSION:
      MUST(len > 5 && memcmp(buf, "HTTP/", 5) == 0);
      break;
    case H1SCAN_BAD_STATUS:
      MUST(len > 8 && memcmp(buf, "HTTP/1.", 7) == 0);
      break;
    case H1SCAN_BAD_REASON:
      MUST(len > 13 && memcmp(buf, "HTTP/1.", 7) == 0);
      break;
    default:
      MUST(result == H1SCAN_OK);
  }
  MUST(is_untouched(&line, sizeof line));
  return result;
}

/* Fields ----------------------------------------------------------------- */

static void check_field(const unsigned char *buf, size_t start, size_t end,
                        const struct h1scan_field *field) {
  const size_t value_end = field->value + field->value_len;
  int line_ends = 0;
  size_t i;

  /* Name, colon, white space, value, white space, line end: all of the line. */
  MUST(field->name == start && field->name_len > 0);
  MUST(field->name_len < end - start);
  MUST(field->value > start + field->name_len);
  MUST(field->value_len < end - field->value);
  MUST(field->folded == 0 || field->folded == 1);
  for (i = 0; i < field->name_len; i++) MUST(is_token_byte(buf[start + i]));
  MUST(buf[start + field->name_len] == ':');
  for (i = start + field->name_len + 1; i < field->value; i++)
    MUST(is_blank(buf[i]) || buf[i] == '\r' || buf[i] == '\n');
  for (i = value_end; i < end; i++)
    MUST(is_blank(buf[i]) || buf[i] == '\r' || buf[i] == '\n');
  if (field->value_len > 0) {
    MUST(is_value_byte(buf[field->value]) && !is_blank(buf[field->value]));
    MUST(is_value_byte(buf[value_end - 1]) && !is_blank(buf[value_end - 1]));
  }

  for (i = start; i < end; i++) {
    if (buf[i] == '\r') {
      MUST(i + 1 < end && buf[i + 1] == '\n');
    } else if (buf[i] == '\n') {
      line_ends++;
      MUST(i + 1 == end || is_blank(buf[i + 1]));
    } else {
      MUST(is_value_byte(buf[i]));
    }
  }
  MUST(buf[end - 1] == '\n' && !is_blank(buf[end]));
  MUST(field->folded == (line_ends > 1));

  /* Its name is the same in any case, and no other. */
  if (field->name_len <= 64) {
    char lower[65];
    for (i = 0; i < field->name_len; i++) {
      const unsigned char byte = buf[start + i];
      lower[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    MUST(h1scan_same_name(buf + start, field->name_len, lower,
                          field->name_len) == 1);
    MUST(h1scan_same_name(buf + start, field->name_len, lower,
                          field->name_len - 1) == 0);
    lower[field->name_len - 1] = '@';
    MUST(h1scan_same_name(buf + start, field->name_len, lower,
                          field->name_len) == 0);
  }
}

/* Cuts the section that begins at pos; the result that ended it. *end is where
 * the last call left the position. */
static enum h1scan_result walk_fields(const unsigned char *buf, size_t len,
                                      size_t pos, size_t *end) {
  for (;;) {
    const size_t start = pos;
    struct h1scan_field field;
    enum h1scan_result result;
    memset(&field, FILLER, sizeof field);
    result = h1scan_field(buf, len, &pos, &field);
    *end = pos;
    MUST(pos <= len);
    if (result == H1SCAN_OK) {
      MUST(pos > start && pos < len);
      check_field(buf, start, pos, &field);
      continue;
    }
    MUST(is_untouched(&field, sizeof field));
    switch (result) {
      case H1SCAN_END:
        MUST(buf[pos - 1] == '\n');
        MUST(pos - start == 1 || (pos - start == 2 && buf[start] == '\r'));
        break;
      case H1SCAN_PARTIAL:
        MUST(pos == start);
        break;
      case H1SCAN_BAD_FIELD_LINE:
        MUST(pos == start && pos < len && buf[pos] != '\n');
        break;
      case H1SCAN_BAD_FIELD_VALUE:
        MUST(pos == start && len - pos > 2);
        MUST(memchr(buf + pos, ':', len - pos) != NULL);
        break;
      default:
        MUST(result == H1SCAN_OK);
    }
    return result;
  }
}

static void check_section(const unsigned char *buf, size_t len, size_t start,
                          size_t head_end) {
  size_t end, cut_end;
  const enum h1scan_result result = walk_fields(buf, len, start, &end);
  /* Both functions agree about where the section ends. */
  if (result == H1SCAN_END) MUST(end == head_end);
  if (result == H1SCAN_PARTIAL) MUST(head_end == 0);
  if (head_end != 0) {
    unsigned char *const block = block_of(buf, head_end);
    MUST(walk_fields(block + 1, head_end, start, &cut_end) == result);
    MUST(cut_end == end);
    free(block);
  }
}

/* Chunk line ------------------------------------------------------------- */

static enum h1scan_result check_chunk_line(const unsigned char *buf, size_t len,
                                           size_t *line_size) {
  static const char hex[] = "0123456789abcdef0123456789ABCDEF";
  struct h1scan_chunk_line line;
  enum h1scan_result result;
  uint64_t number = 0;
  size_t digits = 0, i;
  int overflow = 0;

  memset(&line, FILLER, sizeof line);
  result = h1scan_chunk_line(buf, len, &line);
  while (digits < len && buf[digits] != '\0') {
    const char *const digit = strchr(hex, buf[digits]);
    if (digit == NULL) break;
    if (number >= (uint64_t)1 << 59) overflow = 1;
    number = number * 16 + (uint64_t)(digit - hex) % 16;
    digits++;
  }

  *line_size = 0;
  MUST(overflow == (result == H1SCAN_CHUNK_TOO_LARGE));
  switch (result) {
    case H1SCAN_OK:
      MUST(digits > 0 && line.chunk_size == number);
      MUST(line.chunk_size <= (uint64_t)INT64_MAX);
      MUST(line.size == digits + line.ext_len + 2 && line.size <= len);
      MUST(buf[line.size - 2] == '\r' && buf[line.size - 1] == '\n');
      for (i = 0; i < line.ext_len; i++) {
        MUST(is_value_byte(buf[digits + i]));
        if (buf[digits + i] == ';') break;
        MUST(is_blank(buf[digits + i]));
      }
      for (; i < line.ext_len; i++) MUST(is_value_byte(buf[digits + i]));
      *line_size = line.size;
      return result;
    case H1SCAN_PARTIAL:
      MUST(len == 0 || memchr(buf, '\n', len) == NULL);
      break;
    case H1SCAN_BAD_CHUNK_SIZE:
      MUST(digits < len);
      break;
    case H1SCAN_BAD_CHUNK_EXT:
      MUST(digits > 0 && digits < len);
      break;
    case H1SCAN_CHUNK_TOO_LARGE:
      break;
    default:
      MUST(result == H1SCAN_OK);
  }
  MUST(is_untouched(&line, sizeof line));
  return result;
}

/* Prefixes --------------------------------------------------------------- */

/* Over the prefixes of an input a function first needs more bytes and then
 * answers the same for good. */
static void check_prefixes(const unsigned char *buf, size_t len) {
  enum h1scan_result status = H1SCAN_PARTIAL;
  enum h1scan_result field = H1SCAN_PARTIAL;
  enum h1scan_result chunk = H1SCAN_PARTIAL;
  size_t status_size = 0, field_size = 0, chunk_size = 0;
  size_t cut;

  for (cut = 0; cut <= len && cut <= LONGEST_PREFIXED; cut++) {
    unsigned char *const block = block_of(buf, cut);
    const unsigned char *const copy = block + 1;
    struct h1scan_field unused;
    enum h1scan_result result;
    size_t size;

    result = check_status_line(copy, cut, &size);
    if (status != H1SCAN_PARTIAL)
      MUST(result == status && size == status_size);
    else if (result == H1SCAN_OK)
      MUST(size == cut);
    status = result;
    status_size = size;

    result = check_chunk_line(copy, cut, &size);
    if (chunk != H1SCAN_PARTIAL)
      MUST(result == chunk && size == chunk_size);
    else if (result == H1SCAN_OK)
      MUST(size == cut);
    chunk = result;
    chunk_size = size;

    size = 0;
    result = h1scan_field(copy, cut, &size, &unused);
    if (field != H1SCAN_PARTIAL)
      MUST(result == field && size == field_size);
    else if (result == H1SCAN_OK)
      MUST(size == cut - 1);
    else if (result == H1SCAN_BAD_FIELD_VALUE)
      MUST(!is_value_byte(copy[cut - 1]) || copy[cut - 2] == '\r');
    else if (result == H1SCAN_BAD_FIELD_LINE)
      MUST(!is_token_byte(copy[cut - 1]) || copy[cut - 2] == '\r');
    field = result;
    field_size = size;
    free(block);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char *const block = block_of(data, size);
  const unsigned char *const buf = block + 1;
  const size_t head_end = check_head_end(buf, size);
  size_t line_size;

  check_spans(buf, size);
  if (check_status_line(buf, size, &line_size) == H1SCAN_OK)
    check_section(buf, size, line_size, head_end);
  check_section(buf, size, 0, head_end);
  check_chunk_line(buf, size, &line_size);
  check_prefixes(buf, size);
  free(block);
  return 0;
}
