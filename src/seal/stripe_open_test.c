#include "seal/stripe.h"

#include "seal/stripe_fixture.h"

/* ---- loss and damage --------------------------------------------------- */

enum fate { GOOD, LOST, DAMAGED };

static void
meet_fate(struct fixture *f, unsigned i, enum fate fate)
{
	f->given[i] = fate == GOOD ? &f->good[i]
	    : fate == LOST	   ? NULL
				   : &f->damaged[i];
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
	else {
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
forge_parity(const struct slice *from, struct buffer *stored, struct slice *out)
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
					 from->data.size),
			     hashes + (size_t)from->index * HASH_SIZE, NULL),
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
			f.given[4 + i] = is_forged ? &forged[i]
						   : &f.good[4 + i];
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K11_any_m_slices_lost_or_damaged),
		cmocka_unit_test(K11_a_large_chunk_survives_too),
		cmocka_unit_test(K12_a_damaged_slice_is_listed_and_rebuilt),
		cmocka_unit_test(
		    a_wrong_key_is_said_after_the_slices_were_checked),
		cmocka_unit_test(K13_forged_parity_is_found_and_left_out),
		cmocka_unit_test(K13_swapped_slices_are_detected),
		cmocka_unit_test(K13_renamed_slices_are_detected),
		cmocka_unit_test(K13_replayed_and_foreign_slices_are_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
