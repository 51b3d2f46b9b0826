#include "seal/buzhash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLACK 64 /* alignments tried */
#define WORDS (BUZHASH_REGION / 64)

static uint64_t seed;

static uint8_t
random_byte(void)
{
	seed = seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint8_t)(seed >> 56);
}

/* The definition, every window from scratch. */
static bool
is_hit(const uint8_t *terms, const uint8_t *window)
{
	uint32_t hash = 0;
	for (unsigned j = 0; j < 32; j++) {
		uint32_t term = get_u32le(terms + 4 * window[j]);
		unsigned by = 31 - j;
		hash ^= by ? term << by | term >> (32 - by) : term;
	}
	return hash % 8192 == 0;
}

static unsigned
check_variant(buzhash_scan *scan, const uint8_t *terms, const uint8_t *at)
{
	struct buzhash buzhash;
	uint64_t hits[WORDS];
	unsigned count = 0;

	buzhash_init(&buzhash, terms);
	memset(hits, 0xa5, sizeof hits);
	scan(&buzhash, at, hits);
	for (size_t i = 0; i < BUZHASH_REGION; i++) {
		bool expected = is_hit(terms, at + i - BUZHASH_WINDOW);
		bool told = hits[i / 64] >> (i % 64) & 1;
		assert_true(told == expected);
		count += told;
	}
	return count;
}

/* alphabet values, period 0 = none. */
static void
fill(uint8_t *data, size_t size, unsigned alphabet, size_t period)
{
	for (size_t i = 0; i < size; i++)
		if (period && i >= period)
			data[i] = data[i - period];
		else
			data[i] = (uint8_t)(random_byte() % alphabet * 37);
}

static const struct {
	unsigned alphabet;
	size_t period;
} kinds[] = {
	{ 256, 0 },
	{ 1, 0 },
	{ 2, 0 },
	{ 3, 0 },
	{ 256, 2 },
	{ 256, 3 },
	{ 256, 31 },
	{ 256, 32 },
	{ 256, 33 },
	{ 256, 64 },
	{ 256, 256 },
};

static void
check_all_kinds(buzhash_scan *scan, unsigned sparse, unsigned least)
{
	/* Exactly the bytes that may be read, so that ASan sees more. */
	const size_t size = BUZHASH_BEFORE + BUZHASH_REGION - 1;
	uint8_t terms[1024];
	unsigned hits = 0;

	for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
		for (size_t round = 0; round < 4; round++) {
			seed = kind * 100 + round;
			for (size_t i = 0; i < sizeof terms; i++)
				terms[i] = random_byte();
			for (size_t i = 0; i < 256; i++)
				if (random_byte() % sparse)
					memset(terms + 4 * i, 0, 4);
			size_t shift = random_byte() % SLACK;
			uint8_t *data = malloc(shift + size);
			assert_non_null(data);
			fill(data, shift + size, kinds[kind].alphabet,
			    kinds[kind].period);
			hits += check_variant(scan, terms,
			    data + shift + BUZHASH_BEFORE);
			free(data);
		}
	assert_true(hits >= least);
}

static void
portable_scan_is_the_definition(void **state)
{
	(void)state;
	check_all_kinds(buzhash_scan_portable, 1, 1);
	check_all_kinds(buzhash_scan_portable, 32, 10000);
}

static void
fastest_scan_is_the_definition(void **state)
{
	(void)state;
	check_all_kinds(buzhash_fastest(), 1, 1);
	check_all_kinds(buzhash_fastest(), 32, 10000);
	if (buzhash_fastest() == buzhash_scan_portable)
		print_message("no wide variant on this machine\n");
}

static void
one_byte_value_hashes_to_all_zeros_or_ones(void **state)
{
	(void)state;
	uint8_t terms[1024], window[BUZHASH_WINDOW];
	struct buzhash buzhash;

	seed = 1;
	for (size_t i = 0; i < sizeof terms; i++)
		terms[i] = random_byte();
	buzhash_init(&buzhash, terms);
	for (unsigned value = 0; value < 256; value++) {
		memset(window, (int)value, sizeof window);
		uint32_t odd = (uint32_t)__builtin_parity(buzhash.terms[value]);
		assert_int_equal(buzhash_window(&buzhash,
				     window + BUZHASH_WINDOW),
		    odd ? UINT32_MAX : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(portable_scan_is_the_definition),
		cmocka_unit_test(fastest_scan_is_the_definition),
		cmocka_unit_test(one_byte_value_hashes_to_all_zeros_or_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
