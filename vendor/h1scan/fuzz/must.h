/* What the fuzz targets share: aborting where something does not hold, and
 * inputs in blocks of exactly their size. */
#ifndef MUST_H
#define MUST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                               \
  do {                                                \
    if (!(condition)) violated(#condition, __LINE__); \
  } while (0)

static void violated(const char *what, int line) {
  fprintf(stderr, "line %d: violated: %s\n", line, what);
  abort();
}

/* A block to be freed by its start; the copy of the input is behind the first
 * byte, so that there is an address to hand over for an empty one too. */
static unsigned char *block_of(const unsigned char *bytes, size_t len) {
  unsigned char *const block = (unsigned char *)malloc(1 + len);
  MUST(block != NULL);
  if (len > 0) memcpy(block + 1, bytes, len);
  return block;
}

#endif
