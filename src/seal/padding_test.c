#include "seal/padding.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
known_values(void **state)
{
	(void)state;
	static const uint64_t table[][2] = {
		{ 0, 0 },
		{ 1, 1 },
		{ 2, 2 },
		{ 3, 3 },
		{ 7, 7 },
		{ 8, 8 },
		{ 9, 10 },
		{ 10, 10 },
		{ 15, 16 },
		{ 16, 16 },
		{ 17, 18 },
		{ 31, 32 },
		{ 33, 36 },
		{ 100, 104 },
		{ 127, 128 },
		{ 1000, 1024 },
		{ 1024, 1024 },
		{ 1025, 1088 },
		{ 65535, 65536 },
		{ 65537, 67584 },
		{ 100000, 100352 },
		{ 262145, 270336 },
		{ 524289, 540672 },
		{ 1000000, 1015808 },
		{ UINT64_C(1) << 40, UINT64_C(1) << 40 },
		{ (UINT64_C(1) << 40) + 1,
		    (UINT64_C(1) << 40) + (UINT64_C(1) << 34) },
		{ PADME_SIZE_MAX - 1, PADME_SIZE_MAX },
		{ PADME_SIZE_MAX, PADME_SIZE_MAX },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_int_equal(padme(table[i][0]), table[i][1]);
}

/* The definition, with logarithms by counting and rounding by division. */
static uint64_t
slow_padme(uint64_t size)
{
	if (size < 2)
		return size;
	uint64_t e = 0, s = 1;
	while (size >> (e + 1))
		e++;
	while (e >> s)
		s++;
	uint64_t step = 1;
	for (uint64_t i = s; i < e; i++)
		step *= 2;
	return (size + step - 1) / step * step;
}

static void
matches_the_definition_and_is_monotone_and_cheap(void **state)
{
	(void)state;
	uint64_t last = 0;
	for (uint64_t size = 0; size < 1100000; size++) {
		uint64_t padded = padme(size);
		assert_true(padded == slow_padme(size));
		assert_true(padded >= size && padded >= last);
		assert_true(padme(padded) == padded);
		assert_true((padded - size) * 100 < 12 * (size + !size));
		if (size >= 65536)
			assert_true((padded - size) * 32 <= size);
		last = padded;
	}
}

static void
few_buckets_for_chunks(void **state)
{
	(void)state;
	unsigned buckets = 0;
	for (uint64_t size = 1; size <= 524288; size++)
		buckets += padme(size) == size;
	/* 19 binary orders of at most 32 buckets each. */
	assert_true(buckets <= 19 * 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(
		    matches_the_definition_and_is_monotone_and_cheap),
		cmocka_unit_test(few_buckets_for_chunks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
