#include "seal/chunker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypt/kdf.h"
#include "crypt/mac.h"

#define MIB	 ((size_t)1 << 20)
#define CUTS_MAX 1024

static const uint8_t secret_a[KEY_SIZE] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
	29, 30, 31 };
static const uint8_t secret_b[KEY_SIZE] = { 1 };

static struct chunker_table *table_a, *table_b;
static struct chunker *chunker_a, *chunker_b;

/* Ends of chunks, in order. */
struct cuts {
	size_t at[CUTS_MAX];
	size_t count;
};

static void
fill_random(uint8_t *data, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		data[i] = (uint8_t)(seed >> 56);
	}
}

static uint8_t *
random_data(size_t size, uint64_t seed)
{
	uint8_t *data = malloc(size);
	assert_non_null(data);
	fill_random(data, size, seed);
	return data;
}

static void
cut_all(struct chunker *chunker, const uint8_t *data, size_t size,
    struct cuts *cuts)
{
	size_t done = 0, length;
	cuts->count = 0;
	while (done < size) {
		assert_int_equal(chunker_cut(chunker,
				     bytes_of(data + done, size - done), true,
				     &length, NULL),
		    OURO_OK);
		assert_true(length > 0 && cuts->count < CUTS_MAX);
		done += length;
		cuts->at[cuts->count++] = done;
	}
	assert_true(done == size);
}

static void
assert_same(const struct cuts *a, const struct cuts *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->at, b->at, a->count * sizeof a->at[0]);
}

/* ---- the definition, byte by byte --------------------------------------- */

struct reference {
	uint32_t terms[256];
	struct siphash *siphash;
};

static void
reference_init(struct reference *reference, const uint8_t *secret)
{
	uint8_t raw[1024], key[16];
	const struct bytes from = bytes_of(secret, 32), none = { NULL, 0 };
	assert_int_equal(kdf_hkdf(from, none,
			     bytes_text("ouroboros buzhash table 1"), raw, 1024,
			     NULL),
	    0);
	assert_int_equal(kdf_hkdf(from, none,
			     bytes_text("ouroboros chunk siphash 1"), key, 16,
			     NULL),
	    0);
	for (size_t i = 0; i < 256; i++)
		reference->terms[i] = get_u32le(raw + 4 * i);
	assert_int_equal(siphash_new(key, &reference->siphash, NULL), 0);
}

static size_t
reference_cut(const struct reference *reference, const uint8_t *data,
    size_t size)
{
	uint32_t hash = 0;
	for (size_t p = 1; p <= size && p < 524288; p++) {
		hash = hash << 1 | hash >> 31;
		hash ^= reference->terms[data[p - 1]];
		if (p > 32)
			hash ^= reference->terms[data[p - 33]];
		if (p < 131072 || hash % 8192 != 0)
			continue;
		uint64_t sip;
		assert_int_equal(siphash_compute(reference->siphash,
				     bytes_of(data + p - 32, 32), &sip, NULL),
		    0);
		if (sip % 16 == 0)
			return p;
	}
	return size < 524288 ? size : 524288;
}

static void
check_reference(const uint8_t *data, size_t size)
{
	struct reference reference;
	struct cuts cuts;
	size_t done = 0;

	cut_all(chunker_a, data, size, &cuts);
	reference_init(&reference, secret_a);
	for (size_t i = 0; i < cuts.count; i++) {
		done += reference_cut(&reference, data + done, size - done);
		assert_int_equal(done, cuts.at[i]);
	}
	siphash_free(reference.siphash);
}

static void
agrees_with_the_definition(void **state)
{
	(void)state;
	const size_t size = 5 * MIB + 12345;
	static const size_t periods[] = { 2, 7, 32, 256, 4096, 50000, 200000 };
	uint8_t *data = random_data(size, 7);

	check_reference(data, size);
	for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
		for (size_t at = periods[i]; at < size; at++)
			data[at] = data[at - periods[i]];
		check_reference(data, size);
		fill_random(data, 2 * MIB, i);
	}
	fill_random(data, size, 8);
	for (size_t i = 0; i < size; i++)
		data[i] &= 1;
	check_reference(data, size);
	free(data);
}

/* Runs that begin and end anywhere, also inside a region. */
static void
agrees_with_the_definition_around_runs(void **state)
{
	(void)state;
	const size_t size = 6 * MIB;
	uint8_t *data = random_data(size, 9);
	uint64_t x = 11;
	for (size_t at = 0; at < size;) {
		x = x * UINT64_C(6364136223846793005) + 1;
		size_t run = (size_t)(x >> 40) % 60000;
		if (run > size - at)
			run = size - at;
		if (x >> 63)
			memset(data + at, (int)(x >> 32 & 255), run);
		at += run + 1;
	}
	check_reference(data, size);
	free(data);
}

