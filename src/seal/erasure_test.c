#include "seal/erasure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALL ERASURE_SLICES_MAX

static uint64_t seed = 1;

static uint32_t
random_below(uint32_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % limit;
}

/* ---- an independent, slow implementation -------------------------------- */

/* Carry-less product, then the remainder by x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t
slow_multiply(uint8_t a, uint8_t b)
{
	unsigned product = 0;
	for (unsigned bit = 0; bit < 8; bit++)
		if (b >> bit & 1)
			product ^= (unsigned)a << bit;
	for (unsigned bit = 14; bit >= 8; bit--)
		if (product >> bit & 1)
			product ^= 0x11du << (bit - 8);
	return (uint8_t)product;
}

static uint8_t
slow_inverse(uint8_t a)
{
	for (unsigned b = 1; b < 256; b++)
		if (slow_multiply(a, (uint8_t)b) == 1)
			return (uint8_t)b;
	fail_msg("no inverse of %u", a);
	return 0;
}

/* Coefficient of data slice c in slice i. */
static uint8_t
slow_coefficient(unsigned k, unsigned i, unsigned c)
{
	if (i < k)
		return i == c;
	return slow_inverse((uint8_t)((255 - (i - k)) ^ c));
}

/* Solves for the data from slices numbered in have (k of them), in place:
 * Gauss-Jordan on the augmented matrix. rows is k x (k + size). */
static void
slow_decode(unsigned k, const unsigned *have, uint8_t *const slices[],
    size_t size, uint8_t *rows)
{
	const size_t width = k + size;
	for (unsigned r = 0; r < k; r++) {
		for (unsigned c = 0; c < k; c++)
			rows[r * width + c] = slow_coefficient(k, have[r], c);
		memcpy(rows + r * width + k, slices[have[r]], size);
	}
	for (unsigned c = 0; c < k; c++) {
		unsigned pivot = c;
		while (pivot < k && !rows[pivot * width + c])
			pivot++;
		assert_true(pivot < k);
		for (size_t i = 0; pivot != c && i < width; i++) {
			uint8_t swap = rows[c * width + i];
			rows[c * width + i] = rows[pivot * width + i];
			rows[pivot * width + i] = swap;
		}
		uint8_t scale = slow_inverse(rows[c * width + c]);
		for (size_t i = 0; i < width; i++)
			rows[c * width + i] = slow_multiply(scale,
			    rows[c * width + i]);
		for (unsigned r = 0; r < k; r++) {
			uint8_t factor = rows[r * width + c];
			for (size_t i = 0; r != c && factor && i < width; i++)
				rows[r * width + i] ^= slow_multiply(factor,
				    rows[c * width + i]);
		}
	}
}

/* ---- a stripe in memory --------------------------------------------------- */

struct stripe {
	unsigned k, m;
	size_t size;
	struct erasure *erasure;
	uint8_t *good[ALL]; /* as encoded */
	uint8_t *work[ALL]; /* damaged and rebuilt */
};

static void
stripe_make(struct stripe *stripe, unsigned k, unsigned m, size_t size)
{
	*stripe = (struct stripe){ .k = k, .m = m, .size = size };
	assert_int_equal(erasure_new(k, m, &stripe->erasure, NULL), OURO_OK);
	for (unsigned i = 0; i < k + m; i++) {
		stripe->good[i] = malloc(size);
		stripe->work[i] = malloc(size);
		assert_true(stripe->good[i] && stripe->work[i]);
		for (size_t b = 0; b < size; b++)
			stripe->good[i][b] = (uint8_t)random_below(256);
	}
	erasure_encode(stripe->erasure, (const uint8_t *const *)stripe->good,
	    stripe->good + k, size);
}

static void
stripe_free(struct stripe *stripe)
{
	erasure_free(stripe->erasure);
	for (unsigned i = 0; i < stripe->k + stripe->m; i++) {
		free(stripe->good[i]);
		free(stripe->work[i]);
	}
}

