#include "seal/stripe.h"

#include <pthread.h>

#include "seal/padding.h"
#include "seal/stripe_fixture.h"

/* ---- sealing ----------------------------------------------------------- */

static void
every_size_and_codec_comes_back(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 7, 100, 4096, 4097, 65536,
		262144, CHUNK_SIZE_MAX - 1, CHUNK_SIZE_MAX };
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int level = 0; level <= 3; level += 3) {
			f.options.level = level;
			fixture_seal(&f, sizes[i]);
			assert_int_equal(padme(f.stripe.sealed_size),
			    f.stripe.sealed_size);
			fixture_assert_opens(&f);
			memset(f.clear.data, 'a', sizes[i]);
			fixture_seal_clear(&f);
			fixture_assert_opens(&f);
			assert_int_equal(f.bad_count, 0);
			if (level && sizes[i] > 4096)
				assert_true(f.stripe.sealed_size < 200);
		}
	}
	fixture_release(&f);
}

static void
empty_and_too_long_chunks_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_fill(&f.clear, CHUNK_SIZE_MAX + 1, 1);
	assert_int_equal(stripe_seal(&f.options, buffer_bytes(&f.clear),
			     &f.stripe, &f.err),
	    OURO_INVALID);
	assert_int_equal(stripe_seal(&f.options, bytes_of(NULL, 0), &f.stripe,
			     &f.err),
	    OURO_INVALID);
	fs_memory_fault(f.fs,
	    (struct fs_fault){ .call = FS_CALL_RANDOM, .nth = 1, .errnum = 5 });
	assert_int_equal(stripe_seal(&f.options, bytes_of("x", 1), &f.stripe,
			     &f.err),
	    OURO_IO);
	fixture_release(&f);
}

static void
the_largest_bucket_is_the_stated_one(void **state)
{
	(void)state;
	assert_int_equal(padme(CHUNK_SIZE_MAX + 5), SEALED_SIZE_MAX);
	assert_int_equal(padme(6), SEALED_SIZE_MIN);
}

static void
a_warm_stripe_allocates_nothing(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 262144);
	fixture_assert_opens(&f);
	struct stripe before = f.stripe;
	uint8_t *opened = f.opened.data;
	for (size_t size = 262144; size > 1; size = size * 2 / 3) {
		fixture_seal(&f, size);
		fixture_assert_opens(&f);
		assert_ptr_equal(f.stripe.block.data, before.block.data);
		assert_ptr_equal(f.stripe.scratch.data, before.scratch.data);
		assert_ptr_equal(f.opened.data, opened);
	}
	fixture_release(&f);
}

static void
what_is_behind_the_sealed_bytes_is_zero(void **state)
{
	static const uint8_t zeros[8];
	struct fixture f;

	(void)state;
	fixture_init(&f, 10, 2);
	fixture_seal(&f, 30000);
	f.options.level = 0;
	fixture_seal(&f, 2); /* 7 bytes in 10 slices of one */
	for (unsigned i = 7; i < 10; i++)
		assert_memory_equal(f.good[i].data.data, zeros, 1);
	fixture_seal(&f, 30000);
	fixture_seal(&f, 17); /* 22 bytes in 10 slices of 3 */
	assert_int_equal(f.stripe.slice_size, 3);
	assert_memory_equal(f.good[7].data.data + 1, zeros, 2);
	assert_memory_equal(f.good[9].data.data, zeros, 3);
	fixture_assert_opens(&f);
	fixture_release(&f);
}

/* ---- generations ------------------------------------------------------- */

static void
K10_two_sealings_of_a_chunk_never_mix(void **state)
{
	struct fixture a, b;

	(void)state;
	fixture_init(&a, 3, 2);
	fixture_init(&b, 3, 2);
	fixture_seal(&a, 5000);
	fixture_fill(&b.clear, 1, 1);
	fixture_seal_clear(&b); /* uses up a salt */
	fixture_seal(&b, 5000);
	assert_memory_equal(a.clear.data, b.clear.data, 5000);
	assert_memory_not_equal(a.stripe.id, b.stripe.id, STRIPE_ID_SIZE);

	/* Three of one, two of the other: the three win, whatever they are. */
	for (unsigned mask = 0; mask < 32; mask++) {
		unsigned of_a = 0;
		for (unsigned i = 0; i < 5; i++) {
			a.given[i] = mask >> i & 1 ? &a.good[i] : &b.good[i];
			of_a += mask >> i & 1;
		}
		fixture_assert_opens(&a);
		assert_int_equal(a.bad_count, of_a > 2 ? 5 - of_a : of_a);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(fixture_is_bad(&a, i),
			    (mask >> i & 1) != (of_a > 2));
	}
	/* Two and two of a kind make no stripe of three. */
	a.given[0] = &a.good[0];
	a.given[1] = &a.good[1];
	a.given[2] = &b.good[2];
	a.given[3] = &b.good[3];
	a.given[4] = NULL;
	fixture_assert_damaged(&a);
	fixture_release(&a);
	fixture_release(&b);
}

