#include "engine/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEYS 1000000

static int
word_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Fixed for ever: runs on disk depend on them. */
static void
test_vectors(void **state)
{
	static const uint64_t wanted[] = {
		0xb4f3a595004c905f,
		0x52c41942f371e7ac,
		0x8b0b5aa8203acf86,
		0xcb26934e09478e5a,
		0xb492dd06f506c7d4,
		0x10e4d5271cab3c4c,
		0x4f3ebbb2faa65e6c,
		0x6d18e31044523619,
	};
	uint8_t key[40];

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		uint64_t hash = key_hash(0x0706050403020100,
		    bytes_of(key, 5 * (size_t)i));

		if (hash != wanted[i])
			fail_msg("%u bytes: 0x%016llx", 5 * i,
			    (unsigned long long)hash);
	}
}

/* Each bit of key or seed changes each bit of the hash half the time. */
static void
test_a_flipped_bit_changes_half_of_all(void **state)
{
	static const size_t sizes[] = { 1, 3, 4, 7, 8, 12, 16, 17, 32, 40 };

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
		for (size_t bit = 0; bit < 8 * sizes[s] + 64; bit++) {
			unsigned flips[64] = { 0 };

			for (uint64_t n = 0; n < 1000; n++) {
				uint8_t key[40] = { 0 };
				uint64_t seed = n * 0x9e3779b97f4a7c15u, a, b;

				put_u64le(key, n);
				a = key_hash(seed, bytes_of(key, sizes[s]));
				if (bit < 64)
					seed ^= UINT64_C(1) << bit;
				else
					key[bit / 8 - 8] ^= (uint8_t)(1u
					    << bit % 8);
				b = key_hash(seed, bytes_of(key, sizes[s]));
				for (unsigned i = 0; i < 64; i++)
					flips[i] += (unsigned)((a ^ b) >> i &
					    1);
			}
			for (unsigned i = 0; i < 64; i++)
				assert_in_range(flips[i], 400, 600);
		}
}

/* Of numbers in a row all hashes differ, and their low and high 20 bits fall
 * as chance would have them: 1,000,000 into 1,048,576 leaves 404,000 free. */
static void
test_numbers_in_a_row_spread(void **state)
{
	uint64_t *hashes = calloc(KEYS, sizeof *hashes);
	uint8_t *low = calloc(1u << 20, 1), *high = calloc(1u << 20, 1);
	unsigned low_free = 0, high_free = 0;

	(void)state;
	assert_true(hashes != NULL && low != NULL && high != NULL);
	for (uint64_t n = 0; n < KEYS; n++) {
		uint8_t key[16] = { 0 };

		put_u64be(key + 8, n);
		hashes[n] = key_hash(5, bytes_of(key, sizeof key));
		low[hashes[n] & 0xfffff] = 1;
		high[hashes[n] >> 44] = 1;
	}
	for (unsigned i = 0; i < 1u << 20; i++) {
		low_free += low[i] == 0;
		high_free += high[i] == 0;
	}
	assert_in_range(low_free, 401000, 407000);
	assert_in_range(high_free, 401000, 407000);
	qsort(hashes, KEYS, sizeof *hashes, word_order);
	for (unsigned i = 1; i < KEYS; i++)
		assert_true(hashes[i] != hashes[i - 1]);
	free(hashes);
	free(low);
	free(high);
}

static void
test_size_and_seed_matter(void **state)
{
	static const uint8_t zeros[64];
	uint64_t hashes[65];

	(void)state;
	for (size_t size = 0; size <= 64; size++) {
		hashes[size] = key_hash(1, bytes_of(zeros, size));
		assert_true(hashes[size] != key_hash(2, bytes_of(zeros, size)));
	}
	qsort(hashes, 65, sizeof hashes[0], word_order);
	for (unsigned i = 1; i < 65; i++)
		assert_true(hashes[i] != hashes[i - 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_a_flipped_bit_changes_half_of_all),
		cmocka_unit_test(test_numbers_in_a_row_spread),
		cmocka_unit_test(test_size_and_seed_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