/* All slices wanted; the lost ones hold rubbish. */
static enum ouro_status
stripe_rebuild(struct stripe *stripe, const bool lost[ALL],
    struct ouro_error *err)
{
	struct erasure_slices slices = { .size = stripe->size };
	for (unsigned i = 0; i < stripe->k + stripe->m; i++) {
		memcpy(stripe->work[i], stripe->good[i], stripe->size);
		if (lost[i])
			memset(stripe->work[i], 0xa5, stripe->size);
		slices.data[i] = stripe->work[i];
		slices.present[i] = !lost[i];
		slices.wanted[i] = true;
	}
	return erasure_rebuild(stripe->erasure, &slices, err);
}

static void
assert_rebuilt(const struct stripe *stripe)
{
	for (unsigned i = 0; i < stripe->k + stripe->m; i++)
		assert_memory_equal(stripe->work[i], stripe->good[i],
		    stripe->size);
}

static void
assert_slow_decode_agrees(const struct stripe *stripe, const bool lost[ALL])
{
	unsigned have[ALL], count = 0;
	const size_t width = stripe->k + stripe->size;
	uint8_t *rows = malloc(stripe->k * width);

	assert_non_null(rows);
	/* The last ones, so that parity is used wherever it can be. */
	for (unsigned i = stripe->k + stripe->m; i-- > 0;)
		if (!lost[i] && count < stripe->k)
			have[count++] = i;
	slow_decode(stripe->k, have, stripe->good, stripe->size, rows);
	for (unsigned i = 0; i < stripe->k; i++)
		assert_memory_equal(rows + i * width + stripe->k,
		    stripe->good[i], stripe->size);
	free(rows);
}

static void
every_combination(unsigned k, unsigned m)
{
	struct stripe stripe;
	struct ouro_error err;

	stripe_make(&stripe, k, m, 37);
	for (unsigned mask = 0; mask < 1u << (k + m); mask++) {
		bool lost[ALL] = { false };
		unsigned count = (unsigned)__builtin_popcount(mask);
		for (unsigned i = 0; i < k + m; i++)
			lost[i] = mask >> i & 1;
		if (count <= m) {
			assert_int_equal(stripe_rebuild(&stripe, lost, &err),
			    OURO_OK);
			assert_rebuilt(&stripe);
			assert_slow_decode_agrees(&stripe, lost);
			continue;
		}
		assert_int_equal(stripe_rebuild(&stripe, lost, &err),
		    OURO_DAMAGED);
		char text[80];
		snprintf(text, sizeof text,
		    "only %u of %u slices are good, "
		    "%u are needed",
		    k + m - count, k + m, k);
		assert_string_equal(err.text, text);
		for (unsigned i = 0; i < k + m; i++)
			assert_int_equal(stripe.work[i][0],
			    lost[i] ? 0xa5 : stripe.good[i][0]);
	}
	stripe_free(&stripe);
}

static void
K11_every_combination_of_lost_slices_1_2(void **state)
{
	(void)state;
	every_combination(1, 2);
}

static void
K11_every_combination_of_lost_slices_3_2(void **state)
{
	(void)state;
	every_combination(3, 2);
}

static void
K11_every_combination_of_lost_slices_4_2(void **state)
{
	(void)state;
	every_combination(4, 2);
}

static void
K11_every_combination_of_lost_slices_8_4(void **state)
{
	(void)state;
	every_combination(8, 4);
}

/* ---- K10 and the rest ----------------------------------------------------- */

