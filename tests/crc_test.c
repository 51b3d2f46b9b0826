/*
 * The CRC-32 of ISA-L is the one of IEEE 802.3 that etags show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <isa-l.h>

static uint32_t
crc(const char *text, size_t size)
{
	return crc32_gzip_refl(0, (const unsigned char *)text, size);
}

/* Bit by bit, as the standard says. */
static uint32_t
crc_slowly(const char *text, size_t size)
{
	uint32_t value = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		value ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
	}
	return ~value;
}

static void
M20_the_etag_of_hello_world_is_ec4ac3d0(void **state)
{
	(void)state;
	assert_int_equal(crc("Hello, World!", 13), 0xec4ac3d0);
	assert_int_equal(crc_slowly("Hello, World!", 13), 0xec4ac3d0);
}

static void
crc_agrees_with_a_slow_one(void **state)
{
	char text[257];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 + 3);
	for (size_t size = 0; size <= sizeof text; size++)
		assert_int_equal(crc(text, size), crc_slowly(text, size));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M20_the_etag_of_hello_world_is_ec4ac3d0),
		cmocka_unit_test(crc_agrees_with_a_slow_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
