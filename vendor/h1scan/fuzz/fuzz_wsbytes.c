/* libFuzzer target: every function of wsbytes over one input, which lies in a
 * heap block of exactly its size. The first bytes choose cuts and the key. */
#include "../wsbytes.h"
#include "must.h"

/* Headers ---------------------------------------------------------------- */

static void check_header(const unsigned char *buf, size_t len) {
  struct wsbytes_header header, again;
  const int whole = wsbytes_header(buf, len, &header);
  size_t cut;
  if (whole) {
    const unsigned shorter = buf[1] & 0x7Fu;
    MUST(header.size <= len && header.size <= WSBYTES_MAX_HEADER);
    MUST(header.size == (shorter < 126 ? 2 : shorter == 126 ? 4 : 10));
    MUST(header.short_length == shorter);
    if (header.size == 2) MUST(header.length == shorter && header.is_shortest);
    if (header.size == 4) MUST(header.length == (uint64_t)(buf[2] * 256 + buf[3]));
    MUST(header.is_shortest ==
         (unsigned)(header.size == 2 ||
                    header.length >= (header.size == 4 ? 126u : 0x10000u)));
    /* One byte less is not enough; more change nothing. */
    for (cut = 0; cut < header.size; cut++) {
      unsigned char *const block = block_of(buf, cut);
      MUST(wsbytes_header(block + 1, cut, &again) == 0 && again.size == 0);
      MUST(again.is_shortest == 1 && again.length == 0);
      if (cut > 0) MUST(again.first == header.first);
      if (cut > 1) MUST(again.is_masked == header.is_masked);
      if (cut > 1) MUST(again.short_length == header.short_length);
      free(block);
    }
  } else {
    MUST(header.size == 0 && len < WSBYTES_MAX_HEADER);
  }
}

/* Masks and frames ------------------------------------------------------- */

static void check_mask(const unsigned char *buf, size_t len,
                       const unsigned char *key, size_t cut) {
  unsigned char *const block = block_of(buf, len);
  unsigned char *const parts = block_of(buf, len);
  size_t i;
  cut = len == 0 ? 0 : cut % (len + 1);
  wsbytes_mask(block + 1, buf, len, key, cut);
  for (i = 0; i < len; i++)
    MUST(block[1 + i] == (buf[i] ^ key[(cut + i) % 4]));
  wsbytes_mask(parts + 1, buf, cut, key, 0);
  wsbytes_mask(parts + 1 + cut, buf + cut, len - cut, key, cut);
  for (i = 0; i < len; i++) MUST(parts[1 + i] == (buf[i] ^ key[i % 4]));
  wsbytes_mask(parts + 1, parts + 1, len, key, 0);
  MUST(memcmp(parts + 1, buf, len) == 0);
  free(block);
  free(parts);
}

static void check_frame(const unsigned char *buf, size_t len,
                        const unsigned char *key, unsigned char first) {
  const size_t size = wsbytes_frame_size(len);
  unsigned char *const frame = (unsigned char *)malloc(size);
  struct wsbytes_header header;
  MUST(frame != NULL);
  wsbytes_frame(frame, first, key, buf, len);
  MUST(wsbytes_header(frame, size, &header) == 1);
  MUST(header.first == first && header.is_masked && header.is_shortest);
  MUST(header.length == len && header.size + 4 + len == size);
  MUST(memcmp(frame + header.size, key, 4) == 0);
  wsbytes_mask(frame + header.size + 4, frame + header.size + 4, len, key, 0);
  MUST(memcmp(frame + header.size + 4, buf, len) == 0);
  free(frame);
}

/* Text ------------------------------------------------------------------- */

/* How many bytes at the start of buf can be one character: its size, or minus
 * one less than how many are good if it is none. *is_whole tells which. */
static size_t character(const unsigned char *buf, size_t len, int *is_whole) {
  static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned byte = buf[0];
  const size_t size = byte < 0x80 ? 1
                      : byte >> 5 == 6 ? 2
                      : byte >> 4 == 14 ? 3
                      : byte >> 3 == 30 ? 4
                                        : 0;
  uint32_t low, high;
  size_t i;
  *is_whole = 0;
  if (size == 0) return 0;
  low = high = size == 1 ? byte : byte & (0x7Fu >> size);
  for (i = 1; i <= size; i++) {
    /* The numbers that characters with these bytes can have: is any of them
     * one that this size is for? */
    const unsigned open = (unsigned)(6 * (size - i));
    const uint32_t from = low << open;
    const uint32_t to = (high << open) | (((uint32_t)1 << open) - 1);
    if (to < smallest[size] || from > 0x10FFFF ||
        (from >= 0xD800 && to <= 0xDFFF))
      return i - 1;
    if (i == size) break;
    if (i == len || buf[i] >> 6 != 2) return i;
    low = high = low << 6 | (buf[i] & 0x3Fu);
  }
  *is_whole = 1;
  return size;
}

static void check_utf8(const unsigned char *buf, size_t len, size_t cut) {
  struct wsbytes_utf8 state, parts;
  size_t good = 0, at, i;
  int is_whole = 1;
  unsigned came = 0;
  while (good < len) {
    const size_t size = character(buf + good, len - good, &is_whole);
    good += size;
    if (!is_whole) {
      came = (unsigned)size;
      break;
    }
  }
  memset(&state, 0, sizeof state);
  MUST(wsbytes_utf8(buf, len, &state) == good);
  MUST(state.came == came);
  for (i = 0; i < good && buf[i] < 0x80; i++) continue;
  MUST(state.is_not_ascii == (i < good));
  MUST((state.missing != 0) == (came != 0));

  /* In two parts, and byte by byte. */
  cut = len == 0 ? 0 : cut % (len + 1);
  memset(&parts, 0, sizeof parts);
  at = wsbytes_utf8(buf, cut, &parts);
  if (at == cut) at += wsbytes_utf8(buf + cut, len - cut, &parts);
  MUST(at == good && parts.came == state.came);
  MUST(parts.missing == state.missing);
  MUST(parts.is_not_ascii == state.is_not_ascii);
  memset(&parts, 0, sizeof parts);
  for (i = 0; i < len; i++)
    if (wsbytes_utf8(buf + i, 1, &parts) != 1) break;
  MUST(i == good && parts.came == state.came);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t chosen = size < 6 ? size : 6;
  unsigned char choice[6] = {0, 0, 0, 0, 0, 0};
  unsigned char *const block = block_of(data + chosen, size - chosen);
  const unsigned char *const buf = block + 1;
  if (chosen > 0) memcpy(choice, data, chosen);
  size -= chosen;
  check_header(buf, size);
  check_mask(buf, size, choice, choice[4]);
  check_frame(buf, size, choice, choice[5]);
  check_utf8(buf, size, choice[4]);
  free(block);
  return 0;
}
