#include "engine/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Each is read back whole, and from no byte less. */
static void
number_try(uint64_t value)
{
	uint8_t bytes[VARINT_MAX];
	size_t size = (size_t)(varint_put(bytes, value) - bytes);
	uint64_t out = ~value;

	assert_in_range(size, 1, VARINT_MAX);
	assert_ptr_equal(varint_get(bytes, bytes + size, &out), bytes + size);
	assert_true(out == value);
	for (size_t cut = 0; cut < size; cut++)
		assert_null(varint_get(bytes, bytes + cut, &out));
}

static void
test_numbers_around_every_power_of_two(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		number_try(UINT64_C(1) << bit);
		number_try((UINT64_C(1) << bit) - 1);
		number_try((UINT64_C(1) << bit) + 1);
	}
	number_try(UINT64_MAX);
}

static void
test_more_than_64_bits_are_refused(void **state)
{
	uint8_t bytes[VARINT_MAX + 1];
	uint64_t out;

	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	assert_null(varint_get(bytes, bytes + sizeof bytes, &out));
	bytes[VARINT_MAX - 1] = 2;
	assert_null(varint_get(bytes, bytes + sizeof bytes, &out));
	bytes[VARINT_MAX - 1] = 1;
	assert_non_null(varint_get(bytes, bytes + sizeof bytes, &out));
	assert_true(out == UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_around_every_power_of_two),
		cmocka_unit_test(test_more_than_64_bits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
