/*
 * varint - unsigned numbers in 1 to 10 bytes: seven bits each, the lowest
 * first; the high bit is set in all bytes but the last.
 */
#ifndef ENGINE_VARINT_H
#define ENGINE_VARINT_H

#include "base/bytes.h"

#define VARINT_MAX 10 /* bytes */

/* Returns the byte behind it; there is room for VARINT_MAX. */
uint8_t *varint_put(uint8_t *at, uint64_t value);

/* The part of varint_get for more than one byte. */
const uint8_t *varint_get_long(const uint8_t *at, const uint8_t *end,
    uint64_t *out);

/* The byte behind the number at `at`; NULL when it does not end before end or
 * is larger than 64 bits. */
static inline const uint8_t *
varint_get(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
	if (__builtin_expect(at < end && *at < 0x80, 1)) {
		*out = *at;
		return at + 1;
	}
	if (__builtin_expect(end - at >= 2 && at[1] < 0x80, 1)) {
		*out = (at[0] & 0x7fu) | (uint64_t)at[1] << 7;
		return at + 2;
	}
	return varint_get_long(at, end, out);
}

#endif
