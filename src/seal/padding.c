#include "seal/padding.h"

#include <assert.h>

/* floor(log2 v) + 1; v > 0. */
static unsigned
bit_length(uint64_t v)
{
	return 64 - (unsigned)__builtin_clzll(v);
}

uint64_t
padme(uint64_t size)
{
	assert(size <= PADME_SIZE_MAX);
	if (size < 2)
		return size;
	unsigned exponent = bit_length(size) - 1;
	unsigned kept = bit_length(exponent);
	assert(kept <= exponent);
	uint64_t low = (UINT64_C(1) << (exponent - kept)) - 1;
	return (size + low) & ~low;
}
