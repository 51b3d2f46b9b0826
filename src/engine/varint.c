#include "engine/varint.h"

uint8_t *
varint_put(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

const uint8_t *
varint_get_long(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		uint64_t bits = *at & 0x7fu;

		if (shift == 63 && bits > 1)
			return NULL;
		value |= bits << shift;
		if (*at++ < 0x80) {
			*out = value;
			return at;
		}
	}
	return NULL;
}
