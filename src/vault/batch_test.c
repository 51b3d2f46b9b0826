#include "vault/test_put.h"

/* ---- batches --------------------------------------------------------------------------- */

static void
K15_a_batch_is_atomic_and_keeps_its_order(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options named = { .size = sizeof(named),
		.name = "twice" };
	struct ouro_put_result results[3] = { 0 };
	struct ouro_put *puts[3];
	struct ouro_batch *batch;
	struct ouro_target target;
	uint8_t *large = random_bytes(300000, 15);

	for (int commit = 0; commit < 2; commit++) {
		assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
		    OURO_OK);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(ouro_put_begin(fixture->vault,
					     i == 1 ? NULL : &named, &puts[i],
					     NULL),
			    OURO_OK);
			assert_int_equal(ouro_put_write(puts[i], large,
					     i == 1 ? 300000 : (size_t)i + 1,
					     NULL),
			    OURO_OK);
			assert_int_equal(ouro_batch_finish_put(batch, puts[i],
					     &results[i], NULL),
			    OURO_OK);
		}
		assert_int_equal(ouro_resolve(fixture->vault, "twice", &target,
				     NULL),
		    OURO_NOT_FOUND);
		if (commit == 0)
			ouro_batch_abort(batch);
		else
			assert_int_equal(ouro_batch_commit(batch, NULL),
			    OURO_OK);
	}
	assert_int_equal(ouro_resolve(fixture->vault, "twice", &target, NULL),
	    OURO_OK);
	assert_true(same_id(target.id, results[2].version));
	assert_reads(fixture->vault, results[0].version, large, 1);
	assert_reads(fixture->vault, results[2].version, large, 3);
	assert_false(results[1].existed);
	assert_reads(fixture->vault, results[1].content, large, 300000);
	free(large);
}

static void
K15_an_empty_batch_is_fine(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_batch *batch;

	assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
	    OURO_OK);
	assert_int_equal(ouro_batch_commit(batch, NULL), OURO_OK);
}

static void
K15_a_batch_with_one_bad_item_does_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ouro_put_options late = { .size = sizeof(late), .name = "n" };
	struct ouro_put_result results[2];
	struct ouro_put *put;
	struct ouro_batch *batch;
	struct ouro_error err = { 0 };

	put_bytes(fixture->vault, &late, (const uint8_t *)"x", 1);
	late.saved_ms = 1; /* before the version it would replace */
	assert_int_equal(ouro_batch_begin(fixture->vault, &batch, NULL),
	    OURO_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ouro_put_begin(fixture->vault,
				     i == 0 ? NULL : &late, &put, NULL),
		    OURO_OK);
		assert_int_equal(ouro_put_write(put, "item", 4, NULL), OURO_OK);
		assert_int_equal(ouro_batch_finish_put(batch, put, &results[i],
				     NULL),
		    OURO_OK);
	}
	assert_int_equal(ouro_batch_commit(batch, &err), OURO_INVALID);
	assert_non_null(strstr(err.text, "\"n\""));
	results[0] = put_bytes(fixture->vault, NULL, (const uint8_t *)"item",
	    4);
	assert_false(results[0].existed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(K15_a_batch_is_atomic_and_keeps_its_order),
		TEST(K15_an_empty_batch_is_fine),
		TEST(K15_a_batch_with_one_bad_item_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