static void
K10_more_parity_later_keeps_what_is_there(void **state)
{
	(void)state;
	struct stripe stripe;
	struct erasure *more;
	uint8_t row[100], *parity[7];

	stripe_make(&stripe, 5, 2, sizeof row);
	assert_int_equal(erasure_new(5, 7, &more, NULL), OURO_OK);
	for (unsigned r = 0; r < 7; r++) {
		parity[r] = malloc(sizeof row);
		assert_non_null(parity[r]);
	}
	erasure_encode(more, (const uint8_t *const *)stripe.good, parity,
	    sizeof row);
	for (unsigned r = 0; r < 7; r++) {
		if (r < 2)
			assert_memory_equal(parity[r], stripe.good[5 + r],
			    sizeof row);
		erasure_encode_row(stripe.erasure, r,
		    (const uint8_t *const *)stripe.good, row, sizeof row);
		assert_memory_equal(row, parity[r], sizeof row);
	}
	/* Old and new rows together: data from parity 0, 1, 4, 5 and 6. */
	struct erasure_slices slices = { .size = sizeof row };
	for (unsigned i = 0; i < 12; i++) {
		slices.data[i] = i < 5 ? stripe.work[i] : parity[i - 5];
		slices.present[i] = i >= 5 && i != 7 && i != 8;
		slices.wanted[i] = i < 5;
	}
	assert_int_equal(erasure_rebuild(more, &slices, NULL), OURO_OK);
	for (unsigned i = 0; i < 5; i++)
		assert_memory_equal(stripe.work[i], stripe.good[i], sizeof row);
	for (unsigned r = 0; r < 7; r++)
		free(parity[r]);
	erasure_free(more);
	stripe_free(&stripe);
}

/* Also the stored format: computed by a separate program. */
static void
known_parity(void **state)
{
	(void)state;
	static const uint8_t data[3][7] = { "ourobor", "osdb in", " C 2026" };
	static const uint8_t expected[3][7] = {
		{ 0xbe, 0xb3, 0x15, 0x5a, 0x26, 0x0f, 0x4d },
		{ 0x73, 0x84, 0x2d, 0xbb, 0x5f, 0x1a, 0xcd },
		{ 0x4f, 0xac, 0xd5, 0x82, 0xa2, 0xdc, 0xab },
	};
	const uint8_t *const in[] = { data[0], data[1], data[2] };
	struct erasure *erasure;
	uint8_t parity[7];

	assert_int_equal(erasure_new(3, 2, &erasure, NULL), OURO_OK);
	for (unsigned r = 0; r < 3; r++) {
		erasure_encode_row(erasure, r, in, parity, sizeof parity);
		assert_memory_equal(parity, expected[r], sizeof parity);
	}
	erasure_free(erasure);
}

static void
encoding_is_the_definition(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, 2, 15, 31, 32, 33, 63, 64, 100, 255,
		1027 };
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
		struct stripe stripe;
		stripe_make(&stripe, 6, 5, sizes[s]);
		for (unsigned r = 0; r < 5; r++)
			for (size_t b = 0; b < sizes[s]; b++) {
				uint8_t sum = 0;
				for (unsigned c = 0; c < 6; c++)
					sum ^= slow_multiply(stripe.good[c][b],
					    slow_coefficient(6, 6 + r, c));
				assert_int_equal(sum, stripe.good[6 + r][b]);
			}
		stripe_free(&stripe);
	}
}

static void
lose_some(unsigned k, unsigned m, size_t size)
{
	struct stripe stripe;
	bool lost[ALL] = { false };

	stripe_make(&stripe, k, m, size);
	for (unsigned gone = 0; gone < m;) {
		unsigned i = random_below(k + m);
		gone += !lost[i];
		lost[i] = true;
	}
	assert_int_equal(stripe_rebuild(&stripe, lost, NULL), OURO_OK);
	assert_rebuilt(&stripe);
	stripe_free(&stripe);
}

static void
any_k_and_m_up_to_255(void **state)
{
	(void)state;
	lose_some(1, 0, 10);
	lose_some(255, 0, 1);
	lose_some(1, 254, 3);
	lose_some(254, 1, 33);
	lose_some(127, 128, 65);
	lose_some(3, 2, 65537);
	for (unsigned round = 0; round < 12; round++) {
		unsigned k = 1 + random_below(200);
		lose_some(k, random_below(256 - k), 1 + random_below(100));
	}
}

