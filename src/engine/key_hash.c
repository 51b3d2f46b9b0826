/*
 * key_hash - multiply, and fold the 128-bit product: 16 bytes of key a round.
 *
 *   fold(a, b) = low(a * b) ^ high(a * b)
 *   h          = fold(seed ^ A, B)
 *   h          = fold(word0 ^ C ^ h, word1 ^ D ^ rotate(h, 32))
 *                for each 16 bytes but the last 1 to 16
 *   x, y       = the last bytes, as two words (below)
 *   result     = fold(fold(x ^ A ^ h, y ^ B ^ rotate(h, 32)) ^ C, size ^ D)
 *
 * Of the last n bytes: n >= 8: the first and the last 8; n >= 4: the first
 * and the last 4; else the first, middle and last byte, and 0. Words are
 * little-endian; middle is byte n / 2; a shift of 8 and 16 puts them side by
 * side.
 */
#include "engine/place.h"

#define KEY_HASH_A 0x9fb21c651e98df25u
#define KEY_HASH_B 0xd6e8feb86659fd93u
#define KEY_HASH_C 0xa0761d6478bd642fu
#define KEY_HASH_D 0xc2b2ae3d27d4eb4fu

__extension__ typedef unsigned __int128 key_hash_wide;

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	key_hash_wide product = (key_hash_wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
turned(uint64_t h)
{
	return h << 32 | h >> 32;
}

/* The last 0 to 16 bytes. */
static inline void
tail_words(const uint8_t *p, size_t n, uint64_t *x, uint64_t *y)
{
	*y = 0;
	if (n >= 8) {
		*x = get_u64le(p);
		*y = get_u64le(p + n - 8);
	} else if (n >= 4) {
		*x = get_u32le(p);
		*y = get_u32le(p + n - 4);
	} else if (n > 0) {
		*x = p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
	} else {
		*x = 0;
	}
}

uint64_t
key_hash(uint64_t seed, struct bytes key)
{
	uint64_t h = fold(seed ^ KEY_HASH_A, KEY_HASH_B), x, y;
	const uint8_t *p = key.data;
	size_t n = key.size;

	for (; n > 16; p += 16, n -= 16)
		h = fold(get_u64le(p) ^ KEY_HASH_C ^ h,
		    get_u64le(p + 8) ^ KEY_HASH_D ^ turned(h));
	tail_words(p, n, &x, &y);
	return fold(fold(x ^ KEY_HASH_A ^ h, y ^ KEY_HASH_B ^ turned(h)) ^
		KEY_HASH_C,
	    key.size ^ KEY_HASH_D);
}