/* ---- K07 ------------------------------------------------------------------ */

/* As a stream does it: pieces arrive, whole chunks leave. */
static void
cut_in_pieces(const uint8_t *data, size_t size, size_t piece_max,
    struct cuts *cuts)
{
	size_t have = 0, done = 0;
	uint64_t x = piece_max;
	cuts->count = 0;
	while (done < size) {
		size_t length;
		assert_int_equal(chunker_cut(chunker_a,
				     bytes_of(data + done, have - done),
				     have == size, &length, NULL),
		    OURO_OK);
		if (length) {
			done += length;
			cuts->at[cuts->count++] = done;
			continue;
		}
		assert_true(have < size);
		x = x * UINT64_C(6364136223846793005) + 1;
		size_t more = 1 + (size_t)(x >> 33) % piece_max;
		have += more < size - have ? more : size - have;
	}
}

static void
K07_chunking_is_deterministic(void **state)
{
	(void)state;
	static const size_t pieces[] = { 700, 131072, 524288, 3000000 };
	const size_t size = 4 * MIB + 77;
	uint8_t *data = random_data(size, 1);
	struct cuts whole, again, other;
	struct chunker_table *table;
	struct chunker *chunker;

	cut_all(chunker_a, data, size, &whole);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		cut_in_pieces(data, size, pieces[i], &again);
		assert_same(&whole, &again);
	}
	/* Another object from the same secret. */
	assert_int_equal(chunker_table_new(secret_a, &table, NULL), OURO_OK);
	assert_int_equal(chunker_new(table, &chunker, NULL), OURO_OK);
	cut_all(chunker, data, size, &other);
	assert_same(&whole, &other);
	chunker_free(chunker);
	chunker_table_free(table);
	free(data);
}

/* Also the stored format: computed by a separate program. */
static void
K07_known_cuts(void **state)
{
	(void)state;
	static const size_t expected[] = { 254911, 481795, 919281, 1064196,
		1201707, 1480171, 1651395, 2097152 };
	uint8_t *data = random_data(2 * MIB, 1);
	struct cuts cuts;

	cut_all(chunker_a, data, 2 * MIB, &cuts);
	assert_int_equal(cuts.count, sizeof expected / sizeof expected[0]);
	assert_memory_equal(cuts.at, expected, sizeof expected);
	free(data);
}

/* Chunks of b that end at no (shifted) end of a. */
static size_t
new_ends(const struct cuts *a, const struct cuts *b, size_t shift)
{
	size_t fresh = 0, i = 0;
	for (size_t j = 0; j < b->count; j++) {
		while (i < a->count && a->at[i] + shift < b->at[j])
			i++;
		fresh += i == a->count || a->at[i] + shift != b->at[j];
	}
	return fresh;
}

static void
K07_an_inserted_byte_changes_only_the_chunks_around_it(void **state)
{
	(void)state;
	const size_t size = 16 * MIB;
	uint8_t *data = random_data(size + 1, 2);
	struct cuts before, after;

	cut_all(chunker_a, data + 1, size, &before);
	cut_all(chunker_a, data, size + 1, &after);
	assert_true(before.count > 50);
	/* All of them, were it not for the content; the ends meet soon. */
	assert_true(new_ends(&before, &after, 1) <= 6);
	assert_int_equal(after.at[after.count / 2] - 1,
	    before.at[before.count - (after.count - after.count / 2)]);

	/* In the middle: what lies before stays, too. */
	memmove(data, data + 1, size / 2);
	data[size / 2] ^= 1;
	cut_all(chunker_a, data, size + 1, &after);
	for (size_t i = 0; before.at[i] < size / 2; i++)
		assert_int_equal(before.at[i], after.at[i]);
	assert_int_equal(before.at[before.count - 10] + 1,
	    after.at[after.count - 10]);
	free(data);
}

static void
K07_minimum_and_maximum_are_respected(void **state)
{
	(void)state;
	const size_t size = 64 * MIB;
	uint8_t *data = random_data(size, 3);
	struct cuts cuts;
	size_t start = 0, at_max = 0;

	cut_all(chunker_a, data, size, &cuts);
	for (size_t i = 0; i + 1 < cuts.count; i++) {
		size_t length = cuts.at[i] - start;
		assert_in_range(length, 128 * 1024, 512 * 1024);
		at_max += length == 512 * 1024;
		start = cuts.at[i];
	}
	/* e^-3 of them in the mean. */
	assert_in_range(at_max, 2, 30);
	size_t mean = start / (cuts.count - 1);
	assert_in_range(mean, 200 * 1024, 300 * 1024);
	free(data);
}