static void
only_what_is_wanted_is_touched(void **state)
{
	(void)state;
	struct stripe stripe;
	stripe_make(&stripe, 3, 3, 50);
	struct erasure_slices slices = { .size = 50 };
	/* Slices 1 and 5 lost, 1 wanted; 0 and 4 present and wanted. 4 is
	 * not needed and holds other bytes: it stays as it is. */
	for (unsigned i = 0; i < 6; i++) {
		slices.present[i] = i != 1 && i != 5;
		slices.data[i] = i == 5 ? NULL : stripe.work[i];
		memcpy(stripe.work[i], stripe.good[i], 50);
	}
	memset(stripe.good[4], 7, 50);
	memset(stripe.work[4], 7, 50);
	slices.wanted[0] = slices.wanted[1] = slices.wanted[4] = true;
	memset(stripe.work[1], 0, 50);
	assert_int_equal(erasure_rebuild(stripe.erasure, &slices, NULL), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_memory_equal(stripe.work[i], stripe.good[i], 50);
	/* Nothing wanted is nothing to do, however few are left. */
	memset(&slices, 0, sizeof slices);
	assert_int_equal(erasure_rebuild(stripe.erasure, &slices, NULL), 0);
	slices.wanted[0] = true;
	slices.size = (size_t)ERASURE_SIZE_MAX + 1;
	assert_int_equal(erasure_rebuild(stripe.erasure, &slices, NULL),
	    OURO_TOO_LARGE);
	stripe_free(&stripe);
}

static void
limits_are_explained(void **state)
{
	(void)state;
	struct ouro_error err;
	struct erasure *erasure = NULL;

	assert_int_equal(erasure_valid(1, 0, &err), OURO_OK);
	assert_int_equal(erasure_valid(255, 0, &err), OURO_OK);
	assert_int_equal(erasure_valid(1, 254, &err), OURO_OK);
	assert_int_equal(erasure_valid(0, 2, &err), OURO_INVALID);
	assert_string_equal(err.text, "k = 0: at least 1 data slice is needed");
	assert_int_equal(erasure_valid(200, 56, &err), OURO_INVALID);
	assert_string_equal(err.text,
	    "k = 200 and m = 56: k + m must not be over 255");
	assert_int_equal(erasure_valid(256, 0, NULL), OURO_INVALID);
	assert_int_equal(erasure_valid(1, UINT64_MAX, NULL), OURO_INVALID);
	assert_int_equal(erasure_valid(UINT64_MAX, 2, NULL), OURO_INVALID);
	assert_int_equal(erasure_new(0, 1, &erasure, &err), OURO_INVALID);
	assert_null(erasure);
	erasure_free(NULL);
}

static void
slice_sizes(void **state)
{
	(void)state;
	assert_int_equal(erasure_slice_size(0, 3), 0);
	assert_int_equal(erasure_slice_size(1, 3), 1);
	assert_int_equal(erasure_slice_size(9, 3), 3);
	assert_int_equal(erasure_slice_size(10, 3), 4);
	assert_int_equal(erasure_slice_size(7, 1), 7);
	assert_int_equal(erasure_slice_size(SIZE_MAX, 1), SIZE_MAX);
	assert_int_equal(erasure_slice_size(SIZE_MAX, 2), SIZE_MAX / 2 + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K11_every_combination_of_lost_slices_1_2),
		cmocka_unit_test(K11_every_combination_of_lost_slices_3_2),
		cmocka_unit_test(K11_every_combination_of_lost_slices_4_2),
		cmocka_unit_test(K11_every_combination_of_lost_slices_8_4),
		cmocka_unit_test(K10_more_parity_later_keeps_what_is_there),
		cmocka_unit_test(known_parity),
		cmocka_unit_test(encoding_is_the_definition),
		cmocka_unit_test(any_k_and_m_up_to_255),
		cmocka_unit_test(only_what_is_wanted_is_touched),
		cmocka_unit_test(limits_are_explained),
		cmocka_unit_test(slice_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
