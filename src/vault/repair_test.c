#include "vault/test_repair.h"

static void
K12_repair_rewrites_damaged_slices(void **state)
{
	struct test_vault test;
	struct test_store store;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, MANY_SIZE);
	for (unsigned a = 0; a < 5; a++) {
		for (unsigned b = 0; b < a; b++) {
			test_chunk(&test, 0, id);
			test_slice_spoil(&test, id, a);
			test_slice_write(&test, id, b, NULL);
			repair_ok(&test);
			assert_int_equal(found.result.repaired, 2);
			assert_int_equal(test_found(&found, OURO_PART_CHUNK,
					     OURO_STATE_REPAIRED),
			    1);
			assert_int_equal(test_found(&found, OURO_PART_CONTENT,
					     OURO_STATE_REPAIRED),
			    1);
			test_is_clean(&test, &found);
		}
	}
	test_vault_reopen(&test, &reading);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, MANY_SIZE);
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_READ_ONLY);
	test_vault_close(&test);
}

static void
K13_swapped_slices_are_put_right(void **state)
{
	struct test_vault test;
	uint8_t first[HASH_SIZE], second[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	test_put_random(&test, "a", 5000, 3);
	test_put_random(&test, "b", 5000, 4);
	test_chunk(&test, 0, first);
	test_chunk(&test, 1, second);
	test_slices_swap(&test, first, 0, second, 0);
	test_slices_swap(&test, first, 3, second, 4);
	repair_ok(&test);
	assert_int_equal(found.result.repaired, 4);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

static void
K23_put_over_a_lost_chunk_heals_it(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "file", 5000, 3);
	test_chunk(&test, 0, id);
	for (unsigned i = 1; i < 4; i++)
		test_slice_spoil(&test, id, i);
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	assert_int_equal(found.result.chunks_lost, 1);
	assert_non_null(strstr(found.text, "file"));
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(test_put_random(&test, "again", 5000, 3).chunks_new,
	    1);
	test_reads_random(&test, put.content, 5000, 3);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* A put that never heard of the loss finds no slice and stores the chunk. */
static void
K23_put_over_missing_slices_heals_without_repair(void **state)
{
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t id[HASH_SIZE];

	(void)state;
	test_vault_open(&test, NULL);
	put = test_put_random(&test, "file", 5000, 3);
	test_chunk(&test, 0, id);
	for (unsigned i = 0; i < 3; i++)
		test_slice_write(&test, id, i, NULL);
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	test_put_random(&test, "again", 5000, 3);
	test_reads_random(&test, put.content, 5000, 3);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* ---- records and rows ------------------------------------------------------------- */

static void
records_are_mended_from_each_other(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key content, page, use;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	content = row_id(ROW_CONTENT, store.one, HASH_SIZE);
	page = test_row_key(&test, ROW_PAGE, 0);
	use = test_row_key(&test, ROW_USE, 0);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	test_row(test.vault->copies, ENGINE_DELETE, row_bytes(&page),
	    bytes_text(""));
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&use),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.records_bad, 3);
	assert_int_equal(found.result.contents_degraded, 2);
	repair_ok(&test);
	assert_int_equal(found.result.repaired, 3);
	assert_int_equal(test_found(&found, OURO_PART_CONTENT,
			     OURO_STATE_REPAIRED),
	    2);
	test_is_clean(&test, &found);
	assert_false(rebuild_pending(test.vault));
	test_store_reads(&test, &store, TEST_MANY_SIZE);
	test_vault_close(&test);
}

static void
record_lost_in_both_stays_lost_and_is_told(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key content;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	content = row_id(ROW_CONTENT, store.one, HASH_SIZE);
	test_row(test.vault->records, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	test_row(test.vault->copies, ENGINE_PUT, row_bytes(&content),
	    bytes_text("not a record"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(test_care(&test,
				     i == 0 ? ouro_verify : ouro_repair,
				     &found),
		    OURO_DAMAGED);
		assert_int_equal(found.result.contents_lost, 1);
		assert_int_equal(found.result.contents_ok, 5);
	}
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&content),
	    bytes_text(""));
	test_row(test.vault->copies, ENGINE_DELETE, row_bytes(&content),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_repair, &found), OURO_DAMAGED);
	assert_int_equal(found.result.contents_lost, 1);
	test_vault_close(&test);
}

static void
chunk_without_row_is_found_in_the_lanes(void **state)
{
	struct test_vault test;
	struct test_store store;
	struct row_key key;

	(void)state;
	test_vault_open(&test, NULL);
	test_store_fill(&test, &store, TEST_MANY_SIZE);
	key = test_row_key(&test, ROW_CHUNK, 1);
	test_row(test.vault->records, ENGINE_DELETE, row_bytes(&key),
	    bytes_text(""));
	assert_int_equal(test_care(&test, ouro_verify, &found), OURO_DAMAGED);
	assert_int_equal(found.result.chunks_degraded, 1);
	assert_int_equal(found.result.slices_bad, 0);
	assert_int_equal(found.result.contents_degraded, 1);
	repair_ok(&test);
	test_is_clean(&test, &found);
	test_vault_close(&test);
}

