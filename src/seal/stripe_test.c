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
	    &f.stripe, &f.err), OURO_INVALID);
	assert_int_equal(stripe_seal(&f.options, bytes_of(NULL, 0), &f.stripe,
	    &f.err), OURO_INVALID);
	fs_memory_fault(f.fs, (struct fs_fault){ .call = FS_CALL_RANDOM,
	    .nth = 1, .errnum = 5 });
	assert_int_equal(stripe_seal(&f.options, bytes_of("x", 1), &f.stripe,
	    &f.err), OURO_IO);
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
		    &f.err), OURO_OK);
		assert_int_equal(slice_decode(buffer_bytes(&stored[i]),
		    &raised[i], &f.err), OURO_OK);
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
	assert_true(bytes_equal(buffer_bytes(&again),
	    buffer_bytes(&stored[1])));
	/* As many parity rows as there are in all. */
	assert_int_equal(stripe_rebuild(f.given, 254, &again, &f.err),
	    OURO_OK);
	assert_int_equal(stripe_rebuild(f.given, 255, &again, &f.err),
	    OURO_INVALID);
	buffer_release(&again);
	for (unsigned i = 0; i < 3; i++) {
		slice_release(&raised[i]);
		buffer_release(&stored[i]);
	}
	fixture_release(&f);
}

/* ---- loss and damage --------------------------------------------------- */

enum fate { GOOD, LOST, DAMAGED };

static void
meet_fate(struct fixture *f, unsigned i, enum fate fate)
{
	f->given[i] = fate == GOOD ? &f->good[i] : fate == LOST ? NULL :
	    &f->damaged[i];
}

/* Opens with the fates met: right, or a clear error. */
static void
fates_check(struct fixture *f, const enum fate *fates)
{
	unsigned good = 0, k = f->stripe.k, total = k + f->stripe.m;
	bool whole = true;

	for (unsigned i = 0; i < total; i++) {
		meet_fate(f, i, fates[i]);
		good += fates[i] == GOOD;
		whole = whole && (i >= k || fates[i] == GOOD);
	}
	if (good >= k)
		fixture_assert_opens(f);
	else if (good > 0 || f->stripe.k + f->stripe.m > 0) {
		bool any = false;
		for (unsigned i = 0; i < total; i++)
			any = any || fates[i] != LOST;
		if (any)
			fixture_assert_damaged(f);
		else
			assert_int_equal(fixture_open(f), OURO_DAMAGED);
	}
	/* Intact data is not hashed, so damaged parity is not seen then. */
	for (unsigned i = 0; i < total; i++)
		assert_int_equal(fixture_is_bad(f, i),
		    !whole && fates[i] == DAMAGED);
}

/* Every one of the 3^(k+m) states, or those `keep` wants. */
static void
all_fates(unsigned k, unsigned m, bool (*keep)(unsigned lost, unsigned damaged))
{
	struct fixture f;
	enum fate fates[16] = { GOOD };
	unsigned i;

	fixture_init(&f, k, m);
	fixture_seal(&f, 300);
	do {
		unsigned lost = 0, damaged = 0;
		for (i = 0; i < k + m; i++) {
			lost += fates[i] == LOST;
			damaged += fates[i] == DAMAGED;
		}
		if (!keep || keep(lost, damaged))
			fates_check(&f, fates);
		for (i = 0; i < k + m && fates[i] == DAMAGED; i++)
			fates[i] = GOOD;
		if (i < k + m)
			fates[i] = (enum fate)(fates[i] + 1);
	} while (i < k + m);
	fixture_release(&f);
}

/* All losses alone, all damage alone, and two of each: 8 + 4. */
static bool
some_fates(unsigned lost, unsigned damaged)
{
	return (damaged == 0 && lost <= 5) || (lost == 0 && damaged <= 5) ||
	    (lost == 3 && damaged == 1);
}

