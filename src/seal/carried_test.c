#include "seal/carried.h"

#include "seal/stripe_fixture.h"

/* Makes the carried form of what is given and, from it, the slices again. */
static enum ouro_status
carry(struct fixture *fixture, unsigned m, struct stripe *out,
    struct buffer *travelling)
{
	struct erasure *erasure = NULL;
	struct carried carried = { 0 };
	enum ouro_status status = carried_encode(fixture->given, travelling,
	    &fixture->err);

	if (status == OURO_OK)
		status = carried_decode(buffer_bytes(travelling), &carried,
		    &fixture->err);
	if (status == OURO_OK) {
		assert_int_equal(erasure_new(carried.of.k, m, &erasure, NULL),
		    OURO_OK);
		status = stripe_restore(&carried.of, carried.sealed, erasure, m,
		    out, &fixture->err);
	}
	erasure_free(erasure);
	carried_release(&carried);
	return status;
}

static void
a_stripe_arrives_as_it_left(void **state)
{
	static const unsigned shapes[][2] = { { 1, 0 }, { 1, 2 }, { 3, 2 },
		{ 7, 1 }, { 200, 55 } };
	static const size_t sizes[] = { 1, 2, 40, 5000, CHUNK_SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
			struct fixture fixture;
			struct stripe stripe = { 0 };
			struct buffer travelling = { 0 };

			fixture_init(&fixture, shapes[i][0], shapes[i][1]);
			fixture_fill(&fixture.clear, sizes[j], 3);
			fixture_seal_clear(&fixture);
			assert_int_equal(carry(&fixture, shapes[i][1], &stripe,
					     &travelling),
			    OURO_OK);
			assert_true(bytes_equal(buffer_bytes(&stripe.block),
			    buffer_bytes(&fixture.stripe.block)));
			assert_memory_equal(stripe.id, fixture.stripe.id,
			    STRIPE_ID_SIZE);
			buffer_release(&travelling);
			stripe_release(&stripe);
			fixture_release(&fixture);
		}
	}
}

static void
what_is_missing_or_bad_is_rebuilt(void **state)
{
	struct fixture fixture;
	struct stripe stripe = { 0 };
	struct buffer travelling = { 0 };

	(void)state;
	fixture_init(&fixture, 3, 2);
	fixture_fill(&fixture.clear, 5000, 4);
	fixture_seal_clear(&fixture);
	fixture.given[0] = NULL;
	fixture.given[2] = &fixture.damaged[2];
	assert_int_equal(carry(&fixture, 2, &stripe, &travelling), OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&stripe.block),
	    buffer_bytes(&fixture.stripe.block)));
	fixture.given[1] = NULL;
	assert_int_equal(carry(&fixture, 2, &stripe, &travelling),
	    OURO_DAMAGED);
	buffer_release(&travelling);
	stripe_release(&stripe);
	fixture_release(&fixture);
}

static void
whoever_takes_it_chooses_the_parity(void **state)
{
	struct fixture fixture;
	struct stripe stripe = { 0 };
	struct buffer travelling = { 0 };

	(void)state;
	fixture_init(&fixture, 3, 2);
	fixture_fill(&fixture.clear, 5000, 5);
	fixture_seal_clear(&fixture);
	assert_int_equal(carry(&fixture, 4, &stripe, &travelling), OURO_OK);
	assert_int_equal(stripe.m, 4);
	assert_memory_equal(stripe.id, fixture.stripe.id, STRIPE_ID_SIZE);
	for (unsigned i = 0; i < 7; i++) {
		struct slice slice;

		assert_int_equal(slice_decode(stripe_slice(&stripe, i), &slice,
				     &fixture.err),
		    OURO_OK);
		assert_int_equal(slice_check(&slice, &fixture.err), OURO_OK);
		slice_release(&slice);
	}
	buffer_release(&travelling);
	stripe_release(&stripe);
	fixture_release(&fixture);
}

/* A changed byte is refused, or what comes of it is another stripe. */
static void
every_flipped_byte_shows(void **state)
{
	struct fixture fixture;
	struct buffer travelling = { 0 };

	(void)state;
	fixture_init(&fixture, 3, 2);
	fixture_fill(&fixture.clear, 500, 6);
	fixture_seal_clear(&fixture);
	assert_int_equal(carried_encode(fixture.given, &travelling,
			     &fixture.err),
	    OURO_OK);
	for (size_t at = 0; at < travelling.size; at++) {
		struct stripe stripe = { 0 };
		struct carried carried = { 0 };
		enum ouro_status status;

		travelling.data[at] ^= 1;
		status = carried_decode(buffer_bytes(&travelling), &carried,
		    &fixture.err);
		if (status == OURO_OK && carried.of.k == 3)
			status = stripe_restore(&carried.of, carried.sealed,
			    fixture.erasure, 2, &stripe, &fixture.err);
		if (status == OURO_OK)
			assert_memory_not_equal(carried.of.stripe_id,
			    fixture.stripe.id, STRIPE_ID_SIZE);
		else
			assert_int_equal(status, OURO_DAMAGED);
		travelling.data[at] ^= 1;
		carried_release(&carried);
		stripe_release(&stripe);
	}
	for (size_t size = 0; size < travelling.size; size++) {
		struct carried carried = { 0 };

		assert_int_equal(carried_decode(bytes_of(travelling.data, size),
				     &carried, &fixture.err),
		    OURO_DAMAGED);
		carried_release(&carried);
	}
	buffer_release(&travelling);
	fixture_release(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stripe_arrives_as_it_left),
		cmocka_unit_test(what_is_missing_or_bad_is_rebuilt),
		cmocka_unit_test(whoever_takes_it_chooses_the_parity),
		cmocka_unit_test(every_flipped_byte_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