static void
K10_other_k_m_epoch_and_level_stay_readable(void **state)
{
	static const struct {
		unsigned k, m;
		uint32_t epoch;
		int level;
	} ways[] = { { 1, 0, 1, 0 }, { 1, 2, 1, 3 }, { 3, 2, 2, 19 },
		{ 10, 5, 70000, 1 }, { 200, 55, 1, 3 }, { 255, 0, 1, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct fixture f;
		fixture_init(&f, ways[i].k, ways[i].m);
		f.options.epoch = ways[i].epoch;
		f.options.level = ways[i].level;
		fixture_seal(&f, 3000);
		assert_int_equal(f.good[0].epoch, ways[i].epoch);
		fixture_assert_opens(&f);
		for (unsigned j = 0; j < ways[i].m; j++)
			f.given[j] = NULL;
		fixture_assert_opens(&f);
		fixture_release(&f);
	}
}

static void
K10_m_can_be_raised_later(void **state)
{
	struct fixture f;
	struct buffer stored[3] = { 0 };
	struct slice raised[3];

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 5000);
	f.given[0] = NULL;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(stripe_rebuild(f.given, 5 + i, &stored[i],
				     &f.err),
		    OURO_OK);
		assert_int_equal(slice_decode(buffer_bytes(&stored[i]),
				     &raised[i], &f.err),
		    OURO_OK);
		assert_int_equal(slice_check(&raised[i], &f.err), OURO_OK);
		assert_memory_equal(raised[i].stripe_id, f.stripe.id,
		    STRIPE_ID_SIZE);
		assert_int_equal(raised[i].count, 6 + i);
	}
	/* Any three of the eight will do, also the new ones alone. */
	for (unsigned i = 0; i < 5; i++)
		f.given[i] = NULL;
	for (unsigned i = 0; i < 3; i++)
		f.given[5 + i] = &raised[i];
	fixture_assert_opens(&f);

	/* A new one, rebuilt from others, is the same again. */
	struct buffer again = { 0 };
	f.given[1] = &f.good[1];
	f.given[6] = NULL;
	assert_int_equal(stripe_rebuild(f.given, 6, &again, &f.err), OURO_OK);
	assert_true(
	    bytes_equal(buffer_bytes(&again), buffer_bytes(&stored[1])));
	/* As many parity rows as there are in all. */
	assert_int_equal(stripe_rebuild(f.given, 254, &again, &f.err), OURO_OK);
	assert_int_equal(stripe_rebuild(f.given, 255, &again, &f.err),
	    OURO_INVALID);
	buffer_release(&again);
	for (unsigned i = 0; i < 3; i++) {
		slice_release(&raised[i]);
		buffer_release(&stored[i]);
	}
	fixture_release(&f);
}

/* ---- threads ----------------------------------------------------------- */

static void *
seal_and_open(void *context)
{
	const struct stripe_options *shared = context;
	struct stripe_options options = *shared;
	struct stripe stripe = { 0 };
	struct buffer clear = { 0 };
	uint8_t chunk[5000];
	uintptr_t wrong = 0;

	memset(chunk, 3, sizeof chunk);
	wrong += compressor_new(&options.compressor, NULL) != OURO_OK;
	for (unsigned round = 0; !wrong && round < 50; round++) {
		struct slice slices[5];
		const struct slice *given[SLICES_MAX] = { NULL };
		chunk[0] = (uint8_t)round;
		wrong += stripe_seal(&options, bytes_of(chunk, sizeof chunk),
			     &stripe, NULL) != OURO_OK;
		for (unsigned i = 0; i < 5; i++) {
			wrong += slice_decode(stripe_slice(&stripe, i),
				     &slices[i], NULL) != OURO_OK;
			given[i] = i == round % 5 ? NULL : &slices[i];
		}
		wrong += stripe_open(options.chunk_key, given,
			     options.compressor, &clear, NULL, NULL,
			     NULL) != OURO_OK;
		wrong += !bytes_equal(buffer_bytes(&clear),
		    bytes_of(chunk, sizeof chunk));
		for (unsigned i = 0; i < 5; i++)
			slice_release(&slices[i]);
	}
	compressor_free(options.compressor);
	stripe_release(&stripe);
	buffer_release(&clear);
	return (void *)wrong;
}

static void
threads_share_code_and_keys(void **state)
{
	pthread_t threads[3];
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     seal_and_open, &f.options),
		    0);
	for (unsigned i = 0; i < 3; i++) {
		void *wrong = NULL;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	fixture_release(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_and_codec_comes_back),
		cmocka_unit_test(empty_and_too_long_chunks_are_refused),
		cmocka_unit_test(the_largest_bucket_is_the_stated_one),
		cmocka_unit_test(a_warm_stripe_allocates_nothing),
		cmocka_unit_test(what_is_behind_the_sealed_bytes_is_zero),
		cmocka_unit_test(K10_two_sealings_of_a_chunk_never_mix),
		cmocka_unit_test(K10_other_k_m_epoch_and_level_stay_readable),
		cmocka_unit_test(K10_m_can_be_raised_later),
		cmocka_unit_test(threads_share_code_and_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