static void
K11_any_m_slices_lost_or_damaged(void **state)
{
	(void)state;
	all_fates(1, 2, NULL);
	all_fates(3, 2, NULL);
	all_fates(4, 2, NULL);
	all_fates(8, 4, some_fates);
}

static void
K11_a_large_chunk_survives_too(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 300000);
	f.given[0] = NULL;
	f.given[2] = &f.damaged[2];
	fixture_assert_opens(&f);
	assert_int_equal(f.bad_count, 1);
	assert_int_equal(f.bad[0], 2);
	f.given[4] = NULL;
	fixture_assert_damaged(&f);
	fixture_release(&f);
}

static void
K12_a_damaged_slice_is_listed_and_rebuilt(void **state)
{
	struct fixture f;
	struct buffer made = { 0 };

	(void)state;
	fixture_init(&f, 4, 2);
	fixture_seal(&f, 9000);
	for (unsigned i = 0; i < 6; i++) {
		f.given[i] = &f.damaged[i];
		assert_int_equal(slice_check(&f.damaged[i], &f.err),
		    OURO_DAMAGED);
		fixture_assert_opens(&f);
		assert_int_equal(f.bad_count, i < 4 ? 1 : 0);
		/* Rebuilt from the others, with it lying there damaged. */
		assert_int_equal(stripe_rebuild(f.given, i, &made, &f.err),
		    OURO_OK);
		assert_true(bytes_equal(buffer_bytes(&made),
		    stripe_slice(&f.stripe, i)));
		f.given[i] = &f.good[i];
	}
	for (unsigned i = 0; i < 3; i++)
		f.given[i] = &f.damaged[i];
	assert_int_equal(stripe_rebuild(f.given, 5, &made, &f.err),
	    OURO_DAMAGED);
	buffer_release(&made);
	fixture_release(&f);
}

static void
a_wrong_key_is_said_after_the_slices_were_checked(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 100);
	f.chunk_key[0] ^= 1;
	fixture_assert_damaged(&f);
	assert_non_null(strstr(f.err.text, "key"));
	assert_int_equal(f.bad_count, 0);
	fixture_release(&f);
}

/* ---- forgery ----------------------------------------------------------- */

/* A parity slice with other bytes and a parity hash that fits them, under
 * the same stripe id. */
static void
forge_parity(const struct slice *from, struct buffer *stored,
    struct slice *out)
{
	uint8_t hashes[SLICES_MAX * HASH_SIZE], id[STRIPE_ID_SIZE];
	struct slice forged = *from;
	size_t head = slice_head_size(from);

	memcpy(hashes, from->hashes.data, from->hashes.size);
	assert_int_equal(buffer_resize(stored, head + from->data.size, NULL),
	    OURO_OK);
	memcpy(stored->data + head, from->data.data, from->data.size);
	stored->data[head] ^= 1;
	assert_int_equal(hash_sha256(bytes_of(stored->data + head,
	    from->data.size), hashes + (size_t)from->index * HASH_SIZE, NULL),
	    OURO_OK);
	forged.hashes.data = hashes;
	assert_int_equal(slice_head_write(&forged, stored->data, id, NULL),
	    OURO_OK);
	assert_int_equal(slice_decode(buffer_bytes(stored), out, NULL),
	    OURO_OK);
	assert_int_equal(slice_check(out, NULL), OURO_OK);
	assert_memory_equal(out->stripe_id, from->stripe_id, STRIPE_ID_SIZE);
}