static void
K07_runs_of_one_byte_value_are_cut_at_128_or_512_KiB(void **state)
{
	(void)state;
	const size_t size = 2 * MIB;
	uint8_t *data = malloc(size);
	struct cuts cuts;
	unsigned shorts = 0, longs = 0;

	assert_non_null(data);
	for (unsigned value = 0; value < 256; value++) {
		memset(data, (int)value, size);
		cut_all(chunker_a, data, size, &cuts);
		bool is_short = cuts.at[0] == 128 * 1024;
		for (size_t i = 0; i < cuts.count; i++)
			assert_int_equal(cuts.at[i],
			    (i + 1) * (is_short ? 128 * 1024 : 512 * 1024));
		shorts += is_short;
		longs += !is_short;
	}
	assert_true(shorts >= 1 && longs >= 128);
	free(data);
}

/* ---- the rest ------------------------------------------------------------- */

static void
K08_repeating_content_is_covered_exactly(void **state)
{
	(void)state;
	const size_t size = 50 * MIB;
	uint8_t *data = calloc(1, size);
	struct cuts whole, pieces;

	assert_non_null(data);
	/* The last end is the size: cut_all checks it. */
	cut_all(chunker_a, data, MIB, &whole);
	cut_all(chunker_a, data, 10 * MIB, &whole);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)i;
	cut_all(chunker_a, data, size, &whole);
	cut_in_pieces(data, size, MIB, &pieces);
	assert_same(&whole, &pieces);
	free(data);
}

static void
another_secret_cuts_elsewhere(void **state)
{
	(void)state;
	const size_t size = 16 * MIB;
	uint8_t *data = random_data(size, 4);
	struct cuts a, b;

	cut_all(chunker_a, data, size, &a);
	cut_all(chunker_b, data, size, &b);
	/* The end of the data is common. */
	assert_true(new_ends(&a, &b, 0) >= b.count - 2);
	free(data);
}

static void
short_streams_and_missing_input(void **state)
{
	(void)state;
	uint8_t *data = random_data(MIB, 5);
	size_t length = 99;

	assert_int_equal(chunker_cut(chunker_a, bytes_of(NULL, 0), true,
			     &length, NULL),
	    OURO_OK);
	assert_int_equal(length, 0);
	for (size_t size = 1; size <= 131072; size = size * 2 - size / 3) {
		assert_int_equal(chunker_cut(chunker_a, bytes_of(data, size),
				     true, &length, NULL),
		    OURO_OK);
		assert_int_equal(length, size);
	}
	assert_int_equal(chunker_cut(chunker_a, bytes_of(data, 524287), false,
			     &length, NULL),
	    OURO_OK);
	assert_int_equal(length, 0);
	assert_int_equal(chunker_cut(chunker_a, bytes_of(data, 524288), false,
			     &length, NULL),
	    OURO_OK);
	assert_true(length > 0);
	free(data);
}

/* What an earlier call saw behind the end must not count. */
static void
nothing_behind_the_end_counts(void **state)
{
	(void)state;
	uint8_t *data = random_data(MIB, 1);
	size_t cut, length;

	assert_int_equal(chunker_cut(chunker_a, bytes_of(data, MIB), true, &cut,
			     NULL),
	    OURO_OK);
	for (size_t less = 0; less < 200; less++) {
		assert_int_equal(chunker_cut(chunker_a,
				     bytes_of(data, cut + 10), true, &length,
				     NULL),
		    OURO_OK);
		assert_int_equal(length, cut);
		assert_int_equal(chunker_cut(chunker_a,
				     bytes_of(data, cut - less), true, &length,
				     NULL),
		    OURO_OK);
		assert_int_equal(length, cut - less);
	}
	free(data);
}

static int
set_up(void **state)
{
	(void)state;
	return chunker_table_new(secret_a, &table_a, NULL) ||
	    chunker_table_new(secret_b, &table_b, NULL) ||
	    chunker_new(table_a, &chunker_a, NULL) ||
	    chunker_new(table_b, &chunker_b, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	chunker_free(chunker_a);
	chunker_free(chunker_b);
	chunker_free(NULL);
	chunker_table_free(table_a);
	chunker_table_free(table_b);
	chunker_table_free(NULL);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_definition),
		cmocka_unit_test(agrees_with_the_definition_around_runs),
		cmocka_unit_test(K07_chunking_is_deterministic),
		cmocka_unit_test(K07_known_cuts),
		cmocka_unit_test(
		    K07_an_inserted_byte_changes_only_the_chunks_around_it),
		cmocka_unit_test(K07_minimum_and_maximum_are_respected),
		cmocka_unit_test(
		    K07_runs_of_one_byte_value_are_cut_at_128_or_512_KiB),
		cmocka_unit_test(K08_repeating_content_is_covered_exactly),
		cmocka_unit_test(another_secret_cuts_elsewhere),
		cmocka_unit_test(short_streams_and_missing_input),
		cmocka_unit_test(nothing_behind_the_end_counts),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
