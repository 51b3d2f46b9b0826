/*
 * numbers - the arguments of --range, --rs, --ttl and --limit.
 */
#ifndef OUROBOROS_NUMBERS_H
#define OUROBOROS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* "A-B", "A-" or "-N", as HTTP has it. */
struct range {
	bool suffix;	/* the last `first` bytes */
	uint64_t first; /* offset, or N */
	uint64_t last;	/* included; UINT64_MAX = to the end */
};

/* False when text is none: signs, spaces, B before A, over 64 bits, -0. */
bool range_parse(const char *text, struct range *out);
/* What the range is of `size` bytes; false when it begins beyond them. */
bool range_apply(const struct range *range, uint64_t size, uint64_t *offset,
    uint64_t *length);

/* "K+M"; returns NULL, or what is wrong with it. */
const char *rs_parse(const char *text, unsigned *k, unsigned *m);

/* A size: a number of GiB, or one with the unit B, KiB, MiB, GiB or TiB. False
 * when text is none, or over 64 bits. */
bool size_parse(const char *text, uint64_t *bytes);

/* A time to live: a number with s, m, h or d behind it, or 0. False when text
 * is none, or over 64 bits in milliseconds. */
bool duration_parse(const char *text, uint64_t *seconds);
/* Digits alone. */
bool count_parse(const char *text, uint64_t *count);

#endif
