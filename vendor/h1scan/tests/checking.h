/* What the tests share: checks that are counted, and buffers that end exactly
 * where their input ends. */
#ifndef CHECKING_H
#define CHECKING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long passed;
static unsigned long failed;

static void check(int holds, const char *what, const char *input, int line) {
  if (holds) {
    passed++;
    return;
  }
  failed++;
  if (failed > 100) return; /* more would only bury the first ones */
  printf("line %d: %s", line, what);
  if (input != NULL) {
    printf("  for \"");
    for (; *input != '\0'; input++) {
      if (*input >= ' ' && *input <= '~')
        putchar(*input);
      else
        printf("\\x%02X", (unsigned)(unsigned char)*input);
    }
    putchar('"');
  }
  putchar('\n');
}

/* Independent of NDEBUG, unlike assert. */
#define CHECK(condition) check((condition) != 0, #condition, NULL, __LINE__)
#define CHECK_FOR(input, condition) \
  check((condition) != 0, #condition, (input), __LINE__)

/* Exact buffers ---------------------------------------------------------- */

struct block {
  unsigned char *base;
  unsigned char *buf; /* base + 1 or more, so that it is valid for length 0 */
};

static struct block block_new(const void *bytes, size_t len, size_t shift) {
  struct block block;
  block.base = (unsigned char *)malloc(1 + shift + len);
  if (block.base == NULL) {
    printf("out of memory\n");
    exit(2);
  }
  block.buf = block.base + 1 + shift;
  if (len > 0) memcpy(block.buf, bytes, len);
  return block;
}

static void block_free(struct block block) { free(block.base); }

/* The same numbers in every run, on every machine. */
static uint32_t random_state = 12345u;

static uint32_t random_number(uint32_t below) {
  random_state = random_state * 1664525u + 1013904223u;
  return (random_state >> 8) % below;
}

/* The last thing that main() does. */
static int report(void) {
  printf("%lu passed, %lu failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

#endif