static void
K13_forged_parity_is_found_and_left_out(void **state)
{
	struct fixture f;
	struct slice forged[4];
	struct buffer stored[4] = { 0 };

	(void)state;
	fixture_init(&f, 4, 4);
	fixture_seal(&f, 3000);
	for (unsigned i = 0; i < 4; i++)
		forge_parity(&f.good[4 + i], &stored[i], &forged[i]);
	f.given[1] = NULL;
	f.given[2] = NULL;
	/* Two data slices lost: any two true parity slices are enough. */
	for (unsigned mask = 0; mask < 16; mask++) {
		unsigned count = 0;
		for (unsigned i = 0; i < 4; i++) {
			bool is_forged = mask >> i & 1;
			count += is_forged;
			f.given[4 + i] = is_forged ? &forged[i] :
			    &f.good[4 + i];
		}
		if (count > 2) {
			fixture_assert_damaged(&f);
			continue;
		}
		fixture_assert_opens(&f);
		assert_int_equal(f.bad_count, count);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(fixture_is_bad(&f, 4 + i),
			    mask >> i & 1);
	}
	for (unsigned i = 0; i < 4; i++) {
		slice_release(&forged[i]);
		buffer_release(&stored[i]);
	}
	fixture_release(&f);
}

static void
K13_swapped_slices_are_detected(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 3000);
	for (unsigned i = 0; i < 5; i++) {
		for (unsigned j = i + 1; j < 5; j++) {
			f.given[i] = &f.good[j];
			f.given[j] = &f.good[i];
			fixture_assert_opens(&f);
			assert_int_equal(f.bad_count, 2);
			assert_int_equal(f.bad[0], i);
			assert_int_equal(f.bad[1], j);
			f.given[i] = &f.good[i];
			f.given[j] = &f.good[j];
		}
	}
	/* All moved by one: none is left in its place. */
	for (unsigned i = 0; i < 5; i++)
		f.given[i] = &f.good[(i + 1) % 5];
	assert_int_equal(fixture_open(&f), OURO_DAMAGED);
	assert_int_equal(f.bad_count, 5);
	fixture_release(&f);
}

static void
K13_renamed_slices_are_detected(void **state)
{
	struct fixture f;
	struct buffer stored = { 0 };
	struct slice renamed;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 3000);
	assert_int_equal(buffer_set(&stored, stripe_slice(&f.stripe, 1), NULL),
	    OURO_OK);
	stored.data[1] = 0; /* says it were slice 0 */
	assert_int_equal(slice_decode(buffer_bytes(&stored), &renamed, NULL),
	    OURO_OK);
	assert_int_equal(slice_check(&renamed, NULL), OURO_DAMAGED);
	f.given[0] = &renamed;
	fixture_assert_opens(&f);
	assert_int_equal(f.bad_count, 1);
	assert_int_equal(f.bad[0], 0);
	slice_release(&renamed);
	buffer_release(&stored);
	fixture_release(&f);
}

static void
K13_replayed_and_foreign_slices_are_detected(void **state)
{
	struct fixture f, old;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_init(&old, 3, 2);
	fixture_seal(&old, 3000);
	fixture_seal(&f, 50);
	memset(f.chunk_id, 2, HASH_SIZE); /* another chunk of the same size */
	fixture_seal(&f, 3000);
	f.given[0] = &old.good[0];
	f.given[3] = &old.good[3];
	fixture_assert_opens(&f);
	assert_int_equal(f.bad_count, 2);
	assert_memory_equal(f.given[1]->chunk_id, f.chunk_id, HASH_SIZE);
	fixture_release(&old);
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
		    options.compressor, &clear, NULL, NULL, NULL) != OURO_OK;
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
		    seal_and_open, &f.options), 0);
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
		cmocka_unit_test(K11_any_m_slices_lost_or_damaged),
		cmocka_unit_test(K11_a_large_chunk_survives_too),
		cmocka_unit_test(K12_a_damaged_slice_is_listed_and_rebuilt),
		cmocka_unit_test(
		    a_wrong_key_is_said_after_the_slices_were_checked),
		cmocka_unit_test(K13_forged_parity_is_found_and_left_out),
		cmocka_unit_test(K13_swapped_slices_are_detected),
		cmocka_unit_test(K13_renamed_slices_are_detected),
		cmocka_unit_test(K13_replayed_and_foreign_slices_are_detected),
		cmocka_unit_test(threads_share_code_and_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
