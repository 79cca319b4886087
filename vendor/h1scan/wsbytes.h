/* wsbytes: the loops over the bytes of WebSocket frames (RFC 6455).
 *
 * Cuts the header of a frame, masks payloads, writes a client's frame, and
 * checks text as UTF-8 in pieces of any size. As in h1scan.h nothing is
 * allocated or kept, no byte at or past the given length is read, and there is
 * no global state. A buffer may be NULL where its length is 0.
 */
#ifndef WSBYTES_H
#define WSBYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest header of a frame that is not masked. */
#define WSBYTES_MAX_HEADER 10

struct wsbytes_header {
  unsigned char first; /* FIN, RSV1 to RSV3 and the opcode, as they came */
  unsigned is_masked;    /* 1 if the mask bit is set; the size is without the key */
  unsigned short_length; /* of the second byte: 126 and 127 stand for longer forms */
  unsigned is_shortest;  /* 1 if the length is in its shortest form */
  uint64_t length;       /* of the payload */
  size_t size;           /* of the header: 2, 4 or 10 */
};

/* Cuts the header of a frame (section 5.2); 1 if it is whole. If it is not, 0,
 * and *header has what there is: size and length are 0, and so is whatever did
 * not come, but is_shortest is 1.
 * Nothing is refused: what a header means is the caller's to decide. */
int wsbytes_header(const unsigned char *buf, size_t len,
                   struct wsbytes_header *header);

/* Writes len bytes of from to into, each XOR a byte of the key: the first one
 * with key[offset % 4] (section 5.3). into may be from; other overlaps are not
 * allowed. */
void wsbytes_mask(unsigned char *into, const unsigned char *from, size_t len,
                  const unsigned char *key, size_t offset);

/* The size of a client's frame with a payload of len bytes: header, key and
 * payload; 0 if it is too large for a size_t. */
size_t wsbytes_frame_size(size_t len);

/* Writes a client's frame, wsbytes_frame_size(len) bytes: the length in its
 * shortest form, the key of four bytes, the payload masked. The payload must
 * not overlap with into. */
void wsbytes_frame(unsigned char *into, unsigned char first,
                   const unsigned char *key, const unsigned char *payload,
                   size_t len);

/* Where in a character a text stands; all 0 at its start. */
struct wsbytes_utf8 {
  unsigned char came;    /* bytes of a character that came */
  unsigned char missing; /* bytes of it that are to come; 0 between characters */
  unsigned char lowest;  /* what the next of them may be, if one is missing */
  unsigned char highest;
  unsigned char is_not_ascii; /* 1 once a character is none of ASCII */
};

/* How many bytes of buf can go on with the text: len, or the index of the first
 * that cannot (RFC 3629: no overlong form, no surrogate, nothing beyond
 * U+10FFFF). *state is as of there. A text may end where state->missing is 0. */
size_t wsbytes_utf8(const unsigned char *buf, size_t len,
                    struct wsbytes_utf8 *state);

#ifdef __cplusplus
}
#endif

#endif
