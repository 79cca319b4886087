/* Tests of wsbytes. Prints every failed check and, as its last line,
 * "N passed, M failed"; exit status 1 if M is not 0. */
#include "../wsbytes.h"
#include "checking.h"

/* Headers ---------------------------------------------------------------- */

static int header_of(const char *bytes, size_t len,
                     struct wsbytes_header *header) {
  const struct block block = block_new(bytes, len, 0);
  const int whole = wsbytes_header(block.buf, len, header);
  block_free(block);
  return whole;
}

static void test_header(void) {
  struct wsbytes_header header;
  CHECK(wsbytes_header(NULL, 0, &header) == 0);
  CHECK(header.first == 0 && header.size == 0 && header.length == 0);

  CHECK(header_of("\x81", 1, &header) == 0);
  CHECK(header.first == 0x81 && header.size == 0 && header.is_shortest == 1);
  CHECK(header.short_length == 0 && header.is_masked == 0);

  CHECK(header_of("\x81\x05more", 6, &header) == 1);
  CHECK(header.first == 0x81 && header.size == 2 && header.length == 5);
  CHECK(header.is_masked == 0 && header.is_shortest == 1);
  CHECK(header.short_length == 5);

  CHECK(header_of("\x02\xFD", 2, &header) == 1);
  CHECK(header.first == 2 && header.length == 125 && header.is_masked == 1);
  CHECK(header.short_length == 125);

  CHECK(header_of("\x82\x7E\x01", 3, &header) == 0);
  CHECK(header.short_length == 126 && header.length == 0 && header.size == 0);
  CHECK(header_of("\x82\x7E\x01\x02", 4, &header) == 1);
  CHECK(header.length == 0x102 && header.size == 4 && header.is_shortest == 1);
  CHECK(header_of("\x82\x7E\x00\x7E", 4, &header) == 1);
  CHECK(header.length == 126 && header.is_shortest == 1);
  CHECK(header_of("\x82\x7E\x00\x7D", 4, &header) == 1);
  CHECK(header.length == 125 && header.is_shortest == 0);

  CHECK(header_of("\x82\xFF\x01\x02\x03\x04\x05\x06\x07", 9, &header) == 0);
  CHECK(header.short_length == 127 && header.is_masked == 1);
  CHECK(header_of("\x82\xFF\x01\x02\x03\x04\x05\x06\x07\x08", 10, &header));
  CHECK(header.length == (uint64_t)0x0102030405060708u && header.size == 10);
  CHECK(header_of("\x82\x7F\0\0\0\0\0\1\0\0", 10, &header) == 1);
  CHECK(header.length == 0x10000 && header.is_shortest == 1);
  CHECK(header_of("\x82\x7F\0\0\0\0\0\0\xFF\xFF", 10, &header) == 1);
  CHECK(header.length == 0xFFFF && header.is_shortest == 0);
  CHECK(header_of("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10, &header));
  CHECK(header.length == UINT64_MAX && header.is_shortest == 1);
}

/* Masks ------------------------------------------------------------------ */

static void test_mask(void) {
  const unsigned char key[4] = {0x12, 0x80, 0x00, 0xFF};
  unsigned char bytes[150], expected[150];
  size_t len, shift, offset, i;
  wsbytes_mask(NULL, NULL, 0, key, 0);
  for (i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)random_number(256);

  /* Every length at every alignment of both sides, at every turn of the key. */
  for (len = 0; len <= sizeof bytes; len++) {
    for (shift = 0; shift < 17; shift++) {
      const struct block from = block_new(bytes, len, shift);
      const struct block into = block_new(bytes, len, 16 - shift);
      int wrong = 0;
      for (offset = 0; offset < 9; offset++) {
        for (i = 0; i < len; i++)
          expected[i] = (unsigned char)(bytes[i] ^ key[(offset + i) % 4]);
        wsbytes_mask(into.buf, from.buf, len, key, offset);
        if (memcmp(into.buf, expected, len) != 0) wrong++;
        wsbytes_mask(into.buf, into.buf, len, key, offset);
        if (memcmp(into.buf, bytes, len) != 0) wrong++;
        /* In two parts it becomes the same. */
        wsbytes_mask(into.buf, from.buf, len / 3, key, offset);
        wsbytes_mask(into.buf + len / 3, from.buf + len / 3, len - len / 3, key,
                     offset + len / 3);
        if (memcmp(into.buf, expected, len) != 0) wrong++;
      }
      CHECK(wrong == 0);
      block_free(from);
      block_free(into);
    }
  }
}

/* Frames ----------------------------------------------------------------- */

static void test_frame(void) {
  static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
  static const size_t sizes[] = {6, 7, 131, 134, 135, 65543, 65550, 70014};
  const unsigned char key[4] = {1, 2, 3, 4};
  size_t which, i;
  for (which = 0; which < sizeof lengths / sizeof lengths[0]; which++) {
    const size_t len = lengths[which];
    const size_t size = wsbytes_frame_size(len);
    unsigned char *const payload = (unsigned char *)malloc(len + 1);
    unsigned char *const frame = (unsigned char *)malloc(size);
    struct wsbytes_header header;
    int wrong = 0;
    if (payload == NULL || frame == NULL) exit(2);
    for (i = 0; i < len; i++) payload[i] = (unsigned char)random_number(256);
    CHECK(size == sizes[which]);
    wsbytes_frame(frame, 0xC1, key, payload, len);
    CHECK(wsbytes_header(frame, size, &header) == 1);
    CHECK(header.first == 0xC1 && header.is_masked && header.is_shortest);
    CHECK(header.length == len && header.size + 4 + len == size);
    CHECK(memcmp(frame + header.size, key, 4) == 0);
    for (i = 0; i < len; i++)
      if ((frame[header.size + 4 + i] ^ key[i % 4]) != payload[i]) wrong++;
    CHECK(wrong == 0);
    free(payload);
    free(frame);
  }
  CHECK(wsbytes_frame_size(SIZE_MAX - 14) == SIZE_MAX);
  CHECK(wsbytes_frame_size(SIZE_MAX - 13) == 0);
  CHECK(wsbytes_frame_size(SIZE_MAX) == 0);
}

/* Text ------------------------------------------------------------------- */

/* The bytes of a character; 0 where UTF-8 has none for the number. */
static size_t encode(uint32_t number, unsigned char *into) {
  if (number >= 0xD800 && number <= 0xDFFF) return 0;
  if (number < 0x80) {
    into[0] = (unsigned char)number;
    return 1;
  }
  if (number < 0x800) {
    into[0] = (unsigned char)(0xC0 | number >> 6);
    into[1] = (unsigned char)(0x80 | (number & 0x3F));
    return 2;
  }
  if (number < 0x10000) {
    into[0] = (unsigned char)(0xE0 | number >> 12);
    into[1] = (unsigned char)(0x80 | (number >> 6 & 0x3F));
    into[2] = (unsigned char)(0x80 | (number & 0x3F));
    return 3;
  }
  into[0] = (unsigned char)(0xF0 | number >> 18);
  into[1] = (unsigned char)(0x80 | (number >> 12 & 0x3F));
  into[2] = (unsigned char)(0x80 | (number >> 6 & 0x3F));
  into[3] = (unsigned char)(0x80 | (number & 0x3F));
  return 4;
}

/* How many bytes of one character, or of what is none, can be right: decided by
 * whether any character begins with them, from a table of all that there are. */
static unsigned char begins[1 << 16]; /* by the first two bytes */

static void fill_begins(void) {
  uint32_t number;
  unsigned char bytes[4];
  for (number = 0x80; number <= 0x10FFFF; number++)
    if (encode(number, bytes) != 0)
      begins[bytes[0] << 8 | bytes[1]] = 1;
}

static void test_every_character(void) {
  uint32_t number;
  int wrong = 0;
  for (number = 0; number <= 0x10FFFF; number++) {
    unsigned char bytes[4];
    const size_t size = encode(number, bytes);
    struct wsbytes_utf8 state;
    size_t i;
    if (size == 0) continue;
    memset(&state, 0, sizeof state);
    if (wsbytes_utf8(bytes, size, &state) != size || state.missing != 0) wrong++;
    memset(&state, 0, sizeof state);
    for (i = 0; i < size; i++) {
      if (wsbytes_utf8(bytes + i, 1, &state) != 1) wrong++;
      if (state.missing != size - 1 - i) wrong++;
      if (state.is_not_ascii != (number >= 0x80)) wrong++;
      if (state.came != (i + 1 < size ? i + 1 : 0)) wrong++;
    }
  }
  CHECK(wrong == 0);
}

static void test_every_two_bytes(void) {
  unsigned first, second;
  int wrong = 0;
  for (first = 0; first < 256; first++) {
    for (second = 0; second < 256; second++) {
      const unsigned char bytes[2] = {(unsigned char)first,
                                      (unsigned char)second};
      struct wsbytes_utf8 state;
      size_t good, expected = 2;
      unsigned any;
      if (first < 0x80) {
        if (second >= 0x80 && (second < 0xC2 || second > 0xF4)) expected = 1;
      } else {
        int begun = 0;
        for (any = 0; any < 256; any++) begun |= begins[first << 8 | any];
        if (!begins[first << 8 | second]) expected = begun ? 1 : 0;
      }
      memset(&state, 0, sizeof state);
      good = wsbytes_utf8(bytes, 2, &state);
      if (good != expected) wrong++;
    }
  }
  CHECK(wrong == 0);
}

static void test_later_bytes(void) {
  static const char *const starts[] = {"\xE1\x80", "\xF1\x80", "\xF1\x80\x80"};
  size_t which;
  int byte, wrong = 0;
  for (which = 0; which < 3; which++) {
    for (byte = 0; byte < 256; byte++) {
      const unsigned char last = (unsigned char)byte;
      struct wsbytes_utf8 state;
      const size_t size = strlen(starts[which]);
      memset(&state, 0, sizeof state);
      if (wsbytes_utf8((const unsigned char *)starts[which], size, &state) !=
          size)
        wrong++;
      if (wsbytes_utf8(&last, 1, &state) != (size_t)((byte & 0xC0) == 0x80))
        wrong++;
      if ((byte & 0xC0) != 0x80 && state.came != size) wrong++;
    }
  }
  CHECK(wrong == 0);
}

/* A bad byte at every place of texts that are otherwise ASCII. */
static void test_places(void) {
  size_t len, at, shift;
  for (len = 1; len < 80; len++) {
    for (shift = 0; shift < 8; shift++) {
      unsigned char fill[80];
      struct block block;
      int wrong = 0;
      memset(fill, 'a', sizeof fill);
      block = block_new(fill, len, shift);
      for (at = 0; at < len; at++) {
        struct wsbytes_utf8 state;
        memset(&state, 0, sizeof state);
        if (wsbytes_utf8(block.buf, len, &state) != len) wrong++;
        block.buf[at] = 0xFF;
        if (wsbytes_utf8(block.buf, len, &state) != at) wrong++;
        block.buf[at] = 'a';
      }
      CHECK(wrong == 0);
      block_free(block);
    }
  }
}

static void test_utf8(void) {
  struct wsbytes_utf8 state;
  memset(&state, 0, sizeof state);
  CHECK(wsbytes_utf8(NULL, 0, &state) == 0 && state.missing == 0);
  fill_begins();
  test_every_character();
  test_every_two_bytes();
  test_later_bytes();
  test_places();
}

int main(void) {
  test_header();
  test_mask();
  test_frame();
  test_utf8();
  return report();
}
