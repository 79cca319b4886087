/* wsbytes: see wsbytes.h for the contract of every function here. */
#include "wsbytes.h"

#include <string.h>

/* As in h1scan.c: what the target guarantees, chosen when compiling. Nothing here
 * depends on the order of lanes, so big-endian ARM is no exception. */
#if !defined(H1SCAN_NO_SIMD)
#if defined(__SSE2__) || defined(_M_X64)
#define WS_SSE2 1
#include <emmintrin.h>
#elif defined(__ARM_NEON) || defined(__aarch64__) || defined(_M_ARM64)
#define WS_NEON 1
#include <arm_neon.h>
#endif
#endif

/* Headers ---------------------------------------------------------------- */

int wsbytes_header(const unsigned char *buf, size_t len,
                   struct wsbytes_header *header) {
  size_t size = 2, i;
  uint64_t length = 0;
  header->first = len > 0 ? buf[0] : 0;
  header->is_masked = 0;
  header->short_length = 0;
  header->is_shortest = 1;
  header->length = 0;
  header->size = 0;
  if (len < 2) return 0;
  header->is_masked = (unsigned)buf[1] >> 7;
  header->short_length = buf[1] & 0x7Fu;
  if (header->short_length == 126) size = 4;
  if (header->short_length == 127) size = 10;
  if (len < size) return 0;
  for (i = 2; i < size; i++) length = length << 8 | buf[i];
  if (size == 2) length = header->short_length;
  if (size == 4) header->is_shortest = length >= 126;
  if (size == 10) header->is_shortest = length >= 0x10000;
  header->length = length;
  header->size = size;
  return 1;
}

/* Masks ------------------------------------------------------------------ */

void wsbytes_mask(unsigned char *into, const unsigned char *from, size_t len,
                  const unsigned char *key, size_t offset) {
  unsigned char turned[16];
  uint64_t key_word, word;
  size_t i = 0, k;
  for (k = 0; k < 16; k++) turned[k] = key[(offset + k) & 3];
#if defined(WS_SSE2)
  {
    const __m128i keys = _mm_loadu_si128((const __m128i *)(const void *)turned);
    for (; len - i >= 32; i += 32) {
      const __m128i a =
          _mm_loadu_si128((const __m128i *)(const void *)(from + i));
      const __m128i b =
          _mm_loadu_si128((const __m128i *)(const void *)(from + i + 16));
      _mm_storeu_si128((__m128i *)(void *)(into + i), _mm_xor_si128(a, keys));
      _mm_storeu_si128((__m128i *)(void *)(into + i + 16),
                       _mm_xor_si128(b, keys));
    }
  }
#elif defined(WS_NEON)
  {
    const uint8x16_t keys = vld1q_u8(turned);
    for (; len - i >= 16; i += 16)
      vst1q_u8(into + i, veorq_u8(vld1q_u8(from + i), keys));
  }
#endif
  memcpy(&key_word, turned, 8);
  for (; len - i >= 8; i += 8) {
    memcpy(&word, from + i, 8);
    word ^= key_word;
    memcpy(into + i, &word, 8);
  }
  /* Whole steps of 8 leave the turn of the key where it was. */
  for (k = 0; i < len; i++, k++)
    into[i] = (unsigned char)(from[i] ^ turned[k]);
}

/* Frames ----------------------------------------------------------------- */

static size_t length_size(size_t len) {
  if (len < 126) return 0;
  return len < 0x10000 ? 2 : 8;
}

size_t wsbytes_frame_size(size_t len) {
  const size_t more = 2 + length_size(len) + 4;
  return len > SIZE_MAX - more ? 0 : more + len;
}

void wsbytes_frame(unsigned char *into, unsigned char first,
                   const unsigned char *key, const unsigned char *payload,
                   size_t len) {
  const size_t form = length_size(len);
  uint64_t length = len;
  size_t i;
  into[0] = first;
  into[1] = (unsigned char)(0x80 | (form == 0 ? len : form == 2 ? 126 : 127));
  for (i = form; i > 0; i--) {
    into[1 + i] = (unsigned char)(length & 0xFF);
    length >>= 8;
  }
  memcpy(into + 2 + form, key, 4);
  wsbytes_mask(into + 6 + form, payload, len, key, 0);
}

/* Text ------------------------------------------------------------------- */

/* How many leading bytes are ASCII, by whole steps: there may be a few more. */
static size_t ascii_steps(const unsigned char *buf, size_t len) {
  const uint64_t high = (uint64_t)0x8080808080808080u;
  uint64_t word;
  size_t i = 0;
#if defined(WS_SSE2)
  for (; len - i >= 64; i += 64) {
    const __m128i *const at = (const __m128i *)(const void *)(buf + i);
    const __m128i first = _mm_or_si128(_mm_loadu_si128(at),
                                       _mm_loadu_si128(at + 1));
    const __m128i second = _mm_or_si128(_mm_loadu_si128(at + 2),
                                        _mm_loadu_si128(at + 3));
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) break;
  }
#elif defined(WS_NEON)
  for (; len - i >= 32; i += 32) {
    const uint64x2_t both = vreinterpretq_u64_u8(
        vorrq_u8(vld1q_u8(buf + i), vld1q_u8(buf + i + 16)));
    if (((vgetq_lane_u64(both, 0) | vgetq_lane_u64(both, 1)) & high) != 0)
      break;
  }
#endif
  for (; len - i >= 8; i += 8) {
    memcpy(&word, buf + i, 8);
    if ((word & high) != 0) break;
  }
  return i;
}

/* What may follow the first byte of a character (RFC 3629 section 4); 0 if the
 * byte cannot be a first one. */
static int begin(unsigned char byte, struct wsbytes_utf8 *state) {
  unsigned char lowest = 0x80, highest = 0xBF, missing;
  if (byte < 0xC2 || byte > 0xF4) return 0;
  if (byte < 0xE0) {
    missing = 1;
  } else if (byte < 0xF0) {
    missing = 2;
    if (byte == 0xE0) lowest = 0xA0;   /* shorter forms exist */
    if (byte == 0xED) highest = 0x9F;  /* surrogates */
  } else {
    missing = 3;
    if (byte == 0xF0) lowest = 0x90;   /* shorter forms exist */
    if (byte == 0xF4) highest = 0x8F;  /* beyond U+10FFFF */
  }
  state->is_not_ascii = 1;
  state->came = 1;
  state->missing = missing;
  state->lowest = lowest;
  state->highest = highest;
  return 1;
}

size_t wsbytes_utf8(const unsigned char *buf, size_t len,
                    struct wsbytes_utf8 *state) {
  size_t i = 0;
  while (i < len) {
    if (state->missing != 0) {
      if (buf[i] < state->lowest || buf[i] > state->highest) return i;
      state->missing--;
      state->came = state->missing == 0 ? 0 : (unsigned char)(state->came + 1);
      state->lowest = 0x80;
      state->highest = 0xBF;
      i++;
    } else if (buf[i] >= 0x80) {
      if (!begin(buf[i], state)) return i;
      i++;
    } else {
      const size_t steps = ascii_steps(buf + i, len - i);
      i += steps != 0 ? steps : 1;
    }
  }
  return len;
}