/* One stripe of two is beyond rescue; the other serves. */
static void
dead_stripe_leaves_the_row(void **state)
{
	struct ouro_put_options options = { .k = 2, .m = 2, .name = "b" };
	struct test_vault test;
	struct ouro_put_result put;
	uint8_t *data = test_bytes(5000, 3), id[HASH_SIZE];
	Ouro__ChunkRow *row;
	unsigned m = 1;

	(void)state;
	test_vault_open(&test,
	    &(struct ouro_vault_options){
		.size = sizeof(struct ouro_vault_options),
		.k = 3,
		.m = m });
	put = test_put(&test, NULL, bytes_of(data, 5000));
	assert_int_equal(
	    test_put(&test, &options, bytes_of(data, 5000)).chunks_new, 1);
	test_chunk(&test, 0, id);
	test_ok(chunk_row_get(test.vault, id, &row, &test.err), &test.err);
	assert_int_equal(row->n_stripes, 2);
	canonical_free(&row->base);
	for (unsigned i = 0; i < 3; i++)
		test_slice_write(&test, id, i, NULL);
	repair_ok(&test);
	assert_int_equal(found.result.chunks_lost, 0);
	test_ok(chunk_row_get(test.vault, id, &row, &test.err), &test.err);
	assert_int_equal(row->n_stripes, 1);
	canonical_free(&row->base);
	test_is_clean(&test, &found);
	test_reads(&test, put.content, bytes_of(data, 5000));
	free(data);
	test_vault_close(&test);
}

/* ---- while others write ------------------------------------------------------------- */

struct writer {
	struct executor_job job;
	struct ouro_vault *vault;
	atomic_bool stop;
	unsigned rounds;
};

/* Puts, replaces, removes and collects until told to stop. */
static void
writer_run(void *context)
{
	struct writer *writer = context;
	struct test_vault test = { .vault = writer->vault };
	struct ouro_gc_result gc;
	char name[16];

	while (!atomic_load(&writer->stop) || writer->rounds < 8) {
		unsigned round = writer->rounds++;

		snprintf(name, sizeof(name), "w%u", round % 5);
		test_put_random(&test, name, 3000 + 40 * round, round % 7);
		if (round % 4 == 3)
			test_put_random(&test, NULL, 600000, round % 3);
		if (round % 5 == 4)
			test_ok(test_remove(&test, name, true, NULL, NULL),
			    &test.err);
		if (round % 8 == 7)
			test_ok(ouro_gc(writer->vault, NULL, NULL, &gc,
				    &test.err),
			    &test.err);
	}
}

static void
others_may_write_meanwhile(void **state)
{
	struct fs *fs = fs_memory_new(9);
	struct writer writer = { .job.run = writer_run };
	struct test_vault test = { .fs = fs };
	struct test_store store;
	uint8_t id[HASH_SIZE];

	(void)state;
	writer.job.context = &writer;
	test_ok(executor_open(2, fs, &test.executor, &test.err), &test.err);
	test_vault_reopen(&test, &small);
	test_store_fill(&test, &store, MANY_SIZE);
	test_chunk(&test, 0, id);
	writer.vault = test.vault;
	executor_submit(test.executor, &writer.job);
	for (unsigned i = 0; i < 6; i++) {
		test_care(&test, ouro_verify, &found);
		if (found.result.contents_lost > 0 ||
		    found.result.contents_degraded > 0 ||
		    found.result.records_bad > 0 || found.result.slices_bad > 0)
			fail_msg("%s: %s", test.err.text, found.text);
	}
	for (unsigned i = 0; i < 3; i++) {
		test_slice_spoil(&test, id, i);
		test_ok(i == 2 ? rebuild_index(test.vault, &test.err) : OURO_OK,
		    &test.err);
		repair_ok(&test);
	}
	atomic_store(&writer.stop, true);
	executor_join(test.executor, &writer.job);
	test_is_clean(&test, &found);
	test_store_reads(&test, &store, MANY_SIZE);
	test_vault_close(&test);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K12_repair_rewrites_damaged_slices),
		cmocka_unit_test(K13_swapped_slices_are_put_right),
		cmocka_unit_test(K23_put_over_a_lost_chunk_heals_it),
		cmocka_unit_test(
		    K23_put_over_missing_slices_heals_without_repair),
		cmocka_unit_test(records_are_mended_from_each_other),
		cmocka_unit_test(record_lost_in_both_stays_lost_and_is_told),
		cmocka_unit_test(chunk_without_row_is_found_in_the_lanes),
		cmocka_unit_test(dead_stripe_leaves_the_row),
		cmocka_unit_test(others_may_write_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
