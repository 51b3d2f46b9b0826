/*
 * hex - published values as text, for this layer's tests.
 */
#ifndef CRYPT_VECTORS_HEX_H
#define CRYPT_VECTORS_HEX_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "crypt/crypt.h"

static inline uint8_t
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	assert_in_range(c, 'a', 'f');
	return (uint8_t)(c - 'a' + 10);
}

/* Decodes text, which must be exactly size bytes. */
static inline void
hex_exact(const char *text, uint8_t *out, size_t size)
{
	assert_int_equal(strlen(text), 2 * size);
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 |
		    hex_digit(text[2 * i + 1]));
}

/* Decodes into out, which has room for size_max bytes. */
static inline struct bytes
hex_bytes(const char *text, uint8_t *out, size_t size_max)
{
	size_t size = strlen(text) / 2;

	assert_true(size <= size_max);
	hex_exact(text, out, size);
	return bytes_of(out, size);
}

static inline void
assert_hex(const void *data, size_t size, const char *text)
{
	uint8_t expected[2048];

	assert_true(size <= sizeof(expected));
	hex_exact(text, expected, size);
	assert_memory_equal(data, expected, size);
}

static inline bool
all_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != 0)
			return false;
	}
	return true;
}

#endif
